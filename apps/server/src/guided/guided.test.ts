import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { GuidedRunView, PairDetail } from '@lockstep/core/protocol';
import type { AgentIdentity, TestAgent } from '../../test/agent.js';
import { facts, RECOVERY, REJECTED, UDID } from '../../test/readings.js';
import { type Rooms, startRooms, TECHNICIAN } from '../../test/rooms.js';
import type { Caller, Role } from '../access/index.js';
import { HostTransactions } from '../agents/index.js';
import { ProblemError } from '../platform/index.js';
import { StartBody } from './guided.js';
import { Progressing } from './progress.js';

let rooms: Rooms;
let id: AgentIdentity;
let agent: TestAgent;
let pairId: string;
beforeAll(async () => {
  rooms = await startRooms();
});
afterAll(() => rooms.end());

type Change = Parameters<typeof facts>[0];
/** The phone is locked and asks for its passcode: cause C41. */
const LOCKED: Change = {
  'passcode-lock': { locked: true },
  'trust-session': { outcome: 'refused', error: 'PasswordProtected', code: -17 },
  'service-start': 'absent',
};
/** A second later the host says how things are. */
const tell = (change: Change = {}) => {
  rooms.clock.advance(1_000);
  return agent.acked(agent.tell({ type: 'facts', full: true, facts: facts(change, { at: rooms.clock.date() }) }));
};
const ADMIN = { ...TECHNICIAN, role: 'admin' as const };
const start = (body: Partial<StartBody> = {}, caller = TECHNICIAN) =>
  rooms.guided.start({ pairId, fix: 'F10', ...body }, caller, '127.0.0.1');
const refusalOf = (work: Promise<unknown>) =>
  work.then(
    () => 'no refusal',
    (e: unknown) => (e instanceof ProblemError ? `${e.status} ${e.code}` : String(e)),
  );
const ticks = (run: GuidedRunView) => run.steps.map((s) => `${s.step} ${s.doneAt === null ? '-' : (s.doneBy?.name ?? 'facts')}`);
const detail = (): Promise<PairDetail> => rooms.fixes.pair(pairId);
const auditOf = async (runId: string) =>
  (await rooms.rows('SELECT action, actor_name FROM audit WHERE subject_id = $1 ORDER BY id', [runId])).map(
    (a) => `${a.action} ${a.actor_name}`,
  );

async function world(change: Change): Promise<void> {
  id = await rooms.enrol();
  agent = await rooms.connect(id);
  await tell(change);
  pairId = String((await rooms.row('SELECT id FROM pair WHERE host_id = $1 AND udid = $2', [id.hostId, UDID])).id);
}

