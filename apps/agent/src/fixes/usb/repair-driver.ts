import { Udid } from '@lockstep/core/health';
import { z } from 'zod';
import {
  type AppleDriver,
  type BoundNode,
  ChangeFailed,
  type Machine,
  PARAMS,
  type PhoneNodes,
  type Ran,
  readAppleDrivers,
  readBlocks,
  readDocument,
  readPhoneNodes,
} from '../../machine/index.js';
import { pause } from '../../probes/index.js';
import { type FixEnd, type FixTools, failed, refused, type Steps } from '../fix.js';
import { type PutBack, rollbackKind } from '../rollbacks.js';

/** pnputil's good ends: done; nothing better than what is there (ERROR_NO_MORE_ITEMS); done at the next restart of the computer. */
const GOOD: ReadonlySet<number> = new Set([0, 259, 3010]);
const NEEDS_RESTART = 3010;
/** CM_PROB_DISABLED. */
const DISABLED = 22;
/** A computer is left without any driver no longer than this when the agent dies in the middle, ms: the fix's own time, and some. */
const LEFT_BARE_MS = 300_000;

/**
 * F06 on Windows: binds Apple's driver to the multiplexer's interface again. A foreign driver (Zadig's, a phone manager's) is exported
 * first, and only its package is removed, when a package of Apple's with a good signature is proven to be in the store and no policy would
 * keep it from being installed. When Apple's is not bound in the end, the foreign one is put back.
 */
export const repairDriver: Steps = async ({ udid }, tools) => {
  const { ctx, cap, signal } = tools;
  if (udid === null) return refused('bad-parameters');
  const phone = await phoneNow(ctx.machine, udid, signal);
  if (phone === null) return refused('bus-unreadable');
  if (phone === 'gone') return refused('not-on-usb');
  if ([phone.device, phone.mux].some((n) => n?.code === DISABLED)) return refused('disabled-by-admin');
  if (isBound(phone)) return refused('not-needed');
  const store = await storeNow(tools);
  if (typeof store === 'string') return refused(store);
  const foreign = foreignOf(phone);
  if (foreign !== null && !PARAMS.inf(foreign)) return refused('foreign-driver-of-windows');

  let folder: string | null = null;
  if (foreign !== null) {
    try {
      folder = await ctx.machine.changes.makeDriverFolder(foreign);
    } catch (e) {
      if (e instanceof ChangeFailed) return refused(`undo-${e.reason}`);
      throw e;
    }
    if (!PARAMS.folder(folder)) return refused('undo-folder-unfit');
  }
  await cap.acts('F06', udid);
  tools.progress('acting');
  if (foreign !== null && folder !== null) {
    const exported = await ctx.machine.run('driver-export', signal, { inf: foreign, folder });
    // Without a copy nothing is removed.
    if (!isGood(exported)) return failed('export-failed');
  }
  return await bind(tools, udid, store, foreign !== null && folder !== null ? { inf: foreign, folder } : null);
};

/**
 * Removes the foreign package, installs Apple's and looks; puts the foreign one back when Apple's is not bound. That is armed first, for an
 * agent that does not live to do it.
 */
async function bind(tools: FixTools, udid: Udid, driver: AppleDriver, foreign: Exported | null): Promise<FixEnd> {
  if (foreign === null) return await install(tools, udid, driver, null);
  const { machine } = tools.ctx;
  const armed = await tools.rollbacks.arm('usb-driver', 'F06', { udid, folder: foreign.folder }, LEFT_BARE_MS);
  let end: FixEnd;
  try {
    end = await install(tools, udid, driver, foreign.inf);
  } catch (e) {
    // Broken off in the middle: the driver that was there is better than none.
    if (await restore(machine, foreign.folder)) await tools.rollbacks.disarm(armed);
    throw e;
  }
  if (end.mechanics !== 'done' && !(await restore(machine, foreign.folder))) return failed('foreign-not-put-back', end.facts);
  await tools.rollbacks.disarm(armed);
  return end;
}

