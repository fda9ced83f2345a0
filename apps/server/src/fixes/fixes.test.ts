import { createPublicKey, verify } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Fact } from '@lockstep/core/health';
import { Order, SIGNED } from '@lockstep/core/protocol';
import { type AgentIdentity, newEpoch, type TestAgent } from '../../test/agent.js';
import { facts, UDID, UNPAIRED } from '../../test/readings.js';
import { type Rooms, startRooms, TECHNICIAN } from '../../test/rooms.js';
import { ProblemError } from '../platform/index.js';

let rooms: Rooms;
let id: AgentIdentity;
let agent: TestAgent;
let pairId: string;
beforeAll(async () => {
  rooms = await startRooms();
});
afterAll(() => rooms.end());

type Change = Parameters<typeof facts>[0];
const now = (change: Change = {}) => facts(change, { at: rooms.clock.date() });
const tell = (change: Change = {}) => agent.acked(agent.tell({ type: 'facts', full: true, facts: now(change) }));

beforeEach(async () => {
  rooms.jobs.isDown = false;
  id = await rooms.enrol();
  agent = await rooms.connect(id);
  await tell(UNPAIRED);
  pairId = String((await rooms.row('SELECT id FROM pair WHERE host_id = $1 AND udid = $2', [id.hostId, UDID])).id);
});

const ask = (body: Partial<Parameters<Rooms['fixes']['ask']>[0]> = {}, caller = TECHNICIAN) =>
  rooms.fixes.ask({ pairId, fix: 'F11', ...body }, caller, '127.0.0.1');
const refusalOf = (work: Promise<unknown>) =>
  work.then(
    () => 'no refusal',
    (e: unknown) => (e instanceof ProblemError ? `${e.status} ${e.code}` : String(e)),
  );
/** The next order that the agent is sent, its signature verified over the exact bytes. */
const nextOrder = async (from = agent): Promise<Order> => {
  const frame = await from.next('order');
  const bytes = Buffer.from(frame.order ?? '', 'base64url');
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: rooms.orderKey.publicKey }, format: 'jwk' });
  expect(verify(null, Buffer.concat([Buffer.from(SIGNED.order), bytes]), key, Buffer.from(frame.signature ?? '', 'base64url'))).toBe(true);
  return Order.parse(JSON.parse(bytes.toString('utf8')));
};
const say = (runId: string, body: Record<string, unknown>, from = agent) => from.acked(from.tell({ runId, ...body }));
const settle = (runId: string, mechanics: string, told: readonly Fact[], from = agent) =>
  say(runId, { type: 'fix.settled', mechanics, detail: null, facts: told }, from);
const noOrder = async (ms = 150) => {
  await rooms.jobs.idle();
  await new Promise((r) => setTimeout(r, ms));
  expect(agent.frames.filter((f) => f.type === 'order')).toEqual([]);
};

