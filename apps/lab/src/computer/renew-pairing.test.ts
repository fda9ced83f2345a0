import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { FixBench, IMPATIENT, told } from '../../test/fix-bench.js';

let on: FixBench;
beforeEach(async () => {
  on = await FixBench.open();
});
afterEach(async () => {
  await on.close();
});

describe('F12 renews a pair record', () => {
  it('the holder taps Trust: the new record is in the old one’s place, a copy of the old is kept, nothing was removed', async () => {
    const p = await on.phone('forgets-host');
    const old = on.record(p.udid);
    p.habits.trustAfterMs = 200;
    const end = await on.run({ fix: 'F12', udid: p.udid });
    expect(end).toMatchObject({ mechanics: 'done', detail: 'record-renewed' });
    expect(told(end.facts, 'trust-session')).toMatchObject({ outcome: 'accepted' });
    expect(on.record(p.udid)).not.toEqual(old);
    expect(on.computer.effects.count('record-deleted')).toBe(0);
    const [copy] = await on.undoFiles();
    expect(await readFile(join(on.dir, 'agent', 'undo', copy ?? ''))).toEqual(old);
  });

  it('the holder taps Don’t Trust: the old record is as it was, byte for byte', async () => {
    const p = await on.phone('forgets-host');
    const old = on.record(p.udid);
    p.setFault('trust-denied');
    const end = await on.run({ fix: 'F12', udid: p.udid });
    expect(end).toMatchObject({ mechanics: 'failed', detail: 'denied' });
    expect(on.record(p.udid)).toEqual(old);
    // One save: the pairing this phone began with.
    expect([on.computer.effects.count('record-saved'), on.computer.effects.count('record-deleted')]).toEqual([1, 0]);
    expect(told(end.facts, 'trust-session')).toMatchObject({ outcome: 'refused', error: 'InvalidHostID' });
  });

  it('the holder does nothing: the old record is as it was', async () => {
    const p = await on.phone('forgets-host');
    const old = on.record(p.udid);
    p.setFault('trust-ignored');
    expect(await on.run({ fix: 'F12', udid: p.udid }, { waits: IMPATIENT })).toMatchObject({ mechanics: 'not-acted', detail: 'pending' });
    expect(on.record(p.udid)).toEqual(old);
  });

  it('a session that works is left alone', async () => {
    const p = await on.phone('paired');
    const old = on.record(p.udid);
    expect(await on.run({ fix: 'F12', udid: p.udid })).toMatchObject({ mechanics: 'refused', detail: 'session-works' });
    expect(on.record(p.udid)).toEqual(old);
    expect(await on.undoFiles()).toEqual([]);
    expect(on.computer.effects.count('asked-holder')).toBe(0);
  });

  it('a locked phone is unlocked first, and the record that works then is left alone', async () => {
    const p = await on.phone('paired');
    // As after a restart: until the passcode was entered the phone seems not to know the record.
    const grant = p.startSession.bind(p);
    p.startSession = async (...args) => (p.locked ? { error: 'InvalidHostID' } : await grant(...args));
    p.lock();
    const old = on.record(p.udid);
    on.onStage = (stage) => {
      if (stage === 'awaiting-holder:unlock') setTimeout(() => p.unlock(), 200);
    };
    expect(await on.run({ fix: 'F12', udid: p.udid })).toMatchObject({ mechanics: 'refused', detail: 'session-works' });
    expect(on.record(p.udid)).toEqual(old);
    expect(on.computer.effects.count('asked-holder')).toBe(0);
  });

  it('saving over the old record is refused: it is deleted last, then saved', async () => {
    const p = await on.phone('forgets-host');
    p.habits.trustAfterMs = 100;
    const { records } = on.computer.bench.mux;
    const save = records.save.bind(records);
    records.save = (id, data) => (typeof records.read(id) === 'number' ? save(id, data) : 5);
    expect(await on.run({ fix: 'F12', udid: p.udid })).toMatchObject({ mechanics: 'done', detail: 'record-renewed' });
    expect(on.computer.effects.count('record-deleted')).toBe(1);
  });

  it('saving fails for good: the old record is back, byte for byte, and the phone forgot the new one', async () => {
    const p = await on.phone('forgets-host');
    const old = on.record(p.udid);
    p.habits.trustAfterMs = 100;
    const { records } = on.computer.bench.mux;
    const save = records.save.bind(records);
    records.save = (id, data) => (data instanceof Uint8Array && old instanceof Buffer && old.equals(data) ? save(id, data) : 5);
    expect(await on.run({ fix: 'F12', udid: p.udid })).toMatchObject({ mechanics: 'failed', detail: 'save-refused' });
    expect(on.record(p.udid)).toEqual(old);
    expect(p.trustedHosts).toEqual([]);
  });

  it('a new record that the phone then refuses: the old one is back', async () => {
    const p = await on.phone('forgets-host');
    const old = on.record(p.udid);
    p.habits.trustAfterMs = 100;
    p.startSession = async () => ({ error: 'InvalidHostID' });
    expect(await on.run({ fix: 'F12', udid: p.udid })).toMatchObject({ mechanics: 'failed', detail: 'session-refused' });
    expect(on.record(p.udid)).toEqual(old);
  });

  it.each<[string, string, () => void]>([
    [
      'who listens is not proven',
      'mux-not-proven',
      () => {
        on.computer.listener = { proven: false, why: 'tcp' };
      },
    ],
    [
      'the agent is not root',
      'not-privileged',
      () => {
        on.computer.identity = async () => ({
          hostname: 'x',
          os: 'linux',
          osVersion: 'x',
          arch: 'x',
          privileged: false,
          uptimeS: 1,
          lab: true,
        });
      },
    ],
  ])('is refused when %s, the record as it was', async (_name, detail, prepare) => {
    const p = await on.phone('forgets-host');
    const old = on.record(p.udid);
    prepare();
    expect(await on.run({ fix: 'F12', udid: p.udid })).toMatchObject({ mechanics: 'refused', detail });
    expect(on.record(p.udid)).toEqual(old);
    expect(on.computer.effects.count('asked-holder')).toBe(0);
  });

  it.each([
    ['a phone without a record', 'none', 'no-record'],
    ['a phone that is locked in its session', 'session-locked', 'PasswordProtected'],
    ['an impostor', 'impostor', 'impostor'],
  ] as const)('is refused for %s', async (_name, fault, detail) => {
    const p = await on.phone(fault);
    expect(await on.run({ fix: 'F12', udid: p.udid })).toMatchObject({ mechanics: 'refused', detail });
    expect(on.computer.effects.count('asked-holder')).toBe(0);
  });
});
