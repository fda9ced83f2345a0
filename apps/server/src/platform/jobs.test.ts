import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BACKENDS, type TestBackend } from '../../test/backends.js';
import { Jobs } from './jobs.js';
import { createLog } from './log.js';

const quiet = createLog('silent');

for (const { name, skip } of BACKENDS) if (skip !== null) process.stdout.write(`    skipped: jobs on ${name}, because there is ${skip}\n`);

async function until(what: () => boolean, ms = 15_000): Promise<void> {
  const end = Date.now() + ms;
  while (!what() && Date.now() < end) await new Promise((done) => setTimeout(done, 20));
}

describe.each(BACKENDS.filter((b) => b.skip === null))('jobs on $name', ({ open }) => {
  let on: TestBackend;
  beforeAll(async () => {
    on = await open();
  });
  afterAll(() => on.end());

  it('refuse to start without a handler, and to have two', async () => {
    const jobs = new Jobs(on.backend, quiet);
    await expect(jobs.start()).rejects.toThrow('no handler for the jobs "fix.dispatch"');
    jobs.handle('fix.dispatch', async () => {});
    expect(() => jobs.handle('fix.dispatch', async () => {})).toThrow('two handlers for the jobs "fix.dispatch"');
    expect(await jobs.ok()).toBe(false);
    await jobs.close();
  });

  it('reach their handler, single and in bulk; one id is one job while it waits; a failed one comes again', async () => {
    const jobs = new Jobs(on.backend, quiet);
    const seen: string[] = [];
    let failures = 1;
    jobs.handle('replay.run', async () => {});
    jobs.handle('fix.dispatch', async ({ runId }) => {
      seen.push(runId);
      if (failures-- > 0) throw new Error('try again');
    });
    await jobs.start();
    try {
      expect(await jobs.ok()).toBe(true);
      const first = randomUUID();
      await jobs.add('fix.dispatch', { runId: first, attempt: 0 }, { id: `${first}-0` });
      await until(() => seen.length >= 2);
      expect(seen).toEqual([first, first]);

      const many = Array.from({ length: 30 }, () => randomUUID());
      await jobs.addBulk(
        'fix.dispatch',
        many.map((runId) => ({ data: { runId, attempt: 0 }, options: { id: `${runId}-0` } })),
      );
      await until(() => seen.length >= 32);
      expect([...seen.slice(2)].sort()).toEqual([...many].sort());

      const later = randomUUID();
      const options = { id: `${later}-0`, delayMs: 400 };
      await jobs.add('fix.dispatch', { runId: later, attempt: 0 }, options);
      await jobs.add('fix.dispatch', { runId: later, attempt: 0 }, options);
      await until(() => seen.length >= 33);
      await new Promise((done) => setTimeout(done, 300));
      expect(seen.filter((id) => id === later)).toEqual([later]);

      // Removed when it was done: the same id is a new job then.
      await jobs.add('fix.dispatch', { runId: first, attempt: 0 }, { id: `${first}-0` });
      await until(() => seen.length >= 34);
      expect(seen.at(-1)).toBe(first);
    } finally {
      await jobs.close();
    }
    expect(await jobs.ok()).toBe(false);
    await expect(jobs.add('fix.dispatch', { runId: randomUUID(), attempt: 0 }, { id: 'x' })).rejects.toThrow('not started');
  });
});
