import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { CLOSE } from '@lockstep/core/protocol';
import { type AgentIdentity, TestAgent } from '../../test/agent.js';
import { facts } from '../../test/readings.js';
import { type Rooms, startRooms } from '../../test/rooms.js';
import { HostsQuery } from './host-list.js';

const MINUTE = 60_000;

/** Two running agents with one key: what a copied disk image makes. */
describe('one key in two computers', () => {
  let rooms: Rooms;
  let id: AgentIdentity;
  let epoch: string;
  let newest: TestAgent;
  beforeAll(async () => {
    rooms = await startRooms();
  });
  afterAll(() => rooms.end());
  beforeEach(async () => {
    id = await rooms.enrol(`lnx-${Math.random().toString(16).slice(2, 8)}`);
    newest = await rooms.connect(id);
    epoch = newest.epoch;
    await newest.acked(newest.tell({ type: 'facts', full: true, facts: facts({}, { at: rooms.clock.date() }) }, rooms.clock.date()));
  });

  const takeovers = async () =>
    ((await rooms.row('SELECT takeovers FROM host_link WHERE host_id = $1', [id.hostId])).takeovers as Date[]).map((d) => d.getTime());
  const findings = () => rooms.rows(`SELECT cause, state, udid, health FROM finding WHERE host_id = $1 ORDER BY opened_at`, [id.hostId]);
  const health = async () => await rooms.row('SELECT health, primary_cause FROM pair WHERE host_id = $1', [id.hostId]);
  const until = async (isSo: () => Promise<boolean>, what: string) => {
    for (const end = Date.now() + 10_000; !(await isSo()); await new Promise((r) => setTimeout(r, 20)))
      if (Date.now() > end) throw new Error(`never: ${what}`);
  };
  /** The other computer signs on, with the same key and a spool of the same image. */
  const signOn = async (alive = true): Promise<void> => {
    const older = newest;
    if (!alive) older.ws.pause(); // a laptop that left the network says nothing any more
    newest = await rooms.connect(id, { epoch });
    if (alive) expect(await older.closed).toEqual({ code: CLOSE.replaced[0], reason: CLOSE.replaced[1] });
  };

  it('is found by the third takeover, and makes the pairs unknown although each computer says that all is well', async () => {
    expect(await health()).toEqual({ health: 'healthy', primary_cause: null });
    for (const n of [1, 2]) {
      await signOn();
      await until(async () => (await takeovers()).length === n, `takeover ${n}`);
      rooms.clock.advance(15_000);
      expect(await findings()).toEqual([]);
    }
    await signOn();
    await until(async () => (await findings()).length === 1, 'the finding');
    expect(await findings()).toEqual([{ cause: 'L01', state: 'open', udid: '', health: 'unknown' }]);
    expect(await health()).toEqual({ health: 'unknown', primary_cause: 'L01' });
    // Good news of either changes nothing: nobody knows whose they are.
    await newest.acked(newest.tell({ type: 'facts', full: true, facts: facts({}, { at: rooms.clock.date() }) }, rooms.clock.date()));
    expect(await health()).toEqual({ health: 'unknown', primary_cause: 'L01' });
    expect(rooms.agents.connections.get(id.hostId)?.nonce).toBe(newest.nonce);
    const { items } = await rooms.pairs.hosts(HostsQuery.parse({ cause: 'L01', q: id.hostname }));
    expect(items).toMatchObject([
      { id: id.hostId, connected: true, causes: [{ cause: 'L01', title: 'Two computers use one key', health: 'unknown' }] },
    ]);
  });

  it('is found between two that wait five minutes each, as our agents do', async () => {
    for (let i = 0; i < 3; i++) {
      rooms.clock.advance(5 * MINUTE);
      await signOn();
      await until(async () => (await takeovers())[0] === rooms.clock.now(), `takeover ${i}`);
    }
    await until(async () => (await findings()).length === 1, 'the finding');
  });

  it('is not seen in a laptop that changes its network: the connection it left behind answers nothing', async () => {
    const left: TestAgent[] = [];
    for (let i = 0; i < 4; i++) {
      left.push(newest);
      await signOn(false);
    }
    // The server cuts what does not answer after two seconds.
    await new Promise((r) => setTimeout(r, 2_500));
    expect(await takeovers()).toEqual([]);
    expect(await findings()).toEqual([]);
    for (const agent of left) agent.ws.terminate();
    expect(await rooms.row('SELECT swaps FROM host_link WHERE host_id = $1', [id.hostId])).toEqual({ swaps: 4 });
  });

  it('closes an hour after the last takeover, and by nothing else', async () => {
    for (let i = 0; i < 3; i++) await signOn();
    await until(async () => (await findings()).length === 1, 'the finding');
    rooms.clock.advance(59 * MINUTE);
    await newest.acked(newest.tell({ type: 'facts', full: true, facts: facts({}, { at: rooms.clock.date() }) }, rooms.clock.date()));
    expect(await findings()).toMatchObject([{ state: 'open' }]);
    rooms.clock.advance(MINUTE);
    // Time alone: the row says when to look again.
    await until(async () => {
      await rooms.pairs.sweeps.due();
      return (await findings())[0]?.state === 'closed';
    }, 'closed');
    expect(await health()).toEqual({ health: 'healthy', primary_cause: null });
  });

  it('outlives a restart: the times are in the rows', async () => {
    await signOn();
    await signOn();
    await until(async () => (await takeovers()).length === 2, 'two takeovers');
    // A picture that is read anew, as after a restart.
    await newest.close();
    newest = await rooms.connect(id, { epoch });
    await signOn();
    await until(async () => (await findings()).length === 1, 'the finding');
    expect(await takeovers()).toHaveLength(3);
  });
});
