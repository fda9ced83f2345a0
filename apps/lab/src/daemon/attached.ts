import { encodeMuxFrame, MUX_MESSAGE, MUX_VERSION, type PlistDict } from '@lockstep/agent/device';
import type { SimulatedPhone } from '../phone/index.js';

/** A phone as the daemon lists it. */
export interface AttachedPhone {
  /** A counter of this daemon: new at each attach. */
  deviceId: number;
  phone: SimulatedPhone;
  /** bus << 16 | address, as libimobiledevice's daemon makes it. */
  locationId: number;
  speedMbps: number;
}

/** The `Attached` message, in a device list and as an event. */
export function attachedMessage(a: AttachedPhone): PlistDict {
  return {
    DeviceID: a.deviceId,
    MessageType: 'Attached',
    Properties: {
      ConnectionSpeed: a.speedMbps * 1_000_000,
      ConnectionType: 'USB',
      DeviceID: a.deviceId,
      LocationID: a.locationId,
      ProductID: a.phone.identity.productId,
      SerialNumber: a.phone.udid,
    },
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
