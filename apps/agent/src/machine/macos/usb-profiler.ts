import { normaliseUdid } from '@lockstep/core/health';
import { APPLE_VENDOR, type Bus, type BusDevice, modelHint, modeOf, parseBootSerial } from '../apple-usb.js';
import type { DraftFact } from '../draft.js';
import { failedEnd } from '../linux/index.js';
import type { Ran } from '../port.js';
import { hubDepthOf, placeOf } from './usb-place.js';
import { busFact, busOf } from './usb-registry.js';

type Item = Record<string, unknown>;

/** The words of SPUSBDataType for speeds, Mbit/s. */
const WORDS: Readonly<Record<string, number>> = {
  low_speed: 1.5,
  full_speed: 12,
  high_speed: 480,
  super_speed: 5_000,
  super_speed_plus: 10_000,
};

/** What of an item is read under which key. macOS 26 renamed the list and all its keys. */
interface Keys {
  list: string;
  vendor: string;
  product: string;
  serial: string;
  version: string;
  speed: string;
  power: string;
  location: string;
  /** Why an empty list is no answer. */
  empty: 'unsupported' | 'garbage';
}

const HOST: Keys = {
  list: 'SPUSBHostDataType',
  vendor: 'USBDeviceKeyVendorID',
  product: 'USBDeviceKeyProductID',
  serial: 'USBDeviceKeySerialNumber',
  version: 'USBDeviceKeyProductVersion',
  speed: 'USBDeviceKeyLinkSpeed',
  power: 'USBDeviceKeyPowerAllocation',
  location: 'USBKeyLocationID',
  empty: 'garbage',
};

const LEGACY: Keys = {
  list: 'SPUSBDataType',
  vendor: 'vendor_id',
  product: 'product_id',
  serial: 'serial_num',
  version: 'bcd_device',
  speed: 'device_speed',
  power: 'bus_power',
  location: 'location_id',
  // macOS 26 and later answer the old question with an empty list, with a phone attached or without.
  empty: 'unsupported',
};

/** Reads `system_profiler SPUSBHostDataType -json`, macOS 26 and later. Every Mac has a bus: an empty list is no answer. */
export const readProfiler = (ran: Ran): Bus => read(ran, HOST);

/** Reads `system_profiler SPUSBDataType -json`, up to macOS 15. */
export const readProfilerLegacy = (ran: Ran): Bus => read(ran, LEGACY);

function read(ran: Ran, keys: Keys): Bus {
  const failed = failedEnd(ran);
  if (failed) return { read: false, reason: failed };
  if (ran.exit !== 0) return { read: false, reason: 'garbage' };
  const list = listOf(ran.stdout, keys.list);
  if (list === 'none') return { read: false, reason: 'unsupported' };
  if (list === null) return { read: false, reason: 'garbage' };
  if (list.length === 0) return { read: false, reason: keys.empty };
  const devices: BusDevice[] = [];
  const walk = (item: Item, hubs: readonly string[], depth: number): void => {
    const id = idOf(item, keys);
    const device = deviceOf(item, keys, hubs);
    if (device) devices.push(device);
    const inner = item._items;
    // Devices nest in hubs at most six deep (USB 2.0, 4.1.1), and hubs in buses.
    if (!Array.isArray(inner) || depth > 10) return;
    const above = id === null ? hubs : [`${hex(id.vendor)}:${hex(id.product)}`, ...hubs].slice(0, 16);
    for (const child of inner) if (isItem(child)) walk(child, above, depth + 1);
  };
  for (const bus of list) walk(bus, [], 0);
  return busOf(devices);
}

/** The list; `none` when the answer has no such key, null when it is no answer. */
function listOf(stdout: string, key: string): Item[] | 'none' | null {
  let value: unknown;
  try {
    value = JSON.parse(stdout.replace(/^\ufeff/, ''));
  } catch {
    return null;
  }
  if (!isItem(value)) return null;
  if (!Object.hasOwn(value, key)) return 'none';
  const list = value[key];
  return Array.isArray(list) && list.every(isItem) ? list : null;
}

