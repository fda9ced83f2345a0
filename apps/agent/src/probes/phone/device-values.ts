import { DeviceError, readDomain } from '../../device/index.js';
import type { PhoneProbe } from '../phone-probe.js';
import { draft } from '../probe.js';

const READ = ['DeviceName', 'ProductType', 'ProductVersion', 'BuildVersion', 'DeviceClass'] as const;

/**
 * Name, model and system of the phone, as it gives them to anybody, and what it asks of the computer's software. Not every phone tells
 * the latter, or tells it without trust: null then.
 */
export const deviceValues: PhoneProbe = {
  id: 'device-values',
  kinds: ['device-values'],
  where: 'open',
  deadlineMs: 12_000,
  async ask({ udid, talk }, signal) {
    const { values: v } = await talk.ask(signal, (client) => readDomain(client, 'general', { signal, only: READ }));
    const { DeviceName, ProductType, ProductVersion, BuildVersion, DeviceClass } = v;
    if (DeviceName === null || ProductType === null || ProductVersion === null || BuildVersion === null || DeviceClass === null)
      throw new DeviceError('GetValue', { kind: 'garbage' });
    const { values: wishes } = await talk.ask(signal, (client) => readDomain(client, 'requirements', { signal }));
    // Bounds, NUL and half surrogates are checked where facts are stamped: a name that may not be stored makes this fact `failed`.
    return [
      draft.seen(
        'device-values',
        { udid },
        {
          name: DeviceName,
          productType: ProductType,
          productVersion: ProductVersion,
          buildVersion: BuildVersion,
          deviceClass: DeviceClass,
          minMacos: version(wishes.MinMacOSVersion),
          minItunes: version(wishes.MinITunesVersion),
        },
      ),
    ];
  },
};

function version(raw: string | null): string | null {
  return raw !== null && /^\d[0-9A-Za-z. ()-]{0,31}$/.test(raw) ? raw : null;
}