describe('asking', () => {
  it('queues a run, signs an order at dispatch for this host, epoch and connection, and says who asked', async () => {
    const run = await ask();
    expect(run).toMatchObject({ state: 'queued', fix: 'F11', cause: 'C40', requestedBy: 'Tess', pairId, udid: UDID });
    const order = await nextOrder();
    expect(order).toMatchObject({
      version: 1,
      keyId: rooms.orderKey.keyId,
      hostId: id.hostId,
      epoch: agent.epoch,
      connection: agent.nonce,
      runId: run.id,
      fix: 'F11',
      udid: UDID,
    });
    expect(Date.parse(order.expiresAt) - Date.parse(order.issuedAt)).toBe(120_000);
    await rooms.jobs.idle();
    expect(await rooms.fixes.run(run.id)).toMatchObject({ state: 'sent' });
    expect(
      (await rooms.rows('SELECT action, actor_name FROM audit WHERE subject_id = $1 ORDER BY id', [run.id])).map(
        (a) => `${a.action} ${a.actor_name}`,
      ),
    ).toEqual(['fix-run.asked Tess', 'fix-run.sent server']);
  });

  it('is refused with the word of the same function that draws the button', async () => {
    expect(await refusalOf(ask({}, { ...TECHNICIAN, role: 'viewer' }))).toBe('403 role');
    expect(await refusalOf(ask({ fix: 'F12' }))).toBe('409 cause-not-open');
    expect(await refusalOf(ask({ fix: 'F08' }))).toBe('409 cause-not-open');
    expect(await refusalOf(ask({ cause: 'C44' }))).toBe('400 invalid-input');
    expect(await refusalOf(ask({ cause: 'C43' }))).toBe('409 cause-not-open');
    expect(await refusalOf(ask({ pairId: '00000000-0000-4000-8000-00000000dead' }))).toBe('404 not-found');
    await ask();
    expect(await refusalOf(ask())).toBe('409 run-active');
    await tell({ ...UNPAIRED, 'usb-device': 'absent', 'mux-device': 'absent' });
    expect(await refusalOf(ask())).toBe('409 away');
  });

  it('by two at once is granted to one', async () => {
    const answers = await Promise.all([refusalOf(ask()), refusalOf(ask()), refusalOf(ask())]);
    expect(answers.sort()).toEqual(['409 run-active', '409 run-active', 'no refusal']);
  });

  it('while the queue is down keeps the row, and the sweep sends it', async () => {
    rooms.jobs.isDown = true;
    const run = await ask();
    expect(run.state).toBe('queued');
    await noOrder();
    rooms.jobs.isDown = false;
    await rooms.fixes.sweep.once();
    expect((await nextOrder()).runId).toBe(run.id);
  });

  it('can be taken back while queued, and not later', async () => {
    await agent.close();
    const run = await ask();
    expect(await rooms.fixes.cancel(run.id, TECHNICIAN, '127.0.0.1')).toMatchObject({ state: 'cancelled' });
    agent = await rooms.connect(id);
    await rooms.fixes.sweep.signedOn(id.hostId);
    await noOrder();
    const second = await ask();
    await nextOrder();
    await rooms.jobs.idle();
    expect(await refusalOf(rooms.fixes.cancel(second.id, TECHNICIAN, '127.0.0.1'))).toBe('409 too-late');
    expect(await refusalOf(rooms.fixes.cancel('00000000-0000-4000-8000-00000000dead', TECHNICIAN, '127.0.0.1'))).toBe('404 not-found');
  });
});

describe('a host that is offline', () => {
  it('gets the order when it signs on, bound to the new connection', async () => {
    await agent.close();
    const run = await ask();
    await rooms.jobs.idle();
    await rooms.fixes.sweep.once();
    expect(await rooms.fixes.run(run.id)).toMatchObject({ state: 'queued', sentAt: null });
    agent = await rooms.connect(id, { epoch: newEpoch() });
    await rooms.fixes.sweep.signedOn(id.hostId);
    expect(await nextOrder()).toMatchObject({ runId: run.id, connection: agent.nonce, epoch: agent.epoch });
  });

  it('gets none after a day: the run is shown expired', async () => {
    await agent.close();
    const run = await ask();
    rooms.clock.advance(24 * 3_600_000 + 1);
    await rooms.fixes.sweep.once();
    expect(await rooms.fixes.run(run.id)).toMatchObject({ state: 'expired', detail: 'host-offline' });
    agent = await rooms.connect(id);
    await rooms.fixes.sweep.signedOn(id.hostId);
    await noOrder();
  });

  it('gets none for a cause that closed meanwhile', async () => {
    rooms.jobs.isDown = true;
    const run = await ask();
    await tell();
    rooms.jobs.isDown = false;
    await rooms.fixes.sweep.once();
    await rooms.jobs.idle();
    expect(await rooms.fixes.run(run.id)).toMatchObject({ state: 'cancelled', detail: 'cause-closed' });
    await noOrder();
  });

  it('that was revoked gets none', async () => {
    rooms.jobs.isDown = true;
    const run = await ask();
    await rooms.database.pool.query('UPDATE host_key SET revoked_at = now() WHERE id = $1', [id.hostId]);
    rooms.jobs.isDown = false;
    await rooms.fixes.sweep.once();
    await rooms.jobs.idle();
    expect(await rooms.fixes.run(run.id)).toMatchObject({ state: 'cancelled', detail: 'host-revoked' });
    await noOrder();
  });
});

