import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_PACE } from '@lockstep/core/tickets';
import { WebSocketServer } from 'ws';
import { Audit, type Caller, HostKeys, OrderKeyRotation, OrderKeys } from '../src/access/index.js';
import { Agents } from '../src/agents/index.js';
import { Fixes } from '../src/fixes/index.js';
import { Guided } from '../src/guided/index.js';
import { Pairs } from '../src/pairs/index.js';
import { ALONE, Bus, createLog, Database, type JobData, type JobHandler, type JobName, type Topic } from '../src/platform/index.js';
import { Tickets } from '../src/tickets/index.js';
import { type AgentIdentity, type Bent, TestAgent, TestKey } from './agent.js';
import { ManualClock } from './clock.js';
import { freshDatabase } from './database.js';

/** A queue that hands jobs over at once, and can be down. */
export class CourierJobs {
  isDown = false;
  get isUp(): boolean {
    return !this.isDown;
  }
  readonly added: { name: JobName; id: string }[] = [];
  readonly #handlers = new Map<JobName, (data: never) => Promise<void>>();
  readonly #running = new Set<Promise<void>>();

  handle<N extends JobName>(name: N, handler: JobHandler<N>): void {
    this.#handlers.set(name, handler);
  }

  async add<N extends JobName>(name: N, data: JobData<N>, options: { id: string }): Promise<void> {
    if (this.isDown) throw new Error('the queue is down');
    this.added.push({ name, id: options.id });
    const run: Promise<void> = (this.#handlers.get(name) as JobHandler<N>)(data).finally(() => this.#running.delete(run));
    this.#running.add(run);
  }

  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
  }
}

export const TECHNICIAN: Caller = {
  kind: 'person',
  id: '00000000-0000-4000-8000-000000000001',
  name: 'Tess',
  role: 'technician',
  sessionId: null,
};

/** The rooms from agents to tickets on a database of their own, behind a bare socket server. Sweeps run only when a test calls them. */
export async function startRooms(options: { handshakeMs?: number; pingMs?: number; disruptivePerHour?: number } = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'lockstep-rooms-'));
  const testDatabase = await freshDatabase();
  const logged: string[] = [];
  const log = createLog('debug', { write: (line) => void logged.push(line) });
  const clock = new ManualClock();
  const database = new Database(testDatabase.url, { connections: 6, log });
  const bus = new Bus(log);
  const told: { topic: Topic; message: unknown }[] = [];
  for (const topic of ['pair.changed', 'host.changed', 'run.changed', 'ticket.changed'] as const)
    bus.subscribe(topic, (message) => told.push({ topic, message }));
  const audit = new Audit(database, clock, log);
  const hostKeys = new HostKeys(database, bus, clock, audit);
  const orderKeys = OrderKeys.open(join(dir, 'order-key.pem'), { clock, overlapMs: 400 * 86_400_000 });
  const orderKey = orderKeys.current;
  const rotation = new OrderKeyRotation({ database, orderKeys, audit, bus, log });
  const agents = new Agents(
    { database, clock, log, bus, hostKeys, orderKeys, node: { id: randomUUID() }, leader: ALONE, relay: null },
    { handshakeMs: options.handshakeMs ?? 10_000, pingMs: options.pingMs ?? 25_000 },
  );
  const pairs = new Pairs({ database, agents, leader: ALONE, audit, bus, clock, log });
  const jobs = new CourierJobs();
  const fixes = new Fixes({
    database,
    agents,
    leader: ALONE,
    orderKeys,
    disruptivePerHour: options.disruptivePerHour ?? 60,
    audit,
    jobs,
    bus,
    clock,
    log,
  });
  const guided = new Guided({ database, agents, fixes, leader: ALONE, audit, bus, clock, log });
  const tickets = new Tickets({ database, pairs, fixes, audit, leader: ALONE, bus, clock, log, pace: DEFAULT_PACE });
  agents.start();
  // The first query through Prisma takes its time; no test's deadline should pay for it.
  await hostKeys.get(randomUUID());

  const http = createServer();
  const sockets = new WebSocketServer({ server: http, maxPayload: 2 * 262_144, perMessageDeflate: false });
  sockets.on('connection', (ws) => agents.accept(ws));
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;

  const tokenId = randomUUID();
  await database.pool.query(
    `INSERT INTO enrolment_token (id, token_hash, note, uses, uses_left, created_at, expires_at) VALUES ($1, $2, 'test', 1000, 1000, now(), now() + interval '1 day')`,
    [tokenId, Buffer.alloc(32)],
  );
  const enrol = async (hostname = 'lnx-0231'): Promise<AgentIdentity> => {
    const key = new TestKey();
    const hostId = randomUUID();
    await database.pool.query(
      `INSERT INTO host_key (id, public_key, hostname, os, os_version, arch, agent, enrolled_at, enrolled_by) VALUES ($1, $2, $3, 'linux', 'Debian 12', 'x64', '0.1.0', $4, $5)`,
      [hostId, key.publicKey, hostname, clock.date(), tokenId],
    );
    return { hostId, key, orderKeyId: orderKey.keyId, hostname };
  };
  const connected: TestAgent[] = [];
  const connect = async (id: AgentIdentity, bent: Bent = {}): Promise<TestAgent> => {
    const agent = await TestAgent.connect(url, id, bent);
    connected.push(agent);
    return agent;
  };
  return {
    url,
    clock,
    database,
    bus,
    told,
    logged,
    log,
    audit,
    hostKeys,
    orderKey,
    orderKeys,
    rotation,
    agents,
    pairs,
    jobs,
    fixes,
    guided,
    tickets,
    enrol,
    connect,
    dir,
    /** The one row that a query answers. */
    async row(sql: string, values: unknown[] = []): Promise<Record<string, unknown>> {
      const { rows } = await database.pool.query<Record<string, unknown>>(sql, values);
      if (rows.length !== 1 || !rows[0]) throw new Error(`${rows.length} rows instead of one`);
      return rows[0];
    },
    async rows(sql: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
      return (await database.pool.query<Record<string, unknown>>(sql, values)).rows;
    },
    async end(): Promise<void> {
      for (const agent of connected) agent.ws.terminate();
      await agents.stop();
      await jobs.idle();
      sockets.close();
      await new Promise<void>((resolve) => {
        http.close(() => resolve());
        http.closeAllConnections();
      });
      await database.close();
      await testDatabase.drop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
export type Rooms = Awaited<ReturnType<typeof startRooms>>;
