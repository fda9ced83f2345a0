import type { Reading } from '@lockstep/core/health';
import { type DraftFact, type Machine, parseRoutes, ReadFailed } from '../../machine/index.js';
import { draft, type HostProbe } from '../probe.js';
import { ownRouteRow } from './macos/index.js';
import * as windows from './windows/index.js';

type Via = Reading<'own-route'>['via'];

/** The fact names so many tunnels. */
const MAX_TUNNELS = 16;

/** Through what the agent reaches its server. */
export const ownRoute: HostProbe = {
  id: 'own-route',
  kinds: ['own-route'],
  cost: 'cheap',
  cadenceMs: 5 * 60_000,
  deadlineMs: 10_000,
  nudged: true,
  rows: {
    linux: { asks: ['routes-4', 'routes-6', 'sysfs'], privilege: 'user', ask: ({ machine }) => askLinux(machine) },
    macos: ownRouteRow,
    windows: windows.ownRouteRow,
  },
};

/**
 * The interface that carries the default route; with several, a tunnel is named first, since it takes what the others would. A tunnel that
 * carries the default route takes multicast with it only where the local network has no route of its own, and it always has one while its
 * interface is up: so whether it takes what is meant for the local network is known only when no other interface has a route.
 */
async function askLinux(machine: Machine): Promise<DraftFact[]> {
  const routes = parseRoutes(await machine.readFile('routes-4'), (await orNull(machine.readFile('routes-6'))) ?? '');
  const kinds = new Map<string, Via>();
  for (const name of routes.all.filter((n) => /^[A-Za-z0-9_.:@-]{1,64}$/.test(n) && !n.startsWith('.')))
    kinds.set(name, await viaOf(machine, name));
  const tunnels = [...kinds].filter(([, via]) => via === 'tunnel').map(([name]) => name);
  const defaults = routes.defaults.filter((n) => kinds.has(n));
  const own = defaults.find((n) => kinds.get(n) === 'tunnel') ?? defaults[0];
  if (own === undefined) return [draft.failed('own-route', 'host', 'unreachable')];
  const others = [...kinds].some(([, via]) => via !== 'tunnel');
  return [
    draft.seen('own-route', 'host', {
      interface: own,
      via: kinds.get(own) ?? 'other',
      tunnels: tunnels.sort().slice(0, MAX_TUNNELS),
      phoneRoute: [...kinds.values()].includes('phone'),
      tunnelTakesLocal: tunnels.length === 0 ? false : kinds.get(own) === 'tunnel' && !others ? true : null,
    }),
  ];
}

/**
 * What an interface is: a tunnel has `tun_flags` or no device and a tunnel's name; a radio has `phy80211`; a phone's hotspot is driven by
 * `ipheth`, or hangs on the bus as an Apple device; bridges and bonds have no device and are none of these.
 */
async function viaOf(machine: Machine, name: string): Promise<Via> {
  const at = `class/net/${name}`;
  const { sysfs } = machine;
  if (
    (await orNull(sysfs.readText(`${at}/tun_flags`))) !== null ||
    /^(tun|tap|wg|ppp|ipsec|gpd|cscotun|utun|nordlynx|tailscale)/.test(name)
  )
    return 'tunnel';
  const device = await orNull(sysfs.readLink(`${at}/device`));
  if (device === null) return 'other';
  const usb = /(?:^|\/)(\d+-\d+(?:\.\d+)*):\d+\.\d+$/.exec(device)?.[1];
  if (usb !== undefined && (await orNull(sysfs.readText(`bus/usb/devices/${usb}/idVendor`)))?.trim().toLowerCase() === '05ac')
    return 'phone';
  if (/(^|\/)ipheth$/.test((await orNull(sysfs.readLink(`${at}/device/driver`))) ?? '')) return 'phone';
  if ((await orNull(sysfs.readLink(`${at}/phy80211`))) !== null) return 'wifi';
  return 'wired';
}

async function orNull<T>(look: Promise<T>): Promise<T | null> {
  try {
    return await look;
  } catch (e) {
    if (e instanceof ReadFailed && e.reason !== 'denied') return null;
    throw e;
  }
}
