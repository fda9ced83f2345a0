import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { RealChanges } from './changes.js';
import { DROP_IN, dropInText, placeDropIn, removeDropIn } from './drop-in.js';
import { PARAMS } from './params.js';
import { setSwitch } from './usb-switches.js';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'lockstep-changes-'));
});
afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

describe('switches of a device on the bus', () => {
  const folder = () => join(root, 'bus/usb/devices/1-2');
  beforeEach(async () => {
    await mkdir(join(folder(), 'power'), { recursive: true });
    await writeFile(join(folder(), 'idVendor'), '05ac\n');
    await writeFile(join(folder(), 'authorized'), '1\n');
    await writeFile(join(folder(), 'power/control'), 'auto\n');
  });

  it('are set to the values of the table, on phones alone', async () => {
    await setSwitch(root, 'authorized', '1-2', '0');
    await setSwitch(root, 'power', '1-2', 'on');
    expect(await readFile(join(folder(), 'authorized'), 'utf8')).toBe('0');
    expect(await readFile(join(folder(), 'power/control'), 'utf8')).toBe('on');
    await writeFile(join(folder(), 'idVendor'), '046d\n');
    await expect(setSwitch(root, 'authorized', '1-2', '1')).rejects.toMatchObject({ reason: 'not-a-phone' });
    expect(await readFile(join(folder(), 'authorized'), 'utf8')).toBe('0');
  });

  it('take no other place and no other value', async () => {
    for (const place of ['../1-2', '1-2/..', 'usb1', '1-2:4.1', '', '1-2\n', '0-1'])
      await expect(setSwitch(root, 'authorized', place, '1')).rejects.toBeInstanceOf(TypeError);
    for (const value of ['2', 'on', '', '1\n']) await expect(setSwitch(root, 'authorized', '1-2', value)).rejects.toBeInstanceOf(TypeError);
  });

  it('are not created, and not written through a link', async () => {
    await expect(setSwitch(root, 'authorized', '1-3', '1')).rejects.toMatchObject({ reason: 'missing' });
    await rm(join(folder(), 'authorized'));
    await expect(setSwitch(root, 'authorized', '1-2', '1')).rejects.toMatchObject({ reason: 'missing' });
    await writeFile(join(root, 'elsewhere'), 'x');
    await symlink(join(root, 'elsewhere'), join(folder(), 'authorized'));
    await expect(setSwitch(root, 'authorized', '1-2', '1')).rejects.toMatchObject({ name: 'ChangeFailed' });
    expect(await readFile(join(root, 'elsewhere'), 'utf8')).toBe('x');
  });
});

describe('the drop-in beside usbmuxd’s unit', () => {
  const path = () => join(root, DROP_IN);

  it('empties ExecStart before it sets it, and is placed twice without harm', async () => {
    await placeDropIn('usbmux', root);
    await placeDropIn('usbmux', root);
    const text = await readFile(path(), 'utf8');
    expect(text).toBe(dropInText('usbmux'));
    expect(text.split('\n').filter((l) => l.startsWith('ExecStart='))).toEqual([
      'ExecStart=',
      'ExecStart=/usr/sbin/usbmuxd --user usbmux --systemd --no-preflight',
    ]);
    expect((await stat(path())).mode & 0o777).toBe(0o644);
    expect(await readdir(dirname(path()))).toHaveLength(1);
  });

  it('is removed with its folder, which stays where something else is in it', async () => {
    await placeDropIn('usbmuxd', root);
    await removeDropIn(root);
    expect(await readdir(dirname(dirname(path())))).toEqual([]);
    await removeDropIn(root);
    await placeDropIn('usbmuxd', root);
    await writeFile(join(dirname(path()), 'mine.conf'), '');
    await removeDropIn(root);
    expect(await readdir(dirname(path()))).toEqual(['mine.conf']);
  });

  it('leaves what somebody else put in its place', async () => {
    await mkdir(dirname(path()), { recursive: true });
    await writeFile(path(), '[Service]\nRestart=always\n');
    await expect(placeDropIn('usbmux', root)).rejects.toMatchObject({ reason: 'not-ours' });
    await expect(removeDropIn(root)).rejects.toMatchObject({ reason: 'not-ours' });
    expect(await readFile(path(), 'utf8')).toBe('[Service]\nRestart=always\n');
  });
});

describe('on the computer at hand', () => {
  it('each change is made on its own system alone', async () => {
    const on = (os: 'linux' | 'macos' | 'windows') => new RealChanges(os, root, root, () => 1);
    await expect(on('macos').setUsbSwitch('power', '1-2', 'on')).rejects.toMatchObject({ reason: 'unsupported' });
    await expect(on('windows').placeDropIn('usbmux')).rejects.toMatchObject({ reason: 'unsupported' });
    await expect(on('macos').removeDropIn()).rejects.toMatchObject({ reason: 'unsupported' });
    await expect(on('linux').makeDriverFolder('oem44.inf')).rejects.toMatchObject({ reason: 'unsupported' });
  });

  it('a driver is exported into a new folder, never into one that is there', async () => {
    const changes = new RealChanges('windows', root, root, () => 1_795_510_800_000);
    const folder = await changes.makeDriverFolder('OEM44.inf');
    expect(folder).toBe(join(root, 'drivers', 'oem44-inf-1795510800000'));
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    expect(PARAMS.folder('C:\\ProgramData\\Lockstep\\agent\\drivers\\oem44-inf-1795510800000')).toBe(true);
    await expect(changes.makeDriverFolder('OEM44.inf')).rejects.toMatchObject({ name: 'ChangeFailed' });
    await expect(changes.makeDriverFolder('../oem44.inf')).rejects.toBeInstanceOf(TypeError);
  });
});
