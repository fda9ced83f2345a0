import type { Udid } from '@lockstep/core/health';
import { normaliseUdid } from '@lockstep/core/health';
import type { PlistDict, PlistValue } from './plist-value.js';
import { isDict } from './plist-value.js';

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
  };
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

/** One entry a phone. Over USB pairing is allowed and nothing depends on Wi-Fi, so USB wins; of two alike the later attach. */
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
    merged.set(device.udid, { ...(better ? device : other), alsoNetwork });
  }
  return [...merged.values()];
}
