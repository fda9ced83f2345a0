import type { FailReason, Reading } from '@lockstep/core/health';
import { normaliseUdid } from '@lockstep/core/health';
import { ReadFailed, type Sysfs } from '../machine/index.js';

/** One Apple phone or pad as the bus shows it. */
export type BusDevice = Reading<'usb-bus'>['devices'][number];

/** What reading the bus came to. */
export type Bus = { read: true; devices: BusDevice[] } | { read: false; reason: FailReason };

/** The attributes of one entry of the Linux USB tree, as text; null where the file is not there. */
export interface UsbEntry {
  /** The entry's name, such as `1-2.3`: bus, then the ports on the way. */
  name: string;
  idVendor: string | null;
  idProduct: string | null;
  serial: string | null;
  speed: string | null;
  devpath: string | null;
  devnum: string | null;
  bcdDevice: string | null;
  bConfigurationValue: string | null;
  /** Class, subclass and protocol of each interface of the active configuration; null when they could not be read. */
  interfaces: { class: string; subclass: string; protocol: string }[] | null;
}

const DEVICES = 'bus/usb/devices';
/** Apple's vendor id (USB-IF). */
const APPLE = 0x05ac;
/** The multiplexer's interface (usbmuxd usb.h INTERFACE_CLASS 255, SUBCLASS 254, PROTOCOL 2). */
const MUX = { class: 'ff', subclass: 'fe', protocol: '02' };
/** More Apple devices than a computer has ports for: the fact's own limit. */
const MAX_DEVICES = 64;

/** Reads every Apple phone and pad from the Linux USB tree. Changes nothing, opens no device. */
export async function readBus(sysfs: Sysfs): Promise<Bus> {
  let names: string[];
  try {
    names = await sysfs.list(DEVICES);
  } catch (e) {
    if (e instanceof ReadFailed) return { read: false, reason: e.failReason };
    throw e;
  }
  const devices: BusDevice[] = [];
  let blind: FailReason | null = null;
  // Entries with a colon are interfaces of the entry before the colon; `usbN` are the computer's own root hubs.
  for (const name of names.filter((n) => /^\d+-\d+(\.\d+)*$/.test(n))) {
    try {
      const entry = await readEntry(sysfs, name, names);
      const device = entry && busDevice(entry);
      if (device) devices.push(device);
    } catch (e) {
      if (!(e instanceof ReadFailed)) throw e;
      // Unplugged while it was read: it is not there. Anything else hides a device that may be a phone.
      if (e.reason !== 'missing') blind = e.failReason;
    }
  }
  if (blind !== null) return { read: false, reason: blind };
  if (devices.length > MAX_DEVICES) return { read: false, reason: 'too-large' };
  return { read: true, devices };
}

async function readEntry(sysfs: Sysfs, name: string, names: readonly string[]): Promise<UsbEntry | null> {
  const at = `${DEVICES}/${name}`;
  const idVendor = await sysfs.readText(`${at}/idVendor`);
  if (hex(idVendor) !== APPLE) return null;
  const [idProduct, serial, speed, devpath, devnum, bcdDevice, bConfigurationValue] = await Promise.all(
    (['idProduct', 'serial', 'speed', 'devpath', 'devnum', 'bcdDevice', 'bConfigurationValue'] as const).map((file) =>
      optional(sysfs.readText(`${at}/${file}`)),
    ),
  );
  return {
    name,
    idVendor,
    idProduct: idProduct ?? null,
    serial: serial ?? null,
    speed: speed ?? null,
    devpath: devpath ?? null,
    devnum: devnum ?? null,
    bcdDevice: bcdDevice ?? null,
    bConfigurationValue: bConfigurationValue ?? null,
    interfaces: await interfacesOf(sysfs, name, names),
  };
}

async function interfacesOf(sysfs: Sysfs, name: string, names: readonly string[]): Promise<UsbEntry['interfaces']> {
  const own = names.filter((n) => n.startsWith(`${name}:`));
  const read = await Promise.all(
    own.map(async (n) => {
      const [c, s, p] = await Promise.all(
        ['bInterfaceClass', 'bInterfaceSubClass', 'bInterfaceProtocol'].map((f) => optional(sysfs.readText(`${DEVICES}/${n}/${f}`))),
      );
      return c && s && p ? { class: c.toLowerCase(), subclass: s.toLowerCase(), protocol: p.toLowerCase() } : null;
    }),
  );
  return read.some((r) => r === null) ? null : read.filter((r) => r !== null);
}

