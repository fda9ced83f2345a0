import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { PairRow, RunView, TicketRow } from '@lockstep/core/protocol';
import { breakIt, type Fleet, type Member, startFleet } from '@lockstep/lab';
import { freshDatabase, type TestDatabase } from '../apps/server/test/database.js';
import { eventually, tell } from './eventually.js';
import { ServerProcess } from './server-process.js';

const MINUTES = 60_000;

describe('(c) a laptop that is away while its fix is ordered and the server dies', () => {
  let database: TestDatabase;
  let server: ServerProcess;
  let fleet: Fleet;
  let dir: string;
  // Tickets in seconds instead of minutes: what is shown here is the order of events.
  const env = { LOCKSTEP_TICKET_HOLD_OFF: '1', LOCKSTEP_TICKET_DWELL: '2' };
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'ls-away-'));
    database = await freshDatabase();
    server = await ServerProcess.start({ databaseUrl: database.url, dir: join(dir, 'server'), env });
    fleet = await startFleet({
      server: server.url,
      tokenFile: server.enrolTokenFile,
      dir: join(dir, 'fleet'),
      calm: true,
      computers: 1,
      phones: 1,
      seed: 'away',
    });
  }, 2 * MINUTES);
  afterAll(async () => {
    await fleet?.close();
    await server?.stop();
    await database?.drop();
    if (dir) rmSync(dir, { recursive: true, force: true });
  }, MINUTES);

  const items = async <T>(path: string) => ((await server.ask('GET', path)).json as { items: T[] }).items;
  const pair = async () => (await items<PairRow>('/api/v1/pairs'))[0];
  const run = async (id: string) => (await server.ask('GET', `/api/v1/fix-runs/${id}`)).json as RunView;

  it(
    'runs the fix once when it returns, and closes the ticket that had been filed',
    async () => {
      const laptop = fleet.members[0] as Member;
      const phone = laptop.computer.bench.names[0] as string;
      await eventually('a healthy pair', async () => (await pair())?.health === 'healthy');

      await breakIt(laptop.computer, 'forgets-host', phone);
      const broken = await eventually('broken', async () => {
        const p = await pair();
        return p?.health === 'broken' && p;
      });
      tell('trust lost → broken', broken.seconds);
      const filed = await eventually('a ticket', async () => (await items<TicketRow>('/api/v1/tickets?state=open'))[0]);
      tell('broken → ticket filed', filed.seconds);

      await laptop.leave();
      await eventually('offline', async () => (await pair())?.connected === false);
      const asked = await server.ask('POST', '/api/v1/fix-runs', { pairId: broken.value.id, fix: 'F12' });
      expect(asked.status).toBe(202);
      const { id } = asked.json as RunView;
      expect((await run(id)).state).toBe('queued');

      const { port } = server;
      await server.kill();
      server = await ServerProcess.start({ databaseUrl: database.url, dir: join(dir, 'server'), port, env });
      expect((await run(id)).state).toBe('queued');
      expect(laptop.computer.effects.count('asked-holder')).toBe(0);

      await laptop.join();
      const judged = await eventually('judged', async () => {
        const r = await run(id);
        return r.state === 'judged' && r;
      });
      tell('laptop back → judged', judged.seconds);
      expect(judged.value.verdict).toBe('cured');
      expect(laptop.computer.effects.count('asked-holder')).toBe(1);
      expect(laptop.computer.effects.count('paired')).toBe(2); // once when the lab began, once by the fix
      const closed = await eventually('the ticket closed', async () => {
        const t = (await items<TicketRow>('/api/v1/tickets')).find((x) => x.id === filed.value.id);
        return t?.state === 'closed' && t;
      });
      tell('cured → ticket closed', closed.seconds);
      expect(await items<TicketRow>('/api/v1/tickets')).toHaveLength(1);
    },
    6 * MINUTES,
  );
});
