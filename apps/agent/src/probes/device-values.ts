import type { Reading } from '@lockstep/core/health';
import { DeviceError } from '../device/index.js';
import type { PhoneProbe } from './phone-probe.js';

/**
 * lockdownd's keys by the reading's field, in its order. All are given without trust (published key lists of usbmux clients). Asked one
 * by one: a whole domain also holds phone numbers.
 */
const KEYS: Record<keyof Reading<'device-values'>, string> = {
  name: 'DeviceName',
  productType: 'ProductType',
  productVersion: 'ProductVersion',
  buildVersion: 'BuildVersion',
  deviceClass: 'DeviceClass',
};

/** Name, model and system of the phone, as it gives them to anybody. */
export const deviceValues: PhoneProbe = {
  id: 'device-values',
  kinds: ['device-values'],
  deadlineMs: 12_000,
  async ask({ udid, talk }, signal) {
    const read: string[] = [];
    for (const key of Object.values(KEYS)) {
      const value = await talk.ask(signal, (client) => client.getValue(null, key, { signal }));
      if (typeof value !== 'string') throw new DeviceError('GetValue', { kind: 'garbage' });
      read.push(value);
    }
    const [name = '', productType = '', productVersion = '', buildVersion = '', deviceClass = ''] = read;
    // Bounds, NUL and half surrogates are checked where facts are stamped: a name that may not be stored makes this fact `failed`.
    return [
      {
        kind: 'device-values',
        subject: { udid },
        state: 'seen',
        reading: { name, productType, productVersion, buildVersion, deviceClass },
      },
    ];
  },
};
