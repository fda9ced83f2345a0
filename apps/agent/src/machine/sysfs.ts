import { constants } from 'node:fs';
import { open, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { ReadFailed, type Sysfs } from './port.js';

/** The kernel gives at most one page per sysfs attribute. */
const PAGE_BYTES = 4_096;
/** Files are read in pieces of this size: one of proc's has no size to go by. */
const CHUNK_BYTES = 65_536;

/** A directory tree laid out like Linux's /sys, under any root. */
export class SysfsTree implements Sysfs {
  constructor(private readonly root: string) {}

  async list(path: string): Promise<string[]> {
    const full = this.inside(path);
    try {
      return (await readdir(full)).sort();
    } catch (e) {
      throw readFailed(e, full);
    }
  }

  async readText(path: string): Promise<string> {
    return (await readBounded(this.inside(path), PAGE_BYTES)).replace(/\n+$/, '');
  }

  async readLink(path: string): Promise<string> {
    const full = this.inside(path);
    try {
      return await readlink(full);
    } catch (e) {
      throw readFailed(e, full);
    }
  }

  private inside(path: string): string {
    if (path.startsWith('/') || path.split('/').includes('..') || path.includes('\u0000')) throw new ReadFailed('io', path);
    return join(this.root, path);
  }
}

/** The first `limit` bytes of a file, as UTF-8. */
async function readBounded(path: string, limit: number): Promise<string> {
  return Buffer.from(await readBoundedBytes(path, limit)).toString('utf8');
}

/** The first `limit` bytes of a file. Never waits: a pipe put in a file's place is not read. Rejects with {@link ReadFailed}. */
export async function readBoundedBytes(path: string, limit: number): Promise<Uint8Array> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      if (!(await file.stat()).isFile()) throw new ReadFailed('io', path);
      const chunks: Buffer[] = [];
      let used = 0;
      while (used < limit) {
        const chunk = Buffer.alloc(Math.min(limit - used, CHUNK_BYTES));
        const { bytesRead } = await file.read(chunk, 0, chunk.length, null);
        if (bytesRead === 0) break;
        chunks.push(chunk.subarray(0, bytesRead));
        used += bytesRead;
      }
      return Buffer.concat(chunks, used);
    } finally {
      await file.close();
    }
  } catch (e) {
    throw e instanceof ReadFailed ? e : readFailed(e, path);
  }
}

/** What the system said about a file as a {@link ReadFailed}. */
export function readFailed(e: unknown, path: string): ReadFailed {
  const code = (e as NodeJS.ErrnoException).code;
  // A device that is being unplugged answers ENODEV where its files still stand.
  if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENODEV') return new ReadFailed('missing', path);
  if (code === 'EACCES' || code === 'EPERM') return new ReadFailed('denied', path);
  return new ReadFailed('io', path);
}
