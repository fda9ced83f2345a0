import { describe, expect, it } from '@jest/globals';
import { Fact } from '@lockstep/core/health';
import fc from 'fast-check';
import { ReadFailed, RecordedMachine, type Recording } from '../../machine/index.js';
import { udidsOnBus, usbDeviceFact } from './usb.js';
import { busDevice, modelHint, modeOf, parseBootSerial, readBus } from './usb-tree.js';

const AT = 'bus/usb/devices';

/** One phone as Linux shows it, booted, in the configuration that usbmuxd picks. */
function phone(name: string, extra: Record<string, string> = {}): NonNullable<Recording['sysfs']> {
  const files = {
    idVendor: '05ac',
    idProduct: '12a8',
    serial: '000081100011223344556677',
    speed: '480',
    devpath: name.slice(2),
    devnum: '7',
    bcdDevice: '1405',
    bConfigurationValue: '4',
    bMaxPower: '500mA',
    authorized: '1',
    ...extra,
  };
  const entries: NonNullable<Recording['sysfs']> = {};
  for (const [file, value] of Object.entries(files)) entries[`${AT}/${name}/${file}`] = value;
  entries[`${AT}/${name}:4.0/bInterfaceClass`] = '06';
  entries[`${AT}/${name}:4.0/bInterfaceSubClass`] = '01';
  entries[`${AT}/${name}:4.0/bInterfaceProtocol`] = '01';
  entries[`${AT}/${name}:4.1/bInterfaceClass`] = 'ff';
  entries[`${AT}/${name}:4.1/bInterfaceSubClass`] = 'fe';
  entries[`${AT}/${name}:4.1/bInterfaceProtocol`] = '02';
  return entries;
}

const read = (sysfs: Recording['sysfs']) => readBus(new RecordedMachine({ os: 'linux', ...(sysfs && { sysfs }) }).sysfs);

describe('the bus on Linux', () => {
  it('reads a booted phone behind one hub', async () => {
    const hub = { [`${AT}/1-2/idVendor`]: '05e3', [`${AT}/1-2/idProduct`]: '0610' };
    expect(await read({ ...phone('1-2.3'), ...hub })).toEqual({
      read: true,
      devices: [
        {
          mode: 'normal',
          vendorId: 0x05ac,
          productId: 0x12a8,
          speedMbps: 480,
          location: '1-2.3',
          hubDepth: 1,
          address: 7,
          muxInterface: true,
          modelHint: 'iPhone14,5',
          powerMa: 500,
          hubs: ['05e3:0610'],
          authorized: true,
          udid: '00008110-0011223344556677',
          ecid: null,
        },
      ],
    });
  });

  it('leaves out what is no phone: other makers, root hubs, Apple’s keyboards and pucks', async () => {
    const sysfs = {
      ...phone('1-1'),
      [`${AT}/usb1/idVendor`]: '1d6b',
      [`${AT}/1-3/idVendor`]: '05e3',
      [`${AT}/1-3/idProduct`]: '0610',
      [`${AT}/1-4/idVendor`]: '05ac',
      [`${AT}/1-4/idProduct`]: '0503',
    };
    const bus = await read(sysfs);
    expect(bus.read && bus.devices.map((d) => d.location)).toEqual(['1-1']);
  });

  it('does not know the interfaces of a phone that udev parked in configuration 0', async () => {
    const parked = Object.fromEntries(Object.entries(phone('1-1', { bConfigurationValue: '0' })).filter(([k]) => !k.includes(':')));
    const bus = await read(parked);
    expect(bus.read && bus.devices[0]?.muxInterface).toBeNull();
  });

  it('sees that a configuration has no interface for the multiplexer', async () => {
    const direct = { ...phone('1-1'), [`${AT}/1-1:4.1/bInterfaceSubClass`]: '02' };
    const bus = await read(direct);
    expect(bus.read && bus.devices[0]?.muxInterface).toBe(false);
  });

  it('knows a phone in recovery by its ECID alone, and gives it to the phone it belongs to', async () => {
    const serial = 'CPID:8110 CPRV:11 CPFM:03 SCEP:01 BDID:0C ECID:0011223344556677 IBFL:3C SRNM:[F2L] SDOM:01';
    const bus = await read(phone('1-1', { idProduct: '1281', serial }));
    if (!bus.read) throw new Error('not read');
    expect(bus.devices[0]).toMatchObject({ mode: 'recovery', udid: null, ecid: '0011223344556677', modelHint: null });
    const fact = Fact.parse({
      kind: 'usb-bus',
      subject: 'host',
      state: 'seen',
      reading: { devices: bus.devices },
      at: '2026-11-24T09:00:00Z',
      probe: 'usb',
      tookMs: 1,
    });
    expect(usbDeviceFact(fact, '00008110-0011223344556677')).toMatchObject({ state: 'seen', reading: { mode: 'recovery' } });
    expect(usbDeviceFact(fact, '00008110-0011223344556678')).toMatchObject({ state: 'absent' });
    expect(udidsOnBus(fact)).toEqual([]);
  });

  it('a device unplugged in the middle of the reading is not there', async () => {
    const sysfs = { ...phone('1-1'), [`${AT}/1-2/idVendor`]: new ReadFailed('missing', '1-2') };
    expect(await read(sysfs)).toMatchObject({ read: true, devices: [{ location: '1-1' }] });
  });

  it('says that it could not read rather than that nothing is there', async () => {
    expect(await read({})).toEqual({ read: false, reason: 'unsupported' });
    expect(await read({ [AT]: new ReadFailed('denied', AT) })).toEqual({ read: false, reason: 'denied' });
    expect(await read({ ...phone('1-1'), [`${AT}/1-2/idVendor`]: new ReadFailed('denied', '1-2') })).toEqual({
      read: false,
      reason: 'denied',
    });
    const blind = Fact.parse({
      kind: 'usb-bus',
      subject: 'host',
      state: 'failed',
      reason: 'denied',
      at: '2026-11-24T09:00:00Z',
      probe: 'usb',
      tookMs: 1,
    });
    expect(usbDeviceFact(blind, '00008110-0011223344556677')).toMatchObject({ state: 'failed', reason: 'denied' });
  });

  it('an empty bus is read and empty', async () => {
    expect(await read({ [`${AT}/usb1/idVendor`]: '1d6b' })).toEqual({ read: true, devices: [] });
  });
});

