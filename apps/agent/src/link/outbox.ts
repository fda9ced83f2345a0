import { randomBytes } from 'node:crypto';
import { factKey } from '@lockstep/core/health';
import { type AgentMessage, LIMITS } from '@lockstep/core/protocol';
import type { Disk } from './disk.js';
import { type DiskState, SpoolFile } from './spool-file.js';

/** A message before it has its place in the spool. */
export type Unstamped = AgentMessage extends infer M ? (M extends AgentMessage ? Omit<M, 'epoch' | 'seq' | 'at'> : never) : never;

interface Waiting {
  seq: number;
  /** The frame as it is sent. */
  text: string;
  bytes: number;
  kind: 'still' | 'facts' | 'receipt';
  full: boolean;
  keys: readonly string[];
  /** On the wire of the present connection, not yet acknowledged. */
  inFlight: boolean;
}

/** Why a new epoch began. */
export type NewEpoch = 'new-spool' | 'unreadable-spool' | 'damaged-spool' | 're-enrolled' | 'rolled-back' | 'server-lost' | 'disk-failed';

export interface OutboxOptions {
  path: string;
  hostId: string;
  disk: Disk;
  /** Milliseconds that never run backwards. */
  monotonic: () => number;
  /** Bytes and messages that may wait (8 MiB and 10,000: a week offline on a busy host, and small on any disk). */
  limits?: { bytes: number; messages: number };
  makeEpoch?: () => string;
}

const DEFAULT_LIMITS = { bytes: 8 * 1024 * 1024, messages: 10_000 };
/** How many numbers may be sent for one sync of the bound on what was sent: few syncs, and small gaps after a crash. */
const SENT_AHEAD = 1_000;
/** A file is written anew once this much of it, and half of it, is no longer waiting. */
const SLACK_BYTES = 65_536;

/**
 * Everything the server has not acknowledged yet, on disk and in memory, oldest first. Messages are numbered within an epoch; a number
 * is never used twice for different messages. What cannot be written to disk waits in memory and is sent all the same.
 */
export class Outbox {
  readonly #file: SpoolFile;
  readonly #limits: { bytes: number; messages: number };
  readonly #makeEpoch: () => string;
  #waiting: Waiting[] = [];
  #bytes = 0;
  #epoch = '';
  #last = 0;
  #acked = 0;
  /** No higher number can be on the server: the highest sent by this process, or the file's bound when it started. */
  #reach = 0;
  /** The bound in the file: nothing above it may be sent while the file is of this epoch. */
  #bound = 0;
  /** The epoch that a next process would find in the file. */
  #fileEpoch: string | null = null;
  #dropped = 0;
  #owesFull = true;
  #newEpoch: NewEpoch | null = null;

  private constructor(private readonly options: OutboxOptions) {
    this.#file = new SpoolFile(options.path, options.disk, options.monotonic);
    this.#limits = options.limits ?? DEFAULT_LIMITS;
    this.#makeEpoch = options.makeEpoch ?? (() => randomBytes(16).toString('hex'));
  }

  /** Opens what an earlier process left, or begins a new epoch. Never throws. */
  static open(options: OutboxOptions): Outbox {
    const outbox = new Outbox(options);
    const found = outbox.#file.read();
    if (found.state === 'unreadable' || (found.state === 'read' && !found.whole)) outbox.#file.keepDamaged();
    if (found.state === 'missing') outbox.#begin('new-spool', []);
    else if (found.state === 'unreadable') outbox.#begin('unreadable-spool', []);
    else if (!found.head) outbox.#begin('unreadable-spool', found.messages);
    else if (found.head.hostId !== options.hostId) outbox.#begin('re-enrolled', []);
    else if (!found.whole) outbox.#begin('damaged-spool', found.messages);
    else {
      const { epoch, last, acked, sent } = found.head;
      outbox.#epoch = outbox.#fileEpoch = epoch;
      outbox.#reach = outbox.#bound = sent;
      // Messages up to the bound may have been sent and then lost with their pages: their numbers are not given again.
      outbox.#last = Math.max(last, sent);
      outbox.#acked = acked;
      for (const m of found.messages) outbox.#push(waitingFor(m));
      outbox.#rewrite();
    }
    return outbox;
  }

  get epoch(): string {
    return this.#epoch;
  }
  /** Why this epoch began; null when it is an earlier process's. */
  get newEpochBecause(): NewEpoch | null {
    return this.#newEpoch;
  }
  /** A whole picture has to be told: in a new epoch, after a start, or when something that nothing supersedes was dropped. */
  get owesFull(): boolean {
    return this.#owesFull;
  }
  get status(): { waiting: number; bytes: number; dropped: number; disk: DiskState; lastSeq: number; acked: number } {
    return {
      waiting: this.#waiting.length,
      bytes: this.#bytes,
      dropped: this.#dropped,
      disk: this.#file.state,
      lastSeq: this.#last,
      acked: this.#acked,
    };
  }

