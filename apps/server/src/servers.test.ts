import { createPublicKey, verify } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Order, SIGNED } from '@lockstep/core/protocol';
import { type AgentIdentity, newEpoch, TestAgent } from '../test/agent.js';
import { freshDatabase, type TestDatabase } from '../test/database.js';
import { enrolHost } from '../test/enrol.js';
import { LiveClient } from '../test/live-client.js';
import { facts, REJECTED, UDID, UNPAIRED } from '../test/readings.js';
import { NO_REDIS, TestRedis } from '../test/redis.js';
import { startTestServer, type TestServer } from '../test/server.js';
import { Agents } from './agents/index.js';

const suite = NO_REDIS === null ? describe : describe.skip;
if (NO_REDIS !== null) process.stdout.write(`    skipped: two servers on one Redis, because there is ${NO_REDIS}\n`);

/** Generous: what it waits for takes some seconds at most, on a machine that does nothing else. */
async function until<T>(what: () => Promise<T | null | undefined | false>, name: string, ms = 40_000): Promise<T> {
  for (const end = Date.now() + ms; ; await new Promise((r) => setTimeout(r, 100))) {
    const found = await what();
    if (found !== null && found !== undefined && found !== false) return found;
    if (Date.now() > end) throw new Error(`${name}: not within ${ms} ms`);
  }
}

