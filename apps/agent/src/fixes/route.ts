import { type Machine, parseRoutes, ReadFailed, type Routes } from '../machine/index.js';

/** Apple's USB vendor id, as sysfs writes it. */
const APPLE = '05ac';

type Carrier = 'phone' | 'other' | 'virtual';

/**
 * Whether this computer's way to the network is one of its phones (a personal hotspot over USB): what restarts the phones' service then
 * cuts the agent off from its server in the middle of a fix. A default route over a tunnel or a bridge says nothing about what carries
 * it, so then any phone with a route counts. `null`: it could not be found out.
 */
export async function routeIsPhone(machine: Machine): Promise<boolean | null> {
  try {
    const routes: Routes = parseRoutes(await machine.readFile('routes-4'), await orEmpty(machine.readFile('routes-6')));
    if (routes.all.some((name) => name.includes('/') || name.startsWith('.'))) return null;
    const defaults = await Promise.all(routes.defaults.map((name) => carrier(machine, name)));
    if (defaults.includes('phone')) return true;
    if (!defaults.includes('virtual')) return false;
    return (await Promise.all(routes.all.map((name) => carrier(machine, name)))).includes('phone');
  } catch (e) {
    if (e instanceof ReadFailed) return null;
    throw e;
  }
}

/**
 * What carries an interface. Its `device` link ends in the USB interface (`1-2:4.2`), whose device (`1-2`) has the vendor; loopback,
 * bridges and tunnels have no such link.
 */
async function carrier(machine: Machine, name: string): Promise<Carrier> {
  const link = await orEmpty(machine.sysfs.readLink(`class/net/${name}/device`));
  if (link === '') return 'virtual';
  const usb = /(?:^|\/)(\d+-\d+(?:\.\d+)*):\d+\.\d+$/.exec(link)?.[1];
  if (usb === undefined) return 'other';
  return (await orEmpty(machine.sysfs.readText(`bus/usb/devices/${usb}/idVendor`))).trim().toLowerCase() === APPLE ? 'phone' : 'other';
}

async function orEmpty(read: Promise<string>): Promise<string> {
  try {
    return await read;
  } catch (e) {
    if (e instanceof ReadFailed && e.reason === 'missing') return '';
    throw e;
  }
}
