import type { Os } from '../../machine/index.js';
import { linesOf } from '../../machine/index.js';
import { type FixEnd, type FixTools, failed, refused, type Steps } from '../fix.js';
import { begin, isMissing, lookAt, ranWell, seenIn, whyNot } from '../look.js';
import { notDone } from '../windows-done.js';

/**
 * Zones whose networks are not trusted, by firewalld's own account of them (firewalld.zones(5)): names of a public network are not let in.
 */
const UNTRUSTED: ReadonlySet<string> = new Set(['block', 'dmz', 'drop', 'external', 'public']);

/**
 * F32 on Windows: one inbound rule of ours for UDP 5353 on private and company networks. It is refused where it would not count: on a public
 * network, and where everything inbound is blocked whatever the rules say.
 */
const onWindows: Steps = async (_order, tools) => {
  const looked = await lookAt('firewall', tools);
  const wall = seenIn(looked.fact);
  if (!wall) return refused('firewall-unreadable', looked.facts);
  if (wall.publicNetwork === true) return refused('public-network', looked.facts);
  if (wall.blocksAll !== false) return refused('blocks-everything', looked.facts);
  if (wall.mdnsAllowed === true) return refused('not-needed', looked.facts);
  await begin('F32', null, tools);
  const why = notDone('rule', await tools.ctx.machine.run('names-rule-add', tools.signal));
  return why === null ? { mechanics: 'done', detail: 'rule-made', facts: [] } : failed(why);
};

/**
 * F32 on Linux: the firewall is asked through whoever manages it, firewalld or ufw, and for the network that the agent's own route goes
 * through. A packet filter that somebody wrote by hand is theirs.
 */
const onLinux: Steps = async (_order, tools) => {
  const { machine } = tools.ctx;
  const looked = await lookAt('firewall', tools);
  const wall = seenIn(looked.fact);
  if (!wall) return refused('firewall-unreadable', looked.facts);
  if (wall.mdnsAllowed === true) return refused('not-needed', looked.facts);
  const route = seenIn((await lookAt('own-route', tools)).fact);
  if (!route) return refused('route-unknown', looked.facts);
  if (route.via !== 'wired' && route.via !== 'wifi') return refused('no-local-network', looked.facts);
  const firewalld = await machine.run('firewalld-state', tools.signal);
  if (ranWell(firewalld)) return await byFirewalld(route.interface, tools);
  const ufw = await machine.run('ufw-status', tools.signal);
  if (ranWell(ufw) && /^Status: active\b/m.test(ufw.stdout)) return await byUfw(route.interface, tools);
  if (!ranWell(ufw) && !isMissing(ufw)) return refused(whyNot('ufw', ufw), looked.facts);
  return refused('no-known-firewall', looked.facts);
};

async function byFirewalld(own: string, tools: FixTools): Promise<FixEnd> {
  const { machine } = tools.ctx;
  const zones = await machine.run('firewalld-zones', tools.signal);
  if (!ranWell(zones)) return refused(whyNot('zones', zones));
  const zone = zoneOf(zones.stdout, own);
  if (zone === null) return refused('zone-unknown');
  if (UNTRUSTED.has(zone)) return refused('public-network');
  await begin('F32', null, tools);
  const now = await machine.run('firewalld-names-now', tools.signal, { zone });
  if (!ranWell(now)) return failed(whyNot('rule', now));
  const kept = await machine.run('firewalld-names-kept', tools.signal, { zone });
  return { mechanics: 'done', detail: ranWell(kept) ? 'rule-made' : 'rule-until-restart', facts: [] };
}

async function byUfw(iface: string, tools: FixTools): Promise<FixEnd> {
  if (!/^[A-Za-z][A-Za-z0-9_.-]{0,14}$/.test(iface)) return refused('no-local-network');
  await begin('F32', null, tools);
  const ran = await tools.ctx.machine.run('ufw-names', tools.signal, { iface });
  return ranWell(ran) ? { mechanics: 'done', detail: 'rule-made', facts: [] } : failed(whyNot('rule', ran));
}

/**
 * The zone of an interface in `firewall-cmd --get-active-zones`: a zone's name (and, from firewalld 2, a word in brackets), its interfaces
 * on a line below. One that stands in none belongs to the default zone, whose name is not told here.
 */
export function zoneOf(stdout: string, iface: string): string | null {
  let zone: string | null = null;
  for (const { line } of linesOf(stdout)) {
    const head = /^([A-Za-z][A-Za-z0-9_-]{0,16})(?:\s+\(.*\))?\s*$/.exec(line)?.[1];
    if (head !== undefined) zone = head;
    const names = /^\s+interfaces:\s*(.*)$/.exec(line)?.[1];
    if (names?.split(/\s+/).includes(iface)) return zone;
  }
  return null;
}

/** macOS has no part: its firewall looks at programs that accept connections and always lets Bonjour in (Apple, "Change Firewall settings"). */
export const letNamesIn: Record<Os, Steps | 'unsupported'> = { linux: onLinux, macos: 'unsupported', windows: onWindows };
