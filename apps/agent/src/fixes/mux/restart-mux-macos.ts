import { readJob, readMacProcesses } from '../../machine/index.js';
import { pause } from '../../probes/index.js';
import { type FixTools, failed, refused, type Steps } from '../fix.js';
import { comeBack, daemonOf, restartCalledFor } from './called-for.js';

/** The daemon ends on SIGTERM within a second or two; a third of the time it has to list its phones again is ample. */
const ENDS_SHARE = 3;

/**
 * F08 on macOS: has launchd start usbmuxd anew. It is asked to end first (SIGTERM); launchd starts it again by itself. Where that does not
 * end it, launchd is told to (which it refuses for jobs of the system since macOS 14.4), and what is left is killed: the old process and
 * no other, looked at again right before. One that does not run is started.
 */
export const restartMuxMacos: Steps = async (_order, tools) => {
  const { cap } = tools;
  const look = await restartCalledFor(tools);
  if (!look.called) return look.end;
  const old = daemonOf(look.survey)?.pid ?? null;
  if (old !== null && !(await isUsbmuxd(tools, old))) return refused('pid-unknown', look.survey.facts);

  await cap.acts('F08', null);
  tools.progress('acting');
  const why = await restartUsbmuxd(tools, old);
  if (why !== null) return failed(why);
  tools.progress('settling');
  return await comeBack(tools, old);
};

/** Has launchd start the daemon anew, whose process is `old` now (null: it does not run). Null when it does, else a word for why not. */
export async function restartUsbmuxd(tools: FixTools, old: number | null): Promise<string | null> {
  if (old === null) {
    const ran = await tools.ctx.machine.run('usbmuxd-kickstart', tools.signal);
    return ran.failure === null && ran.exit === 0 ? null : 'start-failed';
  }
  if (!(await isUsbmuxd(tools, old))) return 'pid-unknown';
  await endOld(tools, old);
  return (await isGone(tools, old, 0)) ? null : 'old-pid-stays';
}

/** Ends the old process, by the least that does. */
async function endOld(tools: FixTools, old: number): Promise<void> {
  const { ctx, waits, signal } = tools;
  const within = waits.relist / ENDS_SHARE;
  await ctx.machine.run('usbmuxd-term', signal, { pid: String(old) });
  if (await isGone(tools, old, within)) return;
  await ctx.machine.run('usbmuxd-kickstart-anew', signal);
  if (await isGone(tools, old, within)) return;
  // Its number may be another program's by now.
  if (!(await isUsbmuxd(tools, old))) return;
  await ctx.machine.run('usbmuxd-kill', signal, { pid: String(old) });
  await isGone(tools, old, within);
}

/** Whether launchd's job has another process than this, or none, within so long, ms. */
async function isGone({ ctx, waits, signal }: FixTools, old: number, ms: number): Promise<boolean> {
  const until = performance.now() + ms;
  for (;;) {
    const job = readJob(await ctx.machine.run('launchctl-usbmuxd', signal));
    if (job.known && job.pid !== old) return true;
    if (performance.now() >= until) return false;
    await pause(Math.min(waits.look, ms), signal);
  }
}

/** Whether a process is the daemon: no other is ever sent a signal. */
async function isUsbmuxd({ ctx, signal }: FixTools, pid: number): Promise<boolean> {
  const list = readMacProcesses(await ctx.machine.run('process-list', signal));
  return list.read && list.processes.some((p) => p.pid === pid && p.name === 'usbmuxd');
}
