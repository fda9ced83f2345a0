import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { z } from 'zod';
import { KEPT_BYTES, KeptStore } from './kept.js';
import { UNDO_KEPT_MS } from './undo.js';
import { purgeExportedDrivers } from './usb/index.js';

const Metric = z.strictObject({ index: z.int(), metric: z.int().nullable() });

describe('what fixes replace', () => {
  let dir: string;
  let now = Date.parse('2026-11-24T09:00:00Z');
  const store = () => new KeptStore(dir, true, () => now);
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'lockstep-kept-'));
  });
  afterEach(async () => {
    await rm(dir, { recursive: true, force: true });
  });

  it('is kept privately, and comes back as it was', async () => {
    const value = await store().keep('metric', Metric, { index: 21, metric: null });
    const file = await store().keepFile('hosts', Buffer.from([0, 13, 10, 255]));
    expect(await store().value(value.id, Metric)).toEqual({ index: 21, metric: null });
    expect(Buffer.from(await store().file(file.id))).toEqual(Buffer.from([0, 13, 10, 255]));
    for (const { id } of [value, file]) expect((await stat(join(dir, 'kept', id))).mode & 0o777).toBe(0o600);
    expect((await stat(join(dir, 'kept'))).mode & 0o777).toBe(0o700);
    expect(await readdir(join(dir, 'kept'))).toEqual([file.id, value.id].sort());
  });

  it('is listed, newest first, also where two were kept in the same moment', async () => {
    const first = await store().keep('metric', Metric, { index: 1, metric: 1 });
    const second = await store().keep('metric', Metric, { index: 2, metric: 2 });
    now += 1_000;
    const third = await store().keepFile('hosts', Buffer.from('x'));
    expect(await store().list()).toEqual([third, second, first]);
    expect((await store().list('metric')).map((k) => k.id)).toEqual([second.id, first.id]);
    expect(second.at).toBe(first.at + 1);
    now -= 1_000;
  });

  it('is forgotten once it was put back, and stays where that failed', async () => {
    const { id } = await store().keep('metric', Metric, { index: 21, metric: 5 });
    const back: unknown[] = [];
    await expect(store().restore(id, Metric, async () => Promise.reject(new Error('denied')))).rejects.toThrow('denied');
    await store().restore(id, Metric, async (v) => void back.push(v));
    expect(back).toEqual([{ index: 21, metric: 5 }]);
    await expect(store().value(id, Metric)).rejects.toMatchObject({ why: 'gone' });
    const file = await store().keepFile('hosts', Buffer.from('old'));
    await store().restoreFile(file.id, async (b) => void back.push(Buffer.from(b).toString()));
    expect([back[1], await store().list()]).toEqual(['old', []]);
  });

  it('has to be what its fix expects, on the way in and on the way out', async () => {
    await expect(store().keep('metric', Metric, { index: 1.5, metric: 1 })).rejects.toThrow();
    await expect(store().keep('when', z.date(), new Date(0))).rejects.toThrow();
    expect(await store().list()).toEqual([]);
    const { id } = await store().keep('metric', Metric, { index: 1, metric: 1 });
    await expect(store().value(id, z.strictObject({ other: z.string() }))).rejects.toMatchObject({ why: 'damaged' });
    for (const text of ['', '{', '{"schema":2,"value":{"index":1,"metric":1}}', '[]']) {
      await writeFile(join(dir, 'kept', id), text);
      await expect(store().value(id, Metric)).rejects.toMatchObject({ why: 'damaged' });
    }
  });

  it.each(['', 'Hosts', '../x', 'a/b', 'a.b', 'x'.repeat(49), '-a'])('is not kept under the name %j', async (name) => {
    await expect(store().keepFile(name, Buffer.from('x'))).rejects.toBeInstanceOf(TypeError);
  });

  it('is asked for by a name of this folder and nothing else', async () => {
    await store().keepFile('hosts', Buffer.from('x'));
    await writeFile(join(dir, 'secret'), 'x');
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.string(), fc.constantFrom('../secret', '../secret.1.file', 'hosts.1.file/../../secret', '/etc/hosts')),
        async (id) => {
          await expect(store().file(id)).rejects.toMatchObject({ why: 'gone' });
          await store().forget(id);
        },
      ),
      { numRuns: 60 },
    );
    expect(await readFile(join(dir, 'secret'), 'utf8')).toBe('x');
    expect(await store().list()).toHaveLength(1);
  });

  it('is removed after fourteen days, with what a crash left half written, and nothing else', async () => {
    await store().keepFile('hosts', Buffer.from('old'));
    await writeFile(join(dir, 'kept', `hosts.${now}.file.part`), 'ol');
    await writeFile(join(dir, 'kept', 'note.txt'), 'x');
    now += UNDO_KEPT_MS;
    expect(await store().purge()).toBe(0);
    now += 1;
    const fresh = await store().keepFile('hosts', Buffer.from('new'));
    expect(await store().purge()).toBe(2);
    expect(await readdir(join(dir, 'kept'))).toEqual([fresh.id, 'note.txt']);
    now -= UNDO_KEPT_MS + 1;
    expect(await store().purge()).toBe(0);
  });

  it('is not written where others can look, through a link, nor without end', async () => {
    await expect(store().keepFile('hosts', Buffer.alloc(KEPT_BYTES + 1))).rejects.toBeInstanceOf(RangeError);
    await mkdir(join(dir, 'kept'), { mode: 0o700 });
    await chmod(join(dir, 'kept'), 0o755);
    await expect(store().keepFile('hosts', Buffer.from('x'))).rejects.toMatchObject({ why: 'open-folder' });
    await rm(join(dir, 'kept'), { recursive: true });
    await mkdir(join(dir, 'elsewhere'), { mode: 0o700 });
    await symlink(join(dir, 'elsewhere'), join(dir, 'kept'));
    await expect(store().keepFile('hosts', Buffer.from('x'))).rejects.toMatchObject({ why: 'not-a-folder' });
    expect(await readdir(join(dir, 'elsewhere'))).toEqual([]);
  });
});

describe('driver packages that were exported before they were replaced', () => {
  it('are removed after fourteen days, and nothing else', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'lockstep-drivers-'));
    const now = Date.parse('2026-11-24T09:00:00Z');
    const folder = (name: string) => join(dir, 'drivers', name);
    try {
      expect(await purgeExportedDrivers(dir, now)).toBe(0);
      const names = [`oem44-inf-${now - UNDO_KEPT_MS - 1}`, `oem45-inf-${now - UNDO_KEPT_MS}`, `oem46-inf-${now + 1}`, 'mine'];
      for (const name of names) await mkdir(folder(name), { recursive: true });
      await writeFile(join(folder(String(names[0])), 'foreign.inf'), 'x');
      const link = `oem47-inf-${now - UNDO_KEPT_MS - 1}`;
      await symlink(folder('mine'), folder(link));
      expect(await purgeExportedDrivers(dir, now)).toBe(1);
      expect(await readdir(join(dir, 'drivers'))).toEqual([...names.slice(1), link].sort());
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  });
});
