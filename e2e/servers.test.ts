import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { PairRow, RunView, ServerStatus } from '@lockstep/core/protocol';
import { breakIt, type Fleet, type Member, startFleet } from '@lockstep/lab';
import { freshDatabase, type TestDatabase } from '../apps/server/test/database.js';
import { NO_REDIS, TestRedis } from '../apps/server/test/redis.js';
import { Balancer } from './balancer.mjs';
import { eventually, tell } from './eventually.js';
import { ServerProcess } from './server-process.js';

const MINUTES = 60_000;
if (NO_REDIS !== null) process.stdout.write(`    skipped: two server processes, because there is ${NO_REDIS}\n`);

(NO_REDIS === null ? describe : describe.skip)('two server processes behind a balancer, real agents', () => {
  const undo: (() => Promise<unknown>)[] = [];
  let database: TestDatabase;
  let redis: TestRedis;
  let dir: string;
  let a: ServerProcess;
  let b: ServerProcess;
  let balancer: Balancer;
  let fleet: Fleet;

  const start = (port = 0) => ServerProcess.start({ databaseUrl: database.url, dir, port, env: { REDIS_URL: redis.url } });

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'ls-servers-'));
    undo.push(async () => rmSync(dir, { recursive: true, force: true }));
    database = await freshDatabase();
    undo.push(() => database.drop());
    redis = await TestRedis.start();
    undo.push(() => redis.end());
    a = await start();
    undo.push(() => a.stop());
    b = await start();
    undo.push(() => b.stop());
    balancer = await Balancer.listen([a.port, b.port]);
    undo.push(() => balancer.close());
    fleet = await startFleet({
      server: balancer.url,
      tokenFile: a.enrolTokenFile,
      dir: join(dir, 'fleet'),
      computers: 3,
      phones: 3,
      seed: 'servers',
      calm: true,
      // Phones are asked more often than usual: nobody waits here for a cadence.
      agent: { cadence: { host: 2_000, phone: 2_000, bus: 500, nudge: 50 } },
    });
    undo.push(() => fleet.close());
  }, 5 * MINUTES);
  afterAll(async () => {
    for (const step of undo.reverse()) await step();
  }, 2 * MINUTES);

  const pairs = async (at: ServerProcess): Promise<PairRow[]> =>
    ((await at.ask('GET', '/api/v1/pairs?limit=100')).json as { items: PairRow[] }).items;
  const pairOf = async (at: ServerProcess, m: Member) => (await pairs(at)).find((p) => p.hostName === m.name);
  const status = async (at: ServerProcess) => (await at.ask('GET', '/api/v1/status')).json as ServerStatus;
  const member = (n: number): Member => {
    const m = fleet.members[n];
    if (!m) throw new Error(`no computer ${n}`);
    return m;
  };
  const phoneOf = (m: Member): string => {
    const name = m.computer.bench.names[0];
    if (!name) throw new Error('no phone');
    return name;
  };
  const allHealthy = (at: ServerProcess) => async () => {
    const all = await pairs(at);
    return all.length === 3 && all.every((p) => p.health === 'healthy' && p.connected);
  };
  /** A phone stops trusting, and the fix is asked for. */
  const breakAndAsk = async (at: ServerProcess, m: Member): Promise<RunView> => {
    await breakIt(m.computer, 'forgets-host', phoneOf(m));
    const broken = await eventually('shown broken', async () => {
      const pair = await pairOf(at, m);
      return pair?.health === 'broken' ? pair : null;
    });
    const asked = await at.ask('POST', '/api/v1/fix-runs', { pairId: broken.value.id, fix: 'F12' });
    expect(asked.status).toBe(202);
    return asked.json as RunView;
  };
  const cured = (at: ServerProcess, run: RunView) =>
    eventually('cured', async () => ((await at.ask('GET', `/api/v1/fix-runs/${run.id}`)).json as RunView).verdict === 'cured');

  it(
    'a fix asked at one server runs once on a computer that is connected to the other',
    async () => {
      await eventually('three healthy pairs', allHealthy(b));
      expect(await status(b)).toMatchObject({ status: 'ok', servers: 2 });
      const m = member(0);
      const before = m.computer.effects.count('paired');
      const { seconds } = await cured(b, await breakAndAsk(b, m));
      tell('asked at one server → cured at the other', seconds);
      expect(m.computer.effects.count('paired') - before).toBe(1);
    },
    4 * MINUTES,
  );

  it(
    'the server that holds the sockets is killed: agents go to the other, which leads and shows them connected',
    async () => {
      const { port } = a;
      await a.kill();
      const there = await eventually('all connected to the other', async () => fleet.members.every((m) => m.online));
      tell('kill -9 → all agents at the other server', there.seconds);
      const leads = await eventually('the other leads', async () => (await status(b)).server.leads);
      tell('kill -9 → the other leads', leads.seconds);
      await eventually('shown connected and healthy', allHealthy(b));
      await eventually('the dead one is not counted any more', async () => (await status(b)).servers === 1);
      const m = member(1);
      const before = m.computer.effects.count('paired');
      await cured(b, await breakAndAsk(b, m));
      expect(m.computer.effects.count('paired') - before).toBe(1);
      a = await start(port);
      await eventually('two servers again', async () => (await status(a)).servers === 2);
    },
    5 * MINUTES,
  );

  it(
    'Redis goes while fixes are asked, and comes back: all of them run, once',
    async () => {
      await redis.down();
      await eventually('degraded', async () => (await status(a)).status === 'degraded');
      // Who watches the process is told the same as who looks at the page: what does not answer, each by its name.
      const ready = await fetch(`${a.url}/readyz`);
      const problem = (await ready.json()) as { errors: { field: string }[] };
      expect([ready.status, problem.errors.map((e) => e.field).sort()]).toEqual([503, ['bus', 'queue']]);
      const told = await status(a);
      expect(told.troubles.map((t) => t.part).sort()).toEqual(['bus', 'queue']);
      for (const { sentence } of told.troubles) expect(sentence).toContain('Redis');
      const m = member(2);
      const before = m.computer.effects.count('paired');
      // The computer is at b, which the kill left it at; the run is asked at a.
      const run = await breakAndAsk(a, m);
      const { seconds } = await cured(a, run);
      tell('asked without Redis → cured', seconds);
      await redis.up();
      await eventually('ready again', async () => (await fetch(`${a.url}/readyz`)).status === 200);
      await new Promise((r) => setTimeout(r, 3_000));
      expect(m.computer.effects.count('paired') - before).toBe(1);
    },
    5 * MINUTES,
  );

  it(
    'a rolling restart moves everybody and loses nobody',
    async () => {
      const { port } = b;
      const begun = performance.now();
      await b.stop();
      tell('SIGTERM → ended', (performance.now() - begun) / 1000);
      const moved = await eventually('all connected to the other', async () => {
        const all = await pairs(a);
        return fleet.members.every((m) => m.online) && all.every((p) => p.connected);
      });
      tell('→ all agents at the other server', moved.seconds);
      b = await start(port);
      await eventually('two servers again', async () => (await status(a)).servers === 2);
      await eventually('everything healthy', allHealthy(b));
    },
    4 * MINUTES,
  );
});
