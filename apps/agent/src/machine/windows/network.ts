import type { FailReason, Reading } from '@lockstep/core/health';
import { z } from 'zod';
import { field, rowsOr, type WindowsDocument } from './document.js';

type Via = Reading<'own-route'>['via'];
type Read<T> = { read: true; reading: T } | { read: false; reason: FailReason };

const Route = z.object({ index: z.number(), alias: field.text, metric: field.number });
const Adapter = z.object({
  index: z.number(),
  name: field.text,
  says: field.text,
  up: field.flag,
  type: field.number,
  medium: field.number,
  hardware: field.flag,
  pnp: field.text,
});
type Adapter = z.infer<typeof Adapter>;
const Wall = z.object({ name: z.string(), enabled: field.number, inbound: field.number, rest: field.number });
const FirewallRule = z.object({ name: z.string(), enabled: field.number, action: field.number });
/** Any rule that may let names in; `profiles` is a sum of 1 (domain), 2 (private) and 4 (public), 0 for all. */
const Named = z.object({ enabled: field.number, action: field.number, profiles: field.number });
const Network = z.object({ index: z.number(), category: field.number });

/** The fact names so many tunnels. */
const MAX_TUNNELS = 16;
/** IANA ifType: 71 is 802.11; 23 ppp, 53 virtual and 131 tunnel. NDIS_PHYSICAL_MEDIUM: 9 is native 802.11. */
const WIFI_TYPE = 71;
const WIFI_MEDIUM = 9;
const TUNNEL_TYPES: ReadonlySet<number> = new Set([23, 131]);
/** Drivers of tunnels call themselves so; their makers' words are in no language but their own. */
const TUNNEL =
  /TAP-|Wintun|WireGuard|OpenVPN|AnyConnect|Cisco Secure|GlobalProtect|PANGP|Fortinet|Juniper|Pulse Secure|Ivanti|Zscaler|Tailscale|ZeroTier|NordLynx|Check Point|SonicWall/i;

function viaOf(adapter: Adapter): Via {
  if (/^USB\\VID_05AC/i.test(adapter.pnp ?? '') || /Apple Mobile Device Ethernet/i.test(adapter.says ?? '')) return 'phone';
  if (TUNNEL.test(adapter.says ?? '') || TUNNEL_TYPES.has(adapter.type ?? 0)) return 'tunnel';
  if (adapter.type === WIFI_TYPE || adapter.medium === WIFI_MEDIUM) return 'wifi';
  return adapter.hardware === true ? 'wired' : 'other';
}

/** Through what the agent reaches its server: the default route with the least metric. */
export function readRoute(document: WindowsDocument): Read<Reading<'own-route'>> {
  const routes = document.section('routes', Route);
  const adapters = document.section('adapters', Adapter);
  if (!routes.read) return routes;
  if (!adapters.read) return adapters;
  const vpns = new Set(rowsOr(document.section('vpns', z.string())));
  const [own] = [...routes.rows].sort((a, b) => (a.metric ?? 9_999) - (b.metric ?? 9_999));
  if (!own) return { read: false, reason: 'unreachable' };
  const known = new Map(adapters.rows.map((a) => [a.index, a]));
  // A connection that Windows dials itself is no adapter: it has a route of its name.
  const of = (r: z.infer<typeof Route>): Via => {
    const adapter = known.get(r.index);
    return adapter ? viaOf(adapter) : r.alias !== null && vpns.has(r.alias) ? 'tunnel' : 'other';
  };
  const up = adapters.rows.filter((a) => a.up === true);
  const tunnels = [
    ...up.filter((a) => viaOf(a) === 'tunnel').map((a) => a.name),
    ...routes.rows.filter((r) => !known.has(r.index) && of(r) === 'tunnel').map((r) => r.alias),
  ].flatMap((name) => (name === null ? [] : [name.slice(0, 64)]));
  const others = up.some((a) => viaOf(a) !== 'tunnel' && viaOf(a) !== 'other');
  return {
    read: true,
    reading: {
      interface: (known.get(own.index)?.name ?? own.alias ?? `interface ${own.index}`).slice(0, 64),
      via: of(own),
      tunnels: [...new Set(tunnels)].sort().slice(0, MAX_TUNNELS),
      phoneRoute: up.some((a) => viaOf(a) === 'phone'),
      tunnelTakesLocal: tunnels.length === 0 ? false : of(own) === 'tunnel' && !others ? true : null,
    },
  };
}

