import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { AgentIdentity, TestAgent } from '../../test/agent.js';
import { facts, OTHER, REJECTED, UDID, UNPAIRED } from '../../test/readings.js';
import { type Rooms, startRooms } from '../../test/rooms.js';

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
const tell = (change: Change = {}, options: { full?: boolean; udids?: readonly string[]; at?: Date } = {}) =>
  agent.acked(
    agent.tell({
      type: 'facts',
      full: options.full ?? true,
      facts: facts(change, { at: options.at ?? rooms.clock.date(), ...(options.udids ? { udids: options.udids } : {}) }),
    }),
  );
const still = (at = rooms.clock.date(), except: unknown[] = [], slow: { slow?: boolean } = {}) =>
  agent.acked(agent.tell({ type: 'still', ...slow, except }, at));
const pair = (udid = UDID) => rooms.row('SELECT * FROM pair WHERE host_id = $1 AND udid = $2', [id.hostId, udid]);
const findings = () => rooms.rows('SELECT cause, state, udid FROM finding WHERE host_id = $1 ORDER BY opened_at, cause', [id.hostId]);
const history = async () =>
  (
    await rooms.rows(
      'SELECT h.what, h."from", h."to", h.detail FROM pair_history h JOIN pair p ON p.id = h.pair_id WHERE p.host_id = $1 ORDER BY h.id',
      [id.hostId],
    )
  ).map((h) => [h.what, h.from, h.to, h.detail]);

describe('facts', () => {
  it('make a pair of each phone that is seen, with health, ladder and names', async () => {
    await tell({}, { udids: [UDID, OTHER] });
    expect(await pair()).toMatchObject({ presence: 'attached', health: 'healthy', primary_cause: null, revision: '1' });
    expect(await pair(OTHER)).toMatchObject({ presence: 'attached', health: 'healthy' });
    expect(await rooms.row('SELECT * FROM device WHERE udid = $1', [UDID])).toMatchObject({
      name: 'Jun’s iPhone',
      model: 'iPhone14,5',
      ios_version: '26.6.1',
    });
    expect(await rooms.row('SELECT health, heard, privileged FROM host_state WHERE host_id = $1', [id.hostId])).toEqual({
      health: 'healthy',
      heard: true,
      privileged: true,
    });
  });

  it('are one phone on two hosts as two pairs', async () => {
    await tell();
    const other = await rooms.enrol('other');
    const second = await rooms.connect(other);
    await second.acked(
      second.tell({
        type: 'facts',
        full: true,
        facts: facts({
          'device-values': { name: 'renamed', productType: 'iPhone14,5', productVersion: '26.7', buildVersion: 'b', deviceClass: 'iPhone' },
        }),
      }),
    );
    expect(
      await rooms.rows('SELECT host_id FROM pair WHERE udid = $1 AND host_id = ANY($2)', [UDID, [id.hostId, other.hostId]]),
    ).toHaveLength(2);
    expect(await rooms.rows('SELECT name FROM device WHERE udid = $1', [UDID])).toEqual([{ name: 'renamed' }]);
    // The first host's row shows the new name too, so it is a newer row, and watchers are told.
    expect(await pair()).toMatchObject({ revision: '2' });
    const first = await pair();
    expect(rooms.told).toContainEqual({ topic: 'pair.changed', message: { hostId: id.hostId, pairIds: [first.id] } });
  });

  it('that a full picture leaves out are no longer known, and the pair neither', async () => {
    await tell();
    await tell({ 'trust-session': 'gone' });
    expect(await rooms.rows(`SELECT * FROM fact WHERE host_id = $1 AND kind = 'trust-session'`, [id.hostId])).toEqual([]);
    expect(await pair()).toMatchObject({ health: 'unknown' });
  });

  it('that only changed leave the others as they were', async () => {
    await tell();
    await agent.acked(
      agent.tell({
        type: 'facts',
        full: false,
        facts: facts({ 'passcode-lock': { locked: true } }).filter((f) => f.kind === 'passcode-lock'),
      }),
    );
    expect(await rooms.row('SELECT count(*)::int AS n FROM fact WHERE host_id = $1', [id.hostId])).toEqual({ n: facts().length });
    expect(await rooms.row(`SELECT reading FROM fact WHERE host_id = $1 AND kind = 'passcode-lock'`, [id.hostId])).toEqual({
      reading: { locked: true },
    });
  });

  it('about an event outlive a full picture', async () => {
    await tell({ 'pairing-attempt': { outcome: 'denied', error: 'UserDeniedPairing', code: -18 }, ...UNPAIRED });
    await tell(UNPAIRED);
    expect(await rooms.rows(`SELECT kind FROM fact WHERE host_id = $1 AND kind = 'pairing-attempt'`, [id.hostId])).toHaveLength(1);
    expect(await pair()).toMatchObject({ primary_cause: 'C43' });
  });

  it('from a clock that runs ahead are as old as their arrival; from one that went back they still replace what was there', async () => {
    await tell(REJECTED, { at: new Date(rooms.clock.now() + 86_400_000) });
    const fact = await rooms.row(`SELECT at, seen_at FROM fact WHERE host_id = $1 AND kind = 'trust-session'`, [id.hostId]);
    expect(fact).toEqual({ at: rooms.clock.date(), seen_at: rooms.clock.date() });
    await tell({}, { at: new Date(rooms.clock.now() - 60_000) });
    expect(await pair()).toMatchObject({ health: 'healthy' });
    await tell({}, { at: new Date('0001-01-01T00:00:00Z') });
    expect(await pair()).toMatchObject({ health: 'unknown' });
  });

  it('of one key told twice in one message are the last one', async () => {
    const twice = [...facts({ 'passcode-lock': { locked: true } }), ...facts({ 'passcode-lock': { locked: false } })];
    await agent.acked(agent.tell({ type: 'facts', full: true, facts: twice }));
    expect(await rooms.row(`SELECT reading FROM fact WHERE host_id = $1 AND kind = 'passcode-lock'`, [id.hostId])).toEqual({
      reading: { locked: false },
    });
  });
});

