import { Fact, type FactKind, type Subject } from '@lockstep/core/health';
import { AgentStill, type HostLabel, LIMITS, ServerMessage } from '@lockstep/core/protocol';
import { BACKOFF, Backoff, type BackoffTiming } from './backoff.js';
import { newestPerKey, portions, Reported } from './changed.js';
import { Connection, type Up } from './connection.js';
import { agentFiles, type Disk, ensureAgentDir, realDisk } from './disk.js';
import { loadEnrolled } from './identity.js';
import { Journal, type RunEntry } from './journal.js';
import { clockSetBack, LastRun } from './last-run.js';
import { errnoOf } from './link-error.js';
import { lockAgentDir } from './lock.js';
import type { LinkLog } from './log.js';
import { OrderKeys } from './order-keys.js';
import { Outbox, type Unstamped } from './outbox.js';
import { Pace } from './pace.js';
import { type OrderedRun, type RunResult, Runs } from './runs.js';
import { type LocalClocks, localClocks, type ServerClock } from './server-clock.js';
import { parseServerUrl } from './server-url.js';
import { type Ended, Session } from './session.js';
import type { DiskState } from './spool-file.js';

export interface LinkOptions {
  /** The agent's folder: key, enrolment, spool, journal. */
  dir: string;
  /** Another address of the same server; the pinned key still has to answer there. */
  server?: string;
  host: () => HostLabel;
  log: LinkLog;
  /** Carries out one verified order. */
  onOrder: (run: OrderedRun) => Promise<RunResult>;
  /** Reads anew what a run that was cut off may have changed. */
  onHalfDone: (run: RunEntry) => Promise<readonly Fact[]>;
  /** Reads everything: asked for on connect in a new epoch, after a start, and when readings had to be dropped. */
  onFullPicture: () => Promise<readonly Fact[]>;
  clocks?: LocalClocks;
  random?: () => number;
  disk?: Disk;
  limits?: { bytes: number; messages: number };
  timing?: Partial<BackoffTiming & { handshakeMs: number; pingMs: number; graceMs: number; stopMs: number }>;
}

export interface LinkStatus {
  state: 'stopped' | 'connecting' | 'online' | 'waiting';
  server: string | null;
  hostId: string | null;
  epoch: string | null;
  /** Why the last connection ended, in a word, and what a person should do about it, if anything. */
  lastEnd: string | null;
  advice: string | null;
  /** Server time less this computer's clock, ms; null before the first connection. */
  offsetMs: number | null;
  runs: number;
  /** For agent-self: what waits, what was dropped for lack of room, and how the disk takes writes. */
  outbox: { waiting: number; dropped: number; disk: DiskState };
}

/** How often facts are made durable and a failed disk is tried again, ms. */
const FLUSH_MS = 1_000;
/** Bytes handed to the socket and not yet to the network: more is not heaped up, the outbox keeps it. */
const BUFFERED_BYTES = 1_048_576;
/** A clock that is off by less is taken as right: one round trip is not skew. */
const OFFSET_MS = 1_000;
/** How long stop() waits for runs. */
const STOP_MS = 5_000;

