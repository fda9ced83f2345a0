import { type CloudConfiguration, DeviceError, MOBILE_CONFIG_SERVICE, readCloudConfiguration, readDomain } from '../../device/index.js';
import type { PhoneLook, PhoneProbe } from '../phone-probe.js';
import { draft } from '../probe.js';

/** Who rules over the phone: is it supervised, by whom, and may other computers pair with it? */
export const supervision: PhoneProbe = {
  id: 'supervision',
  kinds: ['supervision'],
  where: 'session',
  deadlineMs: 20_000,
  async ask(look, signal) {
    const told = await configurationOf(look, signal);
    const { values } = await look.talk.ask(signal, (client) => readDomain(client, 'supervision', { signal }));
    const supervised = told?.supervised ?? values.DeviceIsChaperoned;
    if (supervised === null && told === null) throw new DeviceError('GetValue', { kind: 'garbage' });
    return [
      draft.seen(
        'supervision',
        { udid: look.udid },
        {
          supervised,
          organisation: told?.organisation?.slice(0, 128) ?? null,
          pairingRestricted: told?.allowsPairing == null ? null : !told.allowsPairing,
        },
      ),
    ];
  },
};

/** The configuration service's word; null when the phone keeps it to itself. */
async function configurationOf({ talk }: PhoneLook, signal: AbortSignal): Promise<CloudConfiguration | null> {
  try {
    return await talk.service(signal, MOBILE_CONFIG_SERVICE, (connection) => readCloudConfiguration(connection, { signal }));
  } catch (e) {
    if (e instanceof DeviceError && !signal.aborted) return null;
    throw e;
  }
}
