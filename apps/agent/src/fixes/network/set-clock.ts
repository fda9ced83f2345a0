import type { Os, Ran } from '../../machine/index.js';
import { pause } from '../../probes/index.js';
import { type FixTools, failed, refused, type Steps } from '../fix.js';
import { begin, isMissing, lookAt, ranWell, seenIn, whyNot } from '../look.js';

/** Less than this is right, s: time servers keep computers within a second, and the way to the agent's own server adds some. */
const RIGHT_S = 5;
/** ERROR_SERVICE_ALREADY_RUNNING and ERROR_SERVICE_DISABLED (winerror.h). */
const RUNS_ALREADY = 1_056;
const DISABLED = 1_058;

/** Null when the system was told to set its clock, else the step's word. */
type Setting = (tools: FixTools) => Promise<string | null>;

/**
 * F34: the computer's clock, by the time server that the system itself trusts. A clock that is right already, or that nobody can judge, is
 * left alone; a phone's clock is its holder's to set.
 */
const setClockBy =
  (set: Setting): Steps =>
  async (_order, tools) => {
    const before = await lookAt('clock', tools);
    const clock = seenIn(before.fact);
    if (!clock) return refused('clock-unknown', before.facts);
    if (Math.abs(clock.skewS) < RIGHT_S) return refused('clock-is-right', before.facts);
    await begin('F34', null, tools);
    const why = await set(tools);
    if (why !== null) return failed(why);
    return { mechanics: 'done', detail: (await isRight(tools)) ? 'set' : 'still-off', facts: [] };
  };

/** A time service that was only just started needs some seconds for its first answer. */
async function isRight(tools: FixTools): Promise<boolean> {
  const until = performance.now() + tools.waits.relist;
  for (;;) {
    const now = seenIn((await lookAt('clock', tools)).fact);
    if (now && Math.abs(now.skewS) < RIGHT_S) return true;
    if (performance.now() + tools.waits.look > until) return false;
    await pause(tools.waits.look, tools.signal);
  }
}

const onMacos: Setting = async ({ ctx, signal }) => {
  const ran = await ctx.machine.run('clock-set', signal);
  return ranWell(ran) ? null : whyNot('set', ran);
};

const onWindows: Setting = async ({ ctx, signal }) => {
  const start = await ctx.machine.run('time-service-start', signal);
  if (start.exit === DISABLED) return 'time-service-disabled';
  if (!ranWell(start) && start.exit !== RUNS_ALREADY) return whyNot('start', start);
  const ran = await ctx.machine.run('time-resync', signal);
  return ranWell(ran) ? null : whyNot('resync', ran);
};

const onLinux: Setting = async ({ ctx, signal }) => {
  const on = await ctx.machine.run('ntp-on', signal);
  if (!ranWell(on)) return /NTP not supported/i.test(on.stderr) ? 'no-time-service' : whyNot('set', on);
  const chrony = await ctx.machine.run('chrony-step', signal);
  if (ranWell(chrony)) return null;
  if (!isMissing(chrony) && !isElsewhere(chrony)) return whyNot('step', chrony);
  const restart = await ctx.machine.run('timesyncd-restart', signal);
  return ranWell(restart) ? null : whyNot('restart', restart);
};

/** chrony's tool is there and its daemon is not: somebody else keeps the time. */
function isElsewhere(ran: Ran): boolean {
  return /cannot talk to daemon|connection refused/i.test(`${ran.stdout} ${ran.stderr}`);
}

export const setClock: Record<Os, Steps> = { linux: setClockBy(onLinux), macos: setClockBy(onMacos), windows: setClockBy(onWindows) };