describe('still', () => {
  it('renews every fact but those excepted, and with them the ages', async () => {
    await tell();
    rooms.clock.advance(60_000);
    await still(rooms.clock.date(), [{ kind: 'passcode-lock', subject: { udid: UDID } }]);
    const rows = await rooms.rows('SELECT kind, seen_at FROM fact WHERE host_id = $1', [id.hostId]);
    for (const r of rows) expect(r.seen_at).toEqual(new Date(rooms.clock.now() - (r.kind === 'passcode-lock' ? 60_000 : 0)));
    expect(await pair()).toMatchObject({ seen_at: rooms.clock.date(), health: 'healthy' });
  });

  it('renews slow kinds only when it says so', async () => {
    const slow = { subject: 'host', at: rooms.clock.iso(), probe: 'test', tookMs: 1 };
    const clock = { ...slow, kind: 'clock', state: 'seen', reading: { skewS: 2, against: 'time-server' } };
    await agent.acked(agent.tell({ type: 'facts', full: true, facts: [...facts({}, { at: rooms.clock.date() }), clock] }));
    const age = async (kind: string) => {
      const { seen_at } = await rooms.row('SELECT seen_at FROM fact WHERE host_id = $1 AND kind = $2', [id.hostId, kind]);
      return rooms.clock.now() - (seen_at as Date).getTime();
    };
    rooms.clock.advance(60_000);
    for (const plain of [{}, { slow: false }]) {
      await still(rooms.clock.date(), [], plain);
      expect([await age('clock'), await age('agent-self')]).toEqual([60_000, 0]);
    }
    await still(rooms.clock.date(), [{ kind: 'clock', subject: 'host' }], { slow: true });
    expect(await age('clock')).toBe(60_000);
    await still(rooms.clock.date(), [], { slow: true });
    expect([await age('clock'), await age('agent-self')]).toEqual([0, 0]);
  });

  it('never makes a fact older', async () => {
    await tell();
    await still(new Date(rooms.clock.now() - 3_600_000));
    expect(await pair()).toMatchObject({ seen_at: rooms.clock.date() });
  });
});

