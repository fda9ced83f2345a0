import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RulesOverlay } from '@lockstep/core/replay';
import type { AgentIdentity, TestAgent } from '../../test/agent.js';
import { facts, REJECTED, UDID } from '../../test/readings.js';
import { CourierJobs, type Rooms, startRooms, TECHNICIAN } from '../../test/rooms.js';
import { ALONE } from '../platform/index.js';
import { ReplayBody } from './ask.js';
import { Replays } from './index.js';
import { readPast } from './read-past.js';

const ADMIN = { ...TECHNICIAN, role: 'admin' } as const;
const MIN = 60_000;

let rooms: Rooms;
let id: AgentIdentity;
let agent: TestAgent;
let replays: Replays;
let jobs: CourierJobs;
const made: Replays[] = [];
const server = (queue = new CourierJobs()) => {
  const one = new Replays({
    database: rooms.database,
    catalogue: () => undefined,
    jobs: queue,
    leader: ALONE,
    audit: rooms.audit,
    clock: rooms.clock,
    log: rooms.log,
  });
  made.push(one);
  return one;
};

/** A host whose phone was refused for ten minutes, half an hour ago, then well. */
beforeAll(async () => {
  rooms = await startRooms();
  jobs = new CourierJobs();
  replays = server(jobs);
  id = await rooms.enrol();
  agent = await rooms.connect(id);
  const tell = (change: Parameters<typeof facts>[0] = {}) =>
    agent.acked(agent.tell({ type: 'facts', full: true, facts: facts(change, { at: rooms.clock.date() }) }));
  await tell();
  for (let minute = 1; minute <= 40; minute++) {
    rooms.clock.advance(MIN);
    if (minute === 10) await tell(REJECTED);
    else if (minute === 20) await tell();
    else await agent.acked(agent.tell({ type: 'still', except: [] }, rooms.clock.date()));
  }
});
afterAll(async () => {
  for (const one of made) await one.stop();
  await rooms.end();
});

const ask = async (body: unknown, by = replays) => {
  const { id: replayId } = await by.ask(ReplayBody.parse(body), ADMIN, '127.0.0.1');
  await jobs.idle();
  await by.idle();
  return by.one(replayId);
};
const found = async (replayId: string, limit = 50, after?: string) =>
  replays.differences({ replay: replayId, limit, ...(after === undefined ? {} : { after }) });
const OFF = { overlay: { rules: [{ cause: 'C44', off: true }] } };

