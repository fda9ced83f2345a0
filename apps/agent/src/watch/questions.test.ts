import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Fact } from '@lockstep/core/health';
import { MuxClient } from '../device/index.js';
import { type Machine, RecordedMachine } from '../machine/index.js';
import { draft, type HostProbe, Overdue, sharingRuns } from '../probes/index.js';
import { Questions } from './questions.js';

const UDID = '00008110-0011223344556677';
const MIN = 60_000;

describe('questions', () => {
  let now: number;
  let asked: string[];
  let told: Fact[];
  let allowed: 'all' | 'essentials';
  let answers: Record<string, () => Promise<void>>;
  const machine = new RecordedMachine({ os: 'linux' });

  beforeEach(() => {
    now = 0;
    asked = [];
    told = [];
    allowed = 'all';
    answers = {};
  });

  /** A question of one kind; what its answer waits for can be set in `answers`. */
  const probe = (id: string, more: Partial<HostProbe> = {}): HostProbe => ({
    id,
    kinds: ['host-storage'],
    cost: 'cheap',
    cadenceMs: 5 * MIN,
    deadlineMs: 1_000,
    rows: {
      linux: {
        asks: ['self'],
        privilege: 'user',
        ask: async () => {
          asked.push(id);
          await answers[id]?.();
          return [draft.seen('host-storage', 'host', { freeBytes: 1, totalBytes: 2 })];
        },
      },
    },
    ...more,
  });

  function questions(probes: HostProbe[]): Questions {
    return new Questions({
      ctx: {
        machine,
        mux: new MuxClient({ open: async () => Promise.reject(new Error('none')) }),
        agent: '0.1.0',
        outbox: () => ({ waiting: 0, dropped: 0 }),
        onCrash: () => {},
      },
      phones: () => [UDID],
      report: (facts) => told.push(...facts),
      broke: (e) => {
        throw e;
      },
      allowed: () => allowed,
      monotonic: () => now,
      random: () => 0,
      probes,
    });
  }

  async function pass(q: Questions, ms: number, step = 1_000): Promise<void> {
    for (const until = now + ms; now < until; ) {
      now += step;
      q.tick();
      await q.settled();
    }
  }

  it('are asked at once and then in their cadence', async () => {
    const q = questions([probe('a'), probe('b', { cadenceMs: 10 * MIN })]);
    q.tick();
    await q.settled();
    expect(asked).toEqual(['a', 'b']);
    await pass(q, 5 * MIN - 1_000, MIN);
    asked = [];
    await pass(q, 10 * MIN, MIN);
    expect(asked.filter((x) => x === 'a')).toHaveLength(2);
    expect(asked.filter((x) => x === 'b')).toHaveLength(1);
    expect(told.every((f) => f.state === 'seen')).toBe(true);
  });

  it('of other systems are not asked', async () => {
    const q = questions([probe('mac', { kinds: ['usb-ports'] })]);
    await pass(q, 10 * MIN, MIN);
    expect([asked, told]).toEqual([[], []]);
  });

  it('are few at a time, and of dear ones never two', async () => {
    const free: (() => void)[] = [];
    const hold = () => new Promise<void>((r) => free.push(r));
    const q = questions([probe('dear-1', { cost: 'dear' }), probe('dear-2', { cost: 'dear' }), probe('a'), probe('b'), probe('c')]);
    for (const id of ['dear-1', 'dear-2', 'a', 'b', 'c']) answers[id] = hold;
    q.tick();
    await Promise.resolve();
    expect(asked).toEqual(['dear-1', 'a', 'b']);
    free.splice(0).forEach((r) => void r());
    await q.settled();
    q.tick();
    expect(asked).toEqual(['dear-1', 'a', 'b', 'dear-2', 'c']);
    free.splice(0).forEach((r) => void r());
    await q.settled();
  });

  it('are asked soon after a phone came, once for many, and only those that depend on it', async () => {
    const q = questions([probe('depends', { nudged: true, cadenceMs: 60 * MIN }), probe('not', { cadenceMs: 60 * MIN })]);
    q.tick();
    await q.settled();
    asked = [];
    for (let i = 0; i < 10; i++) q.nudge();
    await pass(q, 4_000);
    expect(asked).toEqual([]);
    await pass(q, 2_000);
    expect(asked).toEqual(['depends']);
    q.nudge();
    await pass(q, 30_000);
    expect(asked).toEqual(['depends']);
    await pass(q, 40_000);
    expect(asked).toEqual(['depends', 'depends']);
  });

  it('that time out three times in a row are paused, ever longer, and named; an answer ends that', async () => {
    const q = questions([probe('slow'), probe('fine')]);
    answers.slow = async () => Promise.reject(new Overdue(1_000));
    await pass(q, 11 * MIN, 10_000);
    expect(asked.filter((x) => x === 'slow')).toHaveLength(3);
    expect(q.paused()).toEqual(['slow']);
    expect(told.filter((f) => f.state === 'failed' && f.reason === 'timeout')).toHaveLength(3);
    // Ten minutes, then twenty.
    asked = [];
    await pass(q, 9 * MIN, 10_000);
    expect(asked).not.toContain('slow');
    await pass(q, MIN, 10_000);
    expect(asked.filter((x) => x === 'slow')).toHaveLength(1);
    await pass(q, 19 * MIN, 10_000);
    expect(asked.filter((x) => x === 'slow')).toHaveLength(1);
    delete answers.slow;
    await pass(q, 2 * MIN, 10_000);
    expect(q.paused()).toEqual([]);
    asked = [];
    await pass(q, 5 * MIN, 10_000);
    expect(asked).toContain('slow');
    expect(asked).toContain('fine');
  });

  it('are essentials only while the agent is over its limits', async () => {
    const q = questions([probe('agent-limits', { kinds: ['agent-limits'], cadenceMs: 30_000 }), probe('other')]);
    allowed = 'essentials';
    await pass(q, MIN);
    expect(asked).not.toContain('other');
    expect(asked).toContain('agent-limits');
    allowed = 'all';
    await pass(q, 2_000);
    expect(asked).toContain('other');
  });

  it('end when they are stopped, and what they read then is nobody’s', async () => {
    const q = questions([probe('a')]);
    answers.a = () => new Promise<void>(() => {});
    q.tick();
    await q.stop();
    expect(told).toEqual([]);
  });
});

