import { type CommandId, type Params, readDocument, readEnded } from '../../machine/index.js';
import { pause } from '../../probes/index.js';
import type { FixTools } from '../fix.js';
import { notDone } from '../windows-done.js';

/** "It runs still" and "it has not run" (SCHED_S_TASK_RUNNING, SCHED_S_TASK_HAS_NOT_RUN). */
const STILL: ReadonlySet<number> = new Set([267_009, 267_011]);
/** What is left of the run's time when an installer has not ended, ms: the run says so then, and the installer goes on. */
const LEFT_MS = 30_000;
/** Between two looks go so many of the usual ones. */
const LOOKS = 3;

/**
 * How an installer ended. `not-started`: nothing was changed. `unsure`: it goes on, or nobody heard how it ended, so it is neither done nor
 * undone.
 */
export type Installed = { what: 'ended'; code: number } | { what: 'not-started'; word: string } | { what: 'unsure'; word: string };

/** Has Windows run one installer and waits for its end. */
export async function runInstaller(tools: FixTools, id: CommandId, params?: Params): Promise<Installed> {
  const { machine } = tools.ctx;
  const started = await machine.run(id, tools.signal, params);
  if (started.failure !== null && started.failure !== 'missing-tool' && started.failure !== 'denied')
    // PowerShell was cut off: whether the installer was started by then is not known.
    return { what: 'unsure', word: `start-${started.failure}` };
  const why = notDone('start', started);
  if (why !== null) return { what: 'not-started', word: why };
  const until = performance.now() + Math.max(tools.timeLeft() - LEFT_MS, tools.timeLeft() / 2);
  for (;;) {
    const code = await endOf(tools);
    if (code !== null) {
      await machine.run('installer-forget', tools.signal);
      return { what: 'ended', code };
    }
    if (performance.now() >= until) return { what: 'unsure', word: 'goes-on' };
    await pause(LOOKS * tools.waits.look, tools.signal);
  }
}

/** The number with which it ended; null while it runs, and when this look could not tell. */
async function endOf({ ctx, signal }: FixTools): Promise<number | null> {
  const doc = readDocument(await ctx.machine.run('installer-state', signal));
  const ended = doc.read ? readEnded(doc.document) : doc;
  const code = ended.read ? ended.rows[0] : undefined;
  return code === undefined || STILL.has(code) ? null : code;
}