describe('a guided run', () => {
  beforeEach(() => world(LOCKED));

  it('ticks itself off when the phone is unlocked, and is judged cured by the facts', async () => {
    const run = await start();
    expect(run).toMatchObject({ state: 'open', cause: 'C41', startedBy: { name: 'Tess' }, steps: [{ hasProof: true, who: 'holder' }] });
    expect(await refusalOf(rooms.guided.tick(run.id, 'unlock', TECHNICIAN, ''))).toBe('409 has-proof');
    // Looked at again, and still locked.
    await tell(LOCKED);
    expect(ticks(await rooms.guided.run(run.id))).toEqual(['unlock -']);
    rooms.told.length = 0;
    await tell();
    const after = await rooms.guided.run(run.id);
    expect(ticks(after)).toEqual(['unlock facts']);
    expect(after).toMatchObject({ state: 'judged', verdict: 'cured', endedAt: rooms.clock.iso() });
    expect(rooms.told).toContainEqual({ topic: 'run.changed', message: { runId: run.id, hostId: id.hostId, pairId } });
    expect(await auditOf(run.id)).toEqual(['guided-run.started Tess', 'guided-run.judged server']);
    const { guided, timeline, efficacy } = await detail();
    expect(guided.map((g) => g.id)).toEqual([run.id]);
    expect(timeline).toContainEqual(expect.objectContaining({ what: 'guided', to: run.id, detail: 'F10 cured' }));
    expect(efficacy).toContainEqual({ fix: 'F10', cause: 'C41', judged: 1, cured: 1 });
  });

  it('does not hold up a fix of the agent, and is started once', async () => {
    const answers = await Promise.all([refusalOf(start()), refusalOf(start()), refusalOf(start())]);
    expect(answers.sort()).toEqual(['409 guided-active', '409 guided-active', 'no refusal']);
    expect((await detail()).target.activeRun).toBeNull();
  });

  it('is refused with the word of the function that draws the button', async () => {
    expect(await refusalOf(start({}, { ...TECHNICIAN, role: 'viewer' }))).toBe('403 role');
    expect(await refusalOf(start({ fix: 'F11' }))).toBe('409 ordered');
    expect(await refusalOf(start({ fix: 'F16' }))).toBe('409 cause-not-open');
    expect(await refusalOf(start({ fix: 'F16' }, ADMIN))).toBe('409 cause-not-open');
    expect(await refusalOf(start({ fix: 'F46' }, ADMIN))).toBe('409 cause-not-open');
    expect(await refusalOf(start({ fix: 'F41' }))).toBe('409 platform');
    expect(await refusalOf(start({ cause: 'C10' }))).toBe('400 invalid-input');
    expect(await refusalOf(start({ cause: 'C44' }))).toBe('409 cause-not-open');
    expect(await refusalOf(start({ pairId: randomUUID() }))).toBe('404 not-found');
    expect(StartBody.safeParse({ fix: 'F10' }).error?.issues.map((i) => i.path.join('.'))).toEqual(['pairId']);
    expect(StartBody.safeParse({ hostId: id.hostId, fix: 'F10' }).error?.issues.map((i) => i.path.join('.'))).toEqual(['pairId']);
  });

  it('runs out with steps left, and the ticket tells it', async () => {
    const run = await start();
    rooms.clock.advance(121_000);
    await rooms.guided.sweep.once();
    expect(await rooms.guided.run(run.id)).toMatchObject({ state: 'expired', detail: 'steps-left', verdict: null });
    await rooms.guided.sweep.once();
    expect(await auditOf(run.id)).toEqual(['guided-run.started Tess', 'guided-run.expired server']);
    rooms.clock.advance(4 * 3_600_000);
    await tell(LOCKED);
    await rooms.tickets.filing.look([id.hostId]);
    const { items } = await rooms.tickets.list({ limit: 5, sort: '-changedAt', host: id.hostId } as never, TECHNICIAN);
    const story = await rooms.tickets.detail(String(items[0]?.id));
    expect(story.events.find((e) => e.kind === 'tried')?.run).toMatchObject({ id: run.id, fix: 'F10', state: 'expired', guided: true });
    expect(story.body).toContain('it was not finished in time: steps were left');
  });

  it('ends when it is abandoned or its computer is revoked, and not twice', async () => {
    const run = await start();
    expect(await rooms.guided.abandon(run.id, TECHNICIAN, '')).toMatchObject({ state: 'cancelled', endedBy: { name: 'Tess' } });
    expect(await refusalOf(rooms.guided.abandon(run.id, TECHNICIAN, ''))).toBe('409 too-late');
    expect(await refusalOf(rooms.guided.abandon(randomUUID(), TECHNICIAN, ''))).toBe('404 not-found');
    expect(await auditOf(run.id)).toEqual(['guided-run.started Tess', 'guided-run.cancelled Tess']);
    const second = await start();
    await rooms.database.pool.query('UPDATE host_key SET revoked_at = $2 WHERE id = $1', [id.hostId, rooms.clock.date()]);
    await rooms.guided.sweep.once();
    expect(await rooms.guided.run(second.id)).toMatchObject({ state: 'cancelled', detail: 'host-revoked', endedBy: null });
  });
});

