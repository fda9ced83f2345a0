import type { Reading } from '@lockstep/core/health';
import { linesOf } from '../../machine/index.js';
import { draft, everywhere, type HostProbe } from '../probe.js';

/** Names that phones and Apple's programs ask for; what is sent elsewhere by the hosts file they never reach. */
const APPLE = /^([a-z0-9_-]+\.)*(apple\.com|icloud\.com|mzstatic\.com|cdn-apple\.com)$/;
/** The fact holds so many names. */
const MAX_NAMES = 32;

/** Lines of the hosts file that name Apple's servers (hosts(5): an address, then names; `#` begins a comment). */
export function parseHosts(text: string): Reading<'hosts-file'> {
  const names = new Set<string>();
  let appleLines = 0;
  for (const { line } of linesOf(text)) {
    const [address, ...aliases] = (line.split('#')[0] ?? '').trim().toLowerCase().split(/\s+/);
    if (!address) continue;
    const apple = aliases.map((a) => a.replace(/\.$/, '')).filter((a) => a.length <= 255 && APPLE.test(a));
    if (apple.length > 0) appleLines++;
    for (const name of apple) names.add(name);
  }
  return { appleLines, names: [...names].sort().slice(0, MAX_NAMES) };
}

/** Lines of the hosts file that send Apple's names elsewhere. */
export const hostsFile: HostProbe = {
  id: 'hosts-file',
  kinds: ['hosts-file'],
  cost: 'cheap',
  cadenceMs: 15 * 60_000,
  deadlineMs: 5_000,
  rows: everywhere({
    asks: ['hosts'],
    privilege: 'user',
    ask: async (ctx) => [draft.seen('hosts-file', 'host', parseHosts(await ctx.machine.readFile('hosts')))],
  }),
};
