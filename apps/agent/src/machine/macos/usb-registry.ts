import { normaliseUdid } from '@lockstep/core/health';
import { APPLE_VENDOR, type Bus, type BusDevice, modelHint, modeOf, parseBootSerial } from '../apple-usb.js';
import type { DraftFact } from '../draft.js';
import type { PlistDict } from '../plist/index.js';
import type { Ran } from '../port.js';
import { below, readRegistry, whole, word32, words } from './registry.js';
import { hubDepthOf, placeOf } from './usb-place.js';

/** More Apple devices than a computer has ports for: the fact's own limit. */
const MAX_DEVICES = 64;
/** bDeviceClass of hubs (USB 2.0, 11.23.1). */
const HUB = 9;
/** The multiplexer's interface (usbmuxd usb.h). */
const MUX = { class: 255, subclass: 254, protocol: 2 };
/** `Device Speed` of IOUSBHostFamily, Mbit/s. (`USBSpeed` is numbered differently and is not read.) */
const SPEEDS: readonly number[] = [1.5, 12, 480, 5_000, 10_000, 20_000];

/**
 * Reads `ioreg -a -l -r -c IOUSBHostDevice`. Nothing printed is not "nothing plugged in" by itself: Macs without a built-in USB device
 * print nothing then, and so does a tool that is kept from the registry.
 */
export function readUsbRegistry(ran: Ran): Bus {
  const registry = readRegistry(ran);
  if (!registry.read) return registry;
  if (registry.entries.length === 0) return { read: false, reason: 'garbage' };
  const found = new Map<string, BusDevice>();
  let usb = 0;
  const walk = (entry: PlistDict, hubs: readonly string[]): void => {
    let above = hubs;
    if (isDevice(entry)) {
      usb++;
      const device = deviceOf(entry, hubs);
      if (device) found.set(device.attachId ?? device.location, device);
      if (whole(entry.bDeviceClass) === HUB && !isRootHub(entry)) above = [idOf(entry), ...hubs].slice(0, 16);
    }
    for (const child of below(entry)) walk(child, above);
  };
  for (const entry of registry.entries) walk(entry, []);
  // Entries, and none of them a device: another list than was asked for.
  if (usb === 0) return { read: false, reason: 'garbage' };
  return busOf([...found.values()]);
}

/** Phones and pads first; a Mac's own Apple parts after them, as far as there is room. */
export function busOf(devices: readonly BusDevice[]): Bus {
  const phones = devices.filter((d) => d.mode !== 'other');
  if (phones.length > MAX_DEVICES) return { read: false, reason: 'too-large' };
  return { read: true, devices: [...phones, ...devices.filter((d) => d.mode === 'other')].slice(0, MAX_DEVICES) };
}

/** Interfaces carry the device's ids too, and drivers those they look for: neither is a device. */
function isDevice(entry: PlistDict): boolean {
  return (
    whole(entry.idVendor) !== null &&
    whole(entry.idProduct) !== null &&
    word32(entry.locationID) !== null &&
    entry.bInterfaceNumber === undefined &&
    entry.IOProviderClass === undefined
  );
}

function isRootHub(entry: PlistDict): boolean {
  return /RootHub/.test(words(entry.IOObjectClass) ?? '') || ((word32(entry.locationID) ?? 0) & 0x00ff_ffff) === 0;
}

function idOf(entry: PlistDict): string {
  const hex = (n: number | null) => (n ?? 0).toString(16).padStart(4, '0').slice(-4);
  return `${hex(whole(entry.idVendor))}:${hex(whole(entry.idProduct))}`;
}

/** One entry as a reading; null for what is not Apple's, and for hubs, which Apple's displays have. */
function deviceOf(entry: PlistDict, hubs: readonly string[]): BusDevice | null {
  const productId = whole(entry.idProduct);
  const location = word32(entry.locationID);
  if (whole(entry.idVendor) !== APPLE_VENDOR || productId === null || productId > 0xffff || location === null) return null;
  if (whole(entry.bDeviceClass) === HUB || isRootHub(entry)) return null;
  const mode = modeOf(productId);
  const serial = (words(entry.kUSBSerialNumberString) ?? words(entry['USB Serial Number']) ?? '').replace(/\u0000/g, '').trim();
  const boot = mode === 'normal' || mode === 'other' ? null : parseBootSerial(serial);
  const bcd = whole(entry.bcdDevice);
  return {
    mode,
    vendorId: APPLE_VENDOR,
    productId,
    speedMbps: speedOf(entry),
    location: placeOf(location),
    hubDepth: hubDepthOf(location),
    address: small(whole(entry['USB Address']) ?? whole(entry.kUSBAddress)),
    muxInterface: muxInterface(entry),
    modelHint: bcd === null ? null : modelHint(productId, bcd.toString(16).padStart(4, '0')),
    powerMa: small(whole(entry.UsbPowerSinkAllocation)) ?? doubled(whole(entry['Bus Power Available'])),
    attachId: attachId(entry),
    hubs: [...hubs],
    udid: mode === 'normal' ? normaliseUdid(serial) : null,
    ecid: boot?.ecid ?? null,
  };
}

/** `UsbLinkSpeed` is in bit/s. */
function speedOf(entry: PlistDict): number | null {
  const link = whole(entry.UsbLinkSpeed);
  if (link !== null && link > 0 && link <= 1e12) return link / 1e6;
  const code = whole(entry['Device Speed']);
  return code === null ? null : (SPEEDS[code] ?? null);
}

/** The registry's own number for the entry is new at every enumeration; so is the session's. */
function attachId(entry: PlistDict): string | null {
  const id = entry.IORegistryEntryID;
  if ((typeof id === 'number' && Number.isInteger(id) && id > 0) || (typeof id === 'bigint' && id > 0n)) return `0x${id.toString(16)}`;
  const session = entry.sessionID;
  return typeof session === 'number' || typeof session === 'bigint' ? `session ${session}`.slice(0, 40) : null;
}

/** Older systems count what the port has to give in steps of 2 mA. */
function doubled(units: number | null): number | null {
  return units === null ? null : small(units * 2);
}

function small(n: number | null): number | null {
  return n !== null && n <= 1_000_000 ? n : null;
}

/** Whether the device itself, and no device below it, offers the interface; null when it offers none at all: it is not configured yet. */
function muxInterface(device: PlistDict): boolean | null {
  let any = false;
  let mux = false;
  const walk = (entry: PlistDict): void => {
    for (const child of below(entry)) {
      if (isDevice(child)) continue;
      const own = whole(child.bInterfaceClass);
      if (own !== null && child.bInterfaceNumber !== undefined) {
        any = true;
        mux ||= own === MUX.class && whole(child.bInterfaceSubClass) === MUX.subclass && whole(child.bInterfaceProtocol) === MUX.protocol;
      }
      walk(child);
    }
  };
  walk(device);
  return any ? mux : null;
}

/** The facts in the registry's USB devices. */
export function parseUsbRegistry(ran: Ran): DraftFact[] {
  return busFact(readUsbRegistry(ran));
}

/** A bus as a fact. */
export function busFact(bus: Bus): DraftFact[] {
  if (!bus.read) return [{ kind: 'usb-bus', subject: 'host', state: 'failed', reason: bus.reason }];
  return [{ kind: 'usb-bus', subject: 'host', state: 'seen', reading: { devices: bus.devices } }];
}
