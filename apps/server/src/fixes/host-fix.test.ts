import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Order } from '@lockstep/core/protocol';
import type { AgentIdentity, TestAgent } from '../../test/agent.js';
import { facts, MUX_DOWN, OTHER, UDID } from '../../test/readings.js';
import { type Rooms, startRooms, TECHNICIAN } from '../../test/rooms.js';

const BOTH = [UDID, OTHER];
let rooms: Rooms;
let id: AgentIdentity;
let agent: TestAgent;
beforeAll(async () => {
  rooms = await startRooms();
});
afterAll(() => rooms.end());

type Change = Parameters<typeof facts>[0];
const now = (change: Change = {}) => facts(change, { at: rooms.clock.date(), udids: BOTH });
const pairOf = async (udid: string) =>
  String((await rooms.row('SELECT id FROM pair WHERE host_id = $1 AND udid = $2', [id.hostId, udid])).id);

/** The multiplexer died, and its ten seconds of patience are over. */
beforeEach(async () => {
  id = await rooms.enrol();
  agent = await rooms.connect(id);
  await agent.acked(agent.tell({ type: 'facts', full: true, facts: now() }));
  await agent.acked(agent.tell({ type: 'facts', full: true, facts: now(MUX_DOWN) }));
  rooms.clock.advance(11_000);
  await agent.acked(agent.tell({ type: 'still', except: [] }, rooms.clock.date()));
  await rooms.pairs.sweeps.due();
});

/** Takes the order as an agent would, and answers with these facts. */
const carryOut = async (runId: string, mechanics: string, told: ReturnType<typeof now>): Promise<Order> => {
  const order = Order.parse(JSON.parse(Buffer.from((await agent.next('order')).order ?? '', 'base64url').toString()));
  await rooms.jobs.idle();
  agent.tell({ type: 'fix.received', runId });
  await agent.acked(agent.tell({ type: 'fix.settled', runId, mechanics, detail: null, facts: told }));
  return order;
};

describe('a fix of the whole computer', () => {
  it('is asked for the host, ordered without a device, and judged by the host', async () => {
    const run = await rooms.fixes.ask({ hostId: id.hostId, fix: 'F08' }, TECHNICIAN, '127.0.0.1');
    expect(run).toMatchObject({ pairId: null, cause: 'C30' });
    const restarted = now({ 'mux-daemon': { state: 'running', pid: 99, restarts: 1, socket: 'answering', latencyMs: 1 } });
    expect(await carryOut(run.id, 'done', restarted)).toMatchObject({ fix: 'F08', udid: null });
    expect(await rooms.fixes.run(run.id)).toMatchObject({ state: 'judged', verdict: 'cured' });
    expect(await rooms.rows('SELECT health FROM pair WHERE host_id = $1', [id.hostId])).toEqual([
      { health: 'healthy' },
      { health: 'healthy' },
    ]);
  });

  it('may be asked from a pair’s page, and then counts for every pair of the computer', async () => {
    const run = await rooms.fixes.ask({ pairId: await pairOf(UDID), fix: 'F08' }, TECHNICIAN, '127.0.0.1');
    expect(run).toMatchObject({ cause: 'C30', udid: UDID });
    expect(await carryOut(run.id, 'failed', now(MUX_DOWN))).toMatchObject({ fix: 'F08', udid: null });
    await expect(rooms.fixes.ask({ pairId: await pairOf(OTHER), fix: 'F08' }, TECHNICIAN, '127.0.0.1')).rejects.toMatchObject({
      status: 409,
      code: 'cooldown',
    });
  });

  it('is not asked while a phone of the computer is updated, and is when that is over', async () => {
    const programs = (running: string, logAgeS: number | null) => ({
      kind: 'updater-activity',
      subject: 'host',
      state: 'seen',
      reading: { programs: [running], logAgeS, lastError: null, lastErrorAt: null },
      at: rooms.clock.iso(),
      probe: 'test',
      tookMs: 1,
    });
    const ask = () => rooms.fixes.ask({ hostId: id.hostId, fix: 'F08' }, TECHNICIAN, '127.0.0.1');
    await agent.acked(agent.tell({ type: 'facts', full: false, facts: [programs('idevicerestore', 3)] }));
    await expect(ask()).rejects.toMatchObject({ status: 409, code: 'busy' });
    // macOS's own updater watches every phone and updates none.
    await agent.acked(agent.tell({ type: 'facts', full: false, facts: [programs('mobile-device-updater', null)] }));
    expect(await ask()).toMatchObject({ fix: 'F08', state: 'queued' });
  });

  it('cures nothing and closes nothing when the phones are unplugged instead', async () => {
    const run = await rooms.fixes.ask({ hostId: id.hostId, fix: 'F08' }, TECHNICIAN, '127.0.0.1');
    await carryOut(run.id, 'done', now({ ...MUX_DOWN, 'usb-bus': { devices: [] }, 'usb-device': 'absent' }));
    rooms.clock.advance(30_000);
    await rooms.fixes.sweep.once();
    expect(await rooms.fixes.run(run.id)).toMatchObject({ state: 'judged', verdict: 'unknown' });
    expect(await rooms.row(`SELECT state FROM finding WHERE host_id = $1 AND cause = 'C30'`, [id.hostId])).toEqual({ state: 'open' });
  });
});
