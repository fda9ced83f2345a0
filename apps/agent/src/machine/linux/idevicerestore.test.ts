import { describe, expect, it } from '@jest/globals';
import { readRestored } from './idevicerestore.js';

const ran = (exit: number | null, stdout = '', stderr = '') => ({ exit, stdout, stderr, failure: null });

describe('how idevicerestore ended', () => {
  it.each([
    ['well', ran(0, 'progress: 9 1.0\nDONE\n'), { ended: 'done' }],
    ['with a number', ran(255, 'Status: Restore Finished\n', 'ERROR: Device reported error code 4013\n'), { ended: 'error', code: 4013 }],
    ['with the last of several numbers', ran(255, '', 'error: 9\nerror (14)\n'), { ended: 'error', code: 14 }],
    ['without a number', ran(254, '', 'ERROR: Unable to get SHSH blobs for this device\n'), { ended: 'error', code: null }],
    [
      'at an option that it does not know',
      ran(1, '', 'idevicerestore: unrecognized option\nUsage: idevicerestore [OPTIONS] PATH\n'),
      { ended: 'too-old' },
    ],
    ['not by itself', { exit: null, stdout: '', stderr: '', failure: 'timeout' as const }, { ended: 'unread', reason: 'timeout' }],
    ['by a signal', ran(null), { ended: 'unread', reason: 'closed' }],
  ])('%s', (_name, given, expected) => {
    expect(readRestored(given)).toEqual(expected);
  });
});
