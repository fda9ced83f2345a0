import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Fact } from '@lockstep/core/health';
import type { AgentMessage } from '@lockstep/core/protocol';
import { FakeDisk } from '../../test/fake-disk.js';
import { LinkRig } from '../../test/link-rig.js';
import type { LinkServer } from '../../test/link-server.js';
import { agentFiles } from './disk.js';
import type { LinkOptions } from './link.js';
import type { OrderedRun, RunResult } from './runs.js';

/** Orders over real sockets, from the frame to the result. */

const UDID = '00008110-001A2B3C4D5E801E';
const OTHER = '00008120-001A2B3C4D5E801E';
const DONE: RunResult = { mechanics: 'done', detail: null, facts: [] };

let rig: LinkRig;
let server: LinkServer;
beforeEach(async () => {
  rig = await LinkRig.make();
  server = rig.server;
});
afterEach(() => rig.dispose());

const online = (more: Partial<LinkOptions> = {}) => rig.online(more);
/** What the server was told about a run, without the facts. */
const told = (runId: string) =>
  server.committed.flatMap((m) =>
    'runId' in m && m.runId === runId
      ? [
          m.type === 'fix.settled'
            ? `settled ${m.mechanics} ${m.detail}`
            : m.type === 'fix.refused'
              ? `refused ${m.reason}`
              : m.type === 'fix.progress'
                ? `progress ${m.stage} ${m.awaiting}`
                : 'received',
        ]
      : [],
  );
const settled = (runId: string) => server.until(() => told(runId).some((t) => t.startsWith('settled')), `${runId} is settled`);
const refused = (runId: string | null) =>
  server.until(() => server.committed.some((m) => m.type === 'fix.refused' && m.runId === runId), 'an order is refused');
const fact = (reason: 'timeout' | 'io'): Fact => ({
  kind: 'lockdown',
  subject: { udid: UDID },
  state: 'failed',
  reason,
  at: new Date().toISOString(),
  probe: 'p',
  tookMs: 1,
});

/** A fix that waits until it is let go. */
function gate() {
  const runs: OrderedRun[] = [];
  const go: ((result: RunResult) => void)[] = [];
  const onOrder = (run: OrderedRun) => {
    runs.push(run);
    return new Promise<RunResult>((resolve) => go.push(resolve));
  };
  return { runs, go, onOrder };
}

