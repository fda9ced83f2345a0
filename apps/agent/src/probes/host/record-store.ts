import { normaliseUdid, type Udid } from '@lockstep/core/health';
import { type MuxClient, pairRecordMetadata } from '../../device/index.js';
import { type DraftFact, type FileEntry, type FileStat, type Machine, ReadFailed, readProcesses } from '../../machine/index.js';
import { type Asking, draft, type HostProbe, isExpected } from '../probe.js';
import { recordStoreRow } from './macos/index.js';
import * as windows from './windows/index.js';

/** Folders with more records than a computer has had phones are not gone through one by one. */
const MAX_RECORDS = 64;

/** The folder of the pair records: owner, mode, room, and whose they are. Never what is in the records. */
export const recordStore: HostProbe = {
  id: 'record-store',
  kinds: ['record-store'],
  cost: 'moderate',
  cadenceMs: 15 * 60_000,
  deadlineMs: 20_000,
  rows: {
    linux: {
      asks: ['record-folder', 'record-files', 'record-space', 'accounts', 'mounts', 'process-names', 'mux'],
      privilege: 'admin',
      ask: askLinux,
    },
    macos: recordStoreRow(recordsIn),
    windows: windows.recordStoreRow(recordsIn),
  },
};

async function askLinux(ctx: Asking, signal: AbortSignal): Promise<DraftFact[]> {
  const { machine } = ctx;
  const folder = await orNull(machine.stat('record-folder'));
  if (folder === null) return [draft.absent('record-store', 'host')];
  const daemon = await muxAccount(machine, signal);
  const readOnly = isReadOnly((await orNull(machine.readFile('mounts'))) ?? '', '/var/lib/lockdown');
  return [
    draft.seen('record-store', 'host', {
      writable: readOnly ? false : folder.kind !== 'folder' ? false : daemon === null ? null : mayWrite(folder, daemon),
      asShipped: daemon === null ? null : isAsShipped(folder, daemon),
      ...(await recordsIn(ctx, signal)),
    }),
  ];
}

/** What every system's row says of the records themselves: how many, how much room, whose identity, and when that was made. */
export async function recordsIn(ctx: Asking, signal: AbortSignal) {
  const space = await orNull(ctx.machine.space('record-space'));
  const files = await orNull(ctx.machine.list('record-files'));
  const udids = files === null ? null : recordNames(files);
  const identity = files?.find((f) => f.name === 'SystemConfiguration.plist');
  return {
    // A hundred megabytes at a time: the disk moves all day, and only a full one matters.
    freeBytes: space === null ? null : Math.floor(space.freeBytes / 104_857_600) * 104_857_600,
    records: udids === null ? null : udids.length,
    otherBuid: udids === null ? null : await countOtherBuid(ctx.mux, udids, signal),
    identityAt: identity ? new Date(identity.modifiedAt).toISOString() : null,
  };
}

function recordNames(files: readonly FileEntry[]): Udid[] {
  return files.flatMap((f) => {
    const udid = f.name.endsWith('.plist') && f.kind === 'file' ? normaliseUdid(f.name.slice(0, -'.plist'.length)) : null;
    return udid === null ? [] : [udid];
  });
}

/**
 * Records that belong to another identity of this computer. Read through the multiplexer as for a session; of each only whether its
 * SystemBUID is the multiplexer's is kept. Null when it cannot be asked.
 */
async function countOtherBuid(mux: MuxClient, udids: readonly Udid[], signal: AbortSignal): Promise<number | null> {
  if (udids.length > MAX_RECORDS) return null;
  try {
    const buid = await mux.readBuid({ signal });
    let other = 0;
    for (const udid of udids) {
      const record = await mux.readPairRecord(udid, { signal });
      if (record !== null && pairRecordMetadata(record, buid).sameBuid === false) other++;
    }
    return other;
  } catch (e) {
    if (isExpected(e) && !signal.aborted) return null;
    throw e;
  }
}

/** Who the daemon is: the account its process runs under, else the one that distributions make for it (`usbmux`). */
export async function muxAccount(machine: Machine, signal: AbortSignal): Promise<number | null> {
  const list = readProcesses(await machine.run('process-names', signal));
  const running = list.read ? list.processes.find((p) => p.name === 'usbmuxd') : undefined;
  if (running) return running.uid;
  const accounts = (await orNull(machine.readFile('accounts'))) ?? '';
  const uid = /^usbmux:[^:\n]*:(\d{1,10}):/m.exec(accounts)?.[1];
  return uid === undefined ? null : Number(uid);
}

function mayWrite(folder: FileStat, uid: number): boolean | null {
  if (uid === 0) return true;
  if (folder.uid === uid) return (folder.mode & 0o300) === 0o300;
  if ((folder.mode & 0o003) === 0o003) return true;
  // Groups of the account are not looked up.
  return (folder.mode & 0o030) === 0o030 ? null : false;
}

/** Packages make it the daemon's or root's, closed to writing by others. */
function isAsShipped(folder: FileStat, uid: number): boolean {
  return folder.kind === 'folder' && (folder.uid === uid || folder.uid === 0) && (folder.mode & 0o002) === 0;
}

/** Whether the file system that holds a folder is mounted read-only: the longest mount point that the path begins with (proc(5)). */
export function isReadOnly(mounts: string, path: string): boolean {
  let best = '';
  let readOnly = false;
  for (const line of mounts.split('\n')) {
    const [, at, , options] = line.split(' ');
    if (at === undefined || options === undefined) continue;
    const point = at.replace(/\\040/g, ' ');
    const holds = path === point || path.startsWith(point.endsWith('/') ? point : `${point}/`);
    if (!holds || point.length < best.length) continue;
    best = point;
    readOnly = options.split(',').includes('ro');
  }
  return readOnly;
}

async function orNull<T>(look: Promise<T>): Promise<T | null> {
  try {
    return await look;
  } catch (e) {
    if (e instanceof ReadFailed && e.reason === 'missing') return null;
    throw e;
  }
}
