import { encodeMuxFrame, MUX_MESSAGE, MUX_VERSION, type PlistDict } from '@lockstep/agent/device';
import type { SimulatedPhone, Via } from '../phone/index.js';

/** A phone as the daemon lists it. */
export interface AttachedPhone {
  /** A counter of this daemon: new at each attach. */
  deviceId: number;
  phone: SimulatedPhone;
  via: Via;
  /** bus << 16 | address, as libimobiledevice's daemon makes it; 0 over the network. */
  locationId: number;
  /** Of the cable; 0 over the network. */
  speedMbps: number;
}

/** Where a phone of the lab is on the network: an address for documentation (RFC 5737), on the daemon's second interface. */
const ON_NETWORK = { address: [192, 0, 2, 20], interfaceIndex: 2 };
/** Address families as BSD numbers them, in a structure of sixteen bytes (sockaddr_in). */
const SOCKADDR_IN = { bytes: 16, family: 2 };

/** The `Attached` message, in a device list and as an event. */
export function attachedMessage(a: AttachedPhone): PlistDict {
  return {
    DeviceID: a.deviceId,
    MessageType: 'Attached',
    Properties: a.via === 'usb' ? cableProperties(a) : networkProperties(a),
  };
}

function cableProperties(a: AttachedPhone): PlistDict {
  return {
    ConnectionSpeed: a.speedMbps * 1_000_000,
    ConnectionType: 'USB',
    DeviceID: a.deviceId,
    LocationID: a.locationId,
    ProductID: a.phone.identity.productId,
    SerialNumber: a.phone.udid,
  };
}

/** As usbmuxd2's Muxer.cpp and Apple's daemon tell of a phone on the network. */
function networkProperties(a: AttachedPhone): PlistDict {
  const address = Buffer.alloc(SOCKADDR_IN.bytes);
  address.set([SOCKADDR_IN.bytes, SOCKADDR_IN.family], 0);
  address.set(ON_NETWORK.address, 4);
  return {
    ConnectionType: 'Network',
    DeviceID: a.deviceId,
    EscapedFullServiceName: `${a.phone.identity.wifiAddress}@fe80::1._apple-mobdev2._tcp.local.`,
    InterfaceIndex: ON_NETWORK.interfaceIndex,
    NetworkAddress: address,
    SerialNumber: a.phone.udid,
  };
}

/** The serial number's field in usbmuxd_device_record (usbmuxd-proto.h). */
const SERIAL_BYTES = 256;

/** The old binary Add event: id, product id, serial number, two bytes of padding, location. */
export function binaryAdd(a: AttachedPhone): Buffer {
  const body = Buffer.alloc(4 + 2 + SERIAL_BYTES + 2 + 4);
  body.writeUInt32LE(a.deviceId, 0);
  body.writeUInt16LE(a.phone.identity.productId, 4);
  body.write(a.phone.udid, 6, SERIAL_BYTES - 1, 'latin1');
  body.writeUInt32LE(a.locationId >>> 0, 6 + SERIAL_BYTES + 2);
  return encodeMuxFrame({ version: MUX_VERSION.binary, message: MUX_MESSAGE.add, tag: 0, body });
}

/** The old binary Remove and Paired events: the id alone. */
export function binaryNotice(kind: 'Detached' | 'Paired', deviceId: number): Buffer {
  const body = Buffer.alloc(4);
  body.writeUInt32LE(deviceId, 0);
  return encodeMuxFrame({
    version: MUX_VERSION.binary,
    message: kind === 'Detached' ? MUX_MESSAGE.remove : MUX_MESSAGE.paired,
    tag: 0,
    body,
  });
}
