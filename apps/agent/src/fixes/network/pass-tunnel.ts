import { z } from 'zod';
import { type Cost, type Machine, type Os, readCosts, readDocument } from '../../machine/index.js';
import { failed, refused, type Steps } from '../fix.js';
import { begin, lookAt, ranWell, seenIn, whyNot } from '../look.js';
import { FolderUnsafe } from '../private-folder.js';
import { type PutBack, rollbackKind } from '../rollbacks.js';

/** The name under which the way back is armed. */
const ROLLBACK = 'tunnel-metric';
/** For so long the tunnel stands behind: enough to see whether phones are heard, short enough that nobody misses it (as its notice says). */
export const BEHIND_MS = 300_000;
/** Behind everything that Windows gives by itself to networks that are of use (learn.microsoft.com, "automatic metric": 5 to 75 and up). */
const BEHIND_METRIC = 60;
const STEP = 10;
const MOST = 9_999;

/** What was changed on which interface; `old`: its metric, or null where Windows chose it. */
const Moved = z.strictObject({
  index: z.int().positive(),
  name: z.string().min(1).max(64),
  ours: z.int().positive().max(MOST),
  old: z.int().positive().max(MOST).nullable(),
});
type Moved = z.infer<typeof Moved>;

/**
 * F36 on Windows: a tunnel that costs less than the local network takes what is meant for everybody on it (multicast follows the least
 * metric), while everything else may go another way. Its metric is raised above the others' for five minutes. The way back is armed on disk
 * before, and the change itself does not outlive a restart of the computer. Refused where the agent's own route goes through the tunnel, and
 * where somebody else manages it.
 */
const onWindows: Steps = async (_order, tools) => {
  const { ctx, rollbacks, signal } = tools;
  const looked = await lookAt('own-route', tools);
  const route = seenIn(looked.fact);
  const no = (word: string) => refused(word, looked.facts);
  if (!route) return no('route-unknown');
  if (route.tunnels.length === 0) return no('no-tunnel');
  if (route.via === 'tunnel') return no('route-is-the-tunnel');
  const costs = await costsOn(ctx.machine, signal);
  if (costs === null) return no('metrics-unreadable');
  const networks = costs.filter((c) => !c.isTunnel);
  if (networks.length === 0) return no('no-local-network');
  const ahead = costs.filter((c) => c.isTunnel && networks.some((n) => c.metric <= n.metric));
  const [tunnel] = ahead;
  if (!tunnel) return no('not-needed');
  if (ahead.some((t) => t.managed)) return no('managed-tunnel');
  if (ahead.length > 1) return no('several-tunnels');

  const ours = Math.max(BEHIND_METRIC, ...networks.map((n) => n.metric + STEP));
  if (ours > MOST) return no('metrics-too-high');
  const moved: Moved = { index: tunnel.index, name: tunnel.name, ours, old: tunnel.automatic ? null : Math.max(1, tunnel.metric) };
  let armed: string;
  try {
    armed = await rollbacks.arm(ROLLBACK, 'F36', moved, BEHIND_MS);
  } catch (e) {
    if (e instanceof FolderUnsafe || typeof (e as NodeJS.ErrnoException).code === 'string') return no('rollback-not-armed');
    throw e;
  }
  try {
    await begin('F36', null, tools);
  } catch (e) {
    await rollbacks.disarm(armed);
    throw e;
  }
  const ran = await ctx.machine.run('metric-set', signal, { metric: String(ours), ifindex: String(tunnel.index) });
  if (ranWell(ran)) return { mechanics: 'done', detail: 'behind-for-five-minutes', facts: [] };
  const back = await rollbacks.carryOut(armed);
  return failed(back === 'failed' ? `${whyNot('metric', ran)}-not-put-back` : whyNot('metric', ran));
};

async function costsOn(machine: Machine, signal: AbortSignal): Promise<Cost[] | null> {
  const doc = readDocument(await machine.run('windows-network', signal));
  const costs = doc.read ? readCosts(doc.document) : doc;
  return costs.read ? costs.reading : null;
}

/** Writes the old metric back where ours still stands. */
export const tunnelMetric = rollbackKind(Moved, async (machine, moved, signal): Promise<PutBack> => {
  const before = await standing(machine, moved, signal);
  if (before !== 'ours') return before;
  const ifindex = String(moved.index);
  const ran =
    moved.old === null
      ? await machine.run('metric-automatic', signal, { ifindex })
      : await machine.run('metric-set', signal, { metric: String(moved.old), ifindex });
  if (!ranWell(ran)) return 'failed';
  const after = await standing(machine, moved, signal);
  return after === 'ours' ? 'failed' : after === 'already' ? 'restored' : after;
});

async function standing(machine: Machine, { index, name, ours, old }: Moved, signal: AbortSignal): Promise<PutBack | 'ours'> {
  const costs = await costsOn(machine, signal);
  if (costs === null) return 'failed';
  // Numbers are given anew after a restart: the name has to fit as well. A tunnel that is down has no metric, and forgot ours.
  const now = costs.find((c) => c.index === index && c.name === name);
  if (!now) return 'gone';
  if (old === null ? now.automatic : !now.automatic && now.metric === old) return 'already';
  return !now.automatic && now.metric === ours ? 'ours' : 'changed-since';
}

/**
 * Elsewhere a tunnel has no metric of its own: what is meant for the local network follows the default route, and where that is the tunnel
 * the agent's own way goes through it.
 */
export const passTunnel: Record<Os, Steps | 'unsupported'> = { linux: 'unsupported', macos: 'unsupported', windows: onWindows };