function isItem(value: unknown): value is Item {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Ids of a device; null for a bus, which has none. */
function idOf(item: Item, keys: Keys): { vendor: number; product: number } | null {
  const vendor = text(item[keys.vendor]);
  const product = number(text(item[keys.product]));
  if (vendor === null || product === null) return null;
  const known = /^apple_vendor_id\b/i.test(vendor) ? APPLE_VENDOR : number(vendor);
  return known === null ? null : { vendor: known, product };
}

function deviceOf(item: Item, keys: Keys, hubs: readonly string[]): BusDevice | null {
  const id = idOf(item, keys);
  const location = number(text(item[keys.location]), 8);
  if (id?.vendor !== APPLE_VENDOR || location === null) return null;
  const mode = modeOf(id.product);
  // Apple's displays have hubs of Apple's; whatever has something below it is one.
  if (mode === 'other' && Array.isArray(item._items)) return null;
  const serial = (text(item[keys.serial]) ?? '').trim();
  const boot = mode === 'normal' || mode === 'other' ? null : parseBootSerial(serial);
  return {
    mode,
    vendorId: id.vendor,
    productId: id.product,
    speedMbps: speed(text(item[keys.speed])),
    location: placeOf(location),
    hubDepth: hubDepthOf(location),
    address: null,
    muxInterface: null,
    modelHint: modelHint(id.product, version(text(item[keys.version]))),
    powerMa: milliamps(text(item[keys.power])),
    attachId: null,
    hubs: [...hubs],
    udid: mode === 'normal' ? normaliseUdid(serial) : null,
    ecid: boot?.ecid ?? null,
  };
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : null;
}

/** `0x05ac`, `0x05ac (Apple Inc.)`, `0x14230000 / 16`. */
function number(raw: string | null, digits = 4): number | null {
  const m = raw === null ? null : /^\s*0x([0-9a-f]{1,8})\b/i.exec(raw);
  return m?.[1] !== undefined && m[1].length <= digits ? Number.parseInt(m[1], 16) : null;
}

/** `480 Mb/s`, `10 Gb/s`, or a word; units are written in the person's language, and what is not understood is not known. */
function speed(raw: string | null): number | null {
  if (raw === null) return null;
  const word = WORDS[raw.trim()];
  if (word !== undefined) return word;
  const m = /^(\d{1,6}(?:[.,]\d{1,3})?)[\s\u00a0\u202f]*([MG])b/i.exec(raw.trim());
  if (m?.[1] === undefined) return null;
  return Number(m[1].replace(',', '.')) * (m[2]?.toUpperCase() === 'G' ? 1_000 : 1);
}

/** `2.50 W (500 mA)` or `500`. */
function milliamps(raw: string | null): number | null {
  const m = raw === null ? undefined : (/\((\d{1,5})[\s\u00a0\u202f]*mA\)/.exec(raw)?.[1] ?? /^(\d{1,5})$/.exec(raw.trim())?.[1]);
  return m === undefined ? null : Number(m);
}

/** `0x1405` or `14.05`, as the four digits of bcdDevice. */
function version(raw: string | null): string | null {
  if (raw === null) return null;
  const hexadecimal = /^0x(\d{4})$/i.exec(raw.trim())?.[1];
  const dotted = /^(\d{1,2})\.(\d{2})$/.exec(raw.trim());
  return hexadecimal ?? (dotted ? `${(dotted[1] ?? '').padStart(2, '0')}${dotted[2]}` : null);
}

function hex(n: number): string {
  return n.toString(16).padStart(4, '0');
}

export const parseProfiler = (ran: Ran): DraftFact[] => busFact(readProfiler(ran));
export const parseProfilerLegacy = (ran: Ran): DraftFact[] => busFact(readProfilerLegacy(ran));
