import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { LAYERS } from '@lockstep/core/health';
import type { AgentIdentity, TestAgent } from '../../test/agent.js';
import { facts, OTHER, REJECTED, SELF, UDID } from '../../test/readings.js';
import { type Rooms, startRooms } from '../../test/rooms.js';
import { pairWithLadder } from './ladder.js';

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
const tell = (change: Change, full = true) =>
  agent.acked(
    agent.tell({ type: 'facts', full, facts: facts(change, { at: rooms.clock.date(), ...(full ? { udids: [UDID, OTHER] } : {}) }) }),
  );
const look = async (udid = UDID) => {
  const { id: pairId } = await rooms.row('SELECT id FROM pair WHERE host_id = $1 AND udid = $2', [id.hostId, udid]);
  const found = await pairWithLadder(rooms.database.pool, String(pairId), () => true, rooms.clock.now());
  if (!found) throw new Error('no such pair');
  return { ...found, rung: Object.fromEntries(found.ladder.map((r) => [r.layer, r])) };
};

describe('a pair’s ladder', () => {
  it('has all rungs with the states of the row, and behind each the fact as it is stored', async () => {
    await tell(REJECTED);
    const { pair, ladder, rung } = await look();
    expect(ladder.map((r) => r.layer)).toEqual(LAYERS);
    expect(ladder.map((r) => r.state)).toEqual(pair.rungs);
    expect(rung.trust).toMatchObject({
      state: 'broken',
      reading: 'InvalidHostID (-21)',
      kind: 'trust-session',
      probe: 'test',
      failure: null,
      seenAt: rooms.clock.iso(),
      fact: { kind: 'trust-session', subject: { udid: UDID }, state: 'seen', reading: { error: 'InvalidHostID' } },
    });
    expect(rung.host?.fact).toMatchObject({ kind: 'agent-self', subject: 'host' });
    expect(rung.network).toMatchObject({ state: 'not-needed', kind: null, fact: null });
  });

  it('tells why a rung could not be read', async () => {
    await tell({ lockdown: { failed: 'timeout' }, 'trust-session': { failed: 'timeout' } });
    expect((await look()).rung.trust).toMatchObject({
      kind: 'trust-session',
      failure: 'timeout',
      fact: { state: 'failed', reason: 'timeout' },
    });
  });

  it('shows what was read last, and when, once it proves nothing any more', async () => {
    await tell({});
    const seenAt = rooms.clock.iso();
    rooms.clock.advance(181_000);
    rooms.agents.links.touch(id.hostId, rooms.clock.now());
    // Until time is looked at, the verdict of the row stands: list and page say the same.
    expect((await look()).rung.trust).toMatchObject({ state: 'ok', seenAt });
    await rooms.pairs.sweeps.due();
    const { pair, rung } = await look();
    expect(pair.health).toBe('unknown');
    expect(rung.trust).toMatchObject({ state: 'unknown', seenAt, fact: { state: 'seen' } });
  });

  it('is told anew when only the computer’s facts changed, although no pair’s row did', async () => {
    await tell({});
    const before = await look();
    rooms.told.length = 0;
    const self = facts({ 'agent-self': { ...SELF, uptimeS: 9001 } }, { at: rooms.clock.date() }).filter((f) => f.kind === 'agent-self');
    await agent.acked(agent.tell({ type: 'facts', full: false, facts: self }));
    const after = await look();
    expect(after.pair).toEqual(before.pair);
    expect(after.rung.host?.fact).toMatchObject({ reading: { uptimeS: 9001 } });
    expect(rooms.told).toEqual([{ topic: 'host.changed', message: { hostId: id.hostId } }]);
  });

  it('is of nobody when there is no such pair', async () => {
    const none = await pairWithLadder(rooms.database.pool, '00000000-0000-4000-8000-00000000dead', () => true, rooms.clock.now());
    expect(none).toBeNull();
  });
});

it('a look that finds all as it was changes no index of the pair’s row', async () => {
  // What `still` rewrites: an index over any of it would be rewritten once a minute and phone.
  const { rows } = await rooms.database.pool.query<{ name: string; defined: string }>(
    `SELECT i.relname AS name, pg_get_indexdef(i.oid) AS defined FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
     WHERE x.indrelid = 'pair'::regclass`,
  );
  expect(rows.length).toBeGreaterThan(0);
  for (const { name, defined } of rows)
    expect({ name, moves: /seen_at|recheck_at|revision|rungs/.test(defined) }).toEqual({ name, moves: false });
});
