import { describe, expect, it } from '@jest/globals';
import { pairSentence } from '@lockstep/core/diagnosis';
import fc from 'fast-check';
import { partsOf, shortSentence } from './sentences.js';

const make = (deviceName: string, hostName: string, health: 'broken' | 'healthy' | 'unknown', primary: string | null) => ({
  deviceName,
  hostName,
  sentence: pairSentence({ deviceName, hostName, health, presence: 'attached', hostHeard: true, primary }),
});

describe('the sentence of a pair', () => {
  it('is taken apart into names, what stands before the age and what stands after', () => {
    const parts = partsOf(make('J. Ito’s iPhone', 'MBP-0231', 'broken', 'C44'));
    expect(parts.subject).toEqual({ device: 'J. Ito’s iPhone', host: 'MBP-0231' });
    expect(parts.before).toBe(': broken ');
    expect(parts.after?.startsWith('. The phone does not accept')).toBe(true);
  });

  it('is shortened to cause and next step', () => {
    expect(shortSentence(make('P', 'H', 'broken', 'C44'))).toMatch(/^The phone does not accept/);
    expect(shortSentence(make('P', 'H', 'healthy', null))).toBe('');
  });

  it('keeps a sentence that does not begin with the names', () => {
    const parts = partsOf({ sentence: 'Something else {since}.', deviceName: 'P', hostName: 'H' });
    expect(parts).toEqual({ subject: null, before: 'Something else ', after: '.' });
  });

  it('shows control characters and bidirectional marks as U+FFFD', () => {
    const parts = partsOf(make('\u202eenohPi\u0007', 'H', 'broken', null));
    expect(parts.subject?.device).toBe('\ufffdenohPi\ufffd');
  });

  it('is not misled by a name that holds the marks it is cut at', () => {
    const nasty = fc.stringMatching(/^[a-z :]{1,6}(\{since\}| on |: )[a-z :]{0,6}$/);
    fc.assert(
      fc.property(nasty, nasty, (device, host) => {
        const parts = partsOf(make(device, host, 'broken', 'C44'));
        expect(parts.subject).toEqual({ device, host });
        expect(parts.before).toBe(': broken ');
      }),
    );
  });
});
