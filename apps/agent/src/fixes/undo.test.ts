import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { parsePlistDict } from '../machine/index.js';
import { UNDO_KEPT_MS, UndoStore } from './undo.js';

const PHONE = '00008110-0011223344556677';
const asRoot = process.getuid?.() === 0;
const ifRoot = asRoot ? it : it.skip;
if (!asRoot) console.info('a folder of another owner can be made by root only: that case of the undo store is left out');

describe('copies of records', () => {
  let dir: string;
  let now = Date.parse('2026-11-24T09:00:00Z');
  const store = (lab = true) => new UndoStore(dir, lab, () => now);
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'lockstep-undo-'));
  });
  afterEach(async () => {
    await rm(dir, { recursive: true, force: true });
  });

  it('are byte-identical and private', async () => {
    const bytes = Buffer.from([0, 1, 2, 255, 254]);
    const path = await store().keep(PHONE, bytes);
    expect(await readFile(path)).toEqual(bytes);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(join(dir, 'undo'))).mode & 0o777).toBe(0o700);
  });

  it('are removed after fourteen days, other files left alone', async () => {
    await store().keep(PHONE, Buffer.from('old'));
    now += UNDO_KEPT_MS;
    expect(await store().purge()).toBe(0);
    now += 1;
    await store().keep(PHONE, Buffer.from('new'));
    expect(await store().purge()).toBe(1);
    expect(await readdir(join(dir, 'undo'))).toEqual([`${PHONE}.${now}.plist`]);
  });

  it('of all phones stand in one file, private, and go with the others', async () => {
    const records = new Map([[PHONE, Uint8Array.from([0, 255, 1])]]);
    const path = await store().keepAll(records);
    expect(Buffer.from(parsePlistDict(await readFile(path))[PHONE] as Uint8Array)).toEqual(Buffer.from([0, 255, 1]));
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    now += UNDO_KEPT_MS + 1;
    expect(await store().purge()).toBe(1);
  });

  it('are not written into a folder that others can enter', async () => {
    await mkdir(join(dir, 'undo'), { mode: 0o700 });
    await chmod(join(dir, 'undo'), 0o750);
    await expect(store().keep(PHONE, Buffer.from('x'))).rejects.toMatchObject({ why: 'open-folder' });
  });

  it('are not written through a link', async () => {
    await mkdir(join(dir, 'elsewhere'), { mode: 0o700 });
    await symlink(join(dir, 'elsewhere'), join(dir, 'undo'));
    await expect(store().keep(PHONE, Buffer.from('x'))).rejects.toMatchObject({ why: 'not-a-folder' });
  });

  ifRoot('are not written into somebody else’s folder, nor outside a lab into one that is not root’s', async () => {
    await mkdir(join(dir, 'undo'), { mode: 0o700 });
    await chown(join(dir, 'undo'), 1234, 1234);
    await expect(store().keep(PHONE, Buffer.from('x'))).rejects.toMatchObject({ why: 'foreign-owner' });
    await expect(new UndoStore(dir, false, () => now, 1234).keep(PHONE, Buffer.from('x'))).rejects.toMatchObject({ why: 'foreign-owner' });
    expect(await new UndoStore(dir, true, () => now, 1234).keep(PHONE, Buffer.from('x'))).toContain(PHONE);
  });
});
