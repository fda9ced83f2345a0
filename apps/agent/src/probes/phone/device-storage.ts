import { DeviceError, readDomain } from '../../device/index.js';
import type { PhoneProbe } from '../phone-probe.js';
import { draft } from '../probe.js';

/** A hundred megabytes at a time: photographs come and go all day, and only a full phone matters. */
const STEP = 100_000_000;

const READ = ['AmountDataAvailable', 'TotalDataAvailable', 'TotalDiskCapacity', 'TotalDataCapacity'] as const;

/** The room on the phone. */
export const deviceStorage: PhoneProbe = {
  id: 'device-storage',
  kinds: ['device-storage'],
  where: 'session',
  deadlineMs: 12_000,
  async ask({ udid, talk }, signal) {
    const { values } = await talk.ask(signal, (client) => readDomain(client, 'diskUsage', { signal, only: READ }));
    const free = values.AmountDataAvailable ?? values.TotalDataAvailable;
    const total = values.TotalDiskCapacity ?? values.TotalDataCapacity;
    if (free === null || total === null) throw new DeviceError('GetValue', { kind: 'garbage' });
    return [draft.seen('device-storage', { udid }, { freeBytes: Math.floor(free / STEP) * STEP, totalBytes: total })];
  },
};
