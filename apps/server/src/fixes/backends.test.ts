import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TestAgent } from '../../test/agent.js';
import { enrolHost } from '../../test/enrol.js';
import { facts, UNPAIRED } from '../../test/readings.js';
import { NO_REDIS, TestRedis } from '../../test/redis.js';
import { startTestServer, type TestServer } from '../../test/server.js';

const BACKENDS = [
  { name: 'PostgreSQL', onRedis: false },
  { name: 'Redis', onRedis: true },
];
if (NO_REDIS !== null) process.stdout.write(`    skipped: fixes over a queue in Redis, because there is ${NO_REDIS}\n`);

describe.each(BACKENDS.filter((b) => !b.onRedis || NO_REDIS === null))('fixes over a queue in $name', ({ onRedis }) => {
  let redis: TestRedis | null = null;
  let server: TestServer;
  let cookie: string;
  beforeAll(async () => {
    redis = onRedis ? await TestRedis.start() : null;
    server = await startTestServer(redis ? { env: { REDIS_URL: redis.url } } : {});
    cookie = await server.signIn();
  }, 120_000);
  afterAll(async () => {
    await server.end();
    await redis?.end();
  });

  it('go from the question to the verdict, many at once, each sent once', async () => {
    const agents = await Promise.all(
      Array.from({ length: 12 }, async (_, n) => {
        const id = await enrolHost(server, `backend-${n}`);
        const agent = await TestAgent.connect(`http://127.0.0.1:${server.port}`, id);
        await agent.acked(agent.tell({ type: 'facts', full: true, facts: facts(UNPAIRED) }));
        const { json } = await server.ask('GET', `/api/v1/pairs?host=${id.hostId}`, { cookie });
        const [pair] = json.items as unknown as { id: string }[];
        return { agent, pairId: pair?.id ?? '' };
      }),
    );
    const runs = await Promise.all(
      agents.map(async ({ agent, pairId }) => {
        const asked = await server.ask('POST', '/api/v1/fix-runs', { cookie, json: { pairId, fix: 'F11' } });
        expect(asked.status).toBe(202);
        const runId = String(asked.json.id);
        await agent.next('order');
        agent.tell({ type: 'fix.received', runId });
        await agent.acked(agent.tell({ type: 'fix.settled', runId, mechanics: 'done', detail: null, facts: facts() }));
        return runId;
      }),
    );
    for (const runId of runs)
      expect((await server.ask('GET', `/api/v1/fix-runs/${runId}`, { cookie })).json).toMatchObject({ state: 'judged', verdict: 'cured' });
    await new Promise((done) => setTimeout(done, 300));
    for (const { agent } of agents) {
      expect(agent.frames.filter((f) => f.type === 'order')).toEqual([]);
      await agent.close();
    }
  }, 60_000);
});
