import type { Udid } from '@lockstep/core/health';
import { normaliseUdid } from '@lockstep/core/health';
import type { PlistDict, PlistValue } from '../machine/index.js';
import { isDict } from '../machine/index.js';

/** How a phone is reached over the network (libusbmuxd.c, device_info_from_plist). Nothing of it leaves the computer by itself. */
export interface MuxNetworkPath {
  /** The entry's own number: another than that of the cable. */
  deviceId: number;
  /** The phone's address, such as `192.168.1.20` or `fe80::1`; null when it could not be read. */
  address: string | null;
  /** Index of this computer's interface. */
  interfaceIndex: number | null;
  /** Bonjour's name of the phone's service, which begins with its Wi-Fi address. */
  serviceName: string | null;
}

/** A phone as the multiplexer lists it. */
export interface MuxDevice {
  /** A counter of the running daemon: new at each attach, never to be stored. */
  deviceId: number;
  udid: Udid;
  connection: 'usb' | 'network';
  /** The same phone is listed over the network too. */
  alsoNetwork: boolean;
  /** usbmuxd: bus << 16 | address. On macOS the system's own location id. Null when not told. */
  locationId: number | null;
  productId: number | null;
  /** Link speed in bit/s, such as 480000000; null over the network. */
  speedBps: number | null;
  /** The way over the network, also of a phone that is listed over USB as well; null when there is none. */
  network: MuxNetworkPath | null;
}

export interface MuxListing {
  /** One entry a phone: USB is preferred to the network. */
  devices: MuxDevice[];
  /** Entries without a device id or without a serial number that is a UDID. */
  unreadable: number;
}

/** Reads the answer to ListDevices. Null when it is none. */
export function readListing(answer: PlistDict): MuxListing | null {
  const { DeviceList: list } = answer;
  if (!Array.isArray(list)) return null;
  const devices: MuxDevice[] = [];
  let unreadable = 0;
  for (const entry of list) {
    const device = isDict(entry) ? readAttached(entry) : null;
    if (device === null) unreadable++;
    else devices.push(device);
  }
  return { devices: mergeDevices(devices), unreadable };
}

/** Reads an `Attached` message. Null when it names no phone. */
export function readAttached(message: PlistDict): MuxDevice | null {
  const properties = isDict(message.Properties) ? message.Properties : {};
  // The inner DeviceID differs from the outer one in recorded traffic of Apple's daemon (appium-ios-device test data): the outer counts.
  const deviceId = count(message.DeviceID);
  const udid = typeof properties.SerialNumber === 'string' ? normaliseUdid(properties.SerialNumber) : null;
  const connection = readConnection(properties.ConnectionType);
  if (deviceId === null || udid === null || connection === null) return null;
  return {
    deviceId,
    udid,
    connection,
    alsoNetwork: false,
    locationId: count(properties.LocationID),
    productId: count(properties.ProductID),
    speedBps: connection === 'usb' ? count(properties.ConnectionSpeed) : null,
    network: connection === 'network' ? readNetworkPath(deviceId, properties) : null,
  };
}

/** Bonjour names have 63 bytes a part and three parts (RFC 6763, 7.2). */
const SERVICE_NAME_LENGTH = 255;

function readNetworkPath(deviceId: number, properties: PlistDict): MuxNetworkPath {
  const { EscapedFullServiceName: name, NetworkAddress: address } = properties;
  return {
    deviceId,
    address: address instanceof Uint8Array ? readSocketAddress(address) : null,
    interfaceIndex: count(properties.InterfaceIndex),
    serviceName: typeof name === 'string' && name.length <= SERVICE_NAME_LENGTH ? name : null,
  };
}

/** Address families as BSD numbers them; daemons on other systems write BSD's numbers too (libusbmuxd.c). */
const AF_INET = 2;
const AF_INET6 = 30;

/** The address of a BSD sockaddr: length, family, port, then four bytes, or a flow label and sixteen. Null for anything else. */
export function readSocketAddress(bytes: Uint8Array): string | null {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.length >= 8 && view[1] === AF_INET) return [...view.subarray(4, 8)].join('.');
  if (view.length < 24 || view[1] !== AF_INET6) return null;
  const groups = Array.from({ length: 8 }, (_, i) => view.readUInt16BE(8 + 2 * i).toString(16));
  // The URL parser writes IPv6 addresses in their one spelling (RFC 5952).
  return new URL(`http://[${groups.join(':')}]/`).hostname.slice(1, -1);
}

function readConnection(value: PlistValue | undefined): 'usb' | 'network' | null {
  // Daemons older than network support do not say.
  if (value === undefined || value === 'USB') return 'usb';
  return value === 'Network' ? 'network' : null;
}

/** A 32-bit number that counts something; null for anything else. */
export function count(value: PlistValue | undefined): number | null {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 0xffffffff ? value : null;
}

/**
 * One entry a phone, which reports both ways where there are two. Over USB pairing is allowed and nothing depends on Wi-Fi, so USB wins;
 * of two alike the later attach.
 */
export function mergeDevices(devices: readonly MuxDevice[]): MuxDevice[] {
  const merged = new Map<Udid, MuxDevice>();
  for (const device of devices) {
    const other = merged.get(device.udid);
    if (other === undefined) {
      merged.set(device.udid, device);
      continue;
    }
    const alsoNetwork = other.alsoNetwork || other.connection !== device.connection;
    const better = other.connection === device.connection ? device.deviceId > other.deviceId : device.connection === 'usb';
    const kept = better ? device : other;
    const left = better ? other : device;
    const network = kept.connection === 'network' ? kept.network : later(kept.network, left.network);
    merged.set(device.udid, { ...kept, alsoNetwork, network });
  }
  return [...merged.values()];
}

/** Of two ways over the network the later attach. */
function later(a: MuxNetworkPath | null, b: MuxNetworkPath | null): MuxNetworkPath | null {
  if (a === null || b === null) return a ?? b;
  return b.deviceId > a.deviceId ? b : a;
}
