import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { AgentIdentity, TestAgent } from '../../test/agent.js';
import { facts, OTHER, REJECTED, UDID } from '../../test/readings.js';
import { type Rooms, startRooms } from '../../test/rooms.js';
import { Beside } from './beside.js';
import { loadPictures } from './load.js';
import { PAST_MS } from './past-sweep.js';
import { HOST } from './picture.js';

let rooms: Rooms;
let id: AgentIdentity;
let agent: TestAgent;
beforeAll(async () => {
  rooms = await startRooms();
});
afterAll(() => rooms.end());
beforeEach(async () => {
  id = await rooms.enrol();
  agent = await rooms.connect(id);
});

type Change = Parameters<typeof facts>[0];
const tell = (change: Change = {}, full = true) =>
  agent.acked(agent.tell({ type: 'facts', full, facts: facts(change, { at: rooms.clock.date() }) }));
const past = () =>
  rooms.rows('SELECT udid, kind, state, reading, since, until, seen_at FROM fact_past WHERE host_id = $1 ORDER BY until, kind', [
    id.hostId,
  ]);
const locked = (is: boolean): Change => ({ 'passcode-lock': { locked: is } });

describe('what facts said before', () => {
  it('is kept when something else is read, with the time in which it was so', async () => {
    const began = rooms.clock.date();
    await tell(locked(false));
    rooms.clock.advance(60_000);
    const looked = rooms.clock.date();
    await agent.acked(agent.tell({ type: 'still', except: [] }, looked));
    expect(await past()).toEqual([]);
    rooms.clock.advance(30_000);
    await tell(locked(true));
    expect(await past()).toEqual([
      {
        udid: UDID,
        kind: 'passcode-lock',
        state: 'seen',
        reading: { locked: false },
        since: began,
        until: rooms.clock.date(),
        seen_at: looked,
      },
    ]);
    expect(await rooms.row(`SELECT since FROM fact WHERE host_id = $1 AND kind = 'passcode-lock'`, [id.hostId])).toEqual({
      since: rooms.clock.date(),
    });
  });

  it('does not grow from facts that say the same, nor from latencies and the like', async () => {
    await tell();
    const began = rooms.clock.date();
    for (const latencyMs of [1, 90, 400]) {
      rooms.clock.advance(10_000);
      await tell({ lockdown: { type: 'com.apple.mobile.lockdown', latencyMs } });
    }
    expect(await past()).toEqual([]);
    expect(
      await rooms.row(`SELECT since, reading->'latencyMs' AS ms FROM fact WHERE host_id = $1 AND kind = 'lockdown'`, [id.hostId]),
    ).toEqual({
      since: began,
      ms: 400,
    });
  });

  it('survives a server that reads the host anew: what was unchanged stays unchanged', async () => {
    await tell(locked(false));
    const began = rooms.clock.date();
    rooms.pairs.recorder.forget(id.hostId);
    rooms.clock.advance(1_000);
    await tell(locked(false));
    expect(await past()).toEqual([]);
    rooms.pairs.recorder.forget(id.hostId);
    await tell(locked(true));
    expect(await past()).toMatchObject([{ kind: 'passcode-lock', since: began, until: rooms.clock.date() }]);
  });

  it('is kept when a fact is no longer known, and also when the clock went back', async () => {
    await tell();
    rooms.clock.advance(-5_000);
    await tell({ 'trust-session': 'gone' });
    const [row] = await past();
    expect(row).toMatchObject({ kind: 'trust-session', reading: { outcome: 'accepted' } });
    expect(row?.until).toEqual(row?.since);
    rooms.clock.advance(5_000);
  });

  it('of a transaction that fails is not kept', async () => {
    await tell(locked(false));
    await expect(
      rooms.agents.transactions.run([id.hostId], async (tx) => {
        await rooms.pairs.recorder.record(tx, [
          {
            hostId: id.hostId,
            messages: [{ type: 'facts', epoch: agent.epoch, seq: 99, at: rooms.clock.iso(), full: false, facts: facts(locked(true)) }],
          } as never,
        ]);
        throw new Error('power cut');
      }),
    ).rejects.toThrow('power cut');
    expect(await past()).toEqual([]);
  });

  it('tells when a host fell silent and was heard again', async () => {
    await tell();
    agent.ws.terminate();
    rooms.clock.advance(400_000);
    await rooms.pairs.sweeps.silent();
    const silent = rooms.clock.date();
    rooms.clock.advance(60_000);
    agent = await rooms.connect(id);
    await tell();
    expect((await rooms.rows('SELECT at, heard FROM host_heard WHERE host_id = $1 ORDER BY at', [id.hostId])).slice(1)).toEqual([
      { at: silent, heard: false },
      { at: rooms.clock.date(), heard: true },
    ]);
  });

  it('ends after 30 days, in lots, and nothing younger with it', async () => {
    await tell();
    const old = new Date(rooms.clock.now() - PAST_MS - 1_000);
    const young = new Date(rooms.clock.now() - PAST_MS + 60_000);
    for (const [until, n] of [
      [old, 450],
      [young, 3],
    ] as const) {
      await rooms.database.pool.query(
        `INSERT INTO fact_past (host_id, until, udid, kind, state, probe, at, seen_at, since)
         SELECT $1, $2, '', 'battery', 'absent', 'p', $2, $2, $2 FROM generate_series(1, $3::int)`,
        [id.hostId, until, n],
      );
    }
    expect(await rooms.pairs.past.once()).toBeGreaterThanOrEqual(450);
    expect(await rooms.rows(`SELECT count(*)::int AS n FROM fact_past WHERE host_id = $1`, [id.hostId])).toEqual([{ n: 3 }]);
    expect(await rooms.pairs.past.once()).toBe(0);
  });
});