describe('steps and verdicts', () => {
  beforeEach(() => world(REJECTED));

  it('go one after another: what a person says first, then what only facts show', async () => {
    const run = await start({ fix: 'F13' });
    await tell(REJECTED);
    expect(ticks(await rooms.guided.run(run.id))).toEqual(['reset-location-privacy -', 'unlock -', 'tap-trust -']);
    rooms.clock.advance(1_000);
    const ticked = await rooms.guided.tick(run.id, 'reset-location-privacy', TECHNICIAN, '127.0.0.1');
    // The phone was unlocked before: that says nothing about what came after.
    expect(ticks(ticked)).toEqual(['reset-location-privacy Tess', 'unlock -', 'tap-trust -']);
    expect(ticks(await rooms.guided.tick(run.id, 'reset-location-privacy', { ...TECHNICIAN, name: 'Ann' }, ''))).toEqual(ticks(ticked));
    expect(await refusalOf(rooms.guided.tick(run.id, 'clean-socket', TECHNICIAN, ''))).toBe('400 invalid-input');
    await tell(REJECTED);
    expect(ticks(await rooms.guided.run(run.id))).toEqual(['reset-location-privacy Tess', 'unlock facts', 'tap-trust -']);
    await tell();
    expect(await rooms.guided.run(run.id)).toMatchObject({ state: 'judged', verdict: 'cured' });
    expect(await refusalOf(rooms.guided.tick(run.id, 'reset-location-privacy', TECHNICIAN, ''))).toBe('409 not-open');
    expect((await auditOf(run.id)).filter((a) => a.startsWith('guided-run.ticked'))).toEqual(['guided-run.ticked Tess']);
  });

  it('say unchanged only when it was looked at again, and unknown when nobody looked', async () => {
    const run = await start();
    await tell(REJECTED);
    expect(await rooms.guided.run(run.id)).toMatchObject({ state: 'settled', verdict: null });
    rooms.clock.advance(32_000);
    await rooms.guided.sweep.once();
    expect(await rooms.guided.run(run.id)).toMatchObject({ state: 'settled' });
    await tell(REJECTED);
    expect(await rooms.guided.run(run.id)).toMatchObject({ state: 'judged', verdict: 'unchanged' });

    const silent = await start();
    await tell(REJECTED);
    rooms.clock.advance(32_000);
    await rooms.guided.sweep.once();
    rooms.clock.advance(150_000);
    await rooms.guided.sweep.once();
    expect(await rooms.guided.run(silent.id)).toMatchObject({ state: 'judged', verdict: 'unknown' });
  });

  it('happen once, whichever server looks and however often', async () => {
    const run = await start();
    await rooms.database.pool.query(`UPDATE fact SET seen_at = $2 WHERE host_id = $1`, [id.hostId, new Date(rooms.clock.now() + 1)]);
    rooms.clock.advance(121_000);
    const servers = [0, 1, 2].map(() => ({
      transactions: new HostTransactions(rooms.database, rooms.clock, randomUUID()),
      progressing: new Progressing(rooms.audit, rooms.bus),
    }));
    for (let round = 0; round < 3; round++)
      await Promise.all(servers.map((s) => s.transactions.run([id.hostId], (tx) => s.progressing.advance(tx, [id.hostId]))));
    expect(ticks(await rooms.guided.run(run.id))).toEqual(['unlock facts']);
    rooms.clock.advance(32_000 + 150_000);
    for (let round = 0; round < 3; round++)
      await Promise.all(servers.map((s) => s.transactions.run([id.hostId], (tx) => s.progressing.advance(tx, [id.hostId]))));
    expect(await rooms.guided.run(run.id)).toMatchObject({ state: 'judged' });
    expect(await auditOf(run.id)).toEqual(['guided-run.started Tess', 'guided-run.judged server']);
    expect((await rooms.guided.list({ limit: 50, sort: '-startedAt', pair: pairId })).items.map((r) => r.id)).toEqual([run.id]);
  });
});

