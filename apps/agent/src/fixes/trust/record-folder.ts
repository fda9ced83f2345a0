import { z } from 'zod';
import {
  ChangeFailed,
  type FileStat,
  type FolderRights,
  type Ran,
  ReadFailed,
  readDocument,
  readStoreAcl,
  type WindowsDocument,
} from '../../machine/index.js';
import { isReadOnly, MAC_MUX_ACCOUNT, muxAccount } from '../../probes/index.js';
import { type FixTools, failed, refused, type Steps } from '../fix.js';

const Rights = z.strictObject({ uid: z.int(), gid: z.int(), mode: z.int() });
const Sddl = z.string().max(4_096);

/**
 * F15 on Linux: gives the folder of the records to the account that usbmuxd runs under, with every right of an owner. What the group and
 * others could do they still can, but for writing by everybody, which no distribution has: a right more would be a phone's keys for more
 * people. A file system that is mounted read-only is nothing that an owner changes.
 */
export const mendFolderLinux: Steps = async (_order, tools) => {
  const { machine } = tools.ctx;
  const folder = await folderNow(tools);
  if (typeof folder === 'string') return refused(folder);
  const uid = await muxAccount(machine, tools.signal);
  if (uid === null) return refused('account-unknown');
  if (isReadOnly((await orNull(machine.readFile('mounts'))) ?? '', '/var/lib/lockdown')) return refused('read-only-file-system');
  // A daemon that runs as root may write wherever it wants.
  return await giveRights(tools, folder, { uid: uid === 0 ? folder.uid : uid, mode: (folder.mode | 0o700) & ~0o002 });
};

/**
 * F15 on macOS: the folder is Apple's account's and closed to everybody else (0700), as the system ships it. Only the mode is mended: a
 * folder that belongs to somebody else tells of something that people have to look into.
 */
export const mendFolderMacos: Steps = async (_order, tools) => {
  const folder = await folderNow(tools);
  if (typeof folder === 'string') return refused(folder);
  if (folder.uid !== MAC_MUX_ACCOUNT) return refused('foreign-owner');
  return await giveRights(tools, folder, { uid: folder.uid, mode: 0o700 });
};

async function giveRights(tools: FixTools, folder: FileStat, want: FolderRights & { uid: number }): Promise<ReturnType<typeof failed>> {
  const { ctx, cap, kept } = tools;
  if (folder.uid === want.uid && folder.mode === want.mode) return refused('not-needed');
  const old = await kept.keep('record-folder', Rights, { uid: folder.uid, gid: folder.gid, mode: folder.mode });
  await cap.acts('F15', null);
  tools.progress('acting');
  const set = (rights: FolderRights) => ctx.machine.changes.setRecordFolder(rights);
  try {
    await set({ ...want, uid: want.uid === folder.uid ? null : want.uid });
  } catch (e) {
    if (e instanceof ChangeFailed) return failed(`folder-${e.reason}`);
    throw e;
  }
  const now = await folderNow(tools);
  if (typeof now !== 'string' && now.uid === want.uid && now.mode === want.mode)
    return { mechanics: 'done', detail: 'rights-set', facts: [] };
  try {
    await kept.restore(old.id, Rights, ({ uid, mode }) => set({ uid: want.uid === folder.uid ? null : uid, mode }));
  } catch (e) {
    if (e instanceof ChangeFailed) return failed('not-set-not-put-back');
    throw e;
  }
  return failed('not-set');
}

/** The folder as it is; a word where there is none. */
async function folderNow({ ctx }: FixTools): Promise<FileStat | string> {
  try {
    const folder = await ctx.machine.stat('record-folder');
    return folder.kind === 'folder' ? folder : 'not-a-folder';
  } catch (e) {
    if (e instanceof ReadFailed) return e.reason === 'missing' ? 'no-folder' : 'folder-unreadable';
    throw e;
  }
}

async function orNull(read: Promise<string>): Promise<string | null> {
  try {
    return await read;
  } catch (e) {
    if (e instanceof ReadFailed) return null;
    throw e;
  }
}

/**
 * F15 on Windows: lets the system, which Apple's service runs as, write in the folder again: it is granted what it has everywhere below
 * ProgramData, and what is denied to it there by name is taken back. Nobody else is given or loses anything. What a folder above denies
 * stays, and then what was granted is taken back too. The old access list is kept.
 */
export const mendFolderWindows: Steps = async (_order, tools) => {
  const { ctx, cap, kept, signal } = tools;
  const before = await aclNow(tools);
  if (before === null) return refused('acl-unreadable');
  if (before.writable === null) return refused('no-folder');
  if (before.writable) return refused('not-needed');
  await kept.keep('record-folder-acl', Sddl, before.sddl);
  await cap.acts('F15', null);
  tools.progress('acting');
  const granted = await ctx.machine.run('record-acl-grant', signal);
  if (!isDone(granted)) return failed(word('grant', granted));
  const undenied = await ctx.machine.run('record-acl-undeny', signal);
  const after = await aclNow(tools);
  if (isDone(undenied) && after?.writable) return { mechanics: 'done', detail: 'rights-set', facts: [] };
  // Granting changed something only where the system was granted nothing before.
  const takenBack = before.grantsSystem || isDone(await ctx.machine.run('record-acl-ungrant'));
  const why = isDone(undenied) ? 'still-denied' : word('undeny', undenied);
  return failed(takenBack ? why : `${why}-not-put-back`);
};

interface Acl {
  sddl: string;
  /** Whether the system may write; null where there is no folder. */
  writable: boolean | null;
  /** The system is granted something by name there, not by a folder above. */
  grantsSystem: boolean;
}

async function aclNow({ ctx, signal }: FixTools): Promise<Acl | null> {
  const read = readDocument(await ctx.machine.run('windows-record-acl', signal));
  if (!read.read) return null;
  const section = sddlOf(read.document);
  if (section === null) return null;
  const own = [...section.matchAll(/\(A;([A-Z]*);[^()]*;;;SY\)/g)].some((m) => !(m[1] ?? '').includes('ID'));
  return { sddl: section, writable: section === '' ? null : readStoreAcl(read.document).writable, grantsSystem: own };
}

/** The folder's access list; empty where there is no folder, null where it cannot be read. */
function sddlOf(document: WindowsDocument): string | null {
  const section = document.section('store', Sddl);
  return section.read ? (section.rows[0] ?? '') : null;
}

const isDone = (ran: Ran) => ran.failure === null && ran.exit === 0;

/** ERROR_ACCESS_DENIED (winerror.h), which icacls hands on as its exit code. */
const word = (what: string, ran: Ran) =>
  ran.failure !== null ? `${what}-${ran.failure}` : ran.exit === 5 ? `${what}-denied` : `${what}-failed`;