describe('questions that need the same costly start', () => {
  const row = (asked: string[], id: string, more: object = {}) => ({
    asks: ['windows-now' as const],
    privilege: 'user' as const,
    ask: async ({ machine }: { machine: Machine }) => {
      asked.push(id);
      await machine.run('windows-now');
      return [draft.seen('host-storage', 'host', { freeBytes: 1, totalBytes: 2 })];
    },
    ...more,
  });

  it('are asked along with a look that starts it, and start it once', async () => {
    const asked: string[] = [];
    let now = 0;
    const machine = new RecordedMachine({ os: 'windows', commands: { 'windows-now': { stdout: '{}' } } });
    const shared = sharingRuns(machine, () => now);
    const base = { kinds: ['host-storage' as const], cost: 'cheap' as const, deadlineMs: 1_000 };
    const q = new Questions({
      ctx: {
        machine: shared,
        mux: new MuxClient({ open: async () => Promise.reject(new Error('none')) }),
        agent: '0.1.0',
        outbox: () => ({ waiting: 0, dropped: 0 }),
        onCrash: () => {},
      },
      phones: () => [UDID],
      report: () => {},
      broke: (e) => {
        throw e;
      },
      allowed: () => 'all',
      monotonic: () => now,
      random: () => 0,
      probes: [
        { ...base, id: 'a', cadenceMs: MIN, rows: { windows: row(asked, 'a') } },
        { ...base, id: 'b', cadenceMs: MIN, rows: { windows: row(asked, 'b') } },
        // Its own system's cadence counts: half an hour, of which a minute has not passed.
        { ...base, id: 'rare', cadenceMs: MIN, rows: { windows: row(asked, 'rare', { cadenceMs: 30 * MIN }) } },
      ],
    });
    // The first look takes along who is due.
    q.along(['windows-now']);
    await q.settled();
    expect([asked.splice(0), machine.started.splice(0)]).toEqual([['a', 'b', 'rare'], ['windows-now']]);
    now = 50_000;
    shared.forget();
    q.along(['windows-now']);
    q.along(['windows-slow']);
    await q.settled();
    expect([asked.splice(0), machine.started.splice(0)]).toEqual([['a', 'b'], ['windows-now']]);
    // Nobody looked for a minute: the one that is due takes the other along.
    now = 110_000;
    q.tick();
    await q.settled();
    expect([asked.splice(0), machine.started.splice(0)]).toEqual([['a', 'b'], ['windows-now']]);
    await q.stop();
  });

  it('wait for the one under way, however long it takes, unless it is to be forgotten', async () => {
    let now = 0;
    const ends: ((said: { stdout: string }) => void)[] = [];
    const machine = new RecordedMachine({ os: 'windows' });
    machine.run = async () => ({ exit: 0, stderr: '', failure: null, ...(await new Promise<{ stdout: string }>((r) => ends.push(r))) });
    const shared = sharingRuns(machine, () => now, { costlyOnly: true });
    const first = shared.run('windows-now');
    now = 20_000;
    const second = shared.run('windows-now');
    shared.forget();
    const third = shared.run('windows-now');
    expect(ends).toHaveLength(2);
    ends[0]?.({ stdout: 'old' });
    ends[1]?.({ stdout: 'new' });
    expect((await Promise.all([first, second, third])).map((r) => r.stdout)).toEqual(['old', 'old', 'new']);
    void shared.run('windows-time');
    void shared.run('windows-time');
    expect(ends).toHaveLength(4);
  });
});

describe('commands that several questions ask at once', () => {
  it('run once, with the same parameters, for a few seconds', async () => {
    let now = 0;
    const runs: string[] = [];
    const machine = new RecordedMachine({
      os: 'linux',
      commands: {
        'process-names': () => {
          runs.push('ps');
          return { stdout: 'x' };
        },
        'session-show': ({ session = '' }) => {
          runs.push(session);
          return { stdout: session };
        },
      },
    });
    const shared: Machine = sharingRuns(machine, () => now);
    await Promise.all([shared.run('process-names'), shared.run('process-names'), shared.run('session-show', undefined, { session: '1' })]);
    await shared.run('session-show', undefined, { session: '2' });
    expect(runs).toEqual(['ps', '1', '2']);
    now = 4_000;
    await shared.run('process-names');
    expect(runs).toEqual(['ps', '1', '2', 'ps']);
    expect((await shared.run('process-names', AbortSignal.abort())).failure).toBe('aborted');
    expect(shared.os).toBe('linux');
    expect(await shared.identity()).toMatchObject({ hostname: 'recorded' });
  });
});
