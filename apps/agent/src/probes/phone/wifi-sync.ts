import { DeviceError, readDomain } from '../../device/index.js';
import type { PhoneProbe } from '../phone-probe.js';
import { draft } from '../probe.js';

/** Is Wi-Fi sync switched on, on the phone? A phone that has never had it switched on has no such key, which is off. */
export const wifiSync: PhoneProbe = {
  id: 'wifi-sync',
  kinds: ['wifi-sync'],
  where: 'session',
  deadlineMs: 12_000,
  async ask({ udid, talk }, signal) {
    const { values, unread } = await talk.ask(signal, (client) => readDomain(client, 'wifiSync', { signal }));
    const enabled = values.EnableWifiConnections ?? (unread.EnableWifiConnections === 'missing' ? false : null);
    if (enabled === null) throw new DeviceError('GetValue', { kind: 'garbage' });
    return [draft.seen('wifi-sync', { udid }, { enabled, supported: values.SupportsWifiSyncing })];
  },
};
