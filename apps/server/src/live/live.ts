import type { FleetSummary, OrdersView, PairDetail, PairRow, TicketDetail, TicketRow, TicketSummary } from '@lockstep/core/protocol';
import type { WebSocket } from 'ws';
import type { Caller, Sessions } from '../access/index.js';
import type { Bus, Clock, Log, Status } from '../platform/index.js';
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
  tickets: {
    rowsOf(ids: readonly string[]): Promise<TicketRow[]>;
    summary(): Promise<TicketSummary>;
    find(id: string): Promise<TicketDetail | null>;
  };
  orders: { view(): Promise<OrdersView> };
  sessions: Pick<Sessions, 'overAmong'>;
  status: Pick<Status, 'view' | 'onChange'>;
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
  readonly #changedTickets = new Set<string>();
  /** Pages of tickets that were just opened. */
  readonly #dueTickets = new Set<string>();
  /** The host of each pair and ticket whose page is watched. */
  readonly #hostOf = new Map<string, string>();
  #gather: NodeJS.Timeout | null = null;
  #isReading = false;
  #isSummaryDue = false;
  #isTicketSummaryDue = false;
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
      bus.subscribe('ticket.changed', ({ ticketId, hostId }) => {
        this.#changedTickets.add(ticketId);
        this.#isTicketSummaryDue = true;
        // Pages of the host's pairs name its tickets.
        this.#changedHosts.add(hostId);
        this.#wake();
      }),
      bus.subscribe('orders.changed', () => {
        for (const w of this.#watchers) if (w.watches?.kind === 'pair') this.#duePairs.add(w.watches.id);
        void this.#tellOrders([...this.#watchers], false);
        this.#wake();
      }),
      bus.subscribe('approvals.changed', () => void this.#tellOrders([...this.#watchers], false)),
      bus.subscribe('session.ended', ({ sessionIds }) => {
        for (const w of this.#watchers) if (w.sessionId !== null && sessionIds.includes(w.sessionId)) w.close(SIGNED_OUT, 'signed-out');
      }),
    );
    this.#unsubscribe.push(
      this.deps.status.onChange(() => {
        for (const w of this.#watchers) w.tell(this.deps.status.view());
      }),
    );
    this.#pinger = setInterval(() => {
      this.#ping();
      void this.#endSessions();
    }, PING_MS);
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
    const status = this.deps.status.view();
    if (status.status !== 'ok') watcher.tell(status);
    void this.#tellOrders([watcher], true);
  }

  /** Tells what limits orders, whatever is watched. With `ifStopped`, only while they are stopped. */
  async #tellOrders(watchers: readonly Watcher[], ifStopped: boolean): Promise<void> {
    try {
      const orders = await this.deps.orders.view();
      if (orders.stop.stopped || !ifStopped) for (const w of watchers) w.tellOrders(orders);
    } catch (error) {
      this.deps.log.warn('what limits orders could not be read for the browsers', { error });
    }
  }

  get size(): number {
    return this.#watchers.size;
  }

  #onWatch(w: Watcher): void {
    if (w.watches?.kind === 'pair') this.#duePairs.add(w.watches.id);
    if (w.watches?.kind === 'ticket') this.#dueTickets.add(w.watches.id);
    if (w.watches?.kind === 'tickets') this.#isTicketSummaryDue = true;
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
          if (this.#isTicketSummaryDue || this.#waiting.some((ids) => ids.size > 0)) this.#wake();
          else if (this.#isSummaryDue) this.#wake(SUMMARY_MS);
        });
    }, delayMs);
  }

  /** What is to be read and sent. */
  get #waiting(): readonly Set<string>[] {
    return [this.#changedPairs, this.#duePairs, this.#changedHosts, this.#changedTickets, this.#dueTickets];
  }

  #forget(): void {
    for (const ids of this.#waiting) ids.clear();
    this.#hostOf.clear();
    this.#isSummaryDue = false;
    this.#isTicketSummaryDue = false;
  }

  async #patch(): Promise<void> {
    const changed = [...this.#changedPairs];
    const hosts = new Set(this.#changedHosts);
    const due = new Set(this.#duePairs);
    const tickets = { changed: [...this.#changedTickets], due: new Set(this.#dueTickets) };
    for (const ids of this.#waiting) ids.clear();
    const fleet = [...this.#watchers].filter((w) => w.watches?.kind === 'fleet');
    if (fleet.length > 0) {
      for (let i = 0; i < changed.length; i += BATCH) {
        const rows = await this.deps.pairs.rowsOf(changed.slice(i, i + BATCH));
        if (rows.length > 0) for (const w of fleet) w.offerRows(rows);
      }
      await this.#summarise(fleet);
    } else this.#isSummaryDue = false;
    await this.#pages(new Set(changed), hosts, due);
    await this.#ticketRows(tickets.changed);
    await this.#ticketPages(new Set([...tickets.changed, ...tickets.due]), hosts);
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

  async #ticketRows(changed: readonly string[]): Promise<void> {
    const watchers = [...this.#watchers].filter((w) => w.watches?.kind === 'tickets');
    for (let i = 0; i < changed.length && watchers.length > 0; i += BATCH) {
      const rows = await this.deps.tickets.rowsOf(changed.slice(i, i + BATCH));
      if (rows.length > 0) for (const w of watchers) w.offerTickets(rows);
    }
    const isDue = this.#isTicketSummaryDue;
    this.#isTicketSummaryDue = false;
    if (!isDue || watchers.length === 0) return;
    const summary = await this.deps.tickets.summary();
    for (const w of watchers) w.offer({ type: 'ticket-summary', summary });
  }

  /** Pages of single tickets: they show the pairs and runs of their host too. */
  async #ticketPages(changed: ReadonlySet<string>, hosts: ReadonlySet<string>): Promise<void> {
    const byTicket = new Map<string, Watcher[]>();
    for (const w of this.#watchers) {
      if (w.watches?.kind !== 'ticket') continue;
      const { id } = w.watches;
      const host = this.#hostOf.get(id);
      if (changed.has(id) || (host !== undefined && hosts.has(host))) byTicket.set(id, [...(byTicket.get(id) ?? []), w]);
    }
    for (const [id, watchers] of byTicket) {
      const detail = await this.deps.tickets.find(id);
      if (!detail) continue;
      this.#hostOf.set(id, detail.ticket.hostId);
      for (const w of watchers) if (w.watches?.kind === 'ticket' && w.watches.id === id) w.offer({ type: 'ticket', detail });
    }
  }

  /** Closes browsers whose session ended without a hint of it: it ended at another server. */
  async #endSessions(): Promise<void> {
    const ids = [...this.#watchers].flatMap((w) => w.sessionId ?? []);
    if (ids.length === 0) return;
    try {
      const over = new Set(await this.deps.sessions.overAmong(ids));
      for (const w of this.#watchers) if (w.sessionId !== null && over.has(w.sessionId)) w.close(SIGNED_OUT, 'signed-out');
    } catch (error) {
      this.deps.log.debug('sessions could not be looked at', { error });
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
