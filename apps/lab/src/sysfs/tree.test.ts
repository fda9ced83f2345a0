import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { makeIdentity, Seeded } from '../phone/index.js';
import { phoneOnBus } from './descriptors.js';
import { SysfsError, SysfsTree } from './tree.js';

describe('SysfsTree', () => {
  const identity = makeIdentity(new Seeded('sysfs'), { productType: 'iPhone14,5', udidStyle: 'new' });
  let root: string;
  let tree: SysfsTree;
  const list = () => readdirSync(join(root, 'bus/usb/devices')).sort();
  const read = (path: string) => readFileSync(join(root, 'bus/usb/devices', path), 'utf8');

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'lockstep-lab-test-'));
    tree = new SysfsTree(root);
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  it('has two root hubs and nothing else at first', () => {
    expect(list()).toEqual(['1-0:1.0', '2-0:1.0', 'usb1', 'usb2']);
    expect(read('usb1/idVendor')).toBe('1d6b\n');
  });

  it('writes a phone as the kernel does: text attributes with a line feed, serial without dash, interfaces beside it', () => {
    expect(tree.attach(phoneOnBus(identity, '1-1', 480, 'served'))).toBe(2);
    expect(list()).toEqual(['1-0:1.0', '1-1', '1-1:4.0', '1-1:4.1', '1-1:4.2', '2-0:1.0', 'usb1', 'usb2']);
    const expected = {
      idVendor: '05ac',
      idProduct: '12a8',
      serial: identity.udid.replace('-', ''),
      speed: '480',
      devnum: '2',
      busnum: '1',
      devpath: '1',
      bConfigurationValue: '4',
      bNumConfigurations: '4',
      bcdDevice: '1405',
      product: 'iPhone',
      manufacturer: 'Apple Inc.',
      authorized: '1',
      removable: 'removable',
      version: ' 2.00',
    };
    for (const [name, text] of Object.entries(expected)) expect([name, read(`1-1/${name}`)]).toEqual([name, `${text}\n`]);
    expect([read('1-1:4.1/bInterfaceClass'), read('1-1:4.1/bInterfaceSubClass'), read('1-1:4.1/bInterfaceProtocol')]).toEqual([
      'ff\n',
      'fe\n',
      '02\n',
    ]);
    // As under /sys, the entries are links into the device tree.
    expect(realpathSync(join(root, 'bus/usb/devices/1-1'))).toBe(realpathSync(join(root, 'devices/pci0000:00/0000:00:14.0/usb1/1-1')));
    expect(realpathSync(join(root, 'bus/usb/devices/1-1:4.1'))).toBe(realpathSync(join(root, 'bus/usb/devices/1-1/1-1:4.1')));
  });

  it('leaves the multiplexer interface out where the phone does not offer it, and all of them while it is parked', () => {
    tree.attach(phoneOnBus(identity, '1-1', 480, 'no-mux-interface'));
    tree.attach(phoneOnBus(identity, '1-2', 480, 'parked'));
    const interfaces = list().filter((n) => /^1-[12]:/.test(n));
    expect(interfaces).toEqual(['1-1:1.0', '1-1:1.1']);
    expect(interfaces.map((n) => read(`${n}/bInterfaceSubClass`))).not.toContain('fe\n');
    expect(read('1-2/bConfigurationValue')).toBe('\n');
  });

  it('shows recovery as another product whose serial names the ECID', () => {
    tree.attach(phoneOnBus(identity, '1-1', 480, 'recovery'));
    expect(read('1-1/idProduct')).toBe('1281\n');
    expect(read('1-1/serial')).toContain(`ECID:${identity.udid.slice(9)}`);
  });

  it('gives a higher device number at each attach, and begins anew after 127', () => {
    const plug = () => {
      const devnum = tree.attach(phoneOnBus(identity, '1-1', 480, 'served'));
      tree.detach('1-1');
      return devnum;
    };
    expect([plug(), plug(), plug()]).toEqual([2, 3, 4]);
    const other = tree.attach(phoneOnBus(identity, '1-2', 480, 'served'));
    expect(other).toBe(5);
    for (let n = 6; n <= 127; n++) expect(plug()).toBe(n);
    // 5 is taken.
    expect([plug(), plug(), plug(), plug()]).toEqual([2, 3, 4, 6]);
    expect(list()).not.toContain('1-1');
  });

  it('puts hubs on the way, and takes what hangs on one away with it', () => {
    tree.attach(phoneOnBus(identity, '1-3.1.2', 480, 'served'));
    expect(list()).toEqual(expect.arrayContaining(['1-3', '1-3.1', '1-3.1.2', '1-3.1.2:4.1', '1-3:1.0']));
    expect(read('1-3.1.2/devpath')).toBe('3.1.2\n');
    expect(read('1-3/idVendor')).toBe('05e3\n');
    tree.detach('1-3');
    expect(list()).toEqual(['1-0:1.0', '2-0:1.0', 'usb1', 'usb2']);
  });

  it('refuses a taken port and places that are none, by name', () => {
    tree.attach(phoneOnBus(identity, '1-1', 480, 'served'));
    expect(() => tree.attach(phoneOnBus(identity, '1-1', 480, 'served'))).toThrow('1-1 is taken');
    for (const bad of ['../1-1', '3-1', '1-', '1-1:4.0', ''])
      expect(() => tree.attach(phoneOnBus(identity, bad, 480, 'served'))).toThrow(/^location:/);
    expect(() => tree.set('1-1', '../../x', '1')).toThrow(/^attribute:/);
    expect(() => tree.set('1-9', 'authorized', '0')).toThrow(/^location:/);
    tree.set('1-1', 'authorized', '0');
    expect(read('1-1/authorized')).toBe('0\n');
  });

  it('takes over a tree that a dead lab left, and never a folder that is not the lab’s', () => {
    tree.attach(phoneOnBus(identity, '1-1', 480, 'served'));
    expect(new SysfsTree(root).locations).toEqual([]);
    expect(list()).not.toContain('1-1');
    const foreign = mkdtempSync(join(tmpdir(), 'lockstep-lab-test-'));
    mkdirSync(join(foreign, 'devices'));
    writeFileSync(join(foreign, 'devices', 'kept'), '');
    expect(() => new SysfsTree(foreign)).toThrow(SysfsError);
    expect(existsSync(join(foreign, 'devices', 'kept'))).toBe(true);
    rmSync(foreign, { recursive: true });
  });

  it('removes what it wrote and nothing else', () => {
    writeFileSync(join(root, 'mine'), '');
    tree.remove();
    expect(readdirSync(root)).toEqual(['mine']);
  });
});
