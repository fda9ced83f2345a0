import type { FleetSummary, PairDetail, PairRow } from '@lockstep/core/protocol';
import type { WebSocket } from 'ws';
import type { Caller } from '../access/index.js';
import type { Bus, Clock, Log } from '../platform/index.js';
import { Watcher } from './watcher.js';

/** Changes are gathered this long before rows are read and sent, ms: a person sees no difference, the database does. */
const GATHER_MS = 250;
/** Counts of the fleet are sent at most this often, ms. */
const SUMMARY_MS = 500;
/** Rows read in one query. */
const BATCH = 500;
/** A browser that answers no ping is gone, ms. */
const PING_MS = 25_000;
const GOING_AWAY = 1001;
/** Close code for a session that ended, beside the agents' 4401. */
const SIGNED_OUT = 4401;

export interface LiveDeps {
  pairs: { rowsOf(ids: readonly string[]): Promise<PairRow[]>; summary(): Promise<FleetSummary> };
  details: { of(id: string): Promise<PairDetail | null> };
  bus: Bus;
  clock: Clock;
  log: Log;
}

/** Patches for the browsers that watch: each changed row is read once for all of them. */
export class Live {
  readonly #watchers = new Set<Watcher>();
  readonly #changedPairs = new Set<string>();
  /** Hosts of which something changed that a pair's page shows. */
  readonly #changedHosts = new Set<string>();
  /** Pages of pairs that have to be told whatever changed: they were just opened, or a run of theirs moved. */
  readonly #duePairs = new Set<string>();
  readonly #hostOf = new Map<string, string>();
  #gather: NodeJS.Timeout | null = null;
  #isReading = false;
  #isSummaryDue = false;
  #summaryAt = 0;
  #pinger: NodeJS.Timeout | null = null;
  readonly #silent = new WeakSet<Watcher>();
  readonly #unsubscribe: (() => void)[] = [];

  constructor(private readonly deps: LiveDeps) {}

  start(): void {
    const { bus } = this.deps;
    this.#unsubscribe.push(
      bus.subscribe('pair.changed', ({ hostId, pairIds }) => {
        for (const id of pairIds) this.#changedPairs.add(id);
        this.#changedHosts.add(hostId);
        this.#isSummaryDue = true;
        this.#wake();
      }),
      bus.subscribe('host.changed', ({ hostId }) => {
        this.#changedHosts.add(hostId);
        this.#isSummaryDue = true;
        this.#wake();
      }),
      bus.subscribe('run.changed', ({ hostId, pairId }) => {
        if (pairId !== null) this.#duePairs.add(pairId);
        this.#changedHosts.add(hostId);
        this.#wake();
      }),
      bus.subscribe('session.ended', ({ sessionIds }) => {
        for (const w of this.#watchers) if (w.sessionId !== null && sessionIds.includes(w.sessionId)) w.close(SIGNED_OUT, 'signed-out');
      }),
    );
    this.#pinger = setInterval(() => this.#ping(), PING_MS);
  }

  stop(): void {
    for (const end of this.#unsubscribe) end();
    if (this.#gather) clearTimeout(this.#gather);
    if (this.#pinger) clearInterval(this.#pinger);
    for (const w of this.#watchers) w.close(GOING_AWAY, 'server-closing');
  }

  /** Takes a browser's socket whose caller is known. */
  accept(ws: WebSocket, caller: Caller): void {
    const watcher = new Watcher(ws, caller.sessionId, (w) => this.#onWatch(w));
    this.#watchers.add(watcher);
    ws.on('pong', () => this.#silent.delete(watcher));
    ws.on('error', (error) => this.deps.log.debug('live socket error', { error }));
    ws.on('close', () => this.#watchers.delete(watcher));
    watcher.greet(this.deps.clock.iso());
  }

  get size(): number {
    return this.#watchers.size;
  }

  #onWatch(w: Watcher): void {
    if (w.watches?.kind === 'pair') this.#duePairs.add(w.watches.id);
    if (w.watches?.kind === 'fleet') this.#isSummaryDue = true;
    this.#wake();
  }

  /** Reads and sends a moment from now, once for everything that changes until then. */
  #wake(delayMs = GATHER_MS): void {
    if (this.#gather || this.#isReading) return;
    if (this.#watchers.size === 0) return this.#forget();
    this.#gather = setTimeout(() => {
      this.#gather = null;
      this.#isReading = true;
      void this.#patch()
        .catch((error: unknown) => this.deps.log.warn('changes could not be read for the browsers', { error }))
        .finally(() => {
          this.#isReading = false;
          if (this.#changedPairs.size + this.#duePairs.size + this.#changedHosts.size > 0) this.#wake();
          else if (this.#isSummaryDue) this.#wake(SUMMARY_MS);
        });
    }, delayMs);
  }

  #forget(): void {
    this.#changedPairs.clear();
    this.#changedHosts.clear();
    this.#duePairs.clear();
    this.#hostOf.clear();
    this.#isSummaryDue = false;
  }

  async #patch(): Promise<void> {
    const changed = [...this.#changedPairs];
    const hosts = new Set(this.#changedHosts);
    const due = new Set(this.#duePairs);
    this.#changedPairs.clear();
    this.#changedHosts.clear();
    this.#duePairs.clear();
    const fleet = [...this.#watchers].filter((w) => w.watches?.kind === 'fleet');
    if (fleet.length > 0) {
      for (let i = 0; i < changed.length; i += BATCH) {
        const rows = await this.deps.pairs.rowsOf(changed.slice(i, i + BATCH));
        if (rows.length > 0) for (const w of fleet) w.offerRows(rows);
      }
      await this.#summarise(fleet);
    } else this.#isSummaryDue = false;
    await this.#pages(new Set(changed), hosts, due);
    for (const w of this.#watchers) w.flush();
  }

  async #summarise(fleet: readonly Watcher[]): Promise<void> {
    const now = performance.now();
    if (!this.#isSummaryDue || now < this.#summaryAt + SUMMARY_MS) return;
    this.#summaryAt = now;
    this.#isSummaryDue = false;
    const summary = await this.deps.pairs.summary();
    for (const w of fleet) w.offer({ type: 'summary', summary });
  }

  /** Pages of single pairs: read once for all who watch the same. */
  async #pages(changed: ReadonlySet<string>, hosts: ReadonlySet<string>, due: ReadonlySet<string>): Promise<void> {
    const byPair = new Map<string, Watcher[]>();
    for (const w of this.#watchers) {
      if (w.watches?.kind !== 'pair') continue;
      const { id } = w.watches;
      const host = this.#hostOf.get(id);
      if (!changed.has(id) && !due.has(id) && !(host !== undefined && hosts.has(host))) continue;
      byPair.set(id, [...(byPair.get(id) ?? []), w]);
    }
    for (const [id, watchers] of byPair) {
      const detail = await this.deps.details.of(id);
      if (!detail) continue;
      this.#hostOf.set(id, detail.pair.hostId);
      for (const w of watchers) if (w.watches?.kind === 'pair' && w.watches.id === id) w.offer({ type: 'pair', detail });
    }
  }

  #ping(): void {
    for (const w of this.#watchers) {
      if (this.#silent.has(w)) w.ws.terminate();
      else {
        this.#silent.add(w);
        w.ws.ping(undefined, undefined, () => undefined);
        w.flush();
      }
    }
  }
}