/** NetworkCategory of Get-NetConnectionProfile. */
const CATEGORIES = ['Public', 'Private', 'Domain'] as const;

/** NET_FW_PROFILE_TYPE2 of each. */
const PROFILE_BITS: Readonly<Record<string, number>> = { Domain: 1, Private: 2, Public: 4 };

/**
 * Windows' own firewall, on the network that the default route is in (else on all it is connected to). Windows' own rules are found by their
 * fixed names; others, such as Bonjour's, may let names in as well: only when those were looked for and none does are names kept out.
 */
export function readFirewall(document: WindowsDocument): Read<Reading<'firewall'>> {
  const walls = document.section('walls', Wall);
  if (!walls.read) return walls;
  if (walls.rows.length === 0) return { read: false, reason: 'garbage' };
  const networks = document.section('networks', Network);
  const route = [...rowsOr(document.section('routes', Route))].sort((a, b) => (a.metric ?? 9_999) - (b.metric ?? 9_999))[0];
  const all = rowsOr(networks);
  const mine = all.filter((n) => n.index === route?.index);
  const categories = (mine.length > 0 ? mine : all).flatMap((n) => CATEGORIES[n.category ?? -1] ?? []);
  const active = walls.rows.filter((w) => categories.some((c) => c === w.name));
  const blocksAll = active.length === 0 ? null : active.some((w) => w.enabled === 1 && w.inbound === 0);
  const rules = document.section('rules', FirewallRule);
  const named = document.section('named', Named);
  const opened = active.every((w) => {
    // DefaultInboundAction 2 is "allow": then nothing needs a rule.
    if (w.enabled === 0 || w.rest === 2) return true;
    const rule = rowsOr(rules).find((r) => r.name.toLowerCase().startsWith(`mdns-in-udp-${w.name.toLowerCase()}`));
    // Action 2 is "allow", Enabled 1 is true.
    if (rule?.enabled === 1 && rule.action === 2) return true;
    const bit = PROFILE_BITS[w.name] ?? 0;
    return rowsOr(named).some((n) => n.enabled === 1 && n.action === 2 && (n.profiles === 0 || ((n.profiles ?? 0) & bit) !== 0));
  });
  return {
    read: true,
    reading: {
      blocksAll,
      publicNetwork: categories.length === 0 ? null : categories.includes('Public'),
      mdnsAllowed: blocksAll === null ? null : blocksAll ? false : opened ? true : named.read ? false : null,
    },
  };
}

/** Who sells to companies alone: a tunnel of theirs is one that somebody manages, whose ways are not for this agent to change. */
const MANAGED = /AnyConnect|Cisco Secure|GlobalProtect|PANGP|Fortinet|Juniper|Pulse Secure|Ivanti|Zscaler|Check Point|SonicWall/i;

const Metric = z.object({ index: z.number(), metric: field.number, automatic: field.number });

/** An interface as multicast sees it: of several, it takes the one that costs least. */
export interface Cost {
  index: number;
  name: string;
  isTunnel: boolean;
  /** A company's: its client's maker sells to nobody else, or it was set up for all accounts. */
  managed: boolean;
  metric: number;
  automatic: boolean;
}

/** What each connected interface costs; those that are neither networks nor tunnels (bridges of virtual machines) are left out. */
export function readCosts(document: WindowsDocument): Read<Cost[]> {
  const metrics = document.section('metrics', Metric);
  const adapters = document.section('adapters', Adapter);
  if (!metrics.read) return metrics;
  if (!adapters.read) return adapters;
  const vpns = new Set(rowsOr(document.section('vpns', z.string())));
  const costs = metrics.rows.flatMap(({ index, metric, automatic }): Cost[] => {
    const adapter = adapters.rows.find((a) => a.index === index && a.up === true);
    if (!adapter?.name || metric === null || automatic === null) return [];
    const via = viaOf(adapter);
    if (via === 'other') return [];
    const isTunnel = via === 'tunnel';
    const managed = isTunnel && (MANAGED.test(adapter.says ?? '') || vpns.has(adapter.name));
    return [{ index, name: adapter.name.slice(0, 64), isTunnel, managed, metric, automatic: automatic === 1 }];
  });
  return { read: true, reading: costs };
}