  /**
   * Numbers a message and keeps it until it is acknowledged. Receipts are durable when this returns, unless `status.disk` says
   * otherwise; facts become durable with the next flush(). Throws a RangeError for a message that no frame can hold.
   */
  append(body: Unstamped, at: string): number {
    const message = { ...body, epoch: this.#epoch, seq: this.#last + 1, at } as AgentMessage;
    const w = waitingFor(message);
    if (w.bytes > LIMITS.frameBytes) throw new RangeError(`a message of ${w.bytes} bytes does not fit a frame of ${LIMITS.frameBytes}`);
    this.#last = w.seq;
    if (w.kind === 'still') this.#drop(this.#waiting.filter((o) => o.kind === 'still' && !o.inFlight));
    this.#push(w);
    if (this.#mayAppend()) this.#file.append({ m: message }, w.kind === 'receipt');
    if (message.type === 'facts' && message.full) this.#owesFull = false;
    this.#makeRoom();
    return w.seq;
  }

  /**
   * The oldest message that is not on the wire, now counted as on it; null when there is none, when the window is full, or when the disk
   * does not take the bound on what is sent: then a new epoch has begun, which it need not know of, and the caller has to connect anew.
   */
  next(): { seq: number; text: string } | null {
    let inFlight = 0;
    for (const w of this.#waiting) {
      if (!w.inFlight) {
        if (!this.#maySend(w.seq)) return null;
        w.inFlight = true;
        this.#reach = Math.max(this.#reach, w.seq);
        return w;
      }
      if (++inFlight >= LIMITS.inFlight) return null;
    }
    return null;
  }

  /** The server has committed everything up to `seq`. False, and nothing is forgotten, when it was never sent so much. */
  ack(seq: number): boolean {
    if (seq > this.#reach) return false;
    if (seq <= this.#acked) return true;
    this.#acked = seq;
    let n = 0;
    for (; n < this.#waiting.length; n++) {
      const w = this.#waiting[n];
      if (!w || w.seq > seq) break;
      this.#bytes -= w.bytes;
    }
    if (n > 0) {
      this.#waiting.splice(0, n);
      if (this.#mayAppend()) this.#file.append({ a: seq }, false);
      if (this.#file.isOpen && this.#file.size > SLACK_BYTES + 2 * this.#bytes) this.#rewrite();
    }
    return true;
  }

  /** The connection is gone: what was on the wire has to be sent again. */
  disconnected(): void {
    for (const w of this.#waiting) w.inFlight = false;
  }

  /**
   * Compares with what the server says it has of this epoch. `resume`: carry on behind it. `new-epoch`: one side was set back to an
   * earlier state; a new epoch has begun, receipts are carried over, and the caller has to connect anew.
   */
  welcome(acked: number): 'resume' | 'new-epoch' {
    this.disconnected();
    const because = acked > this.#reach ? 'rolled-back' : acked < this.#acked ? 'server-lost' : null;
    if (because) {
      this.#begin(
        because,
        this.#waiting.map((w) => JSON.parse(w.text) as AgentMessage),
      );
      return 'new-epoch';
    }
    this.ack(acked);
    return 'resume';
  }

  /** Whether a refusal with these words waits already. */
  holdsRefusal(runId: string | null, reason: string): boolean {
    return this.#waiting.some((w) => {
      if (w.kind !== 'receipt' || !w.text.includes('"fix.refused"')) return false;
      const m = JSON.parse(w.text) as AgentMessage;
      return m.type === 'fix.refused' && m.runId === runId && m.reason === reason;
    });
  }

  /** Whether the result of this run waits. */
  holdsResult(runId: string): boolean {
    return this.#waiting.some((w) => w.kind === 'receipt' && w.text.includes('"fix.settled"') && w.text.includes(`"${runId}"`));
  }

  /** Something is missing on the server's side: a whole picture is owed. */
  oweFull(): void {
    this.#owesFull = true;
  }

  /** Makes appended facts durable, and tries a disk that failed again. Called about once a second. */
  flush(): void {
    if (this.#mayAppend()) this.#file.sync();
  }

  close(): void {
    if (this.#file.isOpen) this.#file.append({ s: this.#reach }, true);
    this.#file.sync();
    this.#file.close();
  }

  /**
   * Whether the number may go out: the file has to say so first. Else a message that is sent, committed and lost in a power cut would
   * leave its number to be given again, and the server would skip the second message as known.
   */
  #maySend(seq: number): boolean {
    if (this.#fileEpoch !== this.#epoch || seq <= this.#bound) return true;
    const bound = seq + SENT_AHEAD;
    if (this.#mayAppend() && this.#file.append({ s: bound }, true)) {
      this.#bound = bound;
      return true;
    }
    this.#begin(
      'disk-failed',
      this.#waiting.map((w) => JSON.parse(w.text) as AgentMessage),
    );
    return false;
  }

  /** A new epoch. Receipts are numbered anew and carried over: the server knows runs by their id. Readings are told anew, whole. */
  #begin(because: NewEpoch, found: readonly AgentMessage[]): void {
    this.#newEpoch = because;
    this.#epoch = this.#makeEpoch();
    this.#last = this.#acked = this.#reach = this.#bound = 0;
    this.#waiting = [];
    this.#bytes = 0;
    this.#owesFull = true;
    for (const m of found) {
      if (m.type === 'facts' || m.type === 'still') continue;
      this.#last++;
      this.#push(waitingFor({ ...m, epoch: this.#epoch, seq: this.#last }));
    }
    this.#rewrite();
  }

  #push(w: Waiting): void {
    this.#waiting.push(w);
    this.#bytes += w.bytes;
  }

  #rewrite(): void {
    const sent = Math.max(this.#bound, this.#reach);
    const head = { epoch: this.#epoch, hostId: this.options.hostId, last: this.#last, acked: this.#acked, sent };
    const isWritten = this.#file.rewrite(
      head,
      this.#waiting.map((w) => w.text),
    );
    if (!isWritten) return;
    this.#bound = sent;
    this.#fileEpoch = this.#epoch;
  }

  /** Whether the file may be appended to. A file that failed is written anew, with everything that waits, once it is due. */
  #mayAppend(): boolean {
    if (!this.#file.isOpen && this.#file.mayRetry()) {
      this.#rewrite();
      return false;
    }
    return this.#file.isOpen;
  }

  #over(): boolean {
    return this.#bytes > this.#limits.bytes || this.#waiting.length > this.#limits.messages;
  }

  /**
   * Makes room, cheapest loss first: `still`s; facts all of whose keys are told again later; then the oldest facts, after which a whole
   * picture is owed. Receipts and what is on the wire stay, whatever the limits say.
   */
  #makeRoom(): void {
    if (!this.#over()) return;
    const order = [
      () => this.#waiting.filter((w) => w.kind === 'still' && !w.inFlight),
      () => this.#superseded(),
      () => this.#waiting.filter((w) => w.kind === 'facts' && !w.inFlight),
    ];
    for (const [step, candidates] of order.entries()) {
      const gone: Waiting[] = [];
      let bytes = this.#bytes;
      let count = this.#waiting.length;
      for (const w of candidates()) {
        if (bytes <= this.#limits.bytes && count <= this.#limits.messages) break;
        gone.push(w);
        bytes -= w.bytes;
        count--;
      }
      if (step === 2 && gone.length > 0) this.#owesFull = true;
      this.#dropped += gone.length;
      this.#drop(gone);
      if (!this.#over()) return;
    }
  }

  /** Facts that later messages tell again: every key of theirs, or the whole picture. Oldest first. */
  #superseded(): Waiting[] {
    const later = new Set<string>();
    let fullLater = false;
    const out: Waiting[] = [];
    for (const w of this.#waiting.toReversed()) {
      if (w.kind === 'facts' && !w.inFlight && (fullLater || (!w.full && w.keys.every((k) => later.has(k))))) out.push(w);
      for (const k of w.keys) later.add(k);
      if (w.full) fullLater = true;
    }
    return out.reverse();
  }

  #drop(gone: readonly Waiting[]): void {
    if (gone.length === 0) return;
    const set = new Set(gone);
    this.#waiting = this.#waiting.filter((w) => !set.has(w));
    for (const w of gone) this.#bytes -= w.bytes;
    if (this.#mayAppend()) this.#file.append({ d: gone.map((w) => w.seq) }, false);
    if (this.#file.isOpen && this.#file.size > SLACK_BYTES + 2 * this.#bytes) this.#rewrite();
  }
}

function waitingFor(m: AgentMessage): Waiting {
  const text = JSON.stringify(m);
  const facts = m.type === 'facts' || m.type === 'fix.settled' ? m.facts : [];
  return {
    seq: m.seq,
    text,
    bytes: Buffer.byteLength(text, 'utf8'),
    kind: m.type === 'still' ? 'still' : m.type === 'facts' ? 'facts' : 'receipt',
    full: m.type === 'facts' && m.full,
    keys: facts.map(factKey),
    inFlight: false,
  };
}
