import { constants } from 'node:fs';
import { lstat, mkdir, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Udid } from '@lockstep/core/health';

/** Copies of pair records hold a phone's keys: they are kept no longer than this (project's safety rule for such copies). */
export const UNDO_KEPT_MS = 14 * 86_400_000;

/** The undo folder is not private enough for a record. */
export class UndoUnsafe extends Error {
  constructor(readonly why: 'foreign-owner' | 'open-folder' | 'not-a-folder') {
    super(`undo folder: ${why}`);
    this.name = 'UndoUnsafe';
  }
}

/** Where the record that is about to be replaced waits: a folder of the agent that root alone (in a lab: the agent's own user) can enter. */
export class UndoStore {
  private readonly folder: string;

  constructor(
    dir: string,
    private readonly lab: boolean,
    private readonly now: () => number,
    private readonly uid: number | null = process.getuid?.() ?? null,
  ) {
    this.folder = join(dir, 'undo');
  }

  /** Keeps the bytes of a record, 0600, on disk for certain when it returns. Throws {@link UndoUnsafe} or what the disk throws. */
  async keep(udid: Udid, record: Uint8Array): Promise<string> {
    await this.ready();
    const path = join(this.folder, `${udid}.${this.now()}.plist`);
    const file = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0), 0o600);
    try {
      await file.writeFile(record);
      await file.sync();
    } catch (e) {
      await rm(path, { force: true });
      throw e;
    } finally {
      await file.close();
    }
    return path;
  }

  /** Removes copies older than 14 days; returns how many. A copy from the future (the clock was set back) counts as new. */
  async purge(): Promise<number> {
    let names: string[];
    try {
      names = await readdir(this.folder);
    } catch (e) {
      if ((e as NodeJS.ErrnoException).code === 'ENOENT') return 0;
      throw e;
    }
    let removed = 0;
    for (const name of names) {
      const made = Number(/\.(\d{1,15})\.plist$/.exec(name)?.[1] ?? Number.NaN);
      if (!Number.isFinite(made) || this.now() - made <= UNDO_KEPT_MS) continue;
      await rm(join(this.folder, name), { force: true });
      removed++;
    }
    return removed;
  }

  private async ready(): Promise<void> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    const s = await lstat(this.folder);
    if (!s.isDirectory()) throw new UndoUnsafe('not-a-folder');
    if (s.uid !== 0 && !(this.lab && s.uid === this.uid)) throw new UndoUnsafe('foreign-owner');
    if ((s.mode & 0o077) !== 0) throw new UndoUnsafe('open-folder');
  }
}