describe('findings', () => {
  it('open with evidence, stay while nothing disproves them, close on proof, and open anew as another', async () => {
    await tell(UNPAIRED);
    expect(await findings()).toEqual([{ cause: 'C40', state: 'open', udid: UDID }]);
    const opened = await rooms.row('SELECT * FROM finding WHERE host_id = $1', [id.hostId]);
    expect(opened).toMatchObject({ layer: 'trust', health: 'broken', closed_at: null });
    expect(JSON.stringify(opened.evidence)).toContain('no record');
    // Nothing about the record any more: no proof that it is back.
    await tell({ ...UNPAIRED, 'pair-record': 'gone' });
    expect(await rooms.row('SELECT id, state, evidence FROM finding WHERE host_id = $1', [id.hostId])).toEqual({
      id: opened.id,
      state: 'open',
      evidence: opened.evidence,
    });
    expect(await pair()).toMatchObject({ health: 'unknown', primary_cause: 'C40' });
    rooms.clock.advance(1_000);
    await tell();
    expect(await rooms.row('SELECT state, closed_at FROM finding WHERE host_id = $1', [id.hostId])).toEqual({
      state: 'closed',
      closed_at: rooms.clock.date(),
    });
    expect(await pair()).toMatchObject({ health: 'healthy', primary_cause: null });
    rooms.clock.advance(1_000);
    await tell(UNPAIRED);
    expect((await findings()).map((f) => f.state)).toEqual(['closed', 'open']);
  });

  it('of the host are kept once, whatever the number of its phones, and explain the phones’ own', async () => {
    await tell({}, { udids: [UDID, OTHER] });
    const down: Change = {
      'mux-daemon': { state: 'stopped', pid: null, restarts: 0, socket: 'refused', latencyMs: null },
      'mux-list': { failed: 'refused' },
      'mux-device': { failed: 'refused' },
      lockdown: { failed: 'unreachable' },
      'trust-session': { failed: 'unreachable' },
      'service-start': { failed: 'unreachable' },
    };
    await tell(down, { udids: [UDID, OTHER] });
    // Ten seconds of patience: pending, and shown to nobody.
    expect(await findings()).toEqual([{ cause: 'C30', state: 'pending', udid: '' }]);
    expect(await pair()).toMatchObject({ primary_cause: null });
    rooms.clock.advance(10_001);
    expect(await rooms.pairs.sweeps.due()).toBeGreaterThan(0);
    expect(await findings()).toEqual([{ cause: 'C30', state: 'open', udid: '' }]);
    for (const udid of [UDID, OTHER])
      expect(await pair(udid)).toMatchObject({ health: 'broken', primary_cause: 'C30', primary_layer: 'mux' });
    await tell({}, { udids: [UDID, OTHER] });
    expect(await findings()).toEqual([{ cause: 'C30', state: 'closed', udid: '' }]);
  });

  it('that were only pending and stop holding leave no trace', async () => {
    await tell();
    await tell({ 'mux-device': 'absent', lockdown: { failed: 'unreachable' } });
    expect(await findings()).toEqual([{ cause: 'C39', state: 'pending', udid: UDID }]);
    await tell();
    expect(await findings()).toEqual([]);
  });

  it('of an unplugged phone are neither closed nor cured, and the pair keeps its verdict', async () => {
    await tell(REJECTED);
    const before = await pair();
    expect(before).toMatchObject({ health: 'broken', primary_cause: 'C44' });
    await tell({
      'usb-bus': { devices: [] },
      'mux-list': { devices: [], unreadable: 0 },
      'usb-device': 'absent',
      'mux-device': 'absent',
      lockdown: 'gone',
      'trust-session': 'gone',
      'pair-record': 'gone',
      'service-start': 'gone',
      'device-values': 'gone',
      'passcode-lock': 'gone',
    });
    expect(await pair()).toMatchObject({ presence: 'away', health: 'broken', primary_cause: 'C44', id: before.id });
    expect(await findings()).toContainEqual({ cause: 'C44', state: 'open', udid: UDID });
  });

  it('write history when health, cause or presence change, and only then', async () => {
    await tell();
    await tell();
    await tell(REJECTED);
    await tell(UNPAIRED);
    await tell();
    expect(await history()).toEqual([
      ['presence', 'never-seen', 'attached', null],
      ['health', null, 'healthy', null],
      ['health', 'healthy', 'broken', 'C44'],
      ['health', 'broken', 'broken', 'C40'],
      ['health', 'broken', 'healthy', null],
    ]);
  });
});

