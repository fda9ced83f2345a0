import { Epoch, HostId } from '@lockstep/core/health';
import { AgentMessage } from '@lockstep/core/protocol';
import { z } from 'zod';
import { type AppendFile, type Disk, damagedCopy } from './disk.js';
import { errnoOf } from './link-error.js';
import { decodeRecords, encodeRecord } from './record-lines.js';

/** The first record of a spool: whose it is, and how far it had got when the file was written. `sent`: as in the line `s`. */
const Head = z.object({ v: z.literal(1), epoch: Epoch, hostId: HostId, last: z.int().min(0), acked: z.int().min(0), sent: z.int().min(0) });
export type SpoolHead = z.infer<typeof Head>;
const Line = z.union([
  z.object({ m: AgentMessage }),
  /** Everything up to here was acknowledged. */
  z.object({ a: z.int().min(0) }),
  /** These were dropped for lack of room. */
  z.object({ d: z.array(z.int().min(1)) }),
  /** No number above this one was sent. Durable before a higher one is. */
  z.object({ s: z.int().min(0) }),
]);
export type SpoolLine = z.infer<typeof Line>;

export type SpoolRead =
  | { state: 'missing' }
  /** There, but the system does not let us read it. */
  | { state: 'unreadable'; error: string }
  /** `whole` is false when anything but a torn tail was wrong: a damaged line, a record of another version, no head. */
  | { state: 'read'; head: SpoolHead | null; messages: AgentMessage[]; whole: boolean };

/** How the disk takes writes: `full` is ENOSPC or EDQUOT. */
export type DiskState = 'ok' | 'full' | 'failed';

/** How often a disk that failed is tried again, ms. */
const RETRY_MS = 5_000;

/** The spool's file: appended to, now and then written anew. Never throws: while the disk fails, the caller's memory is the spool. */
export class SpoolFile {
  #file: AppendFile | null = null;
  #size = 0;
  #dirty = false;
  #triedAt = Number.NEGATIVE_INFINITY;
  #state: DiskState = 'ok';

  constructor(
    private readonly path: string,
    private readonly disk: Disk,
    /** Milliseconds that never run backwards. */
    private readonly monotonic: () => number,
  ) {}

  get state(): DiskState {
    return this.#state;
  }

  /** Bytes in the file. */
  get size(): number {
    return this.#size;
  }

  /** Whether the file can be appended to now; if not, it has to be written anew first. */
  get isOpen(): boolean {
    return this.#file !== null;
  }

  /** Reads what an earlier process left: every whole record, in order, less what was acknowledged or dropped. */
  read(): SpoolRead {
    let bytes: Buffer | null;
    try {
      bytes = this.disk.read(this.path);
    } catch (error) {
      return { state: 'unreadable', error: errnoOf(error) };
    }
    if (bytes === null) return { state: 'missing' };
    const decoded = decodeRecords(bytes);
    const first = Head.safeParse(decoded.records[0]);
    const head = first.success ? { ...first.data } : null;
    let whole = head !== null && decoded.damaged === 0;
    const messages = new Map<number, AgentMessage>();
    for (const record of decoded.records.slice(head ? 1 : 0)) {
      const line = Line.safeParse(record);
      if (!line.success) whole = false;
      else if ('m' in line.data) {
        messages.set(line.data.m.seq, line.data.m);
        if (head) head.last = Math.max(head.last, line.data.m.seq);
      } else if ('a' in line.data) {
        if (head) head.acked = Math.max(head.acked, line.data.a);
        for (const seq of messages.keys()) if (seq <= line.data.a) messages.delete(seq);
      } else if ('d' in line.data) for (const seq of line.data.d) messages.delete(seq);
      else if (head) head.sent = line.data.s;
    }
    return { state: 'read', head, messages: [...messages.values()], whole };
  }

  /**
   * Keeps what could not be read whole beside the file, before the file is written anew. Best effort: a disk that does not take the copy
   * does not take the new file either.
   */
  keepDamaged(): void {
    try {
      let bytes: Buffer | null;
      try {
        bytes = this.disk.read(this.path);
      } catch {
        return this.disk.setAside(this.path);
      }
      if (bytes) this.disk.replace(damagedCopy(this.path), bytes);
    } catch {
      // The file itself stays where it is until the new one is whole.
    }
  }

  /** Whether a file that failed is due to be tried again. */
  mayRetry(): boolean {
    return this.monotonic() - this.#triedAt >= RETRY_MS;
  }

  /** Puts head and waiting messages in place of whatever the file held. False when the disk refused. */
  rewrite(head: Omit<SpoolHead, 'v'>, messages: Iterable<string>): boolean {
    this.#triedAt = this.monotonic();
    this.close();
    try {
      const lines = [encodeRecord({ v: 1, ...head })];
      for (const text of messages) lines.push(encodeRecord({ m: JSON.parse(text) }));
      const bytes = Buffer.concat(lines);
      this.disk.replace(this.path, bytes);
      this.#file = this.disk.append(this.path);
      this.#size = bytes.length;
      this.#dirty = false;
      this.#state = 'ok';
      return true;
    } catch (error) {
      this.#fail(error);
      return false;
    }
  }

  /** Appends one line. `durable`: returns true only once it survives a power cut. False when it is not on disk. */
  append(line: SpoolLine, durable: boolean): boolean {
    if (!this.#file) return false;
    const bytes = encodeRecord(line);
    try {
      this.#file.write(bytes);
      this.#size += bytes.length;
      this.#dirty = true;
      if (durable) this.sync();
      return this.#file !== null;
    } catch (error) {
      // Part of the line may be in the file. It is cut off here if the disk lets us, and in any case at the next reading.
      try {
        this.#file.truncate(this.#size);
      } catch {
        // The rewrite that has to come first replaces the whole file.
      }
      this.#fail(error);
      return false;
    }
  }

  /** Makes everything appended durable. */
  sync(): void {
    if (!this.#dirty || !this.#file) return;
    try {
      this.#file.sync();
      this.#dirty = false;
    } catch (error) {
      // After a failed fsync nobody knows which pages reached the disk; only a new file is certain.
      this.#fail(error);
    }
  }

  close(): void {
    try {
      this.#file?.close();
    } catch {
      // Whatever it held is in memory; nothing can be done about a file that does not close.
    }
    this.#file = null;
  }

  #fail(error: unknown): void {
    const code = errnoOf(error);
    this.#state = code === 'ENOSPC' || code === 'EDQUOT' ? 'full' : 'failed';
    this.#triedAt = this.monotonic();
    this.close();
  }
}
