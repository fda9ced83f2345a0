import { type Connections, DatabaseUnavailable, type HostLinks, type HostTransactions, type HostTx } from '../agents/index.js';
import type { Bus, Clock, Database, Leadership, Log, SWEEPS } from '../platform/index.js';
import { type Recorder, SILENT_MS } from './recorder.js';

/** How often what is due is looked for, and what hints missed. */
const DUE_MS = 1_000;
const MINUTE_MS = 60_000;
/** Hosts diagnosed in one transaction. */
const BATCH = 256;
/** Comings and goings of hosts are gathered this long before their pairs' rows are marked. */
const GATHER_MS = 50;

export interface SweepDeps {
  database: Pick<Database, 'pool'>;
  transactions: HostTransactions;
  connections: Connections;
  links: HostLinks;
  recorder: Recorder;
  leader: Leadership;
  bus: Bus;
  clock: Clock;
  log: Log;
}

/**
 * What time does to pairs: patience runs out, readings age, hosts fall silent, hosts come and go. Of several server processes the leader
 * looks at the clock, and each marks its own comings and goings. Rows decide; a missed round is made up by the next.
 */
export class Sweeps {
  /** Called after every round, with its seconds. */
  took: (sweep: (typeof SWEEPS)[number], seconds: number) => void = () => undefined;
  #due: NodeJS.Timeout | null = null;
  #minute: NodeJS.Timeout | null = null;
  #gather: NodeJS.Timeout | null = null;
  readonly #moved = new Set<string>();
  readonly #contested = new Set<string>();
  readonly #queued = new Set<string>();
  #running: Promise<unknown> = Promise.resolve();
  #isStopping = false;
  #unsubscribe: (() => void) | null = null;

  constructor(private readonly deps: SweepDeps) {}

