import { DeviceError, readDomain } from '../../device/index.js';
import type { PhoneProbe } from '../phone-probe.js';
import { draft } from '../probe.js';

/** Words of lockdownd for a phone that is through Setup Assistant (libimobiledevice's ideviceactivation). All others are not. */
const ACTIVATED: ReadonlySet<string> = new Set(['Activated', 'FactoryActivated', 'WildcardActivated', 'SoftActivation']);

/** Is the phone activated? One that is not serves no backups and no sync. */
export const activation: PhoneProbe = {
  id: 'activation',
  kinds: ['activation'],
  where: 'session',
  deadlineMs: 12_000,
  async ask({ udid, talk }, signal) {
    const { values } = await talk.ask(signal, (client) => readDomain(client, 'trusted', { signal, only: ['ActivationState'] }));
    const state = values.ActivationState;
    if (state === null || !/^[A-Za-z]{1,32}$/.test(state)) throw new DeviceError('GetValue', { kind: 'garbage' });
    return [draft.seen('activation', { udid }, { activated: ACTIVATED.has(state), state })];
  },
};
