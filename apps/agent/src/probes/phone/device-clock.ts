import { DeviceError, readDomain } from '../../device/index.js';
import type { PhoneProbe } from '../phone-probe.js';
import { draft } from '../probe.js';

/** Steps of a reading, s: the answer travels, and what differs by a second is no other clock. Certificates fail by hours and years. */
const STEP_S = 5;

/** How far the phone's clock is off the computer's, s: positive when the phone's is ahead. */
export const deviceClock: PhoneProbe = {
  id: 'device-clock',
  kinds: ['device-clock'],
  where: 'session',
  deadlineMs: 12_000,
  async ask({ udid, talk, machine }, signal) {
    const before = machine.now();
    const { values } = await talk.ask(signal, (client) => readDomain(client, 'trusted', { signal, only: ['TimeIntervalSince1970'] }));
    const phone = values.TimeIntervalSince1970;
    if (phone === null) throw new DeviceError('GetValue', { kind: 'garbage' });
    const here = (before + machine.now()) / 2_000;
    const skewS = Math.round((phone - here) / STEP_S) * STEP_S;
    return [draft.seen('device-clock', { udid }, { skewS: skewS === 0 ? 0 : skewS })];
  },
};