/** A foreign package and where its copy stands. */
interface Exported {
  inf: string;
  folder: string;
}

async function restore(machine: Machine, folder: string): Promise<boolean> {
  const back = await machine.run('driver-restore', undefined, { folder });
  await machine.run('device-scan');
  return isGood(back);
}

const Removed = z.strictObject({ udid: Udid, folder: z.string() });

/** Puts a foreign driver back that this fix removed; left where the interface has a driver, whosever it is, or the phone is gone. */
export const removedDriver = rollbackKind(Removed, async (machine, { udid, folder }, signal): Promise<PutBack> => {
  const phone = await phoneNow(machine, udid, signal);
  if (phone === null) return 'failed';
  if (phone === 'gone') return 'gone';
  if (isBound(phone) || foreignOf(phone) !== null) return 'already';
  return (await restore(machine, folder)) ? 'restored' : 'failed';
});

async function install(tools: FixTools, udid: Udid, { path }: AppleDriver, foreign: string | null): Promise<FixEnd> {
  const { ctx, signal } = tools;
  if (foreign !== null) {
    const removed = await ctx.machine.run('driver-delete', signal, { inf: foreign });
    if (!isGood(removed)) return failed('foreign-not-removed');
  }
  const added = await ctx.machine.run('driver-add', signal, { storeInf: path });
  if (!isGood(added)) return failed('not-installed');
  await ctx.machine.run('device-scan', signal);
  if (added.exit === NEEDS_RESTART) return { mechanics: 'done', detail: 'restart-needed', facts: [] };
  tools.progress('settling');
  return (await becomesBound(tools, udid)) ? { mechanics: 'done', detail: 'apple-bound', facts: [] } : failed('apple-not-bound');
}

async function becomesBound({ ctx, waits, signal }: FixTools, udid: Udid): Promise<boolean> {
  const until = performance.now() + waits.reattach;
  for (;;) {
    const phone = await phoneNow(ctx.machine, udid, signal);
    if (phone !== null && phone !== 'gone' && isBound(phone)) return true;
    if (performance.now() >= until) return false;
    await pause(waits.look, signal);
  }
}

/** Apple's driver is on the multiplexer's interface and works; with Apple's older driver that is the device itself. */
function isBound({ device, mux }: PhoneNodes): boolean {
  const works = (node: BoundNode) => node.code === 0 && node.own === true;
  return mux === null ? works(device) && /usbaapl/i.test(device.inf ?? '') : works(mux) && device.code === 0;
}

/** The package of somebody else's that is bound to the interface or to the whole device; null when none is. */
function foreignOf({ device, mux }: PhoneNodes): string | null {
  return [mux, device].find((n) => n?.own === false)?.inf?.toLowerCase() ?? null;
}

/** Apple's newest driver in the store, or the word for why nothing is to be installed. */
async function storeNow({ ctx, signal }: FixTools): Promise<AppleDriver | string> {
  const read = readDocument(await ctx.machine.run('windows-drivers', signal));
  if (!read.read) return 'driver-store-unreadable';
  const drivers = readAppleDrivers(read.document);
  const blocks = readBlocks(read.document);
  if (!drivers.read) return 'driver-store-unreadable';
  if (!blocks.read) return 'policy-unreadable';
  if (blocks.rows.some((b) => b.covers !== 'unknown')) return 'kept-out-by-policy';
  return drivers.rows[0] ?? 'no-apple-driver';
}

async function phoneNow(machine: Machine, udid: Udid, signal: AbortSignal): Promise<PhoneNodes | 'gone' | null> {
  const read = readDocument(await machine.run('windows-now', signal));
  const nodes = read.read ? readPhoneNodes(read.document) : null;
  return nodes?.read ? (nodes.rows.find((n) => n.udid === udid) ?? 'gone') : null;
}

const isGood = (ran: Ran) => ran.failure === null && ran.exit !== null && GOOD.has(ran.exit);
