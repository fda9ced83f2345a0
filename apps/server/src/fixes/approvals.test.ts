import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Fact } from '@lockstep/core/health';
import { Order } from '@lockstep/core/protocol';
import type { AgentIdentity, TestAgent } from '../../test/agent.js';
import { facts, RECOVERY, UDID } from '../../test/readings.js';
import { type Rooms, startRooms } from '../../test/rooms.js';
import type { Caller, Role } from '../access/index.js';
import { ProblemError } from '../platform/index.js';
import { APPROVED_FOR, type ApproveBody } from './approvals.js';

const HOUR_MS = 3_600_000;
let rooms: Rooms;
let id: AgentIdentity;
let agent: TestAgent;
let pairId: string;
let ada: Caller;
let bea: Caller;
let tess: Caller;
const program: Caller = { kind: 'token', id: randomUUID(), name: 'script', role: 'admin', sessionId: null };

const person = async (name: string, role: Role): Promise<Caller> => {
  const caller: Caller = { kind: 'person', id: randomUUID(), name, role, sessionId: null };
  await rooms.database.pool.query(
    `INSERT INTO person (id, name, email, role, password_hash, created_at) VALUES ($1, $2, $3, $4, 'x', now())`,
    [caller.id, name, `${caller.id}@example.org`, role],
  );
  return caller;
};

type Change = Parameters<typeof facts>[0];
const seen = (kind: string, subject: unknown, reading: unknown) =>
  ({ kind, subject, state: 'seen', reading, at: rooms.clock.iso(), probe: 'test', tookMs: 1 }) as Fact;
const idle = () => seen('updater-activity', 'host', { programs: [], logAgeS: null, lastError: null, lastErrorAt: null });
const FINISHED = { snapshot: 'finished', full: true, encrypted: true, manifest: true, productVersion: '26.6.1' };
const backup = (at: Date, change: Partial<{ snapshot: 'finished' | 'uploading'; manifest: boolean | null }> = {}) =>
  seen('backup', { udid: UDID }, { ...FINISHED, at: at.toISOString(), ...change });
const tell = (extra: readonly Fact[] = [], change: Change = RECOVERY) =>
  agent.acked(agent.tell({ type: 'facts', full: true, facts: [...facts(change, { at: rooms.clock.date() }), idle(), ...extra] }));

beforeAll(async () => {
  rooms = await startRooms();
  ada = await person('Ada', 'admin');
  bea = await person('Bea', 'admin');
  tess = await person('Tess', 'technician');
});
afterAll(() => rooms.end());

/** A phone hangs in recovery for longer than patience lasts. */
beforeEach(async () => {
  rooms.jobs.isDown = false;
  id = await rooms.enrol();
  agent = await rooms.connect(id);
  await tell();
  rooms.clock.advance(31_000);
  await tell();
  pairId = String((await rooms.row('SELECT id FROM pair WHERE host_id = $1 AND udid = $2', [id.hostId, UDID])).id);
});

const consent = (agoMs = 60_000) => ({
  holder: 'Jun Park',
  how: 'by-phone' as const,
  at: new Date(rooms.clock.now() - agoMs).toISOString(),
});
const wish = () => ({ consent: consent(), lossAcceptedBy: 'Jun Park' });
type Ask = Parameters<Rooms['fixes']['ask']>[0];
const ask = (body: Partial<Ask> = {}, caller = tess) => rooms.fixes.ask({ pairId, fix: 'F45', ...body }, caller, '127.0.0.1');
const approve = (runId: string, caller = ada, body: ApproveBody = {}) => rooms.fixes.approve(runId, body, caller, '127.0.0.1');
const decline = (runId: string, caller = ada) => rooms.fixes.decline(runId, { reason: 'not this phone' }, caller, '127.0.0.1');
const run = (runId: string) => rooms.fixes.run(runId);
const refusalOf = (work: Promise<unknown>) =>
  work.then(
    () => 'no refusal',
    (e: unknown) => (e instanceof ProblemError ? [e.status, e.code, ...e.errors.map((f) => f.field)].join(' ') : String(e)),
  );
const nextOrder = async (): Promise<Order> =>
  Order.parse(JSON.parse(Buffer.from((await agent.next('order')).order ?? '', 'base64url').toString('utf8')));