describe('an order that is not answered', () => {
  it('is sent again after 20 s over the same connection, as a new order for the same run, and sooner over a new one', async () => {
    const run = await ask();
    const first = await nextOrder();
    await rooms.jobs.idle();
    rooms.clock.advance(19_000);
    await rooms.fixes.sweep.once();
    await noOrder();
    rooms.clock.advance(1_000);
    await rooms.fixes.sweep.once();
    const second = await nextOrder();
    expect(second).toMatchObject({ runId: first.runId, connection: first.connection });
    expect(second.issuedAt).not.toBe(first.issuedAt);
    await rooms.jobs.idle();
    await agent.close();
    agent = await rooms.connect(id, { epoch: agent.epoch });
    await rooms.fixes.sweep.signedOn(id.hostId);
    expect(await nextOrder()).toMatchObject({ runId: run.id, connection: agent.nonce });
  });

  it('is not sent again once it was received, and its run ends unknown when no result comes', async () => {
    const run = await ask();
    await nextOrder();
    await rooms.jobs.idle();
    await say(run.id, { type: 'fix.received' });
    expect(await rooms.fixes.run(run.id)).toMatchObject({ state: 'received' });
    rooms.clock.advance(150_000);
    await rooms.fixes.sweep.once();
    await noOrder();
    expect(await rooms.fixes.run(run.id)).toMatchObject({ state: 'received' });
    rooms.clock.advance(62_000);
    await rooms.fixes.sweep.once();
    expect(await rooms.fixes.run(run.id)).toMatchObject({ state: 'judged', verdict: 'unknown', detail: 'no-result' });
    // The result was only late: it is taken, and the run judged by the facts that came with it.
    await settle(run.id, 'done', now());
    expect(await rooms.fixes.run(run.id)).toMatchObject({ state: 'judged', verdict: 'cured', mechanics: 'done' });
  });

  it.each([
    ['expired', 'queued'],
    ['wrong-connection', 'queued'],
    ['wrong-epoch', 'queued'],
    ['busy', 'queued'],
    ['replayed', 'received'],
    ['bad-signature', 'refused'],
    ['unknown-key', 'refused'],
    ['wrong-host', 'refused'],
    ['unknown-fix', 'refused'],
    ['bad-parameters', 'refused'],
    ['bad-order', 'refused'],
    ['no-journal', 'refused'],
  ])('refused as %s is %s', async (reason, state) => {
    const run = await ask();
    await nextOrder();
    await rooms.jobs.idle();
    await say(run.id, { type: 'fix.refused', reason });
    const after = await rooms.fixes.run(run.id);
    expect(after.state).toBe(state);
    if (state === 'refused') expect(after.detail).toBe(reason);
    if (state !== 'queued') return;
    rooms.clock.advance(20_000);
    await rooms.fixes.sweep.once();
    expect((await nextOrder()).runId).toBe(run.id);
  });
});

