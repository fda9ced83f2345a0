import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { FixBench, IMPATIENT, told } from '../../test/fix-bench.js';

let on: FixBench;
beforeEach(async () => {
  on = await FixBench.open();
});
afterEach(async () => {
  await on.close();
});

describe('F11 asks for trust', () => {
  it('the holder taps Trust: paired, stored, and a session opens', async () => {
    const p = await on.phone('trust-pending');
    on.onStage = (stage) => {
      if (stage === 'awaiting-holder:tap-trust') setTimeout(() => p.tapTrust(), 200);
    };
    const end = await on.run({ fix: 'F11', udid: p.udid });
    expect(end).toMatchObject({ mechanics: 'done', detail: 'paired' });
    expect(on.stages).toContain('awaiting-holder:tap-trust');
    expect(told(on.toldOnTheWay.slice(0, 1), 'pairing-attempt')).toEqual({
      outcome: 'pending',
      error: 'PairingDialogResponsePending',
      code: -19,
    });
    expect(told(end.facts, 'pairing-attempt')).toEqual({ outcome: 'accepted', error: null, code: null });
    expect(told(end.facts, 'pair-record')).toMatchObject({
      complete: true,
      sameBuid: true,
      keys: expect.arrayContaining(['EscrowBag', 'WiFiMACAddress']),
    });
    expect(told(end.facts, 'trust-session')).toMatchObject({ outcome: 'accepted' });
    expect(told(end.facts, 'service-start')).toMatchObject({ outcome: 'started' });
    expect(on.computer.effects.count('record-saved')).toBe(1);
    expect(on.computer.effects.count('asked-holder')).toBe(1);
  });

  it('the holder taps Don’t Trust: denied, nothing stored', async () => {
    const p = await on.phone('trust-denied');
    const end = await on.run({ fix: 'F11', udid: p.udid });
    expect(end).toMatchObject({ mechanics: 'failed', detail: 'denied' });
    expect(told(end.facts, 'pairing-attempt')).toEqual({ outcome: 'denied', error: 'UserDeniedPairing', code: -18 });
    expect(told(end.facts, 'pair-record')).toBe('absent');
    expect(on.computer.effects.count('record-saved')).toBe(0);
  });

  it('the holder does nothing: not acted, pending, one dialog', async () => {
    const p = await on.phone('trust-ignored');
    const end = await on.run({ fix: 'F11', udid: p.udid }, { waits: IMPATIENT });
    expect(end).toMatchObject({ mechanics: 'not-acted', detail: 'pending' });
    expect(told(end.facts, 'pairing-attempt')).toMatchObject({ outcome: 'pending', code: -19 });
    expect(told(end.facts, 'pair-record')).toBe('absent');
  });

  it('a locked phone: waits for the passcode, then for the tap', async () => {
    const p = await on.phone('locked');
    p.habits.trustAfterMs = 100;
    on.onStage = (stage) => {
      if (stage === 'awaiting-holder:unlock') setTimeout(() => p.unlock(), 200);
    };
    const end = await on.run({ fix: 'F11', udid: p.udid });
    expect(end).toMatchObject({ mechanics: 'done', detail: 'paired' });
    expect(on.stages.filter((s) => s.startsWith('awaiting'))).toEqual(['awaiting-holder:unlock', 'awaiting-holder:tap-trust']);
    expect(told(on.toldOnTheWay.slice(0, 1), 'pairing-attempt')).toEqual({ outcome: 'locked', error: 'PasswordProtected', code: -17 });
  });

  it('a phone that stays locked: not acted, locked', async () => {
    const p = await on.phone('locked');
    expect(await on.run({ fix: 'F11', udid: p.udid }, { waits: IMPATIENT })).toMatchObject({ mechanics: 'not-acted', detail: 'locked' });
  });

  it('a phone that drops off the bus after the tap and comes back is paired all the same', async () => {
    const p = await on.phone('trust-pending');
    on.onStage = (stage) => {
      if (stage !== 'awaiting-holder:tap-trust') return;
      on.onStage = () => {};
      setTimeout(() => {
        on.computer.bench.unplug('p1');
        p.habits.trustAfterMs = 50;
        p.clearFault('trust-pending');
        setTimeout(() => on.computer.bench.plug('p1'), 150);
      }, 100);
    };
    const end = await on.run({ fix: 'F11', udid: p.udid });
    expect(end).toMatchObject({ mechanics: 'done', detail: 'paired' });
  });

  it('is refused when it is not proven who listens: the phone is not even asked', async () => {
    const p = await on.phone('trust-pending');
    on.computer.listener = { proven: false, why: 'foreign-owner' };
    expect(await on.run({ fix: 'F11', udid: p.udid })).toMatchObject({ mechanics: 'refused', detail: 'mux-not-proven' });
    expect(on.computer.effects.count('asked-holder')).toBe(0);
    expect(on.computer.effects.count('record-saved')).toBe(0);
  });

  it('hands no record over when somebody else listens by the time the holder has tapped', async () => {
    const p = await on.phone('trust-pending');
    on.onStage = (stage) => {
      if (stage !== 'awaiting-holder:tap-trust') return;
      on.computer.listener = { proven: false, why: 'open-folder' };
      setTimeout(() => p.tapTrust(), 100);
    };
    const end = await on.run({ fix: 'F11', udid: p.udid });
    expect(end).toMatchObject({ mechanics: 'failed', detail: 'mux-not-proven' });
    expect(on.computer.effects.count('record-saved')).toBe(0);
    // What could not be kept is not left behind on the phone either.
    expect(p.trustedHosts).toEqual([]);
  });

  it.each([
    ['a phone that trusts this computer', 'paired', 'not-needed'],
    ['a phone that does not answer', 'drop', 'phone-silent'],
    ['a phone that the multiplexer does not list', 'not-listed', 'not-listed'],
    ['a phone whose certificate is another’s', 'impostor', 'impostor'],
  ] as const)('is refused for %s', async (_name, fault, detail) => {
    const p = await on.phone(fault);
    expect(await on.run({ fix: 'F11', udid: p.udid })).toMatchObject({ mechanics: 'refused', detail });
    expect(on.computer.effects.count('asked-holder')).toBe(0);
  });

  it('asks nobody but the phone that is named', async () => {
    const p = await on.phone('trust-pending');
    await on.phone('trust-pending', 'p2');
    await on.run({ fix: 'F11', udid: p.udid }, { waits: IMPATIENT });
    expect(on.computer.effects.entries.filter((e) => e.effect === 'asked-holder')).toMatchObject([{ udid: p.udid }]);
  });

  it('a stop in the middle leaves an honest unknown', async () => {
    const p = await on.phone('trust-pending');
    const stop = new AbortController();
    on.onStage = (stage) => {
      if (stage === 'awaiting-holder:tap-trust') setTimeout(() => stop.abort(), 100);
    };
    expect(await on.run({ fix: 'F11', udid: p.udid }, { signal: stop.signal })).toMatchObject({
      mechanics: 'unknown',
      detail: 'agent-stopped',
    });
  });
});