describe('one entry', () => {
  it('reads only readings that the fact takes, from any text', () => {
    const attribute = fc.option(fc.string({ unit: 'binary', maxLength: 40 }));
    fc.assert(
      fc.property(
        attribute,
        attribute,
        attribute,
        attribute,
        attribute,
        attribute,
        (serial, speed, devpath, devnum, bcdDevice, configuration) => {
          const device = busDevice({
            name: '1-1',
            idVendor: '05ac',
            idProduct: '12a8',
            serial,
            speed,
            devpath,
            devnum,
            bcdDevice,
            bConfigurationValue: configuration,
            bMaxPower: speed,
            authorized: serial,
            hubs: [],
            interfaces: [],
          });
          Fact.parse({
            kind: 'usb-bus',
            subject: 'host',
            state: 'seen',
            reading: { devices: [device] },
            at: '2026-11-24T09:00:00Z',
            probe: 'usb',
            tookMs: 1,
          });
        },
      ),
    );
  });

  it.each([
    [0x1290, 'normal'],
    [0x12a8, 'normal'],
    [0x12af, 'normal'],
    [0x12b0, 'other'],
    [0x1281, 'recovery'],
    [0x1284, 'other'],
    [0x1227, 'dfu'],
    [0x1222, 'dfu'],
    [0xf014, 'dfu'],
    [0x1905, 'restore'],
    [0x8600, 'other'],
    [0x0503, 'other'],
  ])('product id %i is %s', (id, mode) => {
    expect(modeOf(id as number)).toBe(mode);
  });

  it.each([
    [0x12a8, '1405', 'iPhone14,5'],
    [0x12a8, '1801', 'iPhone18,1'],
    [0x12a8, '0702', 'iPhone7,2'],
    [0x12a8, '0001', null],
    [0x12ab, '1405', null],
    [0x12a8, 'zzzz', null],
    [0x12a8, null, null],
  ])('model hint of %i %s is %s', (id, bcd, hint) => {
    expect(modelHint(id as number, bcd as string | null)).toBe(hint);
  });

  it('a truncated serial is no UDID and half an ECID is padded, never guessed', () => {
    expect(parseBootSerial('no words here')).toBeNull();
    expect(parseBootSerial('CPID:8110 ECID:112233')).toEqual({ ecid: '0000000000112233' });
    const device = busDevice({
      name: '1-1',
      idVendor: '05ac',
      idProduct: '12a8',
      serial: '00008110001122334455667',
      speed: 'unknown',
      devpath: '1',
      devnum: '3',
      bcdDevice: null,
      bConfigurationValue: '',
      bMaxPower: '0mA?',
      authorized: '',
      hubs: [],
      interfaces: [],
    });
    expect(device).toMatchObject({ udid: null, speedMbps: null, muxInterface: null, powerMa: null, authorized: null });
  });
});
