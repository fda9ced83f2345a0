import { type FailReason, normaliseUdid } from '@lockstep/core/health';
import { APPLE_VENDOR, type Bus, type BusDevice, modelHint, modeOf, parseBootSerial, ReadFailed, type Sysfs } from '../../machine/index.js';

export { type Bus, type BusDevice, modelHint, modeOf, parseBootSerial } from '../../machine/index.js';

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
  bMaxPower: string | null;
  authorized: string | null;
  /** `vid:pid` of the hubs above it, nearest first; the computer's own root hub is none. */
  hubs: readonly string[];
  /** Class, subclass and protocol of each interface of the active configuration; null when they could not be read. */
  interfaces: { class: string; subclass: string; protocol: string }[] | null;
}

const DEVICES = 'bus/usb/devices';
const ATTRIBUTES = [
  'idProduct',
  'serial',
  'speed',
  'devpath',
  'devnum',
  'bcdDevice',
  'bConfigurationValue',
  'bMaxPower',
  'authorized',
] as const;
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
  if (hex(idVendor) !== APPLE_VENDOR) return null;
  const read = await Promise.all(ATTRIBUTES.map(async (file) => [file, await optional(sysfs.readText(`${at}/${file}`))] as const));
  const attributes = Object.fromEntries(read) as Record<(typeof ATTRIBUTES)[number], string | null>;
  return {
    name,
    idVendor,
    ...attributes,
    hubs: await hubsAbove(sysfs, name),
    interfaces: await interfacesOf(sysfs, name, names),
  };
}

/** `1-2.3.4` hangs at `1-2.3`, and that at `1-2`. */
async function hubsAbove(sysfs: Sysfs, name: string): Promise<string[]> {
  const found: string[] = [];
  for (let at = name.lastIndexOf('.'); at > 0; at = name.lastIndexOf('.', at - 1)) {
    const hub = `${DEVICES}/${name.slice(0, at)}`;
    const [vendor, product] = await Promise.all([
      optional(sysfs.readText(`${hub}/idVendor`)),
      optional(sysfs.readText(`${hub}/idProduct`)),
    ]);
    const id = `${(vendor ?? '').trim()}:${(product ?? '').trim()}`.toLowerCase();
    if (/^[0-9a-f]{4}:[0-9a-f]{4}$/.test(id)) found.push(id);
  }
  return found.slice(0, 16);
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
  if (vendorId !== APPLE_VENDOR || productId === null) return null;
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
    powerMa: milliamps(e.bMaxPower),
    hubs: [...e.hubs],
    authorized: e.authorized === null ? null : /^\d$/.test(e.authorized.trim()) ? e.authorized.trim() !== '0' : null,
    udid: text ? null : normaliseUdid(serial),
    ecid: text?.ecid ?? null,
  };
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

/** `500mA`, as the kernel writes what the active configuration asks for. Parked in configuration 0 a phone asks for nothing: not known. */
function milliamps(raw: string | null): number | null {
  const ma = raw === null ? undefined : /^(\d{1,5})mA$/.exec(raw.trim())?.[1];
  return ma === undefined ? null : Number(ma);
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
