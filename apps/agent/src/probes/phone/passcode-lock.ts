import { DeviceError } from '../../device/index.js';
import type { PhoneProbe } from '../phone-probe.js';

/**
 * Is the phone locked now? Asked inside the session when there is one, since many phones refuse the answer without. A refusal, and a
 * phone that does not know the key, is `failed`: whether it is locked is then not known.
 */
export const passcodeLock: PhoneProbe = {
  id: 'passcode-lock',
  kinds: ['passcode-lock'],
  where: 'open',
  deadlineMs: 12_000,
  async ask({ udid, talk }, signal) {
    const locked = await talk.ask(signal, (client) => client.getValue(null, 'PasswordProtected', { signal }));
    if (typeof locked !== 'boolean') throw new DeviceError('GetValue', { kind: 'garbage' });
    return [{ kind: 'passcode-lock', subject: { udid }, state: 'seen', reading: { locked } }];
  },
};