/** The agent's tie to its server: everything told once and kept until it is acknowledged, every order verified and carried out at most once. */
export class Link {
  readonly #clocks: LocalClocks;
  readonly #disk: Disk;
  readonly #reported = new Reported();
  readonly #pace: Pace;
  #live: {
    outbox: Outbox;
    runs: Runs;
    orderKeys: OrderKeys;
    connection: Connection;
    unlock: () => void;
    flush: NodeJS.Timeout;
    lastRun: LastRun;
    server: string;
    hostId: string;
  } | null = null;
  #up: Up | null = null;
  #state: LinkStatus['state'] = 'stopped';
  #lastEnd: string | null = null;
  #advice: string | null = null;
  #offsetMs: number | null = null;
  #pumpTimer: NodeJS.Timeout | null = null;
  #asking = false;

  constructor(private readonly options: LinkOptions) {
    this.#clocks = options.clocks ?? localClocks;
    this.#disk = options.disk ?? realDisk;
    this.#pace = new Pace(() => this.#clocks.monotonic());
  }

  /** Opens spool and journal and begins to connect. Throws a LinkError when this computer is not enrolled or its files cannot be used. */
  start(): void {
    if (this.#live) return;
    const { dir, log, timing = {} } = this.options;
    ensureAgentDir(dir);
    const files = agentFiles(dir);
    const unlock = lockAgentDir(files.lock);
    try {
      const { identity, enrolment } = loadEnrolled(dir);
      const back = clockSetBack(dir, this.#clocks.wall(), enrolment, this.#disk);
      if (back) log('warn', back.message, { file: back.file, field: back.field, then: back.then });
      const urls = parseServerUrl(this.options.server ?? enrolment.server);
      const orderKeys = new OrderKeys({ dir, enrolment, log, disk: this.#disk });
      const outbox = Outbox.open({
        path: files.spool,
        hostId: enrolment.hostId,
        disk: this.#disk,
        monotonic: () => this.#clocks.monotonic(),
        ...(this.options.limits ? { limits: this.options.limits } : {}),
      });
      if (outbox.newEpochBecause) log('info', 'a new epoch begins', { because: outbox.newEpochBecause });
      const runs = new Runs({
        hostId: enrolment.hostId,
        pins: () => orderKeys.pins,
        outbox,
        openJournal: () => this.#openJournal(files.journal),
        receipt: (body) => this.#spool(body),
        result: (...result) => this.#result(...result),
        onOrder: this.options.onOrder,
        onHalfDone: this.options.onHalfDone,
        log,
        graceMs: timing.graceMs ?? 60_000,
      });
      const connection = new Connection({
        open: (abort) => {
          this.#state = 'connecting';
          return Session.open(
            {
              url: urls.socket,
              hostId: enrolment.hostId,
              epoch: outbox.epoch,
              identity,
              pins: orderKeys.pins,
              host: this.options.host(),
              clocks: this.#clocks,
              handshakeMs: timing.handshakeMs ?? LIMITS.handshakeMs,
              pingMs: timing.pingMs ?? LIMITS.pingMs,
            },
            abort,
          );
        },
        onUp: (up) => this.#onUp(up),
        onDown: (ended, waitMs, say) => this.#onDown(ended, waitMs, say),
        backoff: new Backoff({ ...BACKOFF, ...timing }, this.options.random),
        monotonic: () => this.#clocks.monotonic(),
      });
      const lastRun = new LastRun(files.lastRun, this.#disk, () => this.#clocks.wall());
      lastRun.note();
      const flush = setInterval(() => {
        outbox.flush();
        lastRun.note(this.#up ? this.now() : null);
      }, FLUSH_MS);
      this.#live = { outbox, runs, orderKeys, connection, unlock, flush, lastRun, server: urls.base, hostId: enrolment.hostId };
      runs.start();
      connection.start();
    } catch (error) {
      unlock();
      throw error;
    }
  }

  /** Waits a moment for runs, hangs up, makes everything durable. What still waits is sent after the next start. */
  async stop(): Promise<void> {
    const live = this.#live;
    if (!live) return;
    await live.runs.stop(this.options.timing?.stopMs ?? STOP_MS);
    await live.connection.stop();
    this.#live = null;
    if (this.#pumpTimer) clearTimeout(this.#pumpTimer);
    clearInterval(live.flush);
    live.outbox.close();
    live.lastRun.write();
    live.unlock();
    this.#state = 'stopped';
  }

  status(): LinkStatus {
    const s = this.#live?.outbox.status;
    return {
      state: this.#state,
      server: this.#live?.server ?? null,
      hostId: this.#live?.hostId ?? null,
      epoch: this.#live?.outbox.epoch ?? null,
      lastEnd: this.#lastEnd,
      advice: this.#advice,
      offsetMs: this.#offsetMs,
      runs: this.#live?.runs.running ?? 0,
      outbox: { waiting: s?.waiting ?? 0, dropped: s?.dropped ?? 0, disk: s?.disk ?? 'ok' },
    };
  }

  /**
   * Tells what was read. Without `full` only facts that differ from what was told last are spooled; with it everything is, and what is
   * not among it is no longer known. A fact that its own schema refuses is told as `failed: garbage`, so that it leaves no gap.
   * @returns how many facts were spooled
   */
  report(facts: readonly Fact[], { full = false }: { full?: boolean } = {}): number {
    this.#needLive();
    const clean = newestPerKey(this.#clean(facts));
    if (full) this.#reported.clear();
    const tell = this.#reported.changed(clean);
    if (!full && tell.length === 0) return 0;
    for (const [i, part] of portions(tell).entries()) this.#spool({ type: 'facts', full: full && i === 0, facts: part });
    return tell.length;
  }

  /** Tells that every current fact was looked at again at `at` (ISO 8601, this computer's clock) and found the same, but for `except`. */
  still(at: string, except: readonly { kind: FactKind; subject: Subject }[] = [], slow = false): void {
    this.#needLive();
    const excepted = AgentStill.shape.except.parse(except);
    this.#spool({ type: 'still', ...(slow ? { slow } : {}), except: excepted }, this.#corrected(at));
  }

  /** Server time as well as it is known, ms: this computer's clock before the first connection. */
  now(): number {
    return this.#up ? this.#up.clock.now() : this.#clocks.wall() + (this.#offsetMs ?? 0);
  }

  #needLive(): { outbox: Outbox; runs: Runs; orderKeys: OrderKeys } {
    if (!this.#live) throw new Error('the link is not started');
    return this.#live;
  }

  #spool(body: Unstamped, at: string = new Date(this.now()).toISOString()): void {
    this.#needLive().outbox.append(body, at);
    this.#pump();
  }

  #result(runId: string, mechanics: RunResult['mechanics'], detail: string | null, facts: readonly Fact[]): void {
    const clean = newestPerKey(this.#clean(facts));
    this.#reported.changed(clean);
    const parts = portions(clean);
    for (const part of parts.slice(0, -1)) this.#spool({ type: 'facts', full: false, facts: part });
    this.#spool({ type: 'fix.settled', runId, mechanics, detail, facts: parts.at(-1) ?? [] });
  }

  #clean(facts: readonly Fact[]): Fact[] {
    return facts.flatMap((fact) => {
      const moved = { ...fact, at: this.#corrected(fact.at) };
      const good = Fact.safeParse(moved);
      if (good.success) return [good.data];
      const field = good.error.issues[0]?.path.join('.') ?? '';
      this.options.log('error', 'a probe made a fact that is none', { kind: fact.kind, probe: fact.probe, field });
      const { kind, subject, at, probe, tookMs } = moved;
      const failed = Fact.safeParse({ kind, subject, at, probe, tookMs, state: 'failed', reason: 'garbage' });
      return failed.success ? [failed.data] : [];
    });
  }

  /** A local instant in server time. */
  #corrected(at: string): string {
    const ms = Date.parse(at);
    if (this.#offsetMs === null || Math.abs(this.#offsetMs) < OFFSET_MS || Number.isNaN(ms)) return at;
    return new Date(ms + this.#offsetMs).toISOString();
  }

  #openJournal(path: string): Journal | null {
    try {
      return Journal.open(path, this.#disk, () => this.#clocks.wall());
    } catch (error) {
      this.options.log('error', 'the journal cannot be used, no order is carried out', { path, error: errnoOf(error) });
      return null;
    }
  }

  #onUp(up: Up): void {
    const { outbox, orderKeys } = this.#needLive();
    this.#offsetMs = up.clock.offsetMs();
    this.#advice = null;
    orderKeys.proven(up.session.signer);
    if (outbox.welcome(up.acked) === 'new-epoch') return this.#newEpoch(up.session);
    this.#up = up;
    this.#state = 'online';
    this.#live?.lastRun.heard(this.now());
    this.options.log('info', 'connected', {
      epoch: outbox.epoch,
      acked: up.acked,
      waiting: outbox.status.waiting,
      offsetMs: this.#offsetMs,
    });
    up.session.listen((data) => this.#onMessage(data, up.session, up.clock));
    this.#pump();
    if (outbox.owesFull) void this.#askForAll(outbox);
  }

  /** The outbox began a new epoch: everything is told anew on a new connection. */
  #newEpoch(session: Session): void {
    this.options.log('warn', 'a new epoch begins', { because: this.#live?.outbox.newEpochBecause });
    this.#reported.clear();
    this.#up = null;
    session.close('new-epoch');
  }

  #onDown(ended: Ended, waitMs: number, say: string | null): void {
    this.#up = null;
    this.#live?.outbox.disconnected();
    this.#state = 'waiting';
    this.#lastEnd = ended.why === 'closed' ? `${ended.code} ${ended.reason}`.trim() : ended.why;
    this.#advice = say;
    this.options.log(say ? 'error' : 'info', say ?? 'not connected', { ...ended, waitMs: Math.round(waitMs) });
  }

  async #askForAll(outbox: Outbox): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    try {
      const facts = await this.options.onFullPicture();
      if (this.#live?.outbox === outbox && outbox.owesFull) this.report(facts, { full: true });
    } catch (error) {
      this.options.log('error', 'the whole picture could not be read', { error: error instanceof Error ? error.message : String(error) });
    } finally {
      this.#asking = false;
    }
  }

  #onMessage(data: string, session: Session, clock: ServerClock): void {
    const { outbox, runs, orderKeys } = this.#needLive();
    let json: unknown;
    try {
      json = JSON.parse(data);
    } catch {
      return session.refuse('a frame that is not JSON');
    }
    // A later server may say more than this agent knows.
    const type = typeof json === 'object' && json !== null && 'type' in json ? String(json.type).slice(0, 64) : null;
    if (type === 'server.keys') return orderKeys.told(json, clock.now());
    const message = ServerMessage.safeParse(json);
    if (!message.success) {
      if (type === null || type === 'ack' || type === 'order') return session.refuse(`a bad message of type ${type}`);
      this.options.log('warn', 'a message of unknown type was ignored', { type });
    } else if (message.data.type === 'order') runs.receive(message.data, session, clock);
    else if (message.data.type === 'ack' && message.data.epoch === outbox.epoch) {
      if (outbox.ack(message.data.seq)) this.#pump();
      else session.refuse('an acknowledgement of what was never sent');
    }
  }

  /** Sends what waits, as far as window, pace and network let it. */
  #pump(): void {
    const { outbox } = this.#needLive();
    const session = this.#up?.session;
    if (!session || this.#pumpTimer) return;
    for (;;) {
      const waitMs = session.buffered > BUFFERED_BYTES ? 50 : this.#pace.wait();
      if (waitMs > 0) {
        this.#pumpTimer = setTimeout(() => {
          this.#pumpTimer = null;
          if (this.#live) this.#pump();
        }, waitMs);
        return;
      }
      const { epoch } = outbox;
      const message = outbox.next();
      if (outbox.epoch !== epoch) return this.#newEpoch(session);
      if (!message) return;
      this.#pace.sent();
      session.send(message.text);
    }
  }
}