  start(): void {
    this.#due = setInterval(() => {
      if (this.deps.leader.isLeader) this.#round('due', () => this.due());
      // What could not be marked when it happened is marked now.
      if (this.#moved.size > 0) this.#round('moved', () => this.moved());
    }, DUE_MS);
    this.#minute = setInterval(() => {
      if (this.deps.leader.isLeader) this.#round('silent', () => this.silent());
    }, MINUTE_MS);
    this.#unsubscribe = this.deps.connections.onChange((hostId) => {
      this.#moved.add(hostId);
      this.#gather ??= setTimeout(() => {
        this.#gather = null;
        this.#round('moved', () => this.moved());
      }, GATHER_MS);
    });
  }

  /** A living connection of the host was taken over: whether that was once too often is looked at now, by whoever saw it. */
  takenOver(hostId: string): void {
    this.#contested.add(hostId);
    this.#round('contested', async () => {
      const hostIds = [...this.#contested];
      this.#contested.clear();
      await this.#recheck(hostIds);
    });
  }

  /** Apple's lists were read anew: every version is judged again, by the one who leads. */
  newCatalogue(): void {
    if (!this.deps.leader.isLeader) return;
    this.#round('catalogue', async () => {
      const { rows } = await this.deps.database.pool.query<{ host_id: string }>('SELECT host_id FROM host_state ORDER BY host_id');
      for (let i = 0; i < rows.length && !this.#isStopping; i += BATCH) await this.#recheck(rows.slice(i, i + BATCH).map((r) => r.host_id));
    });
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#unsubscribe?.();
    for (const timer of [this.#due, this.#minute]) if (timer) clearInterval(timer);
    if (this.#gather) clearTimeout(this.#gather);
    await this.#running;
  }

  /** Diagnoses hosts of which time alone changes the verdict now. Returns how many. */
  async due(): Promise<number> {
    const { rows } = await this.deps.database.pool.query<{ host_id: string }>(
      'SELECT host_id FROM host_state WHERE recheck_at <= $1 ORDER BY recheck_at LIMIT $2',
      [new Date(this.deps.clock.now()).toISOString(), BATCH],
    );
    return this.#recheck(rows.map((r) => r.host_id));
  }

  /** Diagnoses hosts that fell silent, and hosts that are heard again without having told anything new. Returns how many. */
  async silent(): Promise<number> {
    const since = new Date(this.deps.clock.now() - SILENT_MS).toISOString();
    const { rows } = await this.deps.database.pool.query<{ host_id: string; heard: boolean; is_silent: boolean }>(
      `SELECT s.host_id, s.heard, coalesce(l.last_contact_at <= $1, true) AS is_silent FROM host_state s LEFT JOIN host_link l USING (host_id)
       WHERE s.heard = coalesce(l.last_contact_at <= $1, true) OR s.heard = false`,
      [since],
    );
    const changed = rows.filter((r) => {
      const inMemory = this.deps.links.heardAt(r.host_id);
      const isHeard = !r.is_silent || (inMemory !== null && inMemory > this.deps.clock.now() - SILENT_MS);
      return isHeard !== r.heard;
    });
    let n = 0;
    for (let i = 0; i < changed.length && !this.#isStopping; i += BATCH)
      n += await this.#recheck(changed.slice(i, i + BATCH).map((r) => r.host_id));
    return n;
  }

  /** Marks the pairs of hosts that came or went: what is shown of them changes although nothing was read. */
  async moved(): Promise<void> {
    const hostIds = [...this.#moved];
    this.#moved.clear();
    if (hostIds.length === 0) return;
    const { transactions, recorder, connections, bus } = this.deps;
    try {
      await transactions.run(hostIds, async (tx) => {
        const { rows } = await tx.client.query<{ id: string; host_id: string }>(
          'UPDATE pair SET revision = revision + 1 WHERE host_id = ANY($1::uuid[]) RETURNING id, host_id',
          [hostIds],
        );
        tx.onCommit(() => {
          for (const hostId of hostIds) {
            if (!connections.isHere(hostId)) recorder.forget(hostId);
            const pairIds = rows.filter((r) => r.host_id === hostId).map((r) => r.id);
            if (pairIds.length > 0) bus.publish('pair.changed', { hostId, pairIds });
            bus.publish('host.changed', { hostId });
          }
        });
      });
    } catch (error) {
      for (const id of hostIds) this.#moved.add(id);
      throw error;
    }
  }

  async #recheck(hostIds: readonly string[]): Promise<number> {
    if (hostIds.length === 0) return 0;
    const { transactions, recorder } = this.deps;
    await transactions.run(hostIds, async (tx) => recorder.recheck(tx, hostIds, await this.heardAtOf(tx, hostIds)));
    return hostIds.length;
  }

  /** When these hosts were heard last, by this process or another, ms; null: never. */
  async heardAtOf(tx: Pick<HostTx, 'client'>, hostIds: readonly string[]): Promise<(hostId: string) => number | null> {
    const { rows } = await tx.client.query<{ host_id: string; last_contact_at: Date | null }>(
      'SELECT host_id, last_contact_at FROM host_link WHERE host_id = ANY($1::uuid[])',
      [hostIds],
    );
    const stored = new Map(rows.map((r) => [r.host_id, r.last_contact_at?.getTime() ?? null]));
    return (id) => {
      const times = [stored.get(id) ?? null, this.deps.links.heardAt(id)].filter((t) => t !== null);
      return times.length === 0 ? null : Math.max(...times);
    };
  }

  /** One round at a time, and of each kind at most one that waits: while the database is away they must not pile up. */
  #round(name: (typeof SWEEPS)[number], work: () => Promise<unknown>): void {
    if (this.#isStopping || this.#queued.has(name)) return;
    this.#queued.add(name);
    this.#running = this.#running.then(async () => {
      this.#queued.delete(name);
      const began = performance.now();
      try {
        await work();
        this.took(name, (performance.now() - began) / 1000);
      } catch (error) {
        const level = error instanceof DatabaseUnavailable ? 'warn' : 'error';
        this.deps.log[level]('a sweep failed, the next one tries again', { sweep: name, error });
      }
    });
  }
}
