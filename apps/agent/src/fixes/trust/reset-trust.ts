import { normaliseUdid, type Udid } from '@lockstep/core/health';
import { type Os, ReadFailed } from '../../machine/index.js';
import { isExpected, pause, surveyHost } from '../../probes/index.js';
import { type FixTools, failed, refused, type Steps } from '../fix.js';
import { comeBack, daemonOf, restartUsbmuxd, restartWhicheverThereIs, whyNot } from '../mux/index.js';
import { FolderUnsafe } from '../private-folder.js';

type Records = ReadonlyMap<Udid, Uint8Array>;

/** Putting things back has its own time: it must not be cut short by the deadline that made it necessary. */
const PUT_BACK_MS = 20_000;

/** How each system's multiplexer is started anew. Null when it was, else a word for why not. */
const RESTART: Record<Os, (tools: FixTools, pid: number | null) => Promise<string | null>> = {
  linux: async ({ ctx, signal }) => {
    const ran = await ctx.machine.run('usbmuxd-restart', signal);
    return ran.failure === null && ran.exit === 0 ? null : whyNot('restart', ran);
  },
  macos: restartUsbmuxd,
  windows: (tools) => restartWhicheverThereIs(tools),
};

/**
 * F14: moves every pair record of this computer aside into one private archive and starts the multiplexer anew, so that it forgets what it
 * has read of them. It is asked to remove them, one by one and by name: nothing is ever removed behind its back, and the computer's own
 * identity (SystemConfiguration.plist) is no record and cannot be named. When one cannot be removed, or the multiplexer does not start
 * again, all are put back. Afterwards every phone used here has to be trusted again.
 */
export const resetTrust: Steps = async (_order, tools) => {
  const { ctx, cap, signal } = tools;
  const before = await surveyHost(ctx, [], signal);
  const daemon = daemonOf(before);
  if (daemon?.socket !== 'answering') return refused('mux-down', before.facts);
  // Records that could not be handed back are not taken away.
  if (!(await ctx.machine.provesMuxListener()).proven) return refused('mux-not-proven', before.facts);
  const found = await readAll(tools);
  if (typeof found === 'string') return refused(found, before.facts);
  const kept = await keepAll(tools, found);
  if (kept !== null) return refused(kept, before.facts);

  await cap.acts('F14', null);
  tools.progress('acting');
  const stayed = await removeAll(tools, found);
  const why = stayed ?? (await RESTART[ctx.machine.os](tools, daemon.pid));
  if (why !== null) return failed(await putBack(tools, found, why));
  tools.progress('settling');
  const end = await comeBack(tools, daemon.pid);
  if (end.mechanics === 'done') return { ...end, detail: 'records-moved' };
  return failed(await putBack(tools, found, end.detail ?? 'no-new-pid'), end.facts);
};

/** Every record in the folder, as the multiplexer gives it; a word where one cannot be had. */
async function readAll({ ctx, signal }: FixTools): Promise<Records | string> {
  const udids = await namesOf(ctx.machine);
  if (udids === null) return 'records-unreadable';
  if (udids.length === 0) return 'no-records';
  const records = new Map<Udid, Uint8Array>();
  for (const udid of udids) {
    const record = await ctx.mux.readPairRecord(udid, { signal });
    // Then it keeps its records somewhere else than the folder that was read.
    if (record === null) return 'record-elsewhere';
    records.set(udid, record);
  }
  return records;
}

/** Phones that have a record here. What is called otherwise, the computer's own identity above all, is none. */
async function namesOf(machine: FixTools['ctx']['machine']): Promise<Udid[] | null> {
  try {
    const files = await machine.list('record-files');
    return files.flatMap((f) => (f.kind === 'file' && f.name.endsWith('.plist') ? (normaliseUdid(f.name.slice(0, -6)) ?? []) : []));
  } catch (e) {
    if (e instanceof ReadFailed) return null;
    throw e;
  }
}

async function keepAll({ undo }: FixTools, records: Records): Promise<string | null> {
  try {
    await undo.keepAll(records);
    return null;
  } catch (e) {
    if (e instanceof FolderUnsafe) return `undo-${e.why}`;
    if (typeof (e as NodeJS.ErrnoException).code === 'string') return 'undo-not-written';
    throw e;
  }
}

/** Null when all are gone, else a word. */
async function removeAll({ ctx, signal }: FixTools, records: Records): Promise<string | null> {
  try {
    for (const udid of records.keys()) await ctx.mux.deletePairRecord(udid, { signal });
    for (const udid of records.keys()) if ((await ctx.mux.readPairRecord(udid, { signal })) !== null) return 'record-stays';
    return null;
  } catch (e) {
    if (!isExpected(e)) throw e;
    return 'delete-refused';
  }
}

/** Hands every record back, byte for byte, as soon as the multiplexer takes them. The word for how the run ended. */
async function putBack({ ctx, waits }: FixTools, records: Records, why: string): Promise<string> {
  const signal = AbortSignal.timeout(PUT_BACK_MS);
  const until = performance.now() + Math.min(PUT_BACK_MS, waits.relist);
  for (;;) {
    try {
      // Asked again each time: who listened before the restart may not be who listens now.
      if ((await ctx.machine.provesMuxListener()).proven && (await saveAll(ctx.mux, records, signal))) return why;
    } catch (e) {
      if (!isExpected(e)) throw e;
    }
    if (performance.now() >= until) return `${why}-not-put-back`;
    await pause(waits.look, signal);
  }
}

async function saveAll(mux: FixTools['ctx']['mux'], records: Records, signal: AbortSignal): Promise<boolean> {
  const holds = async (udid: Udid, record: Uint8Array) => {
    const now = await mux.readPairRecord(udid, { signal });
    return now !== null && Buffer.from(now).equals(record);
  };
  for (const [udid, record] of records) {
    if (await holds(udid, record)) continue;
    await mux.savePairRecord(udid, record, null, { signal });
    if (!(await holds(udid, record))) return false;
  }
  return true;
}
