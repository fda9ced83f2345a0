import { existsSync, lstatSync, mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { deviceAttributes, interfaceAttributes, plainHub, type UsbDevice } from './descriptors.js';

/** The folder cannot be used for a USB tree; the message names it. */
export class SysfsError extends Error {
  override readonly name = 'SysfsError';
}

/** Says that the tree in this folder is the lab's own and may be written over. */
const MARK = '.lockstep-lab';
const LIST = join('bus', 'usb', 'devices');
const CONTROLLER = join('devices', 'pci0000:00', '0000:00:14.0');
/** `1-2`, `1-2.3`: bus and ports (Linux, Documentation/ABI/stable/sysfs-bus-usb). */
const LOCATION = /^([1-9]\d?)-\d{1,2}(\.\d{1,2}){0,5}$/;
/** Device numbers of a bus go from 1 (its root hub) to 127 and begin anew (drivers/usb/core/hub.c choose_devnum). */
const LAST_DEVNUM = 127;

/**
 * A Linux USB tree in a folder: `bus/usb/devices` with links into `devices/…`, as under /sys, so that a reader cannot tell the
 * difference. Each attach gives the next device number of its bus, as a kernel does. Everything is synchronous: what returned is there.
 */
export class SysfsTree {
  private readonly present = new Map<string, { device: UsbDevice; devnum: number }>();
  private readonly lastDevnum = new Map<string, number>();

  /** Makes the tree with two empty buses (USB 2 and USB 3). Throws SysfsError when the folder holds something that is not the lab's. */
  constructor(readonly root: string) {
    const mark = join(root, MARK);
    for (const part of ['bus', 'devices']) {
      if (existsSync(join(root, part)) && !existsSync(mark))
        throw new SysfsError(`${root}: holds a folder "${part}" that this lab did not make`);
    }
    try {
      this.remove();
      mkdirSync(join(root, LIST), { recursive: true });
      mkdirSync(join(root, CONTROLLER), { recursive: true });
      writeFileSync(mark, 'Written by lockstep-lab; it may be deleted.\n');
      this.writeRootHub('1', 480);
      this.writeRootHub('2', 10_000);
    } catch (error) {
      throw new SysfsError(`${root}: ${(error as Error).message}`, { cause: error });
    }
  }

  /** Where things are plugged in. */
  get locations(): string[] {
    return [...this.present.keys()];
  }

  devnum(location: string): number | null {
    return this.present.get(location)?.devnum ?? null;
  }

  /** Plugs a device in; hubs on the way appear by themselves. Gives its device number. Throws SysfsError for a place that is taken or none. */
  attach(device: UsbDevice): number {
    const bus = LOCATION.exec(device.location)?.[1];
    if (bus !== '1' && bus !== '2')
      throw new SysfsError(`location: must be a port of bus 1 or 2 such as 1-2 or 1-2.3, not ${JSON.stringify(device.location)}`);
    if (this.present.has(device.location)) throw new SysfsError(`location: ${device.location} is taken`);
    const hub = parentOf(device.location);
    if (hub !== null && !this.present.has(hub)) this.attach(plainHub(hub));
    const devnum = this.nextDevnum(bus);
    this.write(device, devnum);
    this.present.set(device.location, { device, devnum });
    return devnum;
  }

  /** Pulls a device, and with a hub everything behind it. Nothing there: nothing happens. */
  detach(location: string): void {
    for (const behind of this.locations.filter((l) => parentOf(l) === location)) this.detach(behind);
    const entry = this.present.get(location);
    if (entry === undefined) return;
    this.present.delete(location);
    const names = [location, ...entry.device.interfaces.map((_, i) => interfaceName(entry.device, i))];
    for (const name of names) rmSync(join(this.root, LIST, name), { force: true });
    rmSync(this.folder(location), { recursive: true, force: true });
  }

  /** Changes one attribute of a device that is there, such as `authorized` or `speed`. Throws SysfsError when it is not. */
  set(location: string, attribute: string, value: string): void {
    if (!this.present.has(location)) throw new SysfsError(`location: nothing at ${JSON.stringify(location)}`);
    if (!/^[A-Za-z_]\w{0,40}$/.test(attribute)) throw new SysfsError(`attribute: ${JSON.stringify(attribute)} is no name of an attribute`);
    replaceFile(join(this.folder(location), attribute), `${value}\n`);
  }

  /** Takes away everything the lab wrote, and nothing else. */
  remove(): void {
    this.present.clear();
    if (!existsSync(join(this.root, MARK))) return;
    for (const part of ['bus', 'devices']) rmSync(join(this.root, part), { recursive: true, force: true });
    rmSync(join(this.root, MARK), { force: true });
  }

  private write(device: UsbDevice, devnum: number): void {
    const folder = this.folder(device.location);
    // Made beside its place and moved there whole: no reader meets half a device.
    const draft = join(dirname(folder), `.new-${device.location}`);
    writeFiles(draft, deviceAttributes(device, devnum));
    for (const [n, i] of device.interfaces.entries()) writeFiles(join(draft, interfaceName(device, n)), interfaceAttributes(n, i));
    renameSync(draft, folder);
    // The device's own link comes last: whoever lists it lists its interfaces too.
    for (const name of device.interfaces.map((_, n) => interfaceName(device, n))) this.link(name, join(folder, name));
    this.link(device.location, folder);
  }

  private writeRootHub(bus: string, speedMbps: number): void {
    const device: UsbDevice = {
      location: `${bus}-0`,
      idVendor: 0x1d6b,
      idProduct: speedMbps > 480 ? 0x0003 : 0x0002,
      serial: '0000:00:14.0',
      bcdDevice: 0x0601,
      speedMbps,
      manufacturer: 'Linux xhci-hcd',
      product: 'xHCI Host Controller',
      configurations: 1,
      configuration: 1,
      interfaces: [{ class: 0x09, subclass: 0, protocol: 0, endpoints: 1 }],
    };
    const folder = join(this.root, CONTROLLER, `usb${bus}`);
    writeFiles(folder, deviceAttributes(device, 1));
    writeFiles(join(folder, `${bus}-0:1.0`), interfaceAttributes(0, { class: 0x09, subclass: 0, protocol: 0, endpoints: 1 }));
    this.link(`usb${bus}`, folder);
    this.link(`${bus}-0:1.0`, join(folder, `${bus}-0:1.0`));
    this.lastDevnum.set(bus, 1);
  }

  private link(name: string, folder: string): void {
    const at = join(this.root, LIST, name);
    if (lstatSync(at, { throwIfNoEntry: false })) unlinkSync(at);
    symlinkSync(relative(dirname(at), folder), at);
  }

  private folder(location: string): string {
    const hub = parentOf(location);
    const above = hub === null ? join(this.root, CONTROLLER, `usb${location.split('-')[0]}`) : this.folder(hub);
    return join(above, location);
  }

  private nextDevnum(bus: string): number {
    const taken = new Set([...this.present].filter(([l]) => l.startsWith(`${bus}-`)).map(([, entry]) => entry.devnum));
    let next = this.lastDevnum.get(bus) ?? 1;
    do next = next >= LAST_DEVNUM ? 2 : next + 1;
    while (taken.has(next) && taken.size < LAST_DEVNUM - 1);
    this.lastDevnum.set(bus, next);
    return next;
  }
}

/** The hub a location hangs on; null for the computer's own ports. */
function parentOf(location: string): string | null {
  const dot = location.lastIndexOf('.');
  return dot === -1 ? null : location.slice(0, dot);
}

function interfaceName(device: UsbDevice, number: number): string {
  return `${device.location}:${device.configuration}.${number}`;
}

function writeFiles(folder: string, files: Record<string, string>): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
}

function replaceFile(file: string, text: string): void {
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}