const noOrder = async () => {
  await rooms.jobs.idle();
  await new Promise((r) => setTimeout(r, 100));
  expect(agent.frames.filter((f) => f.type === 'order')).toEqual([]);
};
const actions = async (runId: string) =>
  (await rooms.rows('SELECT action, actor_name FROM audit WHERE subject_id = $1 ORDER BY id', [runId])).map(
    (a) => `${a.action} ${a.actor_name}`,
  );

describe('a fix that destroys data', () => {
  it('waits for a second person, then its order carries who said yes and what they made sure of', async () => {
    const asked = await ask(wish());
    expect(asked).toMatchObject({
      state: 'awaiting-approval',
      approval: {
        needs: 'second-person',
        askedBy: { kind: 'person', id: tess.id },
        consent: { holder: 'Jun Park', how: 'by-phone' },
        lossAcceptedBy: 'Jun Park',
        decision: null,
      },
    });
    await rooms.fixes.sweep.once();
    await noOrder();
    expect((await rooms.fixes.orders.view()).approvals).toBeGreaterThan(0);
    const approved = await approve(asked.id, ada, { reason: 'called Jun myself' });
    expect(approved).toMatchObject({ approval: { decision: 'approved', decidedBy: 'Ada', reason: 'called Jun myself' } });
    const order = await nextOrder();
    expect(order).toMatchObject({
      fix: 'F45',
      udid: UDID,
      clearance: {
        approvedBy: [tess.id, ada.id],
        consent: { recordedBy: tess.id, at: asked.approval?.consent?.at },
        lossAcceptedBy: tess.id,
      },
    });
    expect(order.clearance).not.toHaveProperty('backupProvenAt');
    await rooms.jobs.idle();
    expect(await actions(asked.id)).toEqual(['fix-run.asked Tess', 'fix-run.approved Ada', 'fix-run.sent server']);
    expect(rooms.told.some((t) => t.topic === 'run.changed' && t.message && JSON.stringify(t.message).includes(asked.id))).toBe(true);
  });

  it('takes a backup that the facts prove instead of an accepted loss, never one that somebody claims', async () => {
    expect(await refusalOf(ask({ consent: consent() }))).toBe('400 invalid-input lossAcceptedBy');
    const yesterday = new Date(rooms.clock.now() - 23 * HOUR_MS);
    for (const fact of [
      backup(new Date(rooms.clock.now() - 25 * HOUR_MS)),
      backup(yesterday, { snapshot: 'uploading' }),
      backup(yesterday, { manifest: null }),
      backup(yesterday, { manifest: false }),
    ]) {
      await tell([fact]);
      expect(await refusalOf(ask({ consent: consent() }))).toBe('400 invalid-input lossAcceptedBy');
    }
    await tell([backup(yesterday)]);
    const asked = await ask({ consent: consent() });
    expect(asked.approval).toMatchObject({ backupAt: yesterday.toISOString(), lossAcceptedBy: null });
    await approve(asked.id);
    expect((await nextOrder()).clearance).toMatchObject({ backupProvenAt: yesterday.toISOString(), approvedBy: [tess.id, ada.id] });
  });

  it('is not approved once the backup is too old', async () => {
    await tell([backup(new Date(rooms.clock.now() - 23 * HOUR_MS))]);
    const asked = await ask({ consent: consent() });
    rooms.clock.advance(2 * HOUR_MS);
    await tell([backup(new Date(rooms.clock.now() - 25 * HOUR_MS))]);
    expect(await refusalOf(approve(asked.id))).toBe('409 needs-backup-or-loss-accepted');
    expect(await run(asked.id)).toMatchObject({ state: 'awaiting-approval' });
  });

  it.each([
    ['no consent', { lossAcceptedBy: 'Jun' }, '400 invalid-input consent'],
    ['an old consent', { lossAcceptedBy: 'Jun', ago: 25 * HOUR_MS }, '400 invalid-input consent.at'],
    ['a consent of tomorrow', { lossAcceptedBy: 'Jun', ago: -24 * HOUR_MS }, '400 invalid-input consent.at'],
    ['a consent only', { ago: 60_000 }, '400 invalid-input lossAcceptedBy'],
  ])('is not asked for with %s', async (_name, { lossAcceptedBy, ago }: { lossAcceptedBy?: string; ago?: number }, expected) => {
    expect(
      await refusalOf(
        ask({ ...(lossAcceptedBy === undefined ? {} : { lossAcceptedBy }), ...(ago === undefined ? {} : { consent: consent(ago) }) }),
      ),
    ).toBe(expected);
  });

  it('takes two people: not the one who asked, no technician, no program, on either side', async () => {
    expect(await refusalOf(ask(wish(), program))).toBe('403 person-required');
    const asked = await ask(wish(), ada);
    expect(await refusalOf(approve(asked.id, ada))).toBe('403 same-person');
    expect(await refusalOf(decline(asked.id, ada))).toBe('403 same-person');
    expect(await refusalOf(approve(asked.id, tess))).toBe('403 role');
    expect(await refusalOf(approve(asked.id, program))).toBe('403 person-required');
    // A token that the asker made is a program like any other.
    expect(await refusalOf(approve(asked.id, { ...program, id: ada.id }))).toBe('403 person-required');
    expect(await refusalOf(approve(randomUUID(), ada))).toBe('404 not-found');
    await noOrder();
    await approve(asked.id, bea);
    expect((await nextOrder()).clearance?.approvedBy).toEqual([ada.id, bea.id]);
  });

  it('is void when somebody who asked or approved was disabled or demoted before it was sent', async () => {
    for (const [who, change] of [
      ['asker', 'disabled_at = now()'],
      ['approver', "role = 'technician'"],
    ] as const) {
      await agent.close();
      const asker = await person('Tom', 'technician');
      const approver = await person('Ann', 'admin');
      const asked = await ask(wish(), asker);
      await approve(asked.id, approver);
      await rooms.jobs.idle();
      await rooms.database.pool.query(`UPDATE person SET ${change} WHERE id = $1`, [who === 'asker' ? asker.id : approver.id]);
      agent = await rooms.connect(id);
      await rooms.fixes.sweep.signedOn(id.hostId);
      expect(await run(asked.id)).toMatchObject({ state: 'cancelled', detail: 'approval-void' });
      await noOrder();
    }
    const asker = await person('Tim', 'technician');
    const asked = await ask(wish(), asker);
    await rooms.database.pool.query('UPDATE person SET disabled_at = now() WHERE id = $1', [asker.id]);
    expect(await refusalOf(approve(asked.id))).toBe('409 asker-gone');
  });

  it('is asked for the ECID where the UDID does not hold it, and takes no other phone’s', async () => {
    const asked = await ask(wish());
    expect(await refusalOf(approve(asked.id, ada, { ecid: '0000000000000001' }))).toBe('400 invalid-input ecid');
    await approve(asked.id, ada, { ecid: UDID.slice(9) });
    expect((await nextOrder()).clearance).toMatchObject({ ecid: UDID.slice(9) });
    await rooms.jobs.idle();

    const old = '0123456789abcdef0123456789abcdef01234567';
    id = await rooms.enrol('old');
    agent = await rooms.connect(id);
    const told = () => [...facts(RECOVERY, { at: rooms.clock.date(), udids: [old] }), idle()];
    await agent.acked(agent.tell({ type: 'facts', full: true, facts: told() }));
    rooms.clock.advance(31_000);
    await agent.acked(agent.tell({ type: 'facts', full: true, facts: told() }));
    pairId = String((await rooms.row('SELECT id FROM pair WHERE host_id = $1', [id.hostId])).id);
    const second = await ask(wish());
    expect(await refusalOf(approve(second.id))).toBe('400 invalid-input ecid');
    await approve(second.id, ada, { ecid: '00112233AABBCCDD' });
    expect((await nextOrder()).clearance).toMatchObject({ ecid: '00112233AABBCCDD' });
  });

  it('is never signed without an approval, whatever the row says', async () => {
    const asked = await ask(wish());
    await rooms.database.pool.query(`UPDATE fix_run SET state = 'queued' WHERE id = $1`, [asked.id]);
    await rooms.fixes.sweep.once();
    await noOrder();
    expect(await run(asked.id)).toMatchObject({ state: 'cancelled', detail: 'not-approved' });
    const bare = await ask(wish());
    await rooms.database.pool.query('DELETE FROM fix_approval WHERE run_id = $1', [bare.id]);
    await rooms.database.pool.query(`UPDATE fix_run SET state = 'queued' WHERE id = $1`, [bare.id]);
    await rooms.fixes.sweep.once();
    await noOrder();
    expect(await run(bare.id)).toMatchObject({ state: 'cancelled', detail: 'needs-clearance' });
  });

  it('waits for its computer for an hour only, and tells while something is in its way', async () => {
    const asked = await ask(wish());
    await agent.close();
    await approve(asked.id);
    await rooms.jobs.idle();
    const until = Date.parse((await run(asked.id)).expiresAt);
    expect(until - rooms.clock.now()).toBe(APPROVED_FOR['second-person']);
    agent = await rooms.connect(id);
    // Unplugged meanwhile: what was approved may not run now, and is not lost.
    await tell([], { ...RECOVERY, 'usb-device': 'absent' });
    await rooms.fixes.sweep.signedOn(id.hostId);
    await noOrder();
    expect(await run(asked.id)).toMatchObject({ state: 'queued', heldBy: 'not-now', detail: 'away' });
    await tell();
    await rooms.fixes.sweep.once();
    expect((await nextOrder()).runId).toBe(asked.id);
    await rooms.jobs.idle();
    rooms.clock.advance(HOUR_MS);
    await rooms.fixes.sweep.once();
    expect(await run(asked.id)).toMatchObject({ state: 'expired' });
  });
});