describe('a run that settles', () => {
  const sent = async (body: Parameters<typeof ask>[0] = {}) => {
    const run = await ask(body);
    await nextOrder();
    await rooms.jobs.idle();
    await say(run.id, { type: 'fix.received' });
    return run;
  };

  it('is cured when the facts that came with it prove that its cause is gone', async () => {
    const run = await sent();
    await say(run.id, { type: 'fix.progress', stage: 'awaiting-holder', awaiting: 'tap-trust' });
    expect(await rooms.fixes.run(run.id)).toMatchObject({ state: 'received', stage: 'awaiting-holder', awaiting: 'tap-trust' });
    await settle(run.id, 'done', now());
    expect(await rooms.fixes.run(run.id)).toMatchObject({
      state: 'judged',
      verdict: 'cured',
      mechanics: 'done',
      stage: null,
      awaiting: null,
    });
    expect(await rooms.row('SELECT state FROM finding WHERE host_id = $1', [id.hostId])).toEqual({ state: 'closed' });
    const detail = await rooms.fixes.pair(pairId);
    expect(detail.efficacy).toContainEqual(expect.objectContaining({ fix: 'F11', cause: 'C40' }));
    expect(detail.timeline.map((t) => t.what)).toEqual(
      expect.arrayContaining(['run', 'finding-closed', 'finding-opened', 'health', 'presence']),
    );
    expect(detail.target.lastRuns).toHaveLength(1);
  });

  it('is never cured by its own word', async () => {
    const run = await sent();
    await settle(run.id, 'done', []);
    expect(await rooms.fixes.run(run.id)).toMatchObject({ state: 'settled', verdict: null });
    rooms.clock.advance(30_000);
    await rooms.fixes.sweep.once();
    expect(await rooms.fixes.run(run.id)).toMatchObject({ state: 'judged', verdict: 'unchanged' });
  });

  it('is judged as soon as later facts prove it, within the time to look', async () => {
    const run = await sent();
    await settle(run.id, 'done', []);
    rooms.clock.advance(10_000);
    await tell();
    expect(await rooms.fixes.run(run.id)).toMatchObject({ state: 'judged', verdict: 'cured' });
  });

  it('waits for the holder when the phone says so', async () => {
    const run = await sent();
    await settle(
      run.id,
      'not-acted',
      now({ ...UNPAIRED, 'pairing-attempt': { outcome: 'pending', error: 'PairingDialogResponsePending', code: -19 } }),
    );
    expect(await rooms.fixes.run(run.id)).toMatchObject({ state: 'judged', verdict: 'waiting', waitingFor: 'holder' });
  });

  it('is unknown when the phone was unplugged, and closes nothing', async () => {
    const run = await sent();
    await settle(
      run.id,
      'done',
      now({
        'usb-device': 'absent',
        'mux-device': 'absent',
        lockdown: 'gone',
        'pair-record': 'gone',
        'trust-session': 'gone',
        'service-start': 'gone',
      }),
    );
    rooms.clock.advance(30_000);
    await rooms.fixes.sweep.once();
    expect(await rooms.fixes.run(run.id)).toMatchObject({ verdict: 'unknown' });
    expect(await rooms.row('SELECT state FROM finding WHERE host_id = $1', [id.hostId])).toEqual({ state: 'open' });
  });

  it('is unchanged when the agent refused, and holds nobody up', async () => {
    const run = await sent();
    await settle(run.id, 'refused', []);
    expect(await rooms.fixes.run(run.id)).toMatchObject({ state: 'judged', verdict: 'unchanged', mechanics: 'refused' });
    expect((await ask()).state).toBe('queued');
  });

  it('is judged once, however often its result is told', async () => {
    const run = await sent();
    await settle(run.id, 'done', now());
    const first = await rooms.fixes.run(run.id);
    rooms.clock.advance(60_000);
    await settle(run.id, 'failed', now(UNPAIRED));
    expect(await rooms.fixes.run(run.id)).toEqual(first);
  });

  it('of another host is left alone', async () => {
    const run = await sent();
    const other = await rooms.enrol('other');
    const liar = await rooms.connect(other);
    await say(run.id, { type: 'fix.settled', mechanics: 'done', detail: null, facts: [] }, liar);
    expect(await rooms.fixes.run(run.id)).toMatchObject({ state: 'received' });
  });

  it('is followed by a pause before the same fix may be asked again', async () => {
    const run = await sent();
    await settle(run.id, 'failed', now(UNPAIRED));
    expect(await refusalOf(ask())).toBe('409 cooldown');
    rooms.clock.advance(60_000);
    expect((await ask()).state).toBe('queued');
  });
});
