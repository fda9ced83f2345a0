import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isCache, moveCachesAside, moveCachesBack } from './caches.js';

const TAG = '1795510800000';
const OWN = 'Library/Caches/com.apple.AMPDevicesAgent';
const CONTAINER = 'Library/Containers/com.apple.AMPDeviceDiscoveryAgent/Data/Library/Caches';
/** What must stay, whatever is moved. */
const UNTOUCHED = [
  'Library/Application Support/MobileSync/Backup/00008110-0011223344556677/Manifest.db',
  'Library/Preferences/com.apple.iPod.plist',
  'Library/Caches/com.apple.Safari/x',
  'Library/Caches/com.apple.iTunesX/x',
] as const;

describe('caches of Apple’s programs', () => {
  let home: string;
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'lockstep-home-'));
    for (const file of [...UNTOUCHED, `${OWN}/old`, `${CONTAINER}/old`]) await write(file);
  });
  afterEach(async () => {
    await rm(home, { recursive: true, force: true });
  });

  async function write(file: string): Promise<void> {
    await mkdir(dirname(join(home, file)), { recursive: true });
    await writeFile(join(home, file), file);
  }
  async function untouched(): Promise<void> {
    for (const file of UNTOUCHED) expect(await readFile(join(home, file), 'utf8')).toBe(file);
  }

  it('are moved aside beside where they were, containers only when told, and nothing else', async () => {
    expect(await moveCachesAside('macos', home, TAG, 'own')).toEqual([OWN]);
    expect(await readdir(join(home, 'Library/Caches'))).toEqual(
      expect.arrayContaining([`com.apple.AMPDevicesAgent.lockstep-${TAG}`, 'com.apple.Safari', 'com.apple.iTunesX']),
    );
    expect(await readdir(join(home, CONTAINER))).toEqual(['old']);
    expect(await moveCachesAside('macos', home, `${TAG}1`, 'all')).toEqual([CONTAINER]);
    await untouched();
  });

  it('come back whole, and what was made anew meanwhile is kept beside', async () => {
    const moved = await moveCachesAside('macos', home, TAG, 'own');
    await write(`${OWN}/new`);
    await moveCachesBack('macos', home, TAG, moved);
    expect(await readdir(join(home, OWN))).toEqual(['old']);
    expect(await readdir(join(home, `${OWN}.lockstep-${TAG}-new`))).toEqual(['new']);
    // Again: nothing is there any more to be moved.
    await moveCachesBack('macos', home, TAG, moved);
    expect(await readdir(join(home, OWN))).toEqual(['old']);
    await untouched();
  });

  it('are not looked for through links, which lead to other people’s', async () => {
    const other = join(home, 'other');
    await mkdir(join(other, 'com.apple.AMPDevicesAgent'), { recursive: true });
    await rm(join(home, 'Library/Caches'), { recursive: true });
    await symlink(other, join(home, 'Library/Caches'));
    await expect(moveCachesAside('macos', home, TAG, 'own')).rejects.toMatchObject({ name: 'ChangeFailed', reason: 'not-ours' });
    expect(await readdir(other)).toEqual(['com.apple.AMPDevicesAgent']);
  });

  it('of iTunes on a PC are folders named for it', async () => {
    await write('AppData/Local/Apple Computer/iTunes/SubscriptionPlayCache/x');
    await write('AppData/Local/Apple Computer/iTunes/iPodDevices.xml');
    await write('AppData/Roaming/Apple Computer/MobileSync/Backup/x');
    expect(await moveCachesAside('windows', home, TAG, 'own')).toEqual(['AppData/Local/Apple Computer/iTunes/SubscriptionPlayCache']);
    expect(await readFile(join(home, 'AppData/Roaming/Apple Computer/MobileSync/Backup/x'), 'utf8')).toContain('MobileSync');
  });

  it('that nobody has are none, and Linux has none', async () => {
    expect(await moveCachesAside('linux', home, TAG, 'all')).toEqual([]);
    expect(await moveCachesAside('macos', join(home, 'nobody'), TAG, 'all')).toEqual([]);
  });

  it('never are what is somebody’s own, whatever it is called', async () => {
    fc.assert(
      fc.property(fc.constantFrom('macos', 'windows', 'linux'), fc.string({ unit: 'binary', maxLength: 60 }), (os, path) => {
        if (isCache(os, path)) expect(path).not.toMatch(/MobileSync|iPod|Preferences|\.\./i);
      }),
    );
    for (const path of ['Library/Caches/../Preferences', ...UNTOUCHED, 'Library/Caches/com.apple.iTunes/..', ''])
      expect([path, isCache('macos', path)]).toEqual([path, false]);
    await expect(moveCachesBack('macos', home, TAG, ['Library/Preferences/com.apple.iPod.plist'])).rejects.toMatchObject({
      reason: 'not-ours',
    });
    await expect(moveCachesAside('macos', '../x', TAG, 'own')).rejects.toBeInstanceOf(TypeError);
    await expect(moveCachesAside('macos', home, '../x', 'own')).rejects.toBeInstanceOf(TypeError);
  });
});