describe('a run that waits for a yes', () => {
  /** On macOS the tool keeps the data: an admin's yes is enough. */
  const onMac = () => rooms.database.pool.query(`UPDATE host_key SET os = 'macos' WHERE id = $1`, [id.hostId]);

  it('of a technician is approved by an admin; an admin needs nobody', async () => {
    await onMac();
    const asked = await ask({ fix: 'F43' });
    expect(asked).toMatchObject({ state: 'awaiting-approval', approval: { needs: 'admin', consent: null } });
    await approve(asked.id);
    const order = await nextOrder();
    expect([order.runId, order.clearance]).toEqual([asked.id, undefined]);
    await rooms.jobs.idle();
    await agent.acked(agent.tell({ type: 'fix.settled', runId: asked.id, mechanics: 'refused', detail: null, facts: [] }));
    expect(await ask({ fix: 'F43' }, ada)).toMatchObject({ state: 'queued', approval: null });
  });

  it('may be asked for by a program, and never approved by one', async () => {
    await onMac();
    const asked = await ask({ fix: 'F43' }, { ...program, role: 'technician' });
    expect(await refusalOf(approve(asked.id, program))).toBe('403 person-required');
    expect(await approve(asked.id)).toMatchObject({ approval: { decision: 'approved' } });
  });

  it('is asked for once, and holds up no other fix', async () => {
    const asked = await ask(wish());
    expect(await refusalOf(ask(wish()))).toBe('409 approval-pending');
    expect((await Promise.all([refusalOf(ask(wish(), bea)), refusalOf(ask(wish(), bea))])).sort()).toEqual([
      '409 approval-pending',
      '409 approval-pending',
    ]);
    const other = await ask({ fix: 'F42' });
    expect(other.state).toBe('queued');
    await nextOrder();
    await rooms.jobs.idle();
    // The other one is under way: not now, and the wish goes on waiting.
    expect(await refusalOf(approve(asked.id))).toBe('409 run-active');
    expect(await run(asked.id)).toMatchObject({ state: 'awaiting-approval' });
    await agent.acked(agent.tell({ type: 'fix.settled', runId: other.id, mechanics: 'refused', detail: null, facts: [] }));
    expect(await approve(asked.id)).toMatchObject({ approval: { decision: 'approved' } });
  });

  it('of two asked at once is one', async () => {
    const answers = await Promise.all([refusalOf(ask(wish())), refusalOf(ask(wish(), bea)), refusalOf(ask(wish(), ada))]);
    expect(answers.sort()).toEqual(['409 approval-pending', '409 approval-pending', 'no refusal']);
  });

  it('approved twice is approved once; of yes and no at once one counts', async () => {
    const asked = await ask(wish());
    await Promise.all([approve(asked.id), approve(asked.id), approve(asked.id, bea)]);
    await nextOrder();
    await rooms.jobs.idle();
    expect((await actions(asked.id)).filter((a) => a.startsWith('fix-run.approved'))).toHaveLength(1);
    expect(await refusalOf(decline(asked.id, bea))).toBe('409 decided');
    await agent.acked(agent.tell({ type: 'fix.settled', runId: asked.id, mechanics: 'refused', detail: null, facts: [] }));

    const second = await ask(wish());
    const both = await Promise.all([refusalOf(approve(second.id, ada)), refusalOf(decline(second.id, bea))]);
    expect(both.filter((a) => a === 'no refusal')).toHaveLength(1);
    expect(both.filter((a) => a === '409 decided')).toHaveLength(1);
    const after = await run(second.id);
    const decisions = (await actions(second.id)).filter((a) => /approved|declined/.test(a));
    expect(decisions).toHaveLength(1);
    expect(after.approval?.decision).toBe(both[0] === 'no refusal' ? 'approved' : 'declined');
    if (after.approval?.decision === 'declined') expect(after).toMatchObject({ state: 'cancelled', detail: 'declined' });
    await rooms.jobs.idle();
  });

  it('is declined with a reason, which whoever asked reads; declined twice it is declined once', async () => {
    const asked = await ask(wish());
    expect(await decline(asked.id)).toMatchObject({
      state: 'cancelled',
      detail: 'declined',
      approval: { decision: 'declined', decidedBy: 'Ada', reason: 'not this phone' },
    });
    await decline(asked.id, bea);
    expect(await refusalOf(approve(asked.id, bea))).toBe('409 decided');
    expect((await actions(asked.id)).filter((a) => a.startsWith('fix-run.declined'))).toEqual(['fix-run.declined Ada']);
    await rooms.fixes.sweep.once();
    await noOrder();
    expect((await ask(wish())).state).toBe('awaiting-approval');
  });

  it('is taken back by whoever may order, and ends after a day', async () => {
    const first = await ask(wish());
    expect(await rooms.fixes.cancel(first.id, tess, '127.0.0.1')).toMatchObject({ state: 'cancelled', detail: 'by-person' });
    expect(await refusalOf(approve(first.id))).toBe('409 too-late');
    const second = await ask(wish());
    rooms.clock.advance(24 * HOUR_MS);
    expect(await refusalOf(approve(second.id))).toBe('409 too-late');
    await rooms.fixes.sweep.once();
    expect(await run(second.id)).toMatchObject({ state: 'expired', detail: 'not-approved' });
    // A host that speaks of it is not believed: nothing was ordered.
    await agent.acked(agent.tell({ type: 'fix.settled', runId: second.id, mechanics: 'done', detail: null, facts: [] }));
    expect(await run(second.id)).toMatchObject({ state: 'expired', settledAt: null });
  });

  it('is not believed done because its host says so', async () => {
    const asked = await ask(wish());
    for (const told of [
      { type: 'fix.received' },
      { type: 'fix.settled', mechanics: 'done', detail: null, facts: [] },
      { type: 'fix.refused', reason: 'replayed' },
    ])
      await agent.acked(agent.tell({ runId: asked.id, ...told }));
    expect(await run(asked.id)).toMatchObject({ state: 'awaiting-approval', settledAt: null });
  });

  it('is not approved when what it was asked for is over, its host is revoked or all orders are stopped', async () => {
    const asked = await ask(wish());
    await rooms.fixes.orders.stop({ stopped: true, reason: 'x' }, ada, '127.0.0.1');
    expect(await refusalOf(approve(asked.id))).toBe('409 orders-stopped');
    await rooms.fixes.orders.stop({ stopped: false, reason: 'x' }, ada, '127.0.0.1');
    await tell([], {});
    expect(await refusalOf(approve(asked.id))).toBe('409 cause-not-open');
    await rooms.database.pool.query('UPDATE host_key SET revoked_at = now() WHERE id = $1', [id.hostId]);
    expect(await refusalOf(approve(asked.id))).toBe('409 revoked');
    await rooms.fixes.sweep.once();
    expect(await run(asked.id)).toMatchObject({ state: 'cancelled', detail: 'host-revoked' });
  });

  it('needs a yes at all', async () => {
    const other = await ask({ fix: 'F42' });
    expect(await refusalOf(approve(other.id))).toBe('409 no-approval-needed');
    expect(await refusalOf(ask({ fix: 'F42', ...wish() }))).toBe('409 run-active');
  });

  it('is kept by the database from being approved without a consent or a cover', async () => {
    const asked = await ask(wish());
    const set = (sql: string) => rooms.database.pool.query(`UPDATE fix_approval SET ${sql} WHERE run_id = $1`, [asked.id]);
    await expect(set('consent_holder = NULL, consent_how = NULL, consent_at = NULL')).rejects.toMatchObject({ code: '23514' });
    await expect(set(`decision = 'approved'`)).rejects.toMatchObject({ code: '23514' });
    await expect(
      set(`loss_accepted_by = NULL, decision = 'approved', decided_by_id = '${ada.id}', decided_by = 'Ada', decided_at = now()`),
    ).rejects.toMatchObject({ code: '23514' });
  });
});
