import { z } from 'zod';
import { ChangeFailed, type Os, processesOf, ReadFailed, readDocument, signedInHomes } from '../../machine/index.js';
import { type FixEnd, type FixTools, failed, refused, type Steps } from '../fix.js';
import { begin } from '../look.js';
import { FolderUnsafe } from '../private-folder.js';
import { agentsNow, restartAgents } from './agents.js';

/** What was moved aside and where, kept on this computer alone, by which it is moved back. */
export const CACHES_KEPT_AS = 'moved-caches';
const Moved = z.strictObject({ home: z.string().min(1).max(255), tag: z.string().regex(/^\d{1,15}$/) });

/**
 * F19 on macOS: caches of the agents that show and sync phones are moved aside, each beside where it was, and the agents are started anew, so
 * that they make new ones. Containers of sandboxed programs are left unless this agent has Full Disk Access. Backups, preferences and the
 * history of phones are in no folder that is looked at. When the agents cannot be started anew, everything is moved back.
 */
const onMacos: Steps = async (_order, tools) => {
  const now = await agentsNow(tools);
  if (!now.there) return refused(now.word);
  if (now.agents.every((a) => a.missing)) return refused('no-agents');
  if (now.agents.some((a) => a.disabled)) return refused('agent-disabled');
  const { uid, home } = now.person;
  const places = (await hasFullDiskAccess(tools, home)) ? 'all' : 'own';
  return await move(tools, home, places, async () => await restartAgents(tools, uid, now.agents));
};

/** Backups are behind Full Disk Access: whoever may list them has it. */
async function hasFullDiskAccess({ ctx }: FixTools, home: string): Promise<boolean> {
  try {
    await ctx.machine.list('mac-backups', { home });
    return true;
  } catch (e) {
    if (e instanceof ReadFailed) return false;
    throw e;
  }
}

/**
 * F19 on Windows, for iTunes of Apple's installer: its caches, while it is closed. Its preferences stay: what somebody chose about syncing
 * stands there. The Store's apps keep theirs in a package that only the Store resets.
 */
const onWindows: Steps = async (_order, tools) => {
  const read = readDocument(await tools.ctx.machine.run('apple-programs', tools.signal));
  if (!read.read) return refused('programs-unreadable');
  const running = processesOf(read.document);
  if (!running.read) return refused('programs-unreadable');
  if (running.rows.some((p) => /^iTunes$/i.test(p.name))) return refused('itunes-open');
  const homes = signedInHomes(read.document);
  const [home] = homes;
  if (home === undefined) return refused('nobody-in-front');
  // Whose caches they would be cannot be told.
  if (homes.length > 1) return refused('others-signed-in');
  return await move(tools, home, 'own', async () => null);
};

async function move(tools: FixTools, home: string, places: 'own' | 'all', then: () => Promise<string | null>): Promise<FixEnd> {
  const { changes } = tools.ctx.machine;
  const tag = String(tools.ctx.machine.now());
  let kept: string;
  try {
    kept = (await tools.kept.keep(CACHES_KEPT_AS, Moved, { home, tag })).id;
  } catch (e) {
    if (e instanceof FolderUnsafe) return refused(`kept-${e.why}`);
    if (typeof (e as NodeJS.ErrnoException).code === 'string') return refused('copy-not-written');
    throw e;
  }
  await begin('F19', null, tools);
  let moved: string[];
  try {
    moved = await changes.moveCaches(home, tag, places);
  } catch (e) {
    await tools.kept.forget(kept);
    if (e instanceof ChangeFailed) return failed(`caches-${e.reason}`);
    throw e;
  }
  const why = await then();
  if (why === null) {
    if (moved.length === 0) await tools.kept.forget(kept);
    return { mechanics: 'done', detail: moved.length > 0 ? 'moved-aside' : 'no-caches', facts: [] };
  }
  try {
    await changes.moveCachesBack(home, tag, moved);
  } catch (e) {
    if (e instanceof ChangeFailed) return { mechanics: 'unknown', detail: `${why}-not-moved-back`, facts: [] };
    throw e;
  }
  await tools.kept.forget(kept);
  return failed(why);
}

export const moveCaches: Record<Os, Steps | 'unsupported'> = { linux: 'unsupported', macos: onMacos, windows: onWindows };
