import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { freshDatabase, type TestDatabase } from '../apps/server/test/database.js';
import { eventually, tell } from './eventually.js';
import { LoadAgent } from './load-agent.js';
import { ServerProcess } from './server-process.js';

const ROUNDS = 50;
const AGENTS = 6;
/** Fewer than the devices one host may have, so that every slot is written again and again. */
const SLOTS = 40;

describe('SIGKILL of the server at random moments, under ingest', () => {
  let database: TestDatabase;
  let server: ServerProcess;
  let dir: string;
  const agents: LoadAgent[] = [];
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'ls-kill-'));
    database = await freshDatabase();
    server = await ServerProcess.start({ databaseUrl: database.url, dir });
    const token = readFileSync(server.enrolTokenFile, 'utf8').trim();
    for (let i = 0; i < AGENTS; i++) agents.push(await LoadAgent.enrol(server.url, token, SLOTS, 25));
  }, 120_000);
  afterAll(async () => {
    for (const a of agents) a.stop();
    await server?.stop();
    await database?.drop();
    if (dir) rmSync(dir, { recursive: true, force: true });
  }, 60_000);

  /** What is missing of all that was acknowledged when this was asked. */
  async function missing(client: pg.Client): Promise<string[]> {
    const out: string[] = [];
    for (const a of agents) {
      const { acked } = a;
      if (acked === 0) continue;
      const facts = await client.query<{ udid: string; n: string }>(
        `SELECT udid, COALESCE(reading->>'locationId', reading->>'uptimeS') AS n FROM fact WHERE host_id = $1 AND kind IN ('mux-device', 'agent-self')`,
        [a.hostId],
      );
      const stored = new Map(facts.rows.map((r) => [r.udid, Number(r.n)]));
      if ((stored.get('') ?? 0) < acked) out.push(`${a.hostId}: agent-self tells ${stored.get('')}, acknowledged ${acked}`);
      for (let seq = Math.max(1, acked - SLOTS + 1); seq <= acked; seq++) {
        const n = stored.get(LoadAgent.udid(seq % SLOTS)) ?? 0;
        if (n < seq) out.push(`${a.hostId}: slot ${seq % SLOTS} tells ${n}, acknowledged ${seq}`);
      }
    }
    return out;
  }

  it(`${ROUNDS} rounds: no acknowledged fact is missing, and nothing is counted twice`, async () => {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    const started = performance.now();
    const lost: string[] = [];
    try {
      for (const a of agents) a.start();
      for (let round = 0; round < ROUNDS; round++) {
        await new Promise((r) => setTimeout(r, 50 + Math.random() * 700));
        const { port } = server;
        await server.kill();
        lost.push(...(await missing(client)));
        server = await ServerProcess.start({ databaseUrl: database.url, dir, port });
      }
      for (const a of agents) a.hush();
      await eventually('everything said is acknowledged', async () => agents.every((a) => a.settled));
      lost.push(...(await missing(client)));
      const rows = await client.query<{ host_id: string; last_seq: string }>(
        'SELECT host_id, last_seq FROM host_link WHERE host_id = ANY($1)',
        [agents.map((a) => a.hostId)],
      );
      for (const a of agents) expect(Number(rows.rows.find((r) => r.host_id === a.hostId)?.last_seq)).toBe(a.seq);
    } finally {
      await client.end();
    }
    const said = agents.reduce((n, a) => n + a.seq, 0);
    process.stdout.write(
      `    ${ROUNDS} kills, ${said} messages, ${agents.reduce((n, a) => n + a.acked, 0)} acknowledged, ${lost.length} lost\n`,
    );
    tell('all rounds', (performance.now() - started) / 1000);
    expect(lost).toEqual([]);
    expect(said).toBeGreaterThan(ROUNDS * AGENTS);
  }, 1_200_000);
});