describe('a run', () => {
  it('RUN-1 RUN-3 is received, carried out, settled with its facts', async () => {
    const link = await online({
      onOrder: async ({ order, progress }) => {
        progress('checking');
        progress('acting');
        progress('awaiting-holder', 'tap-trust');
        progress('verifying');
        expect(order).toMatchObject({ fix: 'F11', udid: UDID });
        return { mechanics: 'done', detail: 'trusted', facts: [fact('io')] };
      },
    });
    const { order, envelope } = server.order();
    server.send(envelope);
    await settled(order.runId);
    expect(told(order.runId)).toEqual([
      'received',
      'progress checking null',
      'progress acting null',
      'progress awaiting-holder tap-trust',
      'progress verifying null',
      'settled done trusted',
    ]);
    const message = server.committed.find((m): m is Extract<AgentMessage, { type: 'fix.settled' }> => m.type === 'fix.settled');
    expect(message?.facts).toMatchObject([{ kind: 'lockdown', reason: 'io' }]);
    // What a result told is told.
    expect(link.report([fact('io')])).toBe(0);
  });

  it('RUN-8 facts that do not fit the result go ahead of it', async () => {
    const many = Array.from(
      { length: 600 },
      (_, i): Fact => ({ ...fact('io'), subject: { udid: `00008110-${i.toString(16).toUpperCase().padStart(16, '0')}` } }),
    );
    await online({ onOrder: async () => ({ ...DONE, facts: many }) });
    const { order, envelope } = server.order();
    server.send(envelope);
    await settled(order.runId);
    const parts = server.committed.flatMap((m) =>
      (m.type === 'facts' && !m.full) || m.type === 'fix.settled' ? [[m.type, m.facts.length]] : [],
    );
    expect(parts).toEqual([
      ['facts', 512],
      ['fix.settled', 88],
    ]);
  });

  it('RUN-4 ORD-9 the same order again, and a new order for the same run, are refused; it ran once', async () => {
    let ran = 0;
    await online({ onOrder: async () => (ran++, DONE) });
    const { order, envelope } = server.order();
    server.send(envelope);
    await settled(order.runId);
    server.send(envelope);
    server.send(server.order({ runId: order.runId }).envelope);
    await refused(order.runId);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(ran).toBe(1);
    expect(
      told(order.runId)
        .slice(2)
        .every((t) => t === 'refused replayed'),
    ).toBe(true);
  });

  it('RUN-4 ORD-9 a run that was taken before a restart is refused after it', async () => {
    let ran = 0;
    const first = await online({ onOrder: async () => (ran++, DONE) });
    const { order, envelope } = server.order();
    server.send(envelope);
    await settled(order.runId);
    await first.stop();
    await online({ onOrder: async () => (ran++, DONE) });
    server.send(server.order({ runId: order.runId }).envelope);
    await refused(order.runId);
    expect(ran).toBe(1);
  });

  it('ORD-7 an order of an earlier connection is refused on the next one, even after a newer order', async () => {
    const link = await online();
    const early = server.order();
    server.cut();
    await server.until(() => server.hellos.length === 2 && link.status().state === 'online', 'the agent is back');
    const newer = server.order();
    server.send(newer.envelope);
    server.send(early.envelope);
    await refused(early.order.runId);
    expect(told(early.order.runId)).toEqual(['refused wrong-connection']);
    await settled(newer.order.runId);
  });

  it('ORD-14 two orders in swapped order are both carried out', async () => {
    await online();
    const first = server.order({ udid: UDID, issuedAt: new Date(server.now() - 2_000).toISOString() });
    const second = server.order({ udid: OTHER });
    server.send(second.envelope);
    server.send(first.envelope);
    await settled(first.order.runId);
    await settled(second.order.runId);
  });

  it('ORD-8 an order is held against the server’s time, not this computer’s', async () => {
    server.skewMs = -86_400_000;
    await online();
    const good = server.order();
    server.send(good.envelope);
    await settled(good.order.runId);
    const late = server.order({
      issuedAt: new Date(server.now() - 90_000).toISOString(),
      expiresAt: new Date(server.now() - 1).toISOString(),
    });
    server.send(late.envelope);
    await refused(late.order.runId);
    expect(told(late.order.runId)).toEqual(['refused expired']);
  });

  it('ORD-2 ORD-16 a flood of forged orders is answered once, and the spool does not grow', async () => {
    const link = await online();
    await server.until(() => link.status().outbox.waiting === 0, 'all is acknowledged');
    server.mode = 'ignore';
    const { envelope } = server.order();
    for (let i = 0; i < 500; i++) server.send({ ...envelope, signature: 'A'.repeat(86) });
    await server.until(() => server.received.some((m) => m.type === 'fix.refused'), 'it is refused');
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(link.status().outbox.waiting).toBe(1);
  });

  it('ORD-12 one run per phone; a run on the computer excludes every other; lanes are given back', async () => {
    const { runs, go, onOrder } = gate();
    await online({ onOrder });
    const first = server.order();
    const same = server.order();
    const whole = server.order({ fix: 'F08', udid: null });
    const other = server.order({ udid: OTHER });
    for (const o of [first, same, whole, other]) server.send(o.envelope);
    await server.until(() => runs.length === 2, 'two run');
    await refused(whole.order.runId);
    expect([told(same.order.runId), told(whole.order.runId)]).toEqual([['refused busy'], ['refused busy']]);
    for (const g of go.splice(0)) g(DONE);
    await settled(first.order.runId);
    await settled(other.order.runId);
    const again = server.order({ fix: 'F08', udid: null, runId: whole.order.runId });
    server.send(again.envelope);
    await server.until(() => runs.length === 3, 'the lane is free');
    for (const g of go) g(DONE);
  });

  it('RUN-3 a fix that dies before acting is failed, one that dies after is unknown; both are read anew', async () => {
    const asked: string[] = [];
    await online({
      onHalfDone: async ({ stage }) => (asked.push(stage), [fact('timeout')]),
      onOrder: async ({ order, progress }) => {
        if (order.udid === OTHER) progress('acting');
        throw new Error('the fix died');
      },
    });
    const before = server.order();
    const after = server.order({ udid: OTHER });
    server.send(before.envelope);
    server.send(after.envelope);
    await settled(before.order.runId);
    await settled(after.order.runId);
    expect(told(before.order.runId).at(-1)).toBe('settled failed crashed');
    expect(told(after.order.runId).at(-1)).toBe('settled unknown crashed');
    expect(asked.sort()).toEqual(['acting', 'taken']);
  });

  it('RUN-3 a run whose connection is lost meanwhile is settled on the next one', async () => {
    const { runs, go, onOrder } = gate();
    await online({ onOrder });
    const { order, envelope } = server.order();
    server.send(envelope);
    await server.until(() => runs.length === 1, 'it runs');
    server.cut();
    go[0]?.(DONE);
    await settled(order.runId);
    expect(told(order.runId)).toEqual(['received', 'settled done null']);
  });
});

