import { join } from 'node:path';
import { z } from 'zod';
import { PrivateFolder } from './private-folder.js';
import { UNDO_KEPT_MS } from './undo.js';

/** A hosts file with a block list is the largest thing that a fix replaces: machine/files.ts reads 1 MiB of it. */
export const KEPT_BYTES = 4_194_304;
/** Two things kept under one name in the same millisecond get following times; more than this many are a mistake of this program. */
const SAME_MOMENT = 64;

const NAME = /^[a-z][a-z0-9-]{0,47}$/;
const FILE = /^([a-z][a-z0-9-]{0,47})\.(\d{1,15})\.(value|file)$/;
/** The same, and what a crash left of it half written. */
const AGED = /^[a-z][a-z0-9-]{0,47}\.(\d{1,15})\.(?:value|file)(?:\.part)?$/;
const Envelope = z.object({ schema: z.literal(1), value: z.json() });

/** Something that a fix replaced, as it was before. */
export interface Kept {
  /** What it is asked for by: unique on this computer. */
  id: string;
  /** What it is, in the fix's own word: `hosts`, `start-type` … */
  name: string;
  what: 'value' | 'file';
  /** When it was kept, ms by this computer's clock. */
  at: number;
}

/** What was kept is not there any more, or is not what its fix expects: it cannot be put back from here. */
export class NotKept extends Error {
  constructor(
    readonly id: string,
    readonly why: 'gone' | 'damaged',
  ) {
    super(`${id}: ${why}`);
    this.name = 'NotKept';
  }
}

/**
 * What fixes replace, kept before they do: an old value (JSON, checked by its fix's schema on the way in and out) or an old file's bytes,
 * in a {@link PrivateFolder}, for 14 days. `keep` and `keepFile` return when the copy is on disk for certain; when they reject, nothing may
 * be changed. Pair records have a store of their own (UndoStore).
 */
export class KeptStore {
  private readonly folder: PrivateFolder;

  constructor(
    dir: string,
    lab: boolean,
    private readonly now: () => number,
    uid?: number | null,
  ) {
    this.folder = new PrivateFolder(join(dir, 'kept'), lab, uid);
  }

  /** Keeps an old value. Rejects with FolderUnsafe, the schema's ZodError, or what the disk says. */
  async keep<T>(name: string, schema: z.ZodType<T>, value: T): Promise<Kept> {
    const text = JSON.stringify({ schema: 1, value: schema.parse(value) });
    // What cannot be read back is not kept: a date, a Map or `undefined` would come back as something else.
    schema.parse(Envelope.parse(JSON.parse(text)).value);
    return await this.write(name, 'value', Buffer.from(text));
  }

  /** Keeps an old file, byte for byte. Rejects with FolderUnsafe, RangeError for one that is too large, or what the disk says. */
  async keepFile(name: string, bytes: Uint8Array): Promise<Kept> {
    return await this.write(name, 'file', bytes);
  }

  /** What is kept (under this name), newest first. */
  async list(name?: string): Promise<Kept[]> {
    const all = (await this.folder.names()).flatMap((file) => entryOf(file) ?? []);
    return all.filter((k) => name === undefined || k.name === name).sort((a, b) => b.at - a.at || (a.id < b.id ? 1 : -1));
  }

  /** An old value. Rejects with {@link NotKept}. */
  async value<T>(id: string, schema: z.ZodType<T>): Promise<T> {
    const bytes = await this.bytesOf(id, 'value');
    let read: unknown;
    try {
      read = JSON.parse(bytes.toString('utf8'));
    } catch {
      throw new NotKept(id, 'damaged');
    }
    const envelope = Envelope.safeParse(read);
    const value = envelope.success ? schema.safeParse(envelope.data.value) : null;
    if (!value?.success) throw new NotKept(id, 'damaged');
    return value.data;
  }

  /** An old file's bytes. Rejects with {@link NotKept}. */
  async file(id: string): Promise<Uint8Array> {
    return await this.bytesOf(id, 'file');
  }

  /** Hands an old value to what writes it back, and forgets it once that returned; it stays kept when that rejects. */
  async restore<T>(id: string, schema: z.ZodType<T>, putBack: (value: T) => Promise<void>): Promise<void> {
    await putBack(await this.value(id, schema));
    await this.forget(id);
  }

  /** The same with an old file. */
  async restoreFile(id: string, putBack: (bytes: Uint8Array) => Promise<void>): Promise<void> {
    await putBack(await this.file(id));
    await this.forget(id);
  }

  async forget(id: string): Promise<void> {
    if (entryOf(id)) await this.folder.remove(id);
  }

  /** Removes what was kept longer than 14 days; returns how much. What is from the future (the clock was set back) counts as new. */
  async purge(): Promise<number> {
    const old = (await this.folder.names()).filter((file) => this.now() - Number(AGED.exec(file)?.[1] ?? Number.NaN) > UNDO_KEPT_MS);
    for (const file of old) await this.folder.remove(file);
    return old.length;
  }

  private async write(name: string, what: Kept['what'], bytes: Uint8Array): Promise<Kept> {
    if (!NAME.test(name)) throw new TypeError(`${name} is not a name to keep something under`);
    if (bytes.length > KEPT_BYTES) throw new RangeError(`${name}: ${bytes.length} bytes are too many to keep`);
    const now = this.now();
    for (let at = now; ; at++) {
      const id = `${name}.${at}.${what}`;
      try {
        await this.folder.create(id, bytes);
        return { id, name, what, at };
      } catch (e) {
        if ((e as NodeJS.ErrnoException).code !== 'EEXIST' || at - now >= SAME_MOMENT) throw e;
      }
    }
  }

  private async bytesOf(id: string, what: Kept['what']): Promise<Buffer> {
    const bytes = entryOf(id)?.what === what ? await this.folder.read(id) : null;
    if (bytes === null) throw new NotKept(id, 'gone');
    return bytes;
  }
}

/** A file's name, read. Null for what this store did not write whole. */
function entryOf(file: string): Kept | null {
  const m = FILE.exec(file);
  if (!m) return null;
  return { id: file, name: m[1] as string, at: Number(m[2]), what: m[3] as Kept['what'] };
}
