import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Order } from '@lockstep/core/protocol';
import { type AgentIdentity, newEpoch, type TestAgent } from '../../test/agent.js';
import { facts, MUX_DOWN, UDID, UNPAIRED } from '../../test/readings.js';
import { type Rooms, startRooms, TECHNICIAN } from '../../test/rooms.js';
import type { Caller } from '../access/index.js';
import { ProblemError } from '../platform/index.js';

const ADMIN: Caller = { ...TECHNICIAN, id: '00000000-0000-4000-8000-000000000009', name: 'Ada', role: 'admin' };
const HERE = '127.0.0.1';
const HOUR_MS = 3_600_000;

let rooms: Rooms;
beforeEach(async () => {
  rooms = await startRooms({ disruptivePerHour: 3 });
});
afterEach(() => rooms.end());

interface Computer {
  id: AgentIdentity;
  agent: TestAgent;
  pairId: string;
}

/** A connected computer whose multiplexer is down (F08 treats it, and people notice) or whose phone is not paired (F11, which nobody notices unasked). */
async function computer(trouble: 'mux' | 'unpaired' = 'mux'): Promise<Computer> {
  const id = await rooms.enrol();
  const agent = await rooms.connect(id);
  const at = () => rooms.clock.date();
  await agent.acked(agent.tell({ type: 'facts', full: true, facts: facts({}, { at: at() }) }));
  // The multiplexer's silence is believed after a moment of patience.
  await agent.acked(agent.tell({ type: 'facts', full: true, facts: facts(trouble === 'mux' ? MUX_DOWN : UNPAIRED, { at: at() }) }));
  const { id: pairId } = await rooms.row('SELECT id FROM pair WHERE host_id = $1 AND udid = $2', [id.hostId, UDID]);
  return { id, agent, pairId: String(pairId) };
}
/** Lets what is pending become open: the rules' patience. */
async function patience(all: readonly Computer[]): Promise<void> {
  rooms.clock.advance(120_000);
  for (const { agent } of all)
    await agent.acked(agent.tell({ type: 'facts', full: true, facts: facts(MUX_DOWN, { at: rooms.clock.date() }) }));
}
async function computers(n: number): Promise<Computer[]> {
  const all: Computer[] = [];
  for (let i = 0; i < n; i++) all.push(await computer());
  await patience(all);
  return all;
}
const restart = (c: Computer) => rooms.fixes.ask({ hostId: c.id.hostId, fix: 'F08' }, TECHNICIAN, HERE);
const trust = (c: Computer) => rooms.fixes.ask({ pairId: c.pairId, fix: 'F11' }, TECHNICIAN, HERE);
const stop = (reason = 'F12 unpairs phones', caller: Caller = TECHNICIAN) =>
  rooms.fixes.orders.stop({ stopped: true, reason }, caller, HERE);
const resume = (caller: Caller = ADMIN) => rooms.fixes.orders.stop({ stopped: false, reason: 'mended' }, caller, HERE);
const refusal = (work: Promise<unknown>) =>
  work.then(
    () => 'no refusal',
    (e: unknown) => (e instanceof ProblemError ? `${e.status} ${e.code}: ${e.detail}` : String(e)),
  );
const orders = (agent: TestAgent) =>
  agent.frames.filter((f) => f.type === 'order').map((f) => Order.parse(JSON.parse(Buffer.from(f.order ?? '', 'base64url').toString())));
/** Everything sent and everything said about it has arrived. */
const settled = async () => {
  await rooms.jobs.idle();
  await new Promise((r) => setTimeout(r, 100));
};
const state = async (runId: string) => {
  const { state, heldBy, notBefore } = await rooms.fixes.run(runId);
  return { state, heldBy, notBefore };
};