describe('a crash', () => {
  /** Runs an order up to a point on a disk, cuts the power, and starts again on what is left. */
  async function crashed(act: boolean) {
    const disk = new FakeDisk();
    const { runs, onOrder } = gate();
    const first = await online({ disk, onOrder });
    const { order, envelope } = server.order();
    server.send(envelope);
    await server.until(() => runs.length === 1, 'it runs');
    if (act) runs[0]?.progress('acting');
    // The process is gone: nothing it does from here on reaches the disk that the next one finds.
    const left = new FakeDisk();
    disk.cutPower();
    for (const [path, file] of disk.files) left.files.set(path, { bytes: Buffer.from(file.bytes), synced: file.bytes.length });
    server.mode = 'ignore';
    await first.stop();
    server.mode = 'commit';
    return { order, left };
  }

  it('RUN-10 what two people cleared reaches the fix as it was signed, and a changed one is not taken', async () => {
    const clearance = {
      approvedBy: ['0b8f4b9e-5a0f-4d0a-9b43-0c5e9b8d1a01', '0b8f4b9e-5a0f-4d0a-9b43-0c5e9b8d1a02'],
      consent: { recordedBy: '0b8f4b9e-5a0f-4d0a-9b43-0c5e9b8d1a01', at: '2026-11-24T08:40:00Z' },
      backupProvenAt: '2026-11-24T03:12:00Z',
    };
    const taken: unknown[] = [];
    await online({ onOrder: async ({ order }) => (taken.push(order.clearance), DONE) });
    const { order, envelope } = server.order({ fix: 'F45', clearance });
    server.send(envelope);
    await settled(order.runId);
    const other = server.order({ fix: 'F45', clearance: { ...clearance, approvedBy: ['ada'] } });
    server.send(other.envelope);
    await refused(other.order.runId);
    expect([taken, told(other.order.runId)]).toEqual([[clearance], ['refused bad-order']]);
  });

  it.each([
    [false, 'settled unknown cut-off-before-acting'],
    [true, 'settled unknown cut-off-acting'],
  ])('RUN-5 a run found half done (acting: %s) is unknown, read anew, never repeated', async (act, result) => {
    const { order, left } = await crashed(act);
    let ran = 0;
    await online({
      disk: left,
      onOrder: async () => (ran++, DONE),
      onHalfDone: async (run) => (expect(run).toMatchObject({ runId: order.runId, fix: 'F11', udid: UDID }), [fact('timeout')]),
    });
    await settled(order.runId);
    expect(told(order.runId).at(-1)).toBe(result);
    expect(server.committed.find((m) => m.type === 'fix.settled')).toMatchObject({ facts: [{ reason: 'timeout' }] });
    server.send(server.order({ runId: order.runId }).envelope);
    await refused(order.runId);
    expect(ran).toBe(0);
    await rig.stopAll();
    // Answered for once: the next start says nothing more.
    const count = told(order.runId).length;
    await online({ disk: left });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(told(order.runId)).toHaveLength(count);
  });

  it('RUN-5 a crash between result and journal: the true result stands', async () => {
    const disk = new FakeDisk();
    const link = await online({ disk });
    server.mode = 'ignore';
    const { order, envelope } = server.order();
    let journalBefore: Buffer | null = null;
    server.send(envelope);
    await server.until(() => server.received.some((m) => m.type === 'fix.received'), 'it was received');
    await server.until(() => server.received.some((m) => m.type === 'fix.settled'), 'it was settled');
    // The journal as it was with the run taken and not settled.
    journalBefore = disk.read(agentFiles(rig.dir).journal);
    const firstLine = (journalBefore ?? Buffer.alloc(0)).indexOf(0x0a) + 1;
    await link.stop();
    const left = new FakeDisk();
    left.files.set(agentFiles(rig.dir).spool, { bytes: disk.read(agentFiles(rig.dir).spool) ?? Buffer.alloc(0), synced: 0 });
    left.files.set(agentFiles(rig.dir).journal, { bytes: (journalBefore ?? Buffer.alloc(0)).subarray(0, firstLine), synced: 0 });
    server.mode = 'commit';
    await online({ disk: left });
    await settled(order.runId);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(told(order.runId)).toEqual(['received', 'settled done null']);
  });
});

describe('a journal that cannot be written', () => {
  it('ORD-13 no order is carried out; with room again they are', async () => {
    const disk = new FakeDisk();
    let ran = 0;
    await online({ disk, onOrder: async () => (ran++, DONE) });
    disk.capacity = 0;
    const first = server.order();
    server.send(first.envelope);
    await refused(first.order.runId);
    expect([told(first.order.runId), ran]).toEqual([['refused no-journal'], 0]);
    disk.capacity = Number.POSITIVE_INFINITY;
    const second = server.order();
    server.send(second.envelope);
    await settled(second.order.runId);
    expect(ran).toBe(1);
  });

  it('RUN-2 a fix may not act when the journal does not take `acting`', async () => {
    const disk = new FakeDisk();
    let acted = false;
    await online({
      disk,
      onOrder: async ({ progress }) => {
        disk.capacity = 0;
        progress('acting');
        acted = true;
        return DONE;
      },
    });
    const { order, envelope } = server.order();
    server.send(envelope);
    await settled(order.runId);
    expect([told(order.runId), acted]).toEqual([['received', 'settled failed crashed'], false]);
  });
});