describe('time', () => {
  it('is due for the whole host when it is for the first of its pairs', async () => {
    const due = () => rooms.row('SELECT recheck_at FROM host_state WHERE host_id = $1', [id.hostId]);
    const first = () =>
      rooms.row('SELECT min(recheck_at) AS recheck_at, count(DISTINCT recheck_at)::int AS times FROM pair WHERE host_id = $1', [id.hostId]);
    await tell({}, { udids: [UDID, OTHER] });
    rooms.clock.advance(30_000);
    // Of one phone all was read anew, of the other only what has its patience: what stands longest is due first.
    const news = facts({ lockdown: { failed: 'unreachable' } }, { at: rooms.clock.date(), udids: [OTHER] });
    await agent.acked(agent.tell({ type: 'facts', full: false, facts: news }));
    const { recheck_at, times } = await first();
    expect(times).toBe(2);
    expect(await due()).toEqual({ recheck_at });
    rooms.clock.advance(60_000);
    await still();
    expect(await due()).toEqual({ recheck_at: (await first()).recheck_at });
  });

  it('makes a connected host’s pair unknown when its facts are not looked at any more, and keeps it while they are', async () => {
    await tell();
    rooms.clock.advance(170_000);
    await still();
    rooms.clock.advance(170_000);
    await rooms.pairs.sweeps.due();
    expect(await pair()).toMatchObject({ health: 'healthy' });
    rooms.clock.advance(10_001);
    rooms.agents.links.touch(id.hostId, rooms.clock.now());
    await rooms.pairs.sweeps.due();
    expect(await pair()).toMatchObject({ health: 'unknown' });
    // Nothing is due for ever: the sweep does not turn on the spot.
    expect(await rooms.pairs.sweeps.due()).toBe(0);
  });

  it('makes a silent host’s pairs unknown, closes nothing, and lets them recover', async () => {
    await tell(REJECTED);
    await agent.close();
    await rooms.agents.links.flush();
    rooms.clock.advance(181_000);
    await rooms.pairs.sweeps.silent();
    expect(await rooms.row('SELECT heard, health FROM host_state WHERE host_id = $1', [id.hostId])).toEqual({
      heard: false,
      health: 'unknown',
    });
    expect(await pair()).toMatchObject({ health: 'unknown', primary_cause: 'C44', presence: 'attached' });
    expect(await findings()).toEqual([{ cause: 'C44', state: 'open', udid: UDID }]);
    agent = await rooms.connect(id);
    await tell(REJECTED);
    expect(await pair()).toMatchObject({ health: 'broken', primary_cause: 'C44' });
    expect(await rooms.row('SELECT heard FROM host_state WHERE host_id = $1', [id.hostId])).toEqual({ heard: true });
  });

  it('hears a host that is connected and says nothing but pong', async () => {
    await tell();
    rooms.clock.advance(181_000);
    rooms.agents.links.touch(id.hostId, rooms.clock.now());
    await rooms.pairs.sweeps.silent();
    expect(await rooms.row('SELECT heard FROM host_state WHERE host_id = $1', [id.hostId])).toEqual({ heard: true });
  });
});

describe('memory', () => {
  it('is void after a transaction that failed: the next one starts from the rows', async () => {
    await tell();
    await rooms.agents.transactions
      .run([id.hostId], async (tx) => {
        await rooms.pairs.recorder.record(tx, [
          {
            hostId: id.hostId,
            epoch: agent.epoch,
            messages: [{ type: 'facts', epoch: agent.epoch, seq: 9, at: rooms.clock.iso(), full: true, facts: facts(REJECTED) }],
          },
        ]);
        throw new Error('rolled back on purpose');
      })
      .catch(() => undefined);
    expect(await pair()).toMatchObject({ health: 'healthy', revision: '1' });
    await still();
    expect(await findings()).toEqual([]);
    expect(
      await rooms.row(`SELECT reading->>'outcome' AS outcome FROM fact WHERE host_id = $1 AND kind = 'trust-session'`, [id.hostId]),
    ).toEqual({ outcome: 'accepted' });
  });

  it('agrees with the rows after any host’s mixed day', async () => {
    await tell({}, { udids: [UDID, OTHER] });
    await tell(REJECTED, { udids: [OTHER] });
    await still();
    await tell(UNPAIRED, { full: false });
    // Read from its rows and looked at as a whole, the same verdicts come out.
    const before = await rooms.rows('SELECT id, health, presence, primary_cause, rungs, since FROM pair WHERE host_id = $1 ORDER BY udid', [
      id.hostId,
    ]);
    await rooms.agents.transactions.run([id.hostId], async () => rooms.pairs.recorder.forget(id.hostId));
    rooms.clock.advance(1_000);
    await still();
    expect(
      await rooms.rows('SELECT id, health, presence, primary_cause, rungs, since FROM pair WHERE host_id = $1 ORDER BY udid', [id.hostId]),
    ).toEqual(before);
  });
});
