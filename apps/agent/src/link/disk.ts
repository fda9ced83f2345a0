import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { errnoOf, LinkError, whyNot } from './link-error.js';

/** A file that grows at its end. */
export interface AppendFile {
  /** Appends all bytes or throws; after a throw some of them may be there. */
  write(bytes: Uint8Array): void;
  /** Cuts the file to `length` bytes. */
  truncate(length: number): void;
  /** Returns when everything written survives a power cut. */
  sync(): void;
  close(): void;
}

/** The disk as spool and journal need it. A port, so that tests tear writes, fill the disk and cut the power. */
export interface Disk {
  /** The whole file; null when there is none. Throws when it is there and cannot be read. */
  read(path: string): Buffer | null;
  /** Opens (or makes, 0600) a file to append to. */
  append(path: string): AppendFile;
  /** Puts a whole file in place, old or new and nothing between, even across a power cut; mode 0600. */
  replace(path: string, bytes: Uint8Array): void;
  remove(path: string): void;
  /** Moves a file out of the way under {@link damagedCopy}; nothing when there is none. */
  setAside(path: string): void;
}

/** Where a file that was found damaged is kept for a person to look at: the newest one only, so that it stays bounded. */
export const damagedCopy = (path: string) => `${path}.damaged`;

/** O_NOFOLLOW: a link laid by somebody else in the folder is never written through. Windows has no such flag. */
const NO_FOLLOW = constants.O_NOFOLLOW ?? 0;

function writeAll(fd: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done, bytes.length - done);
}

/** A rename is durable only when its folder is synced. Windows cannot open folders and journals renames itself. */
function syncFolder(path: string): void {
  if (process.platform === 'win32') return;
  const fd = openSync(path, constants.O_RDONLY);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** The real disk. */
export const realDisk: Disk = {
  read(path) {
    try {
      const fd = openSync(path, constants.O_RDONLY | NO_FOLLOW);
      try {
        return readFileSync(fd);
      } finally {
        closeSync(fd);
      }
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return null;
      throw error;
    }
  },
  append(path) {
    const fd = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | NO_FOLLOW, 0o600);
    return {
      write: (bytes) => writeAll(fd, bytes),
      truncate: (length) => ftruncateSync(fd, length),
      sync: () => fsyncSync(fd),
      close: () => closeSync(fd),
    };
  },
  replace(path, bytes) {
    const next = `${path}.next`;
    rmSync(next, { force: true });
    const fd = openSync(next, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | NO_FOLLOW, 0o600);
    try {
      writeAll(fd, bytes);
      fsyncSync(fd);
    } catch (error) {
      closeSync(fd);
      rmSync(next, { force: true });
      throw error;
    }
    closeSync(fd);
    renameSync(next, path);
    syncFolder(dirname(path));
  },
  remove(path) {
    rmSync(path, { force: true });
  },
  setAside(path) {
    try {
      renameSync(path, damagedCopy(path));
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error;
    }
  },
};

/** As mkdir -p. Node's own recursion says ENOENT where the file system is read-only, which sends people looking for the wrong thing. */
function makeFolders(dir: string): void {
  try {
    mkdirSync(dir, { mode: 0o700 });
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return;
    if (errnoOf(error) !== 'ENOENT' || dirname(dir) === dir) throw error;
    makeFolders(dirname(dir));
    mkdirSync(dir, { mode: 0o700 });
  }
}

/** Makes the agent's folder (0700), or checks that the one there can be trusted: a folder, and writable by its owner only. */
export function ensureAgentDir(dir: string): void {
  try {
    makeFolders(dir);
    const s = statSync(dir);
    if (!s.isDirectory()) throw new LinkError('dir-unusable', `${dir} is not a folder.`);
    if (process.platform !== 'win32' && (s.mode & 0o022) !== 0) {
      throw new LinkError('dir-unusable', `${dir} can be written by other users. Make it private: chmod 700 ${dir}`);
    }
  } catch (error) {
    if (error instanceof LinkError) throw error;
    throw new LinkError('dir-unusable', `The agent's folder ${dir} cannot be used: ${whyNot(error)}.`);
  }
}

/** Whether others than the owner can read the file. Always false on Windows, where folders' access lists decide. */
export function readableByOthers(path: string): boolean {
  if (process.platform === 'win32') return false;
  const fd = openSync(path, constants.O_RDONLY | NO_FOLLOW);
  try {
    return (fstatSync(fd).mode & 0o077) !== 0;
  } finally {
    closeSync(fd);
  }
}

/** Paths inside the agent's folder. */
export const agentFiles = (dir: string) => ({
  key: join(dir, 'identity.key'),
  /** A key whose enrolment has not been answered yet. */
  nextKey: join(dir, 'identity.key.pending'),
  enrolment: join(dir, 'enrolment.json'),
  spool: join(dir, 'outbox.log'),
  journal: join(dir, 'journal.log'),
  lastRun: join(dir, 'last-run.json'),
  lock: join(dir, 'agent.lock'),
});
