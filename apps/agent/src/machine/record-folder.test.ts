import { chmod, chown, mkdir, mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { setFolderRights } from './record-folder.js';

const asRoot = process.getuid?.() === 0;
const ifRoot = asRoot ? it : it.skip;
if (!asRoot) console.info('owners can be changed by root only: those cases of the records’ folder are left out');

describe('the rights of the records’ folder', () => {
  let dir: string;
  let folder: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'lockstep-records-'));
    folder = join(dir, 'lockdown');
    await mkdir(folder);
    await writeFile(join(folder, 'x.plist'), '', { mode: 0o600 });
  });
  afterEach(async () => await rm(dir, { recursive: true, force: true }));

  const rights = async (path = folder) => {
    const s = await stat(path);
    return [s.uid, s.gid, s.mode & 0o7777];
  };
  const own = () => process.getuid?.() ?? -1;

  it('a mode is set for the owner', async () => {
    await chmod(folder, 0o500);
    await setFolderRights(folder, { uid: null, mode: 0o700 });
    expect((await rights())[2]).toBe(0o700);
  });

  it('nobody else is given anything: it is refused, and nothing changed', async () => {
    await chmod(folder, 0o700);
    for (const mode of [0o701, 0o740, 0o750, 0o777, 0o702])
      await expect(setFolderRights(folder, { uid: null, mode })).rejects.toMatchObject({ reason: 'not-ours' });
    expect((await rights())[2]).toBe(0o700);
  });

  it('what others have may be kept or taken', async () => {
    await chmod(folder, 0o577);
    await setFolderRights(folder, { uid: null, mode: 0o775 });
    expect((await rights())[2]).toBe(0o775);
    await setFolderRights(folder, { uid: null, mode: 0o700 });
    expect((await rights())[2]).toBe(0o700);
  });

  it('a link, a file and nothing at all are no folder', async () => {
    await symlink(folder, join(dir, 'link'));
    await expect(setFolderRights(join(dir, 'link'), { uid: null, mode: 0o700 })).rejects.toThrow('could not be changed');
    await expect(setFolderRights(join(folder, 'x.plist'), { uid: null, mode: 0o700 })).rejects.toThrow('could not be changed');
    await expect(setFolderRights(join(dir, 'none'), { uid: null, mode: 0o700 })).rejects.toMatchObject({ reason: 'missing' });
  });

  it('what is no mode and no account is a mistake of this program', async () => {
    await expect(setFolderRights(folder, { uid: null, mode: 0o17777 })).rejects.toThrow(TypeError);
    await expect(setFolderRights(folder, { uid: -1, mode: 0o700 })).rejects.toThrow(TypeError);
  });

  ifRoot('an owner is set with its mode; group, bits and what is in it stay', async () => {
    await chown(folder, 0, 46);
    await chmod(folder, 0o2750);
    await setFolderRights(folder, { uid: 1234, mode: 0o2750 });
    expect([await rights(), await rights(join(folder, 'x.plist'))]).toEqual([
      [1234, 46, 0o2750],
      [own(), (await stat(join(folder, 'x.plist'))).gid, 0o600],
    ]);
  });
});
