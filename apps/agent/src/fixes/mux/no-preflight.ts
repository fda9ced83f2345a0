import { ChangeFailed, DROP_IN, MUX_ACCOUNTS, type MuxAccount, type Ran } from '../../machine/index.js';
import { pause, surveyHost } from '../../probes/index.js';
import { type FixTools, failed, refused, type Steps } from '../fix.js';
import { comeBack, daemonOf, isDown, unlisted } from './called-for.js';
import { whyNot } from './restart-mux.js';

/**
 * F54 on Linux: has usbmuxd keep phones listed while they are not trusted, by a drop-in of ours beside the distribution's unit, and starts
 * it anew. Refused where the unit is not the distribution's own any more: what an administrator wrote is not written over. A start that
 * fails takes the drop-in away and starts the daemon as before.
 */
export const keepPhonesListed: Steps = async (_order, tools) => {
  const { ctx, cap, waits, signal } = tools;
  const before = await surveyHost(ctx, [], signal);
  const daemon = daemonOf(before);
  if (!daemon)
    return refused(before.facts.some((f) => f.kind === 'mux-daemon' && f.state === 'absent') ? 'not-installed' : 'mux-unreadable');
  if (daemon.state === 'disabled') return refused('disabled-by-admin', before.facts);
  // A daemon that is down lists nobody whatever its options are.
  if (isDown(before)) return refused('mux-down', before.facts);
  if (unlisted(before).length === 0) return refused('not-needed', before.facts);
  const unit = readStartLine(await ctx.machine.run('usbmuxd-start-line', signal));
  if (unit.account === null) return refused(unit.word, before.facts);
  await pause(waits.look, signal);
  const again = await surveyHost(ctx, [], signal);
  if (unlisted(again).length === 0) return refused('not-needed', again.facts);

  await cap.acts('F54', null);
  tools.progress('acting');
  try {
    await ctx.machine.changes.placeDropIn(unit.account);
  } catch (e) {
    if (e instanceof ChangeFailed) return failed(`drop-in-${e.reason}`);
    throw e;
  }
  const why = await reloadAndRestart(tools, signal);
  if (why !== null) return failed((await takeBack(tools)) ? why : 'drop-in-left');
  tools.progress('settling');
  return await comeBack(tools, daemon.pid);
};

/** systemd reads units anew when told to; the daemon has its options from its start. */
async function reloadAndRestart({ ctx }: FixTools, signal?: AbortSignal): Promise<string | null> {
  for (const [what, id] of [
    ['reload', 'systemd-reload'],
    ['restart', 'usbmuxd-restart'],
  ] as const) {
    const ran = await ctx.machine.run(id, signal);
    if (ran.failure !== null || ran.exit !== 0) return whyNot(what, ran);
  }
  return null;
}

/** Removes the drop-in and starts the daemon as the distribution does, in its own time. */
async function takeBack(tools: FixTools): Promise<boolean> {
  try {
    await tools.ctx.machine.changes.removeDropIn();
  } catch (e) {
    if (e instanceof ChangeFailed) return false;
    throw e;
  }
  await reloadAndRestart(tools);
  return true;
}

/** How distributions start it: Debian's and Fedora's unit files differ in the account alone. */
const START = /^ExecStart=\{ path=\/usr\/sbin\/usbmuxd ; argv\[\]=\/usr\/sbin\/usbmuxd --user (\S+) --systemd ;/m;

/** Reads `systemctl show --property=ExecStart,DropInPaths`. */
function readStartLine(ran: Ran): { account: MuxAccount } | { account: null; word: string } {
  const no = (word: string) => ({ account: null, word });
  if (ran.failure !== null || ran.exit !== 0) return no('unit-unreadable');
  const dropIns = /^DropInPaths=(.*)$/m.exec(ran.stdout)?.[1]?.trim();
  if (dropIns === undefined) return no('unit-unreadable');
  if (dropIns.split(' ').includes(DROP_IN)) return no('in-place-already');
  // Additions of others are no matter (Fedora has some for every service) as long as the line they lead to is the distribution's.
  const starts = ran.stdout.match(/^ExecStart=/gm)?.length ?? 0;
  const account = starts === 1 ? START.exec(ran.stdout)?.[1] : undefined;
  const known = MUX_ACCOUNTS.find((a) => a === account);
  return known ? { account: known } : no('unit-changed');
}
