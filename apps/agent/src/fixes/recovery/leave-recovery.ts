import { ReadFailed, readConsole, type StartNormally } from '../../machine/index.js';
import { type FixEnd, type FixTools, failed, refused, type Steps } from '../fix.js';
import { argumentOf, type Ecid, phoneInBoot } from './phone-in-boot.js';

/** One way to tell a phone's boot loader to start normally. */
type Way = (ecid: Ecid, tools: FixTools) => Promise<FixEnd>;

/**
 * F42: asks the boot loader of the named phone to start it normally. Nothing is erased, and a phone whose system is damaged is back in
 * recovery within a minute: what the bus shows after the settle time tells. The tool of the open library is used where it is installed,
 * else the same three lines are said over the bus.
 */
export const leaveRecovery =
  (wayOf: (tools: FixTools) => Promise<Way>): Steps =>
  async (order, tools) => {
    const phone = await phoneInBoot(order, tools, false);
    if (!phone.there) return refused(phone.word, phone.facts);
    // In DFU there is no boot loader to ask: the holder forces a restart.
    if (phone.mode === 'dfu') return refused('in-dfu', phone.facts);
    const way = await wayOf(tools);
    await tools.cap.acts('F42', order.udid);
    tools.progress('acting');
    return await way(phone.ecid, tools);
  };

/** Debian's irecovery, or the bus. */
export const leaveRecoveryLinux = leaveRecovery(async ({ ctx, signal }) => {
  const there = (await ctx.machine.run('irecovery-version', signal)).failure !== 'missing-tool';
  return there ? byTool('irecovery-normal') : overTheBus;
});

/** Homebrew's irecovery, run as the person whose it is, or the bus. */
export const leaveRecoveryMac = leaveRecovery(async ({ ctx, signal }) => {
  const tool = (await isThere(ctx, 'mac-irecovery'))
    ? 'mac-irecovery-normal'
    : (await isThere(ctx, 'mac-irecovery-intel'))
      ? 'mac-irecovery-normal-intel'
      : null;
  if (tool === null) return overTheBus;
  const console = readConsole(await ctx.machine.run('ioreg-root', signal));
  // Nobody is signed in whose tool it could be.
  return console.read && console.uid !== null ? byTool(tool, { uid: console.uid }) : overTheBus;
});

type Tool = 'irecovery-normal' | 'mac-irecovery-normal' | 'mac-irecovery-normal-intel';

/** irecovery ends with 0 once it has found the phone, whatever that did, and with -1 when it has not. */
const byTool =
  (tool: Tool, person: { uid?: string } = {}): Way =>
  async (ecid, { ctx, signal }) => {
    const ran = await ctx.machine.run(tool, signal, { ecid: argumentOf(ecid), ...person });
    if (ran.failure === 'missing-tool' || ran.failure === 'denied') return failed(`tool-${ran.failure}`);
    if (ran.failure !== null) return { mechanics: 'unknown', detail: ran.failure, facts: [] };
    return ran.exit === 0 ? ASKED : failed('not-found');
  };

const overTheBus: Way = async (ecid, { ctx }) => ENDS[(await ctx.machine.startNormally?.(ecid)) ?? 'unsupported'];

const ASKED: FixEnd = { mechanics: 'done', detail: 'asked-to-start', facts: [] };
const ENDS: Record<StartNormally, FixEnd> = {
  sent: ASKED,
  'not-found': failed('not-found'),
  'not-permitted': refused('bus-not-permitted'),
  'broken-off': { mechanics: 'unknown', detail: 'broken-off', facts: [] },
  unsupported: refused('no-tool'),
};

async function isThere({ machine }: FixTools['ctx'], file: 'mac-irecovery' | 'mac-irecovery-intel'): Promise<boolean> {
  try {
    await machine.stat(file);
    return true;
  } catch (e) {
    if (e instanceof ReadFailed) return false;
    throw e;
  }
}