describe('a replay', () => {
  it('lists the verdicts that a changed table would change, with counts before and after', async () => {
    const done = await ask(OFF);
    expect(done).toMatchObject({ state: 'done', hosts: 1, hostsDone: 1, pairs: 1, differences: 1, cut: null });
    expect(done.diagnoses).toBeGreaterThan(10);
    const { items } = await found(done.id);
    const pair = await rooms.row('SELECT id FROM pair WHERE host_id = $1 AND udid = $2', [id.hostId, UDID]);
    expect(items).toMatchObject([
      {
        n: 1,
        pairId: pair.id,
        hostId: id.hostId,
        hostName: 'lnx-0231',
        deviceName: 'Jun’s iPhone',
        before: { health: 'broken', cause: 'C44' },
      },
    ]);
    expect(items[0]?.after.cause).not.toBe('C44');
    expect(Date.parse(items[0]?.until ?? '') - Date.parse(items[0]?.from ?? '')).toBe(10 * MIN);
    expect(done.counts.find((c) => c.cause === 'C44')).toMatchObject({ pairsBefore: 1, pairsAfter: 0, hoursBefore: 0.17, hoursAfter: 0 });
  });

  it('of the shipped rules finds what was recorded', async () => {
    expect(await ask({ against: 'recorded' })).toMatchObject({ state: 'done', differences: 0 });
    await rooms.database.pool.query(`UPDATE pair_history SET detail = 'C40' WHERE detail = 'C44'`);
    const other = await ask({ against: 'recorded' });
    expect((await found(other.id)).items).toMatchObject([{ before: { cause: 'C40', fix: null }, after: { cause: 'C44' } }]);
    await rooms.database.pool.query(`UPDATE pair_history SET detail = 'C44' WHERE detail = 'C40'`);
  });

  it('keeps to the host, system and cause that were asked for', async () => {
    expect(await ask({ ...OFF, os: 'windows' })).toMatchObject({ state: 'done', hosts: 0, differences: 0 });
    expect(await ask({ ...OFF, hostId: id.hostId })).toMatchObject({ hosts: 1, differences: 1 });
    expect(await ask({ ...OFF, cause: 'C30' })).toMatchObject({ hosts: 1, differences: 0 });
    await expect(ask({ ...OFF, hostId: '00000000-0000-4000-8000-00000000dead' })).rejects.toMatchObject({ status: 404 });
  });

  it('looks no further back than it was asked to', async () => {
    const done = await ask({ ...OFF, days: 15 / 1440 });
    expect(done.differences).toBe(0);
    expect(Date.parse(done.until) - Date.parse(done.from)).toBe(15 * MIN);
  });

  it('is one at a time in the whole fleet: a second server leaves it alone, and does it once the first is dead', async () => {
    const down = new CourierJobs();
    const second = server(down);
    await rooms.database.pool.query(
      `INSERT INTO replay (id, state, asked_by_kind, asked_by_id, asked_by, asked_at, started_at, beat_at, attempts, "from", until, against, at_least_ms, overlay)
       SELECT gen_random_uuid(), 'running', 'person', 'x', 'x', $1, $1, $1, 1, $1::timestamptz - interval '1 hour', $1, 'shipped', 0, $2`,
      [rooms.clock.date(), JSON.stringify(OFF.overlay)],
    );
    const waiting = await second.ask(ReplayBody.parse(OFF), ADMIN, '127.0.0.1');
    await down.idle();
    await second.idle();
    expect(await second.one(waiting.id)).toMatchObject({ state: 'queued' });
    rooms.clock.advance(61_000);
    await second.sweep();
    await down.idle();
    await second.idle();
    expect(await rooms.rows(`SELECT state FROM replay WHERE state <> 'done' AND state <> 'cancelled'`)).toEqual([]);
    // What a server began and left is begun anew: nothing is there twice.
    const twice = await rooms.rows('SELECT replay_id, pair_id, "from" FROM replay_difference GROUP BY 1, 2, 3 HAVING count(*) > 1');
    expect(twice).toEqual([]);
  });

  it('is done without a queue', async () => {
    const queue = new CourierJobs();
    queue.isDown = true;
    const alone = server(queue);
    expect(await ask(OFF, alone)).toMatchObject({ state: 'done', differences: 1 });
  });

  it('can be cancelled while it waits, not when it is over; too many are refused', async () => {
    await rooms.database.pool.query(
      `INSERT INTO replay (id, state, asked_by_kind, asked_by_id, asked_by, asked_at, beat_at, "from", until, against, at_least_ms, overlay)
       SELECT gen_random_uuid(), CASE n WHEN 1 THEN 'running' ELSE 'queued' END, 'person', 'x', 'x', $1, $1, $1, $1, 'shipped', 0, '{}' FROM generate_series(1, 5) n`,
      [rooms.clock.date()],
    );
    await expect(ask(OFF)).rejects.toMatchObject({ status: 409, code: 'too-many' });
    const queued = await rooms.rows(`SELECT id FROM replay WHERE state IN ('queued', 'running')`);
    for (const { id: replayId } of queued) expect(await replays.cancel(String(replayId), ADMIN, '')).toMatchObject({ state: 'cancelled' });
    await expect(replays.cancel(String(queued[0]?.id), ADMIN, '')).rejects.toMatchObject({ status: 409, code: 'too-late' });
  });

  it('is paged, and its results end after seven days', async () => {
    const done = await ask(OFF);
    await rooms.database.pool.query(
      `INSERT INTO replay_difference SELECT replay_id, n + g, pair_id, "from", until, before, after, evidence FROM replay_difference, generate_series(1, 4) g WHERE replay_id = $1`,
      [done.id],
    );
    const first = await found(done.id, 3);
    const second = await found(done.id, 3, first.next ?? undefined);
    expect([...first.items, ...second.items].map((d) => d.n)).toEqual([1, 2, 3, 4, 5]);
    expect(second.next).toBeNull();
    rooms.clock.advance(7 * 86_400_000 + 1);
    await replays.sweep();
    await expect(replays.one(done.id)).rejects.toMatchObject({ status: 404 });
    expect(await rooms.rows('SELECT * FROM replay_difference WHERE replay_id = $1', [done.id])).toEqual([]);
  });
});

describe('what a replay reads and what it is asked', () => {
  it('is the whole past of a host, each fact from when it was known until something else was', async () => {
    const { past, ids } = await readPast(rooms.database.pool, id.hostId, { from: 0, until: rooms.clock.now() });
    expect(ids).toMatchObject([{ udid: UDID }]);
    const sessions = past.facts.filter((f) => f.fact.kind === 'trust-session').sort((a, b) => a.since - b.since);
    expect(sessions.map((s) => (s.fact.state === 'seen' ? (s.fact.reading as { outcome: string }).outcome : s.fact.state))).toEqual([
      'accepted',
      'refused',
      'accepted',
    ]);
    expect(sessions[0]?.until).toBe(sessions[1]?.since);
    expect(sessions[2]?.until).toBeNull();
    expect(past.pairs[0]?.recorded.map((r) => r.cause)).toEqual([null, 'C44', null]);
  });

  const rows: [body: unknown, field: string][] = [
    [{}, 'overlay'],
    [{ ...OFF, days: 31 }, 'days'],
    [{ ...OFF, os: 'beos' }, 'os'],
    [{ ...OFF, overlay: { rules: [{ cause: 'C44', confidence: 2 }] } }, 'overlay.rules.0.confidence'],
    [{ ...OFF, more: 1 }, ''],
  ];
  it.each(rows)('%j is refused, naming %s', (body, field) => {
    expect(ReplayBody.safeParse(body).error?.issues.map((i) => i.path.join('.'))).toContain(field);
  });

  it('fails when the stored overlay is of a version that knew other rules', async () => {
    expect(RulesOverlay.safeParse({ rules: [{ cause: 'C00', off: true }] }).success).toBe(false);
    const done = await ask(OFF);
    await rooms.database.pool.query(
      `UPDATE replay SET state = 'queued', ended_at = NULL, attempts = 0, overlay = '{"rules":[{"cause":"C00","off":true}]}' WHERE id = $1`,
      [done.id],
    );
    await replays.sweep();
    await jobs.idle();
    await replays.idle();
    expect(await replays.one(done.id)).toMatchObject({ state: 'failed' });
  });
});
