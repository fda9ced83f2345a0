import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type MuxDevice, mergeDevices, readAttached, readSocketAddress } from './mux-devices.js';

const UDID = '00008030-001A35E40123802E';

/** An `Attached` entry of the phone. */
function entry(deviceId: number, connection: 'USB' | 'Network'): MuxDevice {
  const device = readAttached({
    DeviceID: deviceId,
    Properties: { SerialNumber: UDID, ConnectionType: connection, InterfaceIndex: deviceId },
  });
  if (device === null) throw new Error('not read');
  return device;
}

describe('a phone that is listed more than once', () => {
  it('is one phone: by cable where there is one, and both ways are told, whatever the order', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.record({ id: fc.integer({ min: 1, max: 99 }), usb: fc.boolean() }), { selector: (e) => e.id, minLength: 1 }),
        (list) => {
          const merged = mergeDevices(list.map((e) => entry(e.id, e.usb ? 'USB' : 'Network')));
          const latest = (usb: boolean) => Math.max(0, ...list.filter((e) => e.usb === usb).map((e) => e.id));
          const [usb, network] = [latest(true), latest(false)];
          expect(merged).toHaveLength(1);
          expect(merged[0]).toMatchObject({
            deviceId: usb || network,
            connection: usb > 0 ? 'usb' : 'network',
            alsoNetwork: usb > 0 && network > 0,
            network: network > 0 ? { deviceId: network, interfaceIndex: network } : null,
          });
        },
      ),
    );
  });
});

describe('a BSD socket address', () => {
  it.each([
    ['10020000c0a80114', '192.168.1.20'],
    ['1002f27ec0a801140000000000000000', '192.168.1.20'],
    ['1c1e0000000000000000000000000000000000000000000105000000'.slice(0, 56), '::1'],
    ['1c1ef27e00000000fe80000000000000041a2bfffe3c4d5e0e000000', 'fe80::41a:2bff:fe3c:4d5e'],
    ['1c1e', null],
    ['10020000c0a801', null],
    ['100a0000c0a80114', null],
    ['', null],
  ])('%s is %s', (hex, address) => {
    expect(readSocketAddress(Buffer.from(hex, 'hex'))).toBe(address);
  });
});
