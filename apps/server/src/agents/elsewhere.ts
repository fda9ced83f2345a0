import { CLOSE } from '@lockstep/core/protocol';
import type { HostKeys } from '../access/index.js';
import { type Bus, type Database, IS_ALIVE, type Leadership, type Log } from '../platform/index.js';
import type { Connections } from './connections.js';
import type { CloseWith } from './handshake.js';
import { DatabaseUnavailable, type HostTransactions } from './host-transactions.js';

/** How often the rows are looked at for what hints missed. */
const EVERY_MS = 5_000;
/** Hosts in one transaction. */
const BATCH = 256;

export interface ElsewhereDeps {
  database: Pick<Database, 'pool'>;
  transactions: HostTransactions;
  connections: Connections;
  hostKeys: Pick<HostKeys, 'revokedAmong'>;
  nodeId: string;
  leader: Leadership;
  bus: Bus;
  log: Log;
  /** Closes this process's connections of the host that are older than the n-th sign-on. */
  closeOlder(hostId: string, signOn: number, code: CloseWith): void;
}

/**
 * What the other server processes hold, and what they took from this one. Hints tell it at once; the rows tell it again every few seconds,
 * so that a hint may be lost. The leader takes down what a dead process held.
 */
export class Elsewhere {
  #timer: NodeJS.Timeout | null = null;
  #running: Promise<void> = Promise.resolve();
  #isQueued = false;
  readonly #unsubscribe: (() => void)[] = [];

  constructor(private readonly deps: ElsewhereDeps) {}

  start(): void {
    const { bus, connections, nodeId, closeOlder } = this.deps;
    this.#unsubscribe.push(
      bus.subscribe('host.held', (m) => {
        if (m.nodeId === nodeId) return;
        connections.heldElsewhere(m.hostId, m.nodeId, m.signOn);
        closeOlder(m.hostId, m.signOn, CLOSE.replaced);
      }),
      bus.subscribe('host.left', (m) => {
        if (m.nodeId !== nodeId) connections.leftElsewhere(m.hostId, m.signOn);
      }),
    );
    this.#timer = setInterval(() => this.look(), EVERY_MS);
    this.look();
  }

  async stop(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer);
    for (const end of this.#unsubscribe) end();
    await this.#running;
  }

  /** Looks at the rows soon: hints may have been missed. */
  look(): void {
    if (this.#isQueued) return;
    this.#isQueued = true;
    this.#running = this.#running.then(async () => {
      this.#isQueued = false;
      try {
        await this.once();
      } catch (error) {
        const level = error instanceof DatabaseUnavailable ? 'debug' : 'warn';
        this.deps.log[level]('connections of other servers could not be read, the next round tries again', { error });
      }
    });
  }

  /** One round. */
  async once(): Promise<void> {
    await this.#others();
    await this.#own();
    if (this.deps.leader.isLeader) await this.#bury();
  }

  async #others(): Promise<void> {
    const { database, connections, nodeId } = this.deps;
    const readAt = performance.now();
    const { rows } = await database.pool.query<{ host_id: string; node_id: string; sign_ons: string }>(
      `SELECT l.host_id, l.node_id, l.sign_ons FROM host_link l JOIN server_node n ON n.id = l.node_id WHERE l.node_id <> $1 AND ${IS_ALIVE}`,
      [nodeId],
    );
    connections.replaceElsewhere(
      rows.map((r) => ({ hostId: r.host_id, nodeId: r.node_id, signOn: Number(r.sign_ons) })),
      readAt,
    );
  }

  /** Connections here that were replaced or whose host was revoked without a hint, and rows that forgot this process while it was slow. */
  async #own(): Promise<void> {
    const { database, transactions, connections, hostKeys, nodeId, closeOlder } = this.deps;
    const here = connections.ids();
    if (here.length === 0) return;
    const { rows } = await database.pool.query<{ host_id: string; node_id: string | null; sign_ons: string }>(
      'SELECT host_id, node_id, sign_ons FROM host_link WHERE host_id = ANY($1::uuid[]) AND node_id IS DISTINCT FROM $2',
      [here, nodeId],
    );
    const forgotten: string[] = [];
    for (const r of rows) {
      const signOn = Number(r.sign_ons);
      if (connections.get(r.host_id)?.signOn === signOn) forgotten.push(r.host_id);
      else closeOlder(r.host_id, signOn, CLOSE.replaced);
    }
    for (const hostIds of batches(forgotten)) {
      await transactions.run(hostIds, async (tx) => {
        const held = hostIds.filter((id) => connections.get(id)?.signOn === tx.links.get(id)?.signOn);
        await tx.client.query('UPDATE host_link SET node_id = $2 WHERE host_id = ANY($1::uuid[])', [held, nodeId]);
      });
    }
    for (const hostId of await hostKeys.revokedAmong(here)) closeOlder(hostId, Number.POSITIVE_INFINITY, CLOSE.revoked);
  }

  async #bury(): Promise<void> {
    const { database, transactions, connections, log } = this.deps;
    const dead = `l.node_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM server_node n WHERE n.id = l.node_id AND ${IS_ALIVE})`;
    const { rows } = await database.pool.query<{ host_id: string }>(`SELECT l.host_id FROM host_link l WHERE ${dead}`);
    for (const hostIds of batches(rows.map((r) => r.host_id))) {
      const gone = await transactions.run(hostIds, async (tx) => {
        const taken = await tx.client.query<{ host_id: string }>(
          `UPDATE host_link l SET node_id = NULL WHERE l.host_id = ANY($1::uuid[]) AND ${dead} RETURNING l.host_id`,
          [hostIds],
        );
        return taken.rows.map((r) => r.host_id);
      });
      if (gone.length > 0) log.warn('a server that held hosts is gone', { hosts: gone.length });
      connections.lost(gone);
    }
    await database.pool.query(`DELETE FROM server_node n WHERE NOT (${IS_ALIVE})`);
  }
}

function* batches(ids: readonly string[]): Generator<string[]> {
  for (let i = 0; i < ids.length; i += BATCH) yield ids.slice(i, i + BATCH);
}