describe('a guided run that destroys data', () => {
  let ada: Caller;
  let bea: Caller;
  let tess: Caller;
  const person = async (name: string, role: Role): Promise<Caller> => {
    const caller: Caller = { kind: 'person', id: randomUUID(), name, role, sessionId: null };
    await rooms.database.pool.query(
      `INSERT INTO person (id, name, email, role, password_hash, created_at) VALUES ($1, $2, $3, $4, 'x', now())`,
      [caller.id, name, `${caller.id}@example.org`, role],
    );
    return caller;
  };
  const HOUR_MS = 3_600_000;
  /** A phone hangs in DFU: cause C02, once its minute of patience is over. */
  const DFU: Change = {
    ...RECOVERY,
    'usb-device': {
      mode: 'dfu',
      vendorId: 0x5ac,
      productId: 0x1227,
      speedMbps: 480,
      location: '1-2',
      hubDepth: 0,
      address: 6,
      muxInterface: false,
      modelHint: null,
    },
  };
  const consent = (agoMs = 60_000) => ({
    holder: 'Jun Park',
    how: 'by-phone' as const,
    at: new Date(rooms.clock.now() - agoMs).toISOString(),
  });
  const ask = (body: Partial<StartBody> = {}, caller = tess) =>
    start({ fix: 'F46', consent: consent(), lossAcceptedBy: 'Jun Park', ...body }, caller);
  const approve = (runId: string, caller = ada) => rooms.guided.approve(runId, { reason: 'called Jun' }, caller, '127.0.0.1');
  const decline = (runId: string, caller = ada) => rooms.guided.decline(runId, { reason: 'not this phone' }, caller, '127.0.0.1');
  const state = async (runId: string) => (await rooms.guided.run(runId)).state;

  beforeAll(async () => {
    ada = await person('Ada', 'admin');
    bea = await person('Bea', 'admin');
    tess = await person('Tess', 'technician');
  });
  beforeEach(async () => {
    await world(DFU);
    rooms.clock.advance(61_000);
    await tell(DFU);
  });

  it('waits for a second person; nobody ticks a step before, and it begins anew when that is given', async () => {
    const asked = await ask();
    expect(asked).toMatchObject({
      state: 'awaiting-approval',
      openedAt: null,
      approval: {
        needs: 'second-person',
        askedBy: { id: tess.id },
        consent: { holder: 'Jun Park' },
        lossAcceptedBy: 'Jun Park',
        decision: null,
      },
    });
    expect((await rooms.fixes.orders.view()).approvals).toBe(1);
    expect(await refusalOf(ask())).toBe('409 guided-active');
    expect(await refusalOf(rooms.guided.tick(asked.id, 'prove-backup', tess, ''))).toBe('409 not-open');
    await tell(DFU);
    expect(ticks(await rooms.guided.run(asked.id)).every((t) => t.endsWith(' -'))).toBe(true);
    expect(await refusalOf(approve(asked.id, tess))).toBe('403 role');
    expect(await refusalOf(approve(asked.id, { ...ada, kind: 'token' }))).toBe('403 person-required');
    rooms.told.length = 0;
    let fewerWait = 0;
    const unsubscribe = rooms.bus.subscribe('approvals.changed', () => {
      fewerWait++;
    });
    const approved = await approve(asked.id);
    unsubscribe();
    expect(approved).toMatchObject({
      state: 'open',
      openedAt: rooms.clock.iso(),
      deadlineAt: new Date(rooms.clock.now() + 5_400_000).toISOString(),
      approval: { decision: 'approved', decidedBy: 'Ada', reason: 'called Jun' },
    });
    expect(rooms.told.map((t) => t.topic)).toContain('run.changed');
    expect(fewerWait).toBe(1);
    expect((await approve(asked.id)).approval?.decidedBy).toBe('Ada');
    expect(await refusalOf(decline(asked.id, bea))).toBe('409 decided');
    const left = (await rooms.guided.run(asked.id)).steps.find((s) => !s.hasProof && s.doneAt === null);
    if (left === undefined) throw new Error('F46 has no step that a person ticks off');
    expect(ticks(await rooms.guided.tick(asked.id, left.step, tess, ''))).toContain(`${left.step} Tess`);
    expect((await auditOf(asked.id)).slice(0, 3)).toEqual(['guided-run.asked Tess', 'guided-run.approved Ada', 'guided-run.ticked Tess']);
    expect((await rooms.fixes.orders.view()).approvals).toBe(0);
  });

  it('takes two people, a consent of today, and a backup that the facts prove or an accepted loss', async () => {
    expect(await refusalOf(ask({}, { ...ada, kind: 'token' }))).toBe('403 person-required');
    expect(await refusalOf(ask({ consent: undefined }))).toBe('400 invalid-input');
    expect(await refusalOf(ask({ consent: consent(25 * HOUR_MS) }))).toBe('400 invalid-input');
    expect(await refusalOf(ask({ lossAcceptedBy: undefined }))).toBe('400 invalid-input');
    expect(StartBody.safeParse({ pairId, fix: 'F10', lossAcceptedBy: 'x' }).error?.issues.map((i) => i.path.join('.'))).toEqual([
      'lossAcceptedBy',
    ]);
    const own = await ask({}, ada);
    expect(await refusalOf(approve(own.id, ada))).toBe('403 same-person');
    // Whoever asked was demoted meanwhile: then nobody asked.
    await rooms.database.pool.query(`UPDATE person SET role = 'viewer' WHERE id = $1`, [ada.id]);
    expect(await refusalOf(approve(own.id, bea))).toBe('409 asker-gone');
    await rooms.database.pool.query(`UPDATE person SET role = 'admin' WHERE id = $1`, [ada.id]);
    expect(await state(own.id)).toBe('awaiting-approval');
    expect((await approve(own.id, bea)).state).toBe('open');
  });

  it('is declined with a reason, taken back, or ends after a day; of yes and no at once one counts', async () => {
    const first = await ask();
    expect(await decline(first.id)).toMatchObject({
      state: 'cancelled',
      detail: 'declined',
      endedBy: { name: 'Ada' },
      approval: { reason: 'not this phone' },
    });
    expect((await decline(first.id)).state).toBe('cancelled');
    const second = await ask();
    expect(await rooms.guided.abandon(second.id, tess, '')).toMatchObject({ state: 'cancelled', detail: 'by-person' });
    expect(await refusalOf(approve(second.id))).toBe('409 too-late');
    const third = await ask();
    rooms.clock.advance(24 * HOUR_MS);
    expect(await refusalOf(approve(third.id))).toBe('409 too-late');
    await rooms.guided.sweep.once();
    expect(await rooms.guided.run(third.id)).toMatchObject({ state: 'expired', detail: 'not-approved', openedAt: null });
    await tell(DFU);
    const fourth = await ask();
    const answers = await Promise.all([refusalOf(approve(fourth.id)), refusalOf(decline(fourth.id, bea))]);
    expect(answers.sort()).toEqual(['409 decided', 'no refusal']);
    // The database refuses what no program may write.
    await expect(
      rooms.database.pool.query(
        `UPDATE guided_approval SET decision = 'approved', loss_accepted_by = NULL, backup_at = NULL WHERE run_id = $1`,
        [fourth.id],
      ),
    ).rejects.toThrow(/guided_approval_loss/);
  });
});