/** One entry as a reading; null for what is not an Apple phone or pad (watch pucks, keyboards, hubs, a Mac's own parts). */
export function busDevice(e: UsbEntry): BusDevice | null {
  const vendorId = hex(e.idVendor);
  const productId = hex(e.idProduct);
  if (vendorId !== APPLE || productId === null) return null;
  const mode = modeOf(productId);
  if (mode === 'other') return null;
  const serial = (e.serial ?? '').trim();
  const text = mode === 'normal' ? null : parseBootSerial(serial);
  return {
    mode,
    vendorId,
    productId,
    speedMbps: decimal(e.speed),
    location: e.name,
    hubDepth: Math.min(16, (e.devpath ?? e.name.slice(e.name.indexOf('-') + 1)).split('.').length - 1),
    address: integer(e.devnum),
    muxInterface: muxInterface(e),
    modelHint: modelHint(productId, e.bcdDevice),
    udid: text ? null : normaliseUdid(serial),
    ecid: text?.ecid ?? null,
  };
}

/** From the product id (usbmuxd usb.h, libirecovery.h): which system answers on the other end. */
export function modeOf(productId: number): BusDevice['mode'] {
  if (productId >= 0x1290 && productId <= 0x12af) return 'normal';
  if (productId >= 0x1280 && productId <= 0x1283) return 'recovery';
  if (productId === 0x1227 || productId === 0x1222 || productId === 0xf014) return 'dfu';
  if (productId >= 0x1901 && productId <= 0x1905) return 'restore';
  return 'other';
}

/**
 * In recovery and DFU the "serial number" is a line of KEY:VALUE words (libirecovery.c), the ECID among them: it links the device to a
 * UDID that was seen before. Null when there is none.
 */
export function parseBootSerial(serial: string): { ecid: string } | null {
  const ecid = /(?:^|\s)ECID:([0-9A-Fa-f]{1,16})(?:\s|$)/.exec(serial)?.[1];
  return ecid === undefined ? null : { ecid: ecid.toUpperCase().padStart(16, '0') };
}

/**
 * Phones since the iPhone 6 carry their model in bcdDevice: 1405 is iPhone14,5 (proven against lockdown's ProductType for several
 * models). A hint only. Pads and older phones do not follow it.
 */
export function modelHint(productId: number, bcdDevice: string | null): string | null {
  if (productId !== 0x12a8 || bcdDevice === null || !/^\d{4}$/.test(bcdDevice)) return null;
  const major = Number(bcdDevice.slice(0, 2));
  const minor = Number(bcdDevice.slice(2));
  return major >= 7 && minor >= 1 ? `iPhone${major},${minor}` : null;
}

/**
 * udev parks a phone in configuration 0 until the daemon picks one; then no interface stands in the tree, and what the phone offers is
 * not known.
 */
function muxInterface(e: UsbEntry): boolean | null {
  const configuration = integer(e.bConfigurationValue);
  if (e.interfaces === null || configuration === null || configuration === 0) return null;
  return e.interfaces.some((i) => i.class === MUX.class && i.subclass === MUX.subclass && i.protocol === MUX.protocol);
}

function hex(raw: string | null): number | null {
  return raw !== null && /^(0x)?[0-9a-fA-F]{1,4}$/.test(raw.trim()) ? Number.parseInt(raw.trim(), 16) : null;
}

function integer(raw: string | null): number | null {
  return raw !== null && /^\d{1,9}$/.test(raw.trim()) ? Number(raw.trim()) : null;
}

/** `480`, `1.5`; the kernel writes `unknown` while it does not know. */
function decimal(raw: string | null): number | null {
  return raw !== null && /^\d{1,6}(\.\d)?$/.test(raw.trim()) ? Number(raw.trim()) : null;
}

async function optional(read: Promise<string>): Promise<string | null> {
  try {
    return await read;
  } catch (e) {
    if (e instanceof ReadFailed) return null;
    throw e;
  }
}
