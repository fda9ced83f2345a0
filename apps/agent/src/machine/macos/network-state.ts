import type { FailReason, Reading } from '@lockstep/core/health';
import { linesOf } from '../decode.js';
import type { DraftFact } from '../draft.js';
import { failedEnd } from '../linux/index.js';
import { isDict } from '../plist/index.js';
import type { Ran } from '../port.js';
import { plistOf, words } from './registry.js';

type Via = Reading<'own-route'>['via'];

const NAME = /^[a-z][a-z0-9]{1,15}$/;

/** Interfaces that are tunnels by their names (ifconfig(8): utun, ipsec, ppp; tun and tap of others). */
export function isTunnel(name: string): boolean {
  return /^(utun|ipsec|ppp|tun|tap|gpd)\d*$/.test(name);
}

/** Interfaces that the system uses, in its order; or why they are not known. */
export type Ranking = { read: true; interfaces: string[] } | { read: false; reason: FailReason };

/** Reads `scutil --nwi`: its last line lists the interfaces, the one of the default route first. */
export function readNwi(ran: Ran): Ranking {
  const failed = failedEnd(ran);
  if (failed) return { read: false, reason: failed };
  const listed = linesOf(ran.stdout)
    .filter(({ line }) => line.startsWith('Network interfaces:'))
    .at(-1);
  if (ran.exit !== 0 || listed === undefined) return { read: false, reason: 'garbage' };
  const interfaces = listed.line
    .slice('Network interfaces:'.length)
    .trim()
    .split(/\s+/)
    .filter((n) => NAME.test(n));
  return interfaces.length > 0 ? { read: true, interfaces } : { read: false, reason: 'unreachable' };
}

/** Reads `route -n get default`: the interface of the default route. The tool ends with an error when there is none. */
export function readDefaultRoute(ran: Ran): string | null {
  if (failedEnd(ran) !== null || ran.exit !== 0) return null;
  const name = /^\s*interface:\s*(\S+)\s*$/m.exec(ran.stdout)?.[1];
  return name !== undefined && NAME.test(name) ? name : null;
}

/**
 * Reads `ifconfig -u`: tunnels that carry addresses of a network. macOS keeps some utun interfaces for itself, which have a link-local
 * address and nothing else.
 */
export function readTunnels(ran: Ran): string[] | null {
  if (failedEnd(ran) !== null || ran.exit !== 0) return null;
  const found = new Set<string>();
  let current: string | null = null;
  for (const { line } of linesOf(ran.stdout)) {
    const head = /^([a-z][a-z0-9]{1,15}): flags=/.exec(line);
    if (head?.[1]) current = head[1];
    const address = /^\s+inet6? ([0-9a-f.:]+)/i.exec(line)?.[1];
    if (current && address !== undefined && isTunnel(current) && !/^fe80:/i.test(address)) found.add(current);
  }
  return [...found].sort();
}

/**
 * Reads NetworkInterfaces.plist: what each interface is, by its BSD name. A phone's hotspot is an Ethernet whose path in the registry goes
 * through the phone; its name there is the product's and in no language.
 */
export function interfaceKinds(bytes: Uint8Array): Map<string, Via> {
  const kinds = new Map<string, Via>();
  const root = plistOf(bytes) ?? undefined;
  const list = isDict(root) ? root.Interfaces : undefined;
  if (!Array.isArray(list)) return kinds;
  for (const entry of list) {
    if (!isDict(entry)) continue;
    const name = words(entry['BSD Name']);
    if (name === null || !NAME.test(name)) continue;
    const path = words(entry.IOPathMatch) ?? '';
    const type = words(entry.SCNetworkInterfaceType);
    if (/\/(iPhone|iPad|iPod)@[0-9a-f]{8}\//i.test(path)) kinds.set(name, 'phone');
    else if (type === 'IEEE80211') kinds.set(name, 'wifi');
    else if (type === 'Ethernet') kinds.set(name, 'wired');
    else kinds.set(name, 'other');
  }
  return kinds;
}

/**
 * A tunnel that carries the default route takes multicast with it only where the local network has no route of its own, and it has one
 * while its interface is up: so whether it takes what is meant for the local network is known only when no other interface is used.
 */
export function routeReading(
  own: string,
  used: readonly string[],
  tunnels: readonly string[],
  kinds: ReadonlyMap<string, Via>,
): Reading<'own-route'> {
  const all = [...new Set([...tunnels, ...used.filter(isTunnel)])].sort().slice(0, 16);
  const others = used.some((n) => !isTunnel(n));
  return {
    interface: own,
    via: isTunnel(own) ? 'tunnel' : (kinds.get(own) ?? 'other'),
    tunnels: all,
    // Without the list of interfaces nobody knows which of them is a phone.
    ...(kinds.size > 0 ? { phoneRoute: used.some((n) => kinds.get(n) === 'phone') } : {}),
    tunnelTakesLocal: all.length === 0 ? false : isTunnel(own) && !others ? true : null,
  };
}

/** The fact in `scutil --nwi` alone. */
export function parseNwi(ran: Ran): DraftFact[] {
  const ranking = readNwi(ran);
  if (!ranking.read) return [{ kind: 'own-route', subject: 'host', state: 'failed', reason: ranking.reason }];
  const [own = ''] = ranking.interfaces;
  return [{ kind: 'own-route', subject: 'host', state: 'seen', reading: routeReading(own, ranking.interfaces, [], new Map()) }];
}
