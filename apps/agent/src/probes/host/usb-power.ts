import type { Reading } from '@lockstep/core/health';
import { type DraftFact, ReadFailed, type Sysfs } from '../../machine/index.js';
import { draft, type HostProbe } from '../probe.js';
import * as windows from './windows/index.js';

const DEVICES = 'bus/usb/devices';

/** Does the system switch idle ports off? */
export const usbPower: HostProbe = {
  id: 'usb-power',
  kinds: ['usb-power'],
  cost: 'cheap',
  cadenceMs: 15 * 60_000,
  deadlineMs: 10_000,
  rows: {
    linux: { asks: ['sysfs'], privilege: 'user', ask: ({ machine }) => askSysfs(machine.sysfs) },
    windows: windows.usbPowerRow,
  },
};

/**
 * The kernel lets a device sleep when its `power/control` is `auto` and its delay is not negative (power/autosuspend_delay_ms, kernel
 * documentation, "Power Management for USB"). Phones are what counts; without one on the bus nobody can tell. Hubs between computer and
 * devices are counted: a hub that sleeps takes its devices along.
 */
async function askSysfs(sysfs: Sysfs): Promise<DraftFact[]> {
  const names = (await sysfs.list(DEVICES)).filter((n) => /^\d+-\d+(\.\d+)*$/.test(n));
  let suspendsIdle: boolean | null = null;
  let hubs = 0;
  let readable = false;
  for (const name of names) {
    const control = await attribute(sysfs, name, 'power/control');
    if (control === null) continue;
    readable = true;
    const delay = await attribute(sysfs, name, 'power/autosuspend_delay_ms');
    const sleeps = control === 'auto' && !(delay ?? '0').startsWith('-');
    if ((await attribute(sysfs, name, 'bDeviceClass')) === '09') hubs += sleeps ? 1 : 0;
    else if ((await attribute(sysfs, name, 'idVendor')) === '05ac') suspendsIdle = suspendsIdle === true || sleeps;
  }
  const reading: Reading<'usb-power'> = { suspendsIdle, hubsMayTurnOff: readable ? hubs : null };
  return [draft.seen('usb-power', 'host', reading)];
}

async function attribute(sysfs: Sysfs, name: string, file: string): Promise<string | null> {
  try {
    return (await sysfs.readText(`${DEVICES}/${name}/${file}`)).trim();
  } catch (e) {
    if (e instanceof ReadFailed) return null;
    throw e;
  }
}
