import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { PairRecord } from '@lockstep/agent/device';
import { failureOf, PhoneTrial } from '../../test/phone-trial.js';
import type { PhoneFaultId } from './faults.js';
import { LOCKDOWN_PORT } from './lockdown.js';

const trial = new PhoneTrial({ name: 'anna', seed: 'lockdown-test' });
let record: PairRecord;

beforeAll(async () => {
  ({ record } = await trial.records());
});
beforeEach(() => void trial.fresh());
afterEach(() => trial.close());

describe('faults', () => {
  it.each([
    ['hang', 'timeout'],
    ['drop', 'closed'],
    ['garbage', 'garbage'],
    ['half-frame', 'timeout'],
    ['slow-bytes', 'no error'],
  ] satisfies [PhoneFaultId, string][])('%s: QueryType ends in %s, and goes on after the fault', async (fault, outcome) => {
    trial.phone.setFault(fault);
    expect(await failureOf(trial.client(outcome === 'timeout' ? { replyMs: 300 } : {}).queryType())).toBe(outcome);
    trial.phone.clearFault(fault);
    expect(await failureOf(trial.client().queryType())).toBe('no error');
  });

  it.each([
    ['tls-cut', 'tls'],
    ['impostor', 'impostor'],
    ['forgets-host', 'InvalidHostID'],
    ['session-locked', 'PasswordProtected'],
    ['slow-bytes', 'no error'],
  ] satisfies [PhoneFaultId, string][])('%s: StartSession ends in %s', async (fault, outcome) => {
    const paired = await trial.pair(record);
    trial.phone.setFault(fault);
    expect(await failureOf(trial.client().startSession(paired))).toBe(outcome);
  });

  it.each([
    ['service-refused', 'PasswordProtected'],
    ['service-invalid', 'InvalidService'],
  ] satisfies [PhoneFaultId, string][])('%s: a session works, StartService ends in %s', async (fault, outcome) => {
    const paired = await trial.pair(record);
    trial.phone.setFault(fault);
    const lockdown = trial.client();
    await lockdown.startSession(paired);
    expect(await failureOf(lockdown.startService('com.apple.mobile.diagnostics_relay'))).toBe(outcome);
    await lockdown.close();
  });

  it('refused: no port is open', () => {
    trial.phone.setFault('refused');
    expect(trial.phone.connect(LOCKDOWN_PORT)).toBeNull();
  });

  it('of the lock end when the holder unlocks', async () => {
    for (const fault of ['locked', 'session-locked', 'service-refused'] as const) {
      trial.phone.setFault(fault);
      expect(trial.phone.locked).toBe(true);
      trial.phone.unlock();
      expect([trial.phone.locked, trial.phone.faults.size]).toEqual([false, 0]);
    }
  });

  it('of trust end when a computer is trusted anew', async () => {
    await trial.pair(record);
    for (const fault of ['forgets-host', 'trust-pending'] as const) {
      trial.phone.setFault(fault);
      expect(trial.phone.trustedHosts).toEqual([]);
      await trial.pair(record);
      expect(trial.phone.faults.size).toBe(0);
    }
  });

  it('trust-ignored: no tap helps; trust-denied: refused at the first question', async () => {
    trial.phone.setFault('trust-ignored');
    expect(await trial.client().pair(record, { ms: 0 })).toMatchObject({ outcome: 'pending' });
    expect(trial.phone.tapTrust()).toBe(false);
    trial.phone.clearFault();
    trial.phone.setFault('trust-denied');
    expect(await trial.client().pair(record, { ms: 0 })).toMatchObject({ outcome: 'denied' });
    trial.phone.clearFault('trust-denied');
    expect(await trial.client().pair(record, { ms: 0 })).toMatchObject({ outcome: 'pending' });
  });
});
