import { lstat, readdir, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type DiskSpace,
  type FileEntry,
  type FileId,
  type FileStat,
  fileParamsOf,
  fileRow,
  LIST_ENTRIES,
  type ListId,
  type SpaceId,
  type StatId,
  SYSTEM_FILE_BYTES,
  type SystemFileId,
} from './files.js';
import { checkedParams, type ParamId, type Params } from './params.js';
import { type Os, ReadFailed } from './port.js';
import { readBoundedBytes, readFailed } from './sysfs.js';

/** The paths of a row on this system with its parameters in place. Throws {@link ReadFailed} `unsupported` where it has none. */
export function pathsOf(id: FileId, os: Os, params?: Params): string[] {
  const row = fileRow(id);
  const value = checkedParams(id, fileParamsOf(row), params);
  const paths = row.paths[os];
  if (paths === undefined) throw new ReadFailed('unsupported', id);
  return paths.map((p) => p.replace(/\{([a-z]+)\}/g, (_all, name: ParamId) => value(name)));
}

/** The real files of a POSIX or Windows system, as far as the table goes. */
export class FileAccess {
  constructor(private readonly os: Os) {}

  async read(id: SystemFileId, params?: Params): Promise<Uint8Array> {
    return await this.first(id, params, (path) => readBoundedBytes(path, fileRow(id).bytes ?? SYSTEM_FILE_BYTES));
  }

  async stat(id: StatId, params?: Params): Promise<FileStat> {
    return await this.first(id, params, async (path) => statOf(await lstat(path)));
  }

  /** At most the row's number of entries, by name; an entry that is gone meanwhile is left out. */
  async list(id: ListId, params?: Params): Promise<FileEntry[]> {
    return await this.first(id, params, async (path) => {
      const names = (await readdir(path)).sort().slice(0, fileRow(id).entries ?? LIST_ENTRIES);
      const entries = await Promise.all(
        names.map(async (name) => {
          try {
            return { name, ...statOf(await lstat(join(path, name))) };
          } catch (e) {
            const failed = readFailed(e, path);
            if (failed.reason === 'missing') return null;
            throw failed;
          }
        }),
      );
      return entries.filter((e) => e !== null);
    });
  }

  async space(id: SpaceId, params?: Params): Promise<DiskSpace> {
    return await this.first(id, params, async (path) => {
      await stat(path);
      const fs = await statfs(path);
      return { freeBytes: fs.bavail * fs.bsize, totalBytes: fs.blocks * fs.bsize };
    });
  }

  protected paths(id: FileId, params?: Params): string[] {
    return pathsOf(id, this.os, params);
  }

  /** The first path that exists. */
  private async first<T>(id: FileId, params: Params | undefined, look: (path: string) => Promise<T>): Promise<T> {
    let failure = new ReadFailed('missing', id);
    for (const path of this.paths(id, params)) {
      try {
        return await look(path);
      } catch (e) {
        failure = e instanceof ReadFailed ? e : readFailed(e, path);
        if (failure.reason !== 'missing') throw failure;
      }
    }
    throw failure;
  }
}

function statOf(s: Awaited<ReturnType<typeof lstat>>): FileStat {
  const kind = s.isFile() ? 'file' : s.isDirectory() ? 'folder' : s.isSocket() ? 'socket' : s.isSymbolicLink() ? 'link' : 'other';
  return {
    kind,
    bytes: Number(s.size),
    mode: Number(s.mode) & 0o7777,
    uid: Number(s.uid),
    gid: Number(s.gid),
    modifiedAt: Math.round(Number(s.mtimeMs)),
  };
}