describe('what outlives a fact', () => {
  const kept = () => rooms.row('SELECT session_at, wifi_at, here_at FROM pair WHERE host_id = $1 AND udid = $2', [id.hostId, UDID]);

  it('is the last accepted session, also for a server that reads the host anew', async () => {
    await tell();
    rooms.clock.advance(60_000);
    const looked = rooms.clock.date();
    await agent.acked(agent.tell({ type: 'still', except: [] }, looked));
    expect(await kept()).toMatchObject({ session_at: null });
    rooms.clock.advance(30_000);
    await tell(REJECTED);
    expect(await kept()).toMatchObject({ session_at: looked });
    rooms.pairs.recorder.forget(id.hostId);
    rooms.clock.advance(30_000);
    await tell(REJECTED);
    expect(await kept()).toMatchObject({ session_at: looked });
  });

  it('is the last time over Wi-Fi, and the last stay', async () => {
    await tell({ 'mux-device': { connection: 'network', alsoNetwork: false, locationId: null } });
    const onWifi = rooms.clock.date();
    rooms.clock.advance(10_000);
    await tell();
    expect(await kept()).toMatchObject({ wifi_at: onWifi, here_at: null });
    const here = rooms.clock.date();
    rooms.clock.advance(10_000);
    await tell({ 'usb-device': 'absent', 'mux-device': 'absent', 'usb-bus': { devices: [] } });
    expect(await kept()).toMatchObject({ wifi_at: onWifi, here_at: here });
  });
});

