import type { Reading } from '@lockstep/core/health';
import { type DraftFact, type Network, REACHED_HOSTS, type Reached, type ReachedHost } from '../../machine/index.js';
import { type Asking, draft, everywhere, type HostProbe } from '../probe.js';

type Host = Reading<'apple-hosts'>['hosts'][number];

/** A name, a connection and a handshake together; slow networks take a second or two. */
const REACH_MS = 8_000;
const CAPTIVE_MS = 6_000;
/** Servers asked at the same time. */
const AT_ONCE = 3;

/** Do Apple's servers answer, and is it they who answer? */
export const appleHosts: HostProbe = {
  id: 'apple-hosts',
  kinds: ['apple-hosts'],
  cost: 'dear',
  cadenceMs: 60 * 60_000,
  deadlineMs: 45_000,
  rows: everywhere({ asks: ['network'], privilege: 'user', ask: askHosts }),
};

async function askHosts({ network }: Asking, signal: AbortSignal): Promise<DraftFact[]> {
  if (!network) return [draft.failed('apple-hosts', 'host', 'unsupported')];
  const names = Object.keys(REACHED_HOSTS) as ReachedHost[];
  const [reached, captive] = await Promise.all([reachAll(network, names, signal), network.captive(CAPTIVE_MS, signal)]);
  const others = names.filter((n) => REACHED_HOSTS[n] === 'other').map((n) => reached.get(n));
  return [
    draft.seen('apple-hosts', 'host', {
      hosts: names.filter((n) => REACHED_HOSTS[n] === 'apple').map((n) => hostOf(n, reached.get(n))),
      othersReachable: others.every((r) => r === undefined) ? null : others.some((r) => r?.outcome === 'ok'),
      captive,
    }),
  ];
}

async function reachAll(network: Network, names: readonly ReachedHost[], signal: AbortSignal): Promise<Map<ReachedHost, Reached>> {
  const waiting = [...names];
  const reached = new Map<ReachedHost, Reached>();
  const lane = async () => {
    for (let name = waiting.shift(); name !== undefined && !signal.aborted; name = waiting.shift())
      reached.set(name, await network.reach(name, REACH_MS, signal));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return reached;
}

function hostOf(host: ReachedHost, reached: Reached | undefined): Host {
  if (reached?.outcome !== 'ok') return { host, outcome: reached?.outcome ?? 'no-connection', issuer: null };
  return { host, outcome: 'ok', issuer: issuerOf(reached) };
}

/**
 * Apple signs some of its servers with an authority of its own that no browser knows; anybody in between signs with one that neither Apple
 * nor browsers know. Judged by name: whoever calls his authority "Apple Inc." on purpose is not found out here.
 */
function issuerOf({ issuer, publiclyTrusted }: Extract<Reached, { outcome: 'ok' }>): Host['issuer'] {
  if (issuer !== null && /^Apple Inc\.?$/i.test(issuer.trim())) return 'apple';
  return publiclyTrusted ? 'public' : 'private';
}
