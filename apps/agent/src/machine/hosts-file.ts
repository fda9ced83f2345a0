import { constants } from 'node:fs';
import { type FileHandle, lstat, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Put before a line that was switched off. What begins with it was a line of the file, and nothing else was changed in it. */
export const HOSTS_MARK = '# off by Lockstep: ';
/** The same limit as for reading it (machine/files.ts). */
const HOSTS_BYTES = 1_048_576;
/** Where the new file is made, beside the old one: a rename within a folder is one step. */
const NEXT = 'hosts.lockstep-next';

/** Why the hosts file was not written. Then it is as it was. */
export class HostsNotWritten extends Error {
  constructor(readonly why: 'changed' | 'denied' | 'missing' | 'link' | 'unsupported' | 'not-comments' | 'io') {
    super(`the hosts file was not written: ${why}`);
    this.name = 'HostsNotWritten';
  }
}

/** A text as its lines, each with its own end; bytes stay bytes (latin1), whatever they are in. */
function rawLines(bytes: Uint8Array): string[] {
  return (
    Buffer.from(bytes)
      .toString('latin1')
      .match(/[^\n]*\n|[^\n]+$/g) ?? []
  );
}

/**
 * Whether the two differ by {@link HOSTS_MARK} before some lines and nothing else, in either direction: all that can ever be done to the
 * hosts file, whoever asks.
 */
export function differByMarks(a: Uint8Array, b: Uint8Array): boolean {
  const one = rawLines(a);
  const other = rawLines(b);
  if (one.length !== other.length) return false;
  const marked = (from: string[], to: string[]) => from.every((line, n) => to[n] === line || to[n] === `${HOSTS_MARK}${line}`);
  return marked(one, other) || marked(other, one);
}

/** Switches off the lines that `off` says so of (given without their ends), and says how many. */
export function commentLines(bytes: Uint8Array, off: (line: string) => boolean): { bytes: Uint8Array; lines: number } {
  let lines = 0;
  const written = rawLines(bytes).map((line) => {
    if (!off(line.replace(/\r?\n$/, ''))) return line;
    lines++;
    return `${HOSTS_MARK}${line}`;
  });
  return { bytes: Buffer.from(written.join(''), 'latin1'), lines };
}

/**
 * Puts a hosts file in the place of one that holds `from` now: whole or not at all, with the same owner and mode (on Windows it takes the
 * folder's access list, as the one that comes with the system has). Only marks before lines may differ. Rejects with {@link HostsNotWritten};
 * a link in its place (some systems generate the file) is never written through, nor replaced.
 */
export async function writeHostsAt(path: string, from: Uint8Array, to: Uint8Array): Promise<void> {
  if (!differByMarks(from, to)) throw new HostsNotWritten('not-comments');
  if (to.length > HOSTS_BYTES) throw new HostsNotWritten('io');
  const next = join(dirname(path), NEXT);
  try {
    const before = await lstat(path);
    if (!before.isFile()) throw new HostsNotWritten('link');
    await rm(next, { force: true });
    const file = await open(next, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0), 0o600);
    try {
      await fill(file, to, before);
    } finally {
      await file.close();
    }
    // Read last of all: what somebody wrote a moment ago is not thrown away.
    if (!(await readWhole(path)).equals(from)) throw new HostsNotWritten('changed');
    await rename(next, path);
  } catch (e) {
    await rm(next, { force: true }).catch(() => {});
    throw e instanceof HostsNotWritten ? e : notWritten(e);
  }
  await syncFolder(dirname(path));
}

async function fill(file: FileHandle, bytes: Uint8Array, like: { uid: number; gid: number; mode: number }): Promise<void> {
  await file.writeFile(bytes);
  if (process.platform !== 'win32') {
    await file.chown(like.uid, like.gid);
    await file.chmod(like.mode & 0o7777);
  }
  await file.sync();
}

async function readWhole(path: string): Promise<Buffer> {
  const file = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
  try {
    return await file.readFile();
  } finally {
    await file.close();
  }
}

/** A rename is durable when its folder is synced. Windows cannot open folders and journals names itself. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, constants.O_RDONLY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function notWritten(e: unknown): Error {
  const code = (e as NodeJS.ErrnoException).code;
  if (code === 'ENOENT') return new HostsNotWritten('missing');
  if (code === 'ELOOP') return new HostsNotWritten('link');
  // Read-only files and systems, and files that nobody may change (chattr +i, chflags uchg).
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return new HostsNotWritten('denied');
  return code === undefined ? (e as Error) : new HostsNotWritten('io');
}
