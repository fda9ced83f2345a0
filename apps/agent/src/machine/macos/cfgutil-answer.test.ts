import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readCfgutilAnswer } from './cfgutil-answer.js';

const ran = (stdout: string, exit = 0, stderr = '') => ({ exit, stdout, stderr, failure: null });
const json = (o: object) => `${JSON.stringify(o)}\n`;
const ECID = '0x11223344556677';
const done = json({ Command: 'update', Output: { Errors: {} }, Type: 'CommandOutput', Devices: [ECID] });

describe('what cfgutil answered', () => {
  it.each([
    ['plain success', done, 0],
    ['exit 1 with empty errors', done, 1],
    ['empty errors of one phone', json({ Output: { Errors: { [ECID]: {} } }, Type: 'CommandOutput', Devices: [ECID] }), 1],
    ['progress before it', json({ Type: 'Progress', Value: 0.41 }) + json({ Type: 'Progress', Value: 0.99 }) + done, 0],
    ['text around it', `Downloading…\n${done}bye {not json\n`, 0],
    [
      'a property that the phone lacks',
      json({ Output: { Errors: { [ECID]: { IMEI: { Domain: 'D', Code: -402653163 } } } }, Type: 'CommandOutput' }),
      1,
    ],
    ['no JSON and exit 0', 'Updated.\n', 0],
  ])('is success: %s', (_name, stdout, exit) => {
    expect(readCfgutilAnswer(ran(stdout, exit))).toMatchObject({ ended: 'done' });
  });

  it.each([
    ['an error as a whole', json({ Command: 'update', Type: 'Error', Message: 'No devices found', Code: 1 }), '', 1],
    ['a number as text', json({ Type: 'Error', Message: '…', Code: '4013' }), '', 4013],
    ['an error of the phone', json({ Output: { Errors: { [ECID]: { Code: 9, Domain: 'R' } } }, Type: 'CommandOutput' }), '', 9],
    [
      'an error of a property',
      json({ Output: { Errors: { [ECID]: { name: { Code: -402653158 } } } }, Type: 'CommandOutput' }),
      '',
      -402653158,
    ],
    ['an error on the other output', '', 'cfgutil: error: 操作无法完成。 (Domain: AMRestoreErrorDomain Code: 3194)\n', 3194],
    ['nothing at all', '', '', null],
  ])('is refused by number: %s', (_name, stdout, stderr, code) => {
    expect(readCfgutilAnswer(ran(stdout, 1, stderr))).toMatchObject({ ended: 'error', code });
  });

  it('the last result counts, whatever was said before', () => {
    expect(readCfgutilAnswer(ran(done + json({ Type: 'Error', Code: 14 }), 1))).toMatchObject({ ended: 'error', code: 14 });
  });

  it('gives what it read by ECID, without the errors', () => {
    const out = json({
      Output: { [ECID]: { bootedState: 'Recovery' }, Errors: {} },
      Type: 'CommandOutput',
      Devices: [ECID, '0xB2', 7],
    });
    expect(readCfgutilAnswer(ran(out, 1))).toEqual({
      ended: 'done',
      output: { [ECID]: { bootedState: 'Recovery' } },
      devices: [ECID, '0xB2'],
    });
  });

  it('is no answer when the tool did not end by itself', () => {
    for (const failure of ['timeout', 'missing-tool', 'aborted', 'denied'] as const)
      expect(readCfgutilAnswer({ exit: null, stdout: done, stderr: '', failure })).toEqual({ ended: 'unread', reason: failure });
  });

  it('any output has a reading, and none with an error in it is success', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 80 }),
        fc.json({ maxDepth: 4 }),
        fc.integer({ min: 0, max: 2 }),
        (text, value, exit) => {
          for (const stdout of [text, value, `{"Type":"CommandOutput","Output":${value}}`, `{"Type":"Error","Code":${value}}`])
            expect(['done', 'error', 'unread']).toContain(readCfgutilAnswer(ran(stdout, exit)).ended);
          const failing = json({ Type: 'CommandOutput', Output: { Errors: { [ECID]: { Code: 4013 } } } });
          expect(readCfgutilAnswer(ran(`${text}\n${failing}`, exit))).toMatchObject({ ended: 'error', code: 4013 });
        },
      ),
      { numRuns: 300 },
    );
  });
});
