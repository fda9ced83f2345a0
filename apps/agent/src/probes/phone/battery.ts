import { type BatteryHealth, DeviceError, DIAGNOSTICS_SERVICE, DiagnosticsRelay, readDomain } from '../../device/index.js';
import type { PhoneLook, PhoneProbe } from '../phone-probe.js';
import { draft } from '../probe.js';

const READ = ['BatteryCurrentCapacity', 'BatteryIsCharging', 'ExternalConnected'] as const;

/** How full the battery is, whether it is charged, and how worn it is. */
export const battery: PhoneProbe = {
  id: 'battery',
  kinds: ['battery'],
  where: 'session',
  deadlineMs: 20_000,
  async ask(look, signal) {
    const { values } = await look.talk.ask(signal, (client) => readDomain(client, 'battery', { signal, only: READ }));
    const percent = values.BatteryCurrentCapacity;
    if (percent === null) throw new DeviceError('GetValue', { kind: 'garbage' });
    const health = await healthOf(look, signal);
    return [
      draft.seen(
        'battery',
        { udid: look.udid },
        {
          percent,
          charging: values.BatteryIsCharging,
          external: values.ExternalConnected,
          healthPercent: health?.healthPercent ?? null,
          cycles: health?.cycles ?? null,
        },
      ),
    ];
  },
};

/** Through the diagnostics service. A phone that keeps it to itself, or has none, leaves the rest of the reading as it is. */
async function healthOf({ talk }: PhoneLook, signal: AbortSignal): Promise<BatteryHealth | null> {
  try {
    return await talk.service(signal, DIAGNOSTICS_SERVICE, async (connection) => {
      const relay = new DiagnosticsRelay(connection);
      const health = await relay.battery({ signal });
      await relay.close();
      return health;
    });
  } catch (e) {
    if (e instanceof DeviceError && !signal.aborted) return null;
    throw e;
  }
}