describe('the switch that stops all orders', () => {
  it('holds what waits and what is asked, and lets it go when an admin says so', async () => {
    const c = await computer('unpaired');
    rooms.jobs.isDown = true;
    const run = await trust(c);
    rooms.jobs.isDown = false;
    expect(await stop()).toMatchObject({ stopped: true, by: 'Tess', reason: 'F12 unpairs phones', at: rooms.clock.iso() });
    await rooms.fixes.sweep.once();
    expect(await rooms.fixes.dispatch.dispatch(run.id, false)).toBe('stopped');
    expect(await state(run.id)).toEqual({ state: 'queued', heldBy: 'stopped', notBefore: null });
    expect(await refusal(trust(c))).toBe(
      '409 orders-stopped: Tess stopped all orders: F12 unpairs phones. An admin can let them run again.',
    );
    expect((await rooms.fixes.pair(c.pairId)).target.stopped).toEqual({ by: 'Tess', reason: 'F12 unpairs phones', at: rooms.clock.iso() });

    await resume();
    await rooms.fixes.sweep.once();
    await settled();
    expect(orders(c.agent)).toMatchObject([{ runId: run.id }]);
    expect(await state(run.id)).toEqual({ state: 'sent', heldBy: null, notBefore: null });
    expect((await rooms.fixes.pair(c.pairId)).target.stopped).toBeNull();
  });

  it('is thrown by technicians, and thrown back by admins only; twice is once, and the audit says who and why', async () => {
    expect(await refusal(resume(TECHNICIAN))).toMatch(/^403 forbidden/);
    await stop('first');
    rooms.clock.advance(1000);
    expect(await stop('second', ADMIN)).toMatchObject({ by: 'Tess', reason: 'first' });
    expect(await refusal(resume(TECHNICIAN))).toMatch(/^403 forbidden/);
    expect(await resume()).toMatchObject({ stopped: false, by: 'Ada', reason: 'mended' });
    expect(
      (await rooms.rows(`SELECT actor_name, action, address, detail FROM audit WHERE subject_kind = 'orders' ORDER BY id`)).map((r) => r),
    ).toEqual([
      { actor_name: 'Tess', action: 'orders.stopped', address: HERE, detail: { reason: 'first' } },
      { actor_name: 'Ada', action: 'orders.resumed', address: HERE, detail: { reason: 'mended' } },
    ]);
  });

  it('does not recall what was sent, and takes its result', async () => {
    const c = await computer('unpaired');
    const run = await trust(c);
    await settled();
    await stop();
    await c.agent.acked(c.agent.tell({ type: 'fix.received', runId: run.id }));
    const told = facts({}, { at: rooms.clock.date() });
    await c.agent.acked(c.agent.tell({ type: 'fix.settled', runId: run.id, mechanics: 'done', detail: null, facts: told }));
    expect(await rooms.fixes.run(run.id)).toMatchObject({ state: 'judged', verdict: 'cured' });
  });

  it('sends nothing to a computer that signs on while it is thrown, nor again what was not answered', async () => {
    const c = await computer('unpaired');
    const run = await trust(c);
    await settled();
    expect(orders(c.agent)).toHaveLength(1);
    await stop();
    await c.agent.close();
    const back = await rooms.connect(c.id, { epoch: newEpoch() });
    await rooms.fixes.sweep.signedOn(c.id.hostId);
    rooms.clock.advance(60_000);
    await rooms.fixes.sweep.once();
    await settled();
    expect(orders(back)).toEqual([]);
    expect(await rooms.fixes.run(run.id)).toMatchObject({ state: 'sent' });
  });

  it('is named as what an order waited for when its time ran out', async () => {
    const c = await computer('unpaired');
    rooms.jobs.isDown = true;
    const run = await trust(c);
    rooms.jobs.isDown = false;
    await stop();
    await rooms.fixes.dispatch.dispatch(run.id, false);
    rooms.clock.advance(24 * HOUR_MS + 1);
    await rooms.fixes.sweep.once();
    expect(await rooms.fixes.run(run.id)).toMatchObject({ state: 'expired', detail: 'orders-stopped', heldBy: null });
  });

  it('once its answer is there, no order is signed: races with orders being sent', async () => {
    const all: Computer[] = [];
    for (let i = 0; i < 6; i++) all.push(await computer('unpaired'));
    for (let round = 0; round < 5; round++) {
      rooms.jobs.isDown = true;
      const runs = await Promise.all(all.map(trust));
      rooms.jobs.isDown = false;
      // Somewhere among these the switch is thrown; how many get through before it is chance, that none does afterwards is not.
      let stoppedAt = 0;
      const work = runs.map(async (run, i) => {
        await new Promise((r) => setTimeout(r, i * 3));
        return rooms.fixes.dispatch.dispatch(run.id, false);
      });
      const thrown = new Promise((r) => setTimeout(r, 4 + round * 2)).then(async () => {
        await stop();
        const { n } = await rooms.row(`SELECT count(*)::int AS n FROM fix_run WHERE state = 'sent'`);
        stoppedAt = Number(n);
      });
      const became = await Promise.all(work);
      await thrown;
      const { n } = await rooms.row(`SELECT count(*)::int AS n FROM fix_run WHERE state = 'sent'`);
      expect([round, n]).toEqual([round, stoppedAt]);
      expect(became.filter((b) => b === 'sent')).toHaveLength(stoppedAt);
      for (const run of runs) expect(await rooms.fixes.dispatch.dispatch(run.id, false)).toMatch(/stopped|too-soon/);
      await resume();
      await rooms.database.pool.query(`UPDATE fix_run SET state = 'cancelled' WHERE state IN ('queued', 'sent')`);
    }
  });

  it('waits for an order that is being signed, and holds back those that come', async () => {
    const client = await rooms.database.pool.connect();
    try {
      await client.query('BEGIN');
      await client.query('SELECT 1 FROM order_switch FOR SHARE'); // as an order does that is being signed
      let isThrown = false;
      const thrown = stop().then(() => {
        isThrown = true;
      });
      await new Promise((r) => setTimeout(r, 150));
      expect(isThrown).toBe(false);
      await client.query('COMMIT');
      await thrown;
      expect(isThrown).toBe(true);
    } finally {
      client.release();
    }
  });
});

