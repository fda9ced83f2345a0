import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PlistError, parsePlistDict, writePlist } from '@lockstep/agent/device';

/** errno numbers, as usbmuxd puts them into a Result for pair-record commands. */
export const ERRNO = { ok: 0, noEntry: 2, io: 5, invalid: 22 } as const;

/** What may name a record; a path never does. */
const RECORD_ID = /^[0-9A-Fa-f][0-9A-Fa-f-]{0,63}$/;
const SYSTEM = 'SystemConfiguration';

/** The daemon's folder of pair records, like /var/lib/lockdown: `UDID.plist` each, and the BUID of this computer. */
export class RecordFolder {
  private known: string | null = null;
  /** Called after a record was stored or removed. */
  onChange: ((what: 'saved' | 'deleted', id: string) => void) | null = null;

  constructor(
    readonly dir: string,
    /** The BUID that is written when the folder has none yet. */
    private readonly firstBuid: string,
  ) {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
  }

  /** This computer's BUID, kept in the folder, so that records made before a restart stay this computer's. */
  get buid(): string {
    if (this.known !== null) return this.known;
    const stored = this.readFile(SYSTEM);
    const buid = stored === null ? null : parseOrNull(stored)?.SystemBUID;
    if (typeof buid === 'string') this.known = buid;
    else {
      this.known = this.firstBuid;
      this.writeFile(SYSTEM, writePlist({ SystemBUID: this.firstBuid }));
    }
    return this.known;
  }

  /** Makes this computer another one, as a new disk or a cloned one does: a new BUID, while the records stay. */
  renew(): void {
    const buid = this.buid;
    this.known = buid.startsWith('0') ? `1${buid.slice(1)}` : `0${buid.slice(1)}`;
    this.writeFile(SYSTEM, writePlist({ SystemBUID: this.known }));
  }

  /** The record's bytes, or an errno. */
  read(id: unknown): Buffer | number {
    if (typeof id !== 'string') return ERRNO.invalid;
    if (!RECORD_ID.test(id)) return ERRNO.noEntry;
    return this.readFile(id) ?? ERRNO.noEntry;
  }

  /** Stores a record whole, readable by its owner alone. An errno. */
  save(id: unknown, data: unknown): number {
    if (typeof id !== 'string' || !(data instanceof Uint8Array) || !RECORD_ID.test(id) || parseOrNull(data) === null) return ERRNO.invalid;
    if (!this.writeFile(id, data)) return ERRNO.io;
    this.onChange?.('saved', id);
    return ERRNO.ok;
  }

  /** Removes a record. An errno. */
  delete(id: unknown): number {
    const record = this.read(id);
    if (typeof record === 'number') return record;
    rmSync(join(this.dir, `${String(id)}.plist`), { force: true });
    this.onChange?.('deleted', String(id));
    return ERRNO.ok;
  }

  private readFile(name: string): Buffer | null {
    try {
      return readFileSync(join(this.dir, `${name}.plist`));
    } catch {
      return null;
    }
  }

  private writeFile(name: string, data: Uint8Array): boolean {
    const file = join(this.dir, `${name}.plist`);
    try {
      writeFileSync(`${file}.new`, data, { mode: 0o600 });
      // The mode counts only for a file that is not there yet.
      chmodSync(`${file}.new`, 0o600);
      renameSync(`${file}.new`, file);
      return true;
    } catch {
      return false;
    }
  }
}

function parseOrNull(bytes: Uint8Array): ReturnType<typeof parsePlistDict> | null {
  try {
    return parsePlistDict(bytes);
  } catch (error) {
    if (error instanceof PlistError) return null;
    throw error;
  }
}
