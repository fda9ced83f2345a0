import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { RecordedMachine } from '../machine/index.js';
import { LONGEST_MS, type PutBack, type RollbackReport, Rollbacks, rollbackKind } from './rollbacks.js';

const SOON_MS = 15;
const LATER_MS = 300_000;

describe('what is taken back by time', () => {
  let dir: string;
  let now = Date.parse('2026-11-24T09:00:00Z');
  /** The value that a fix has changed. */
  let metric: number;
  let writes: number[];
  let breaks: 'not' | 'before-writing' | 'after-writing';
  let reports: RollbackReport[];
  let damaged: string[];
  const machine = new RecordedMachine({ os: 'windows', now: () => now });
  const open: Rollbacks[] = [];

  const kinds = {
    metric: rollbackKind(z.strictObject({ old: z.int(), ours: z.int() }), async (_machine, { old, ours }): Promise<PutBack> => {
      if (metric === old) return 'already';
      if (metric !== ours) return 'changed-since';
      if (breaks === 'before-writing') throw new Error('denied');
      metric = old;
      writes.push(old);
      if (breaks === 'after-writing') throw new Error('killed');
      return 'restored';
    }),
  };
  /** As after a start of the agent. */
  const started = () => {
    const rollbacks = new Rollbacks({
      dir,
      lab: true,
      machine,
      kinds,
      onEnd: (r) => void reports.push(r),
      onDamaged: (f) => void damaged.push(f),
    });
    open.push(rollbacks);
    return rollbacks;
  };
  const files = async () => await readdir(join(dir, 'rollbacks'));
  const until = async (test: () => boolean) => {
    for (let n = 0; n < 200 && !test(); n++) await new Promise((r) => setTimeout(r, 5));
  };

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'lockstep-rollbacks-'));
    metric = 60;
    writes = [];
    breaks = 'not';
    reports = [];
    damaged = [];
  });
  afterEach(async () => {
    for (const r of open.splice(0)) await r.stop();
    await rm(dir, { recursive: true, force: true });
  });

  it('is on disk before anything is changed, carried out when its time has come, and then forgotten', async () => {
    await started().arm('metric', 'F36', { old: 5, ours: 60 }, SOON_MS);
    expect(await files()).toHaveLength(1);
    await until(() => reports.length > 0);
    expect([metric, writes, reports, await files()]).toEqual([
      5,
      [5],
      [{ kind: 'metric', fix: 'F36', end: 'restored', lateMs: 0, why: null }],
      [],
    ]);
  });

  it('is carried out by the next start when the agent died meanwhile: once, and told with how late it was', async () => {
    await (await crashed()).arm('metric', 'F36', { old: 5, ours: 60 }, LATER_MS);
    now += LATER_MS + 7_000;
    const after = started();
    await after.start();
    expect([metric, writes, reports]).toEqual([5, [5], [expect.objectContaining({ end: 'restored', lateMs: 7_000 })]]);
    await started().start();
    expect([writes, reports.length, await files()]).toEqual([[5], 1, []]);
    now -= LATER_MS + 7_000;
  });

  it('waits for the rest of its time after a start within it', async () => {
    await (await crashed()).arm('metric', 'F36', { old: 5, ours: 60 }, LATER_MS);
    now += LATER_MS - SOON_MS;
    const after = started();
    await after.start();
    expect([metric, await after.armed()]).toEqual([60, [expect.stringMatching(/^metric\.\d+\.json$/)]]);
    await until(() => reports.length > 0);
    expect([metric, reports.map((r) => r.end)]).toEqual([5, ['restored']]);
    now -= LATER_MS - SOON_MS;
  });

  it('is due at once when the clock was set back', async () => {
    await (await crashed()).arm('metric', 'F36', { old: 5, ours: 60 }, LATER_MS);
    now -= 86_400_000;
    await started().start();
    expect([metric, reports.map((r) => [r.end, r.lateMs])]).toEqual([5, [['restored', 0]]]);
    now += 86_400_000;
  });

  it('killed right after writing changes nothing twice', async () => {
    await (await crashed()).arm('metric', 'F36', { old: 5, ours: 60 }, LATER_MS);
    now += LATER_MS;
    breaks = 'after-writing';
    await started().start();
    expect([metric, reports.map((r) => [r.end, r.why])]).toEqual([5, [['failed', 'Error: killed']]]);
    breaks = 'not';
    await started().start();
    expect([writes, reports.map((r) => r.end), await files()]).toEqual([[5], ['failed', 'already'], []]);
    now -= LATER_MS;
  });

  it('leaves what somebody changed meanwhile', async () => {
    const rollbacks = started();
    const id = await rollbacks.arm('metric', 'F36', { old: 5, ours: 60 }, LATER_MS);
    metric = 25;
    expect(await rollbacks.carryOut(id)).toBe('changed-since');
    expect([metric, writes, await files()]).toEqual([25, [], []]);
  });

  it('stays armed while it fails', async () => {
    const rollbacks = started();
    const id = await rollbacks.arm('metric', 'F36', { old: 5, ours: 60 }, LATER_MS);
    breaks = 'before-writing';
    expect(await rollbacks.carryOut(id)).toBe('failed');
    expect([metric, await files()]).toEqual([60, [id]]);
    breaks = 'not';
    expect(await rollbacks.carryOut(id)).toBe('restored');
    expect(await rollbacks.carryOut(id)).toBe('gone');
  });

  it('asked for twice at once is done once', async () => {
    const rollbacks = started();
    const id = await rollbacks.arm('metric', 'F36', { old: 5, ours: 60 }, LATER_MS);
    expect(await Promise.all([rollbacks.carryOut(id), rollbacks.carryOut(id)])).toEqual(['restored', 'restored']);
    expect([writes, reports]).toEqual([[5], [expect.objectContaining({ end: 'restored' })]]);
  });

  it('called off is never done', async () => {
    const rollbacks = started();
    const id = await rollbacks.arm('metric', 'F36', { old: 5, ours: 60 }, SOON_MS);
    await rollbacks.disarm(id);
    await new Promise((r) => setTimeout(r, SOON_MS * 3));
    expect([metric, reports, await files()]).toEqual([60, [], []]);
  });

  it('is armed with a value of its kind, for an hour at most; what is damaged is left and told', async () => {
    const rollbacks = started();
    await expect(rollbacks.arm('metric', 'F36', { old: 'x', ours: 60 }, LATER_MS)).rejects.toThrow();
    await expect(rollbacks.arm('other', 'F36', {}, LATER_MS)).rejects.toBeInstanceOf(TypeError);
    for (const ms of [0, -1, Number.NaN, LONGEST_MS + 1])
      await expect(rollbacks.arm('metric', 'F36', { old: 5, ours: 60 }, ms)).rejects.toBeInstanceOf(RangeError);
    const id = await rollbacks.arm('metric', 'F36', { old: 5, ours: 60 }, LATER_MS);
    await rollbacks.stop();
    await writeFile(join(dir, 'rollbacks', id), '{"schema":1');
    await started().start();
    expect([damaged, metric, await files()]).toEqual([[id], 60, [id]]);
  });

  /** An agent that ends without letting go in an orderly way: its timers die with it. */
  async function crashed(): Promise<Rollbacks> {
    const rollbacks = started();
    return new Proxy(rollbacks, {
      get(target, key) {
        if (key !== 'arm') return Reflect.get(target, key);
        return async (...args: Parameters<Rollbacks['arm']>) => {
          const id = await target.arm(...args);
          await target.stop();
          return id;
        };
      },
    });
  }
});