describe('the fleet-wide cap on fixes that interrupt people', () => {
  it('lets as many through in an hour as it says, however many are sent at once; more wait their turn and say so', async () => {
    const all = await computers(8);
    rooms.jobs.isDown = true;
    const runs = [];
    for (const c of all) {
      runs.push(await restart(c));
      rooms.clock.advance(1);
    }
    rooms.jobs.isDown = false;
    const t0 = rooms.clock.now();
    const became = await Promise.all(runs.map((r) => rooms.fixes.dispatch.dispatch(r.id, false)));
    expect(became.sort()).toEqual([...Array(5).fill('held'), 'sent', 'sent', 'sent']);
    await settled();
    expect(all.flatMap((c) => orders(c.agent))).toHaveLength(3);
    expect(await rooms.fixes.orders.view()).toMatchObject({
      cap: { perHour: 3, used: 3, waiting: 5, freeAt: new Date(t0 + HOUR_MS).toISOString() },
    });
    const waiting = (await Promise.all(runs.map((r) => rooms.fixes.run(r.id)))).filter((r) => r.state === 'queued');
    for (const run of waiting) expect(run).toMatchObject({ heldBy: 'fleet-cap' });
    // The sweep sends none of them early: only those that were sent and not answered are sent again.
    rooms.clock.advance(HOUR_MS - 2);
    await rooms.fixes.sweep.once();
    await settled();
    expect(new Set(all.flatMap((c) => orders(c.agent)).map((o) => o.runId)).size).toBe(3);
  });

  it('gives a place back after an hour, to whoever waits longest', async () => {
    const all = await computers(5);
    const runs: { id: string }[] = [];
    for (const c of all) {
      runs.push(await restart(c));
      await settled();
      rooms.clock.advance(60_000);
    }
    const t0 = rooms.clock.now() - 5 * 60_000;
    const seen = async () => Promise.all(runs.map((r) => state(r.id)));
    // Two wait: for the first place and for the second.
    expect((await seen()).map((s) => s.heldBy)).toEqual([null, null, null, 'fleet-cap', 'fleet-cap']);
    expect((await seen()).slice(3).map((s) => s.notBefore)).toEqual(
      [t0 + HOUR_MS, t0 + 60_000 + HOUR_MS].map((ms) => new Date(ms).toISOString()),
    );
    for (const { agent } of all.slice(0, 3)) {
      const [order] = orders(agent);
      await agent.acked(agent.tell({ type: 'fix.received', runId: order?.runId }));
    }
    rooms.clock.advance(HOUR_MS - 5 * 60_000 + 1);
    await Promise.all(
      all.map((c) => c.agent.acked(c.agent.tell({ type: 'facts', full: true, facts: facts(MUX_DOWN, { at: rooms.clock.date() }) }))),
    );
    await rooms.fixes.sweep.once();
    await settled();
    expect((await seen()).map((s) => s.state).slice(3)).toEqual(['sent', 'queued']);
    rooms.clock.advance(60_000);
    await rooms.fixes.sweep.once();
    await settled();
    expect((await seen()).map((s) => s.state).slice(3)).toEqual(['sent', 'sent']);
    expect(await state(runs[4]?.id ?? '')).toEqual({ state: 'sent', heldBy: null, notBefore: null });
  });

  it('does not count fixes that nobody notices, nor hold them', async () => {
    const [a, b, c] = await computers(3);
    for (const x of [a, b, c]) if (x) await restart(x);
    await settled();
    const d = await computer('unpaired');
    const run = await trust(d);
    await settled();
    expect(await state(run.id)).toEqual({ state: 'sent', heldBy: null, notBefore: null });
    expect((await rooms.fixes.orders.view()).cap.used).toBe(3);
  });

  it('counts a run once, though its order is sent again, and not at all when the agent touched nothing', async () => {
    const [a, b] = await computers(2);
    if (!a || !b) throw new Error('two computers');
    const first = await restart(a);
    await settled();
    rooms.clock.advance(30_000);
    await rooms.fixes.sweep.once();
    await settled();
    expect(orders(a.agent)).toHaveLength(2);
    expect((await rooms.fixes.orders.view()).cap.used).toBe(1);
    await a.agent.acked(a.agent.tell({ type: 'fix.received', runId: first.id }));
    await a.agent.acked(a.agent.tell({ type: 'fix.settled', runId: first.id, mechanics: 'refused', detail: 'cap', facts: [] }));
    expect((await rooms.fixes.orders.view()).cap.used).toBe(0);
    const second = await restart(b);
    await settled();
    await b.agent.acked(b.agent.tell({ type: 'fix.refused', runId: second.id, reason: 'no-journal' }));
    expect((await rooms.fixes.orders.view()).cap.used).toBe(0);
  });

  it('is said to whoever asks, before they ask', async () => {
    const all = await computers(4);
    for (const c of all.slice(0, 3)) await restart(c);
    await settled();
    const last = all[3];
    if (!last) throw new Error('four computers');
    const { target } = await rooms.fixes.pair(last.pairId);
    expect(target.fleetCap).toEqual({ perHour: 3, used: 3, freeAt: rooms.clock.now() + HOUR_MS });
    expect(target.stopped).toBeNull();
    const run = await restart(last);
    await settled();
    expect(await state(run.id)).toMatchObject({ state: 'queued', heldBy: 'fleet-cap' });
    expect(await rooms.fixes.cancel(run.id, TECHNICIAN, HERE)).toMatchObject({ state: 'cancelled', heldBy: null });
    expect((await rooms.fixes.orders.view()).cap.waiting).toBe(0);
  });
});