suite('two servers on one database and one Redis', () => {
  let redis: TestRedis;
  let database: TestDatabase;
  let dir: string;
  let a: TestServer;
  let b: TestServer;
  let cookie: string;

  const start = () => startTestServer({ database, dir, env: { REDIS_URL: redis.url } });
  const base = (server: TestServer) => `http://127.0.0.1:${server.port}`;
  const connect = (server: TestServer, id: AgentIdentity, epoch?: string) =>
    TestAgent.connect(base(server), id, epoch === undefined ? {} : { epoch });

  beforeAll(async () => {
    redis = await TestRedis.start();
    database = await freshDatabase();
    dir = mkdtempSync(join(tmpdir(), 'lockstep-servers-'));
    a = await start();
    b = await start();
    cookie = await b.signIn();
  }, 120_000);
  afterAll(async () => {
    await a.stop();
    await b.end();
    await redis.end();
  });

  const enrol = (hostname: string) => enrolHost(b, hostname);
  const tell = (agent: TestAgent, change: Parameters<typeof facts>[0] = {}) =>
    agent.acked(agent.tell({ type: 'facts', full: true, facts: facts(change) }), 30_000);
  const pairOf = async (id: AgentIdentity, at = b) => {
    const { json } = await at.ask('GET', `/api/v1/pairs?host=${id.hostId}`, { cookie });
    const [pair] = json.items as unknown as { id: string; health: string; connected: boolean; primary: { cause: string } | null }[];
    if (!pair) throw new Error('no pair');
    return pair;
  };
  const askFix = async (at: TestServer, pairId: string): Promise<string> => {
    const answer = await at.ask('POST', '/api/v1/fix-runs', { cookie, json: { pairId, fix: 'F11' } });
    if (answer.status !== 202) throw new Error(answer.text);
    return String(answer.json.id);
  };
  const runState = async (runId: string, at = b) => String((await at.ask('GET', `/api/v1/fix-runs/${runId}`, { cookie })).json.state);
  const readOrder = async (agent: TestAgent, ms = 30_000): Promise<Order> => {
    const frame = await agent.next('order', ms);
    const bytes = Buffer.from(frame.order ?? '', 'base64url');
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: b.orderKey.publicKey }, format: 'jwk' });
    expect(verify(null, Buffer.concat([Buffer.from(SIGNED.order), bytes]), key, Buffer.from(frame.signature ?? '', 'base64url'))).toBe(
      true,
    );
    return Order.parse(JSON.parse(bytes.toString('utf8')));
  };
  const cure = async (agent: TestAgent, runId: string) => {
    agent.tell({ type: 'fix.received', runId });
    await agent.acked(agent.tell({ type: 'fix.settled', runId, mechanics: 'done', detail: null, facts: facts() }), 30_000);
  };
  const leaders = () => [a, b].filter((s) => s.platform.leader.isLeader);

  it('share the set-up token, know of each other, and have one leader', async () => {
    expect(leaders()).toHaveLength(1);
    const status = await a.ask('GET', '/api/v1/status', { cookie });
    expect(status.json).toMatchObject({ status: 'ok', troubles: [], servers: 2 });
    for (const s of [a, b]) expect((await s.ask('GET', '/readyz')).status).toBe(200);
  });

  it('keep out a server without Redis', async () => {
    await expect(startTestServer({ database: { url: database.url, drop: async () => {} }, env: {} })).rejects.toThrow(/REDIS_URL/);
  });

  it('keep out a server whose order key is another: half of the agents would refuse it', async () => {
    const other = startTestServer({ database: { url: database.url, drop: async () => {} }, env: { REDIS_URL: redis.url } });
    await expect(other).rejects.toThrow(/LOCKSTEP_ORDER_KEY_FILE.*same keys/);
  });

  it('carry a fix asked at one to the host at the other, sign it there, and run it once', async () => {
    const id = await enrol('two-1');
    const agent = await connect(a, id);
    await tell(agent, UNPAIRED);
    const pair = await pairOf(id);
    expect(pair).toMatchObject({ health: 'broken', connected: true });
    const runId = await askFix(b, pair.id);
    const order = await readOrder(agent);
    expect(order).toMatchObject({ runId, hostId: id.hostId, epoch: agent.epoch, connection: agent.nonce });
    await cure(agent, runId);
    expect(await runState(runId)).toBe('judged');
    await new Promise((r) => setTimeout(r, 500));
    expect(agent.frames.filter((f) => f.type === 'order')).toEqual([]);
    await agent.close();
    await until(async () => !(await pairOf(id)).connected, 'seen as gone at the other server');
  });

  it('patch browsers of one from hosts of the other', async () => {
    const id = await enrol('two-2');
    const agent = await connect(a, id);
    await tell(agent);
    const pair = await pairOf(id);
    const fleet = await LiveClient.open(base(b), cookie);
    fleet.watch({ type: 'watch.fleet' });
    await fleet.until((all) => all.find((m) => m.type === 'summary'));
    await tell(agent, REJECTED);
    const row = await fleet.until((all) =>
      all.flatMap((m) => (m.type === 'pairs' ? m.rows : [])).find((r) => r.id === pair.id && r.health === 'broken'),
    );
    expect(row).toMatchObject({ connected: true, primary: { cause: 'C44' } });
    // The session is shared too: ended at one, its sockets at the other close.
    const other = await a.signIn();
    const watching = await LiveClient.open(base(b), other);
    await watching.until((all) => all.find((m) => m.type === 'hello'));
    await a.ask('DELETE', '/api/v1/session', { cookie: other });
    expect(await watching.closed).toBe('4401 signed-out');
    fleet.ws.close();
    await agent.close();
  });

  it('let the newest connection win: the older one at the other server is closed, and what it says counts no more', async () => {
    const id = await enrol('two-3');
    const old = await connect(a, id);
    await tell(old, UNPAIRED);
    const pair = await pairOf(id);
    const newer = await connect(b, id, old.epoch);
    expect(newer.seq).toBe(old.seq);
    expect(await old.closed).toEqual({ code: 4409, reason: 'replaced' });
    const runId = await askFix(a, pair.id);
    expect(await readOrder(newer)).toMatchObject({ runId, connection: newer.nonce });
    await cure(newer, runId);
    await newer.close();
  });

  it('know a host that went to the other server and came back as the other left it', async () => {
    const id = await enrol('two-4');
    let agent = await connect(a, id);
    await tell(agent, UNPAIRED);
    const { epoch } = agent;
    const at = async (server: TestServer, change: Parameters<typeof facts>[0]) => {
      await agent.close();
      // A connection that is known to be over is not taken over: three takeovers in a minute would be a finding of their own.
      await until(
        async () => !a.app.get(Agents).connections.isConnected(id.hostId) && !b.app.get(Agents).connections.isConnected(id.hostId),
        'gone',
      );
      agent = await connect(server, id, epoch);
      await tell(agent, change);
      return pairOf(id, server);
    };
    expect(await at(b, REJECTED)).toMatchObject({ health: 'broken', primary: { cause: 'C44' } });
    expect(await at(a, {})).toMatchObject({ health: 'healthy', primary: null });
    expect(await at(b, UNPAIRED)).toMatchObject({ primary: { cause: 'C40' } });
    expect(await at(a, {})).toMatchObject({ health: 'healthy' });
    const { rows } = await b.platform.db.pool.query<{ cause: string; state: string }>(
      'SELECT cause, state FROM finding WHERE host_id = $1 ORDER BY opened_at',
      [id.hostId],
    );
    expect(rows).toEqual([
      { cause: 'C40', state: 'closed' },
      { cause: 'C44', state: 'closed' },
      { cause: 'C40', state: 'closed' },
    ]);
    await agent.close();
  });

  it('close a revoked host wherever it is, also when the hint was lost', async () => {
    const id = await enrol('two-5');
    const agent = await connect(a, id);
    await b.ask('DELETE', `/api/v1/hosts/${id.hostId}`, { cookie });
    expect(await agent.closed).toMatchObject({ code: 4403 });
    const silent = await enrol('two-6');
    const other = await connect(a, silent);
    await b.platform.db.pool.query('UPDATE host_key SET revoked_at = now() WHERE id = $1', [silent.hostId]);
    expect(await other.closed).toMatchObject({ code: 4403 });
  }, 60_000);

  it('replace a leader whose connection is cut, and have one all the time', async () => {
    const { pool } = b.platform.db;
    for (let i = 0; i < 3; i++) {
      const [before] = leaders();
      if (!before) throw new Error('no leader');
      await pool.query(
        `SELECT pg_terminate_backend(l.pid) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
         WHERE l.locktype = 'advisory' AND l.granted AND l.objid = 3 AND d.datname = current_database()`,
      );
      await until(async () => !before.platform.leader.isLeader, 'the old one knows it');
      await until(async () => leaders().length === 1, 'a leader again');
      for (let n = 0; n < 10; n++) {
        expect(leaders().length).toBeLessThanOrEqual(1);
        await new Promise((r) => setTimeout(r, 50));
      }
    }
  }, 120_000);

  it('lose nothing while Redis is gone, say so, and send what waits all the same', async () => {
    const there = await enrol('two-7');
    const later = await enrol('two-8');
    const agent = await connect(a, there);
    const soon = await connect(b, later);
    await tell(agent, UNPAIRED);
    await tell(soon, UNPAIRED);
    const waiting = (await pairOf(later)).id;
    const page = await LiveClient.open(base(b), cookie);
    const logged = b.logged.length;
    await redis.down();
    await page.until((all) => all.find((m) => m.type === 'status' && m.status.status === 'degraded'));
    const ready = await b.ask('GET', '/readyz');
    expect(ready.status).toBe(503);
    expect(ready.json.errors).toMatchObject([{ field: 'queue' }, { field: 'bus' }]);
    expect((await a.ask('GET', '/api/v1/status', { cookie })).json).toMatchObject({ status: 'degraded', servers: 2 });
    expect((await a.ask('GET', '/healthz')).status).toBe(200);

    // Facts are taken as ever, and a fix reaches its host by the sweep of the server that holds it.
    const runId = await askFix(b, (await pairOf(there)).id);
    expect(await readOrder(agent)).toMatchObject({ runId });
    await cure(agent, runId);
    expect(await runState(runId)).toBe('judged');
    // One for a host that is not there waits as a row.
    await soon.close();
    const queued = await askFix(b, waiting);
    expect(await runState(queued)).toBe('queued');
    await new Promise((r) => setTimeout(r, 3_000));
    const said = b.logged.slice(logged).map((l) => JSON.parse(l) as { level: string; msg: string });
    // Once that it went, and once for each thing that a person asked meanwhile.
    expect(said.filter((l) => l.level === 'error')).toEqual([]);
    expect(said.filter((l) => l.level === 'warn' && /Redis/.test(l.msg))).toHaveLength(1);
    expect(said.filter((l) => l.level === 'warn').length).toBeLessThan(12);

    await redis.up();
    await page.until((all) => all.findLast((m) => m.type === 'status' && m.status.status === 'ok'), 30_000);
    await until(
      async () => (await a.ask('GET', '/readyz')).status === 200 && (await b.ask('GET', '/readyz')).status === 200,
      'ready again',
    );
    const back = await connect(a, later, soon.epoch);
    expect(await readOrder(back)).toMatchObject({ runId: queued });
    await cure(back, queued);
    expect(await runState(queued)).toBe('judged');

    // And the queue itself carries again.
    await tell(agent, UNPAIRED);
    const pair = await pairOf(there);
    await b.platform.db.pool.query(`UPDATE fix_run SET settled_at = now() - interval '1 hour' WHERE id = $1`, [runId]);
    const after = await askFix(b, pair.id);
    expect(await readOrder(agent)).toMatchObject({ runId: after });
    page.ws.close();
    await agent.close();
    await back.close();
  }, 180_000);

  it('take a Redis that hangs as gone', async () => {
    redis.hang(true);
    try {
      await until(async () => (await a.ask('GET', '/readyz')).status === 503, 'not ready');
    } finally {
      redis.hang(false);
    }
    await until(async () => (await a.ask('GET', '/readyz')).status === 200, 'ready again');
  }, 120_000);

  it('start without Redis, and say so; and stop without it', async () => {
    await redis.down();
    const short = await start();
    const begun = performance.now();
    await short.stop();
    // Nobody waits for a worker whose Redis does not come back (generous: 3 s of it are given to the worker).
    expect(performance.now() - begun).toBeLessThan(20_000);
    const third = await start();
    try {
      expect(third.logged.some((l) => l.includes('REDIS_URL') && l.includes('starts without it'))).toBe(true);
      expect((await third.ask('GET', '/readyz')).status).toBe(503);
      await redis.up();
      await until(async () => (await third.ask('GET', '/readyz')).status === 200, 'ready');
    } finally {
      await redis.up();
      await third.stop();
    }
  }, 120_000);

  it('are restarted one after the other: what came is committed and acknowledged, agents are told to go, the other leads', async () => {
    const id = await enrol('two-9');
    const agent = await connect(a, id);
    await tell(agent, UNPAIRED);
    const last = Array.from({ length: 20 }, () => agent.tell({ type: 'facts', full: true, facts: facts(REJECTED) })).at(-1) ?? 0;
    // All of it has to have arrived: what the network still holds is sent again elsewhere.
    await agent.acked(last - 19, 30_000);
    const stopped = a.stop();
    expect(await agent.closed).toEqual({ code: 4503, reason: 'server-closing' });
    const acked = Math.max(...agent.frames.map((f) => (f.type === 'ack' ? (f.seq ?? 0) : 0)));
    await stopped;
    const { rows } = await b.platform.db.pool.query<{ last_seq: string }>('SELECT last_seq FROM host_link WHERE host_id = $1', [id.hostId]);
    expect(Number(rows[0]?.last_seq)).toBe(acked);
    const moved = await connect(b, id, agent.epoch);
    expect(moved.seq).toBe(acked);
    await tell(moved, UNPAIRED);
    await until(async () => b.platform.leader.isLeader, 'the other leads');
    // What the one that stopped had held and nobody took over is seen as gone.
    await until(async () => (await b.ask('GET', '/api/v1/status', { cookie })).json.servers?.toString() === '1', 'one server left');
    a = await start();
    const runId = await askFix(a, (await pairOf(id, a)).id);
    expect(await readOrder(moved)).toMatchObject({ runId });
    await moved.close();
  }, 120_000);

  it('keep a clone of a host out of its epoch', async () => {
    const id = await enrol('two-10');
    const first = await connect(a, id);
    await tell(first);
    const clone = await connect(b, id, newEpoch());
    expect(await first.closed).toMatchObject({ code: 4409 });
    await tell(clone, REJECTED);
    expect(await pairOf(id)).toMatchObject({ health: 'broken' });
    expect((await pairOf(id)).primary?.cause).toBe('C44');
    const { rows } = await b.platform.db.pool.query<{ epoch: string; n: number }>(
      'SELECT epoch, (SELECT count(*)::int FROM pair p WHERE p.host_id = l.host_id AND p.udid = $2) AS n FROM host_link l WHERE host_id = $1',
      [id.hostId, UDID],
    );
    expect(rows).toEqual([{ epoch: clone.epoch, n: 1 }]);
    await clone.close();
  });
});