describe('what stands beside a host', () => {
  const picturesOf = async (hostIds: readonly string[]) =>
    rooms.agents.transactions.run(hostIds, (tx) => loadPictures(tx.client, hostIds, tx.now));

  it('is how its phones are elsewhere: read once, and again when another host says that it changed, or after ten minutes', async () => {
    const udid = OTHER;
    const other = await rooms.enrol('other');
    const there = await rooms.connect(other);
    const say = (by: TestAgent, change: Change = {}) =>
      by.acked(by.tell({ type: 'facts', full: true, facts: facts(change, { at: rooms.clock.date(), udids: [udid] }) }));
    await say(agent, REJECTED);
    await say(there);
    const pictures = await picturesOf([id.hostId]);
    const beside = new Beside(rooms.bus, pictures);
    const read = () => rooms.agents.transactions.run([id.hostId], (tx) => beside.read(tx.client, [id.hostId], rooms.clock.now()));
    const seen = () => pictures.get(id.hostId)?.elsewhere.get(udid);
    await read();
    expect(seen()).toEqual({ healthy: 1, failing: 0, causes: [] });
    await rooms.database.pool.query(`UPDATE pair SET health = 'unknown' WHERE host_id = $1`, [other.hostId]);
    await read();
    expect(seen()).toEqual({ healthy: 1, failing: 0, causes: [] });
    rooms.clock.advance(600_000);
    await read();
    expect(seen()).toEqual({ healthy: 0, failing: 0, causes: [] });
    await say(there, REJECTED);
    await read();
    expect(seen()).toEqual({ healthy: 0, failing: 1, causes: ['C44'] });
  });

  it('is what was tried within a day: of the host for all its phones, of a phone for itself, and nothing that touched nothing', async () => {
    await tell();
    const { id: pairId } = await rooms.row('SELECT id FROM pair WHERE host_id = $1', [id.hostId]);
    const judged = (fix: string, pair: boolean, agoMs: number, mechanics = 'done') =>
      rooms.database.pool.query(
        `INSERT INTO fix_run (id, host_id, pair_id, udid, fix, cause, state, requested_by_kind, requested_by_id, requested_by, mechanics, verdict,
           before, asked_at, settled_at, judged_at, expires_at)
         VALUES (gen_random_uuid(), $1, $2, $3, $4, 'C44', 'judged', 'person', 'x', 'x', $5, 'unchanged', '{}', $6, $6, $6, $6)`,
        [id.hostId, pair ? pairId : null, pair ? UDID : null, fix, mechanics, new Date(rooms.clock.now() - agoMs)],
      );
    await judged('F08', false, 60_000);
    await judged('F12', true, 30_000);
    await judged('F11', true, 20_000, 'refused');
    await judged('F13', true, 86_400_001);
    const pictures = await picturesOf([id.hostId]);
    const beside = new Beside(rooms.bus, pictures);
    const read = () => rooms.agents.transactions.run([id.hostId], (tx) => beside.read(tx.client, [id.hostId], rooms.clock.now()));
    const fixes = (subject: string) =>
      pictures
        .get(id.hostId)
        ?.tried.get(subject)
        ?.map((t) => t.fix);
    await read();
    expect([fixes(UDID), fixes(HOST)]).toEqual([['F12', 'F08'], ['F08']]);
    await judged('F10', true, 10_000);
    await read();
    expect(fixes(UDID)).toEqual(['F12', 'F08']);
    rooms.bus.publish('run.changed', { runId: id.hostId, hostId: id.hostId, pairId: null });
    await read();
    expect(fixes(UDID)).toEqual(['F10', 'F12', 'F08']);
  });

  it('makes rules speak: four different fixes in vain, and the phone still fails', async () => {
    await tell(REJECTED);
    for (const fix of ['F10', 'F11', 'F12', 'F13'])
      await rooms.database.pool.query(
        `INSERT INTO fix_run (id, host_id, fix, cause, state, requested_by_kind, requested_by_id, requested_by, mechanics, verdict, before, asked_at,
           settled_at, judged_at, expires_at)
         VALUES (gen_random_uuid(), $1, $2, 'C44', 'judged', 'person', 'x', 'x', 'done', 'unchanged', '{}', $3, $3, $3, $3)`,
        [id.hostId, fix, rooms.clock.date()],
      );
    rooms.bus.publish('run.changed', { runId: id.hostId, hostId: id.hostId, pairId: null });
    await tell(REJECTED);
    const causes = await rooms.rows(`SELECT cause, state FROM finding WHERE host_id = $1 AND udid = $2 ORDER BY cause`, [id.hostId, UDID]);
    expect(causes).toContainEqual({ cause: 'C94', state: 'open' });
  });
});
