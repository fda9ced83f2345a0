import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { AgentIdentity, TestAgent } from '../../test/agent.js';
import { facts, REJECTED, UDID } from '../../test/readings.js';
import { type Rooms, startRooms } from '../../test/rooms.js';

let rooms: Rooms;
beforeAll(async () => {
  rooms = await startRooms();
});
afterAll(() => rooms.end());

type Change = Parameters<typeof facts>[0];
const MIN = 60_000;

/** A phone at one computer of its own. */
async function atHand(name: string) {
  const id: AgentIdentity = await rooms.enrol(name);
  let agent: TestAgent = await rooms.connect(id);
  const tell = (change: Change = {}) =>
    agent.acked(agent.tell({ type: 'facts', full: true, facts: facts(change, { at: rooms.clock.date() }) }));
  const rows = () =>
    rooms.rows('SELECT state, unstable_at, quiet_at, own_doing FROM finding WHERE host_id = $1 AND udid = $2 ORDER BY opened_at, id', [
      id.hostId,
      UDID,
    ]);
  const health = async () => (await rooms.row('SELECT health FROM pair WHERE host_id = $1', [id.hostId]))?.health;
  const open = () => rooms.rows("SELECT * FROM finding WHERE host_id = $1 AND state = 'open'", [id.hostId]);
  /** It breaks, and a minute later it is well again. */
  const comeAndGo = async () => {
    await tell(REJECTED);
    rooms.clock.advance(MIN);
    await tell();
    rooms.clock.advance(MIN);
  };
  return {
    id,
    tell,
    rows,
    health,
    open,
    comeAndGo,
    again: async () => {
      agent.ws.terminate();
      await agent.closed;
      agent = await rooms.connect(id);
    },
  };
}

describe('a cause that comes and goes', () => {
  it('stays open at its fourth closing within an hour, and closes once it stayed away for half an hour', async () => {
    const phone = await atHand('flapping');
    await phone.tell();
    for (let n = 0; n < 3; n++) await phone.comeAndGo();
    expect((await phone.rows()).map((r) => r.state)).toEqual(['closed', 'closed', 'closed']);
    // The picture of a host that went away is read again from its rows.
    await phone.again();
    await phone.comeAndGo();
    expect(await phone.open()).toMatchObject([{ unstable_at: expect.any(Date), quiet_at: expect.any(Date) }]);
    expect(await phone.health()).toBe('unknown');

    // It holds again: its quiet is over, and begins anew with the next proof.
    await phone.tell(REJECTED);
    expect(await phone.open()).toMatchObject([{ unstable_at: expect.any(Date), quiet_at: null }]);
    expect(await phone.health()).toBe('broken');
    rooms.clock.advance(MIN);
    await phone.tell();
    await phone.again();
    for (let n = 0; n < 14; n++) {
      rooms.clock.advance(2 * MIN);
      await phone.tell();
    }
    expect(await phone.open()).toHaveLength(1);
    rooms.clock.advance(2 * MIN);
    await phone.tell();
    expect(await phone.open()).toEqual([]);
    expect(await phone.health()).toBe('healthy');
  });

  it('is none where the holder just tapped Trust', async () => {
    const phone = await atHand('tapped');
    await phone.tell();
    for (let n = 0; n < 5; n++) {
      await phone.tell(REJECTED);
      rooms.clock.advance(MIN);
      await phone.tell({ 'pairing-attempt': { outcome: 'accepted', error: null, code: null } });
      rooms.clock.advance(MIN);
    }
    expect(await phone.open()).toEqual([]);
    expect((await phone.rows()).map((r) => r.own_doing)).toEqual([true, true, true, true, true]);
    expect(await phone.health()).toBe('healthy');
  });
});
