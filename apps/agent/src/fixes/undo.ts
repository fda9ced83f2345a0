import { join } from 'node:path';
import type { Udid } from '@lockstep/core/health';
import { writePlist } from '../machine/index.js';
import { PrivateFolder } from './private-folder.js';

/** Copies of pair records hold a phone's keys: they are kept no longer than this (project's safety rule for such copies). */
export const UNDO_KEPT_MS = 14 * 86_400_000;

/** Where the record that is about to be replaced waits: a {@link PrivateFolder} of its own, since records hold keys. */
export class UndoStore {
  private readonly folder: PrivateFolder;

  constructor(
    dir: string,
    lab: boolean,
    private readonly now: () => number,
    uid?: number | null,
  ) {
    this.folder = new PrivateFolder(join(dir, 'undo'), lab, uid);
  }

  /** Keeps the bytes of a record, 0600, on disk for certain when it returns. Throws FolderUnsafe or what the disk throws. */
  async keep(udid: Udid, record: Uint8Array): Promise<string> {
    return await this.folder.create(`${udid}.${this.now()}.plist`, record);
  }

  /** Keeps the records of several phones in one file, a property list of bytes by UDID, in the same way. */
  async keepAll(records: ReadonlyMap<Udid, Uint8Array>): Promise<string> {
    return await this.folder.create(`all-records.${this.now()}.plist`, Buffer.from(writePlist(Object.fromEntries(records))));
  }

  /** Removes copies older than 14 days; returns how many. A copy from the future (the clock was set back) counts as new. */
  async purge(): Promise<number> {
    let removed = 0;
    for (const name of await this.folder.names()) {
      const made = Number(/\.(\d{1,15})\.plist(\.part)?$/.exec(name)?.[1] ?? Number.NaN);
      if (!Number.isFinite(made) || this.now() - made <= UNDO_KEPT_MS) continue;
      await this.folder.remove(name);
      removed++;
    }
    return removed;
  }
}
