import { type PlistDict, writePlist } from '@lockstep/agent/machine';
import type { OnBus } from '../daemon/index.js';
import type { BusEvent, ComputerView } from './condition.js';

/** `1-2.3` as IOUSBFamily numbers it: the bus in the top byte, the port of each hop in a nibble after it. */
export function locationId(location: string): number {
  const [bus = '1', way = '0'] = location.split('-');
  const ports = way.split('.').map(Number);
  return ports.reduce((id, port, hop) => id | ((port & 0xf) << (20 - 4 * hop)), (Number(bus) & 0xff) << 24) >>> 0;
}

/** `Device Speed` of IOUSBHostFamily. */
function speedCode(mbps: number): number {
  return mbps >= 10_000 ? 4 : mbps >= 5_000 ? 3 : mbps >= 480 ? 2 : mbps >= 12 ? 1 : 0;
}

const hex8 = (n: number) => n.toString(16).padStart(8, '0');
const hex4 = (n: number) => n.toString(16).padStart(4, '0');

/** Every laptop of Apple's has a keyboard on its own bus. */
const KEYBOARD: PlistDict = {
  IORegistryEntryName: 'Apple Internal Keyboard / Trackpad',
  IOObjectClass: 'IOUSBHostDevice',
  IORegistryEntryID: 4_294_968_001,
  idVendor: 0x05ac,
  idProduct: 0x0343,
  bcdDevice: 0x0917,
  bDeviceClass: 0,
  locationID: 0x80500000,
  'Device Speed': 1,
  'USB Address': 2,
};

/** What `ioreg -a -l -r -c IOUSBHostDevice` prints; hubs hold what hangs on them. */
export function registryOfBus(view: ComputerView): string {
  const direct = view.phones.filter((p) => !p.device.location.includes('.'));
  const behind = view.phones.filter((p) => p.device.location.includes('.'));
  const hubs = [...new Set(behind.map((p) => p.device.location.slice(0, p.device.location.lastIndexOf('.'))))];
  return text([
    KEYBOARD,
    ...direct.map((p) => deviceEntry(p)),
    ...hubs.map((hub) =>
      hubEntry(
        hub,
        behind.filter((p) => p.device.location.startsWith(`${hub}.`)),
      ),
    ),
  ]);
}

/** A property list as a tool prints it. */
export function text(value: PlistDict | PlistDict[]): string {
  return Buffer.from(writePlist(value)).toString('utf8');
}

function deviceEntry({ device, devnum, since }: OnBus): PlistDict {
  const { idVendor, idProduct, location } = device;
  return {
    IORegistryEntryName: device.product,
    IOObjectClass: 'IOUSBHostDevice',
    // New at every enumeration.
    IORegistryEntryID: 4_294_969_000 + devnum * 64 + (Math.floor(since / 1_000) % 64),
    idVendor,
    idProduct,
    bcdDevice: device.bcdDevice,
    bDeviceClass: 0,
    locationID: locationId(location),
    'USB Address': devnum,
    'Device Speed': speedCode(device.speedMbps),
    UsbLinkSpeed: device.speedMbps * 1_000_000,
    UsbPowerSinkAllocation: 500,
    kUSBSerialNumberString: device.serial,
    'USB Product Name': device.product,
    IORegistryEntryChildren: device.interfaces.map((i, n) => ({
      IORegistryEntryName: `Interface ${n}`,
      IOObjectClass: 'IOUSBHostInterface',
      idVendor,
      idProduct,
      locationID: locationId(location),
      bInterfaceNumber: n,
      bInterfaceClass: i.class,
      bInterfaceSubClass: i.subclass,
      bInterfaceProtocol: i.protocol,
      bNumEndpoints: i.endpoints,
    })),
  };
}

function hubEntry(location: string, phones: readonly OnBus[]): PlistDict {
  return {
    IORegistryEntryName: 'USB2.0 Hub',
    IOObjectClass: 'IOUSBHostDevice',
    IORegistryEntryID: 4_294_968_500,
    idVendor: 0x05e3,
    idProduct: 0x0608,
    bDeviceClass: 9,
    locationID: locationId(location),
    'USB Address': 1,
    'Device Speed': 2,
    IORegistryEntryChildren: phones.map((p) => deviceEntry(p)),
  };
}

/** macOS 26's and the older question of System Information, in its own words for each. */
export function profiler(kind: 'SPUSBHostDataType' | 'SPUSBDataType', view: ComputerView): string {
  const isNew = kind === 'SPUSBHostDataType';
  const item = (p: OnBus) =>
    isNew
      ? {
          _name: p.device.product,
          USBDeviceKeyVendorID: `0x${hex4(p.device.idVendor)}`,
          USBDeviceKeyProductID: `0x${hex4(p.device.idProduct)}`,
          USBDeviceKeySerialNumber: p.device.serial,
          USBDeviceKeyProductVersion: `0x${hex4(p.device.bcdDevice)}`,
          USBDeviceKeyLinkSpeed: `${p.device.speedMbps} Mb/s`,
          USBDeviceKeyPowerAllocation: '2.50 W (500 mA)',
          USBKeyLocationID: `0x${hex8(locationId(p.device.location))}`,
        }
      : {
          _name: p.device.product,
          vendor_id: 'apple_vendor_id',
          product_id: `0x${hex4(p.device.idProduct)}`,
          serial_num: p.device.serial,
          bcd_device: `${hex4(p.device.bcdDevice).slice(0, 2)}.${hex4(p.device.bcdDevice).slice(2)}`,
          device_speed: p.device.speedMbps >= 480 ? 'high_speed' : 'full_speed',
          bus_power: '500',
          location_id: `0x${hex8(locationId(p.device.location))} / ${p.devnum}`,
        };
  return `${JSON.stringify({ [kind]: [{ _name: 'USB31Bus', _items: view.phones.map(item) }] })}\n`;
}

/** The sockets of a laptop with Apple silicon. What waits for approval charges and has no data. */
export function sockets({ condition, phones }: ComputerView): string {
  const held = condition.mac.holdsPort;
  const inUse = held || phones.length > 0;
  const port = (n: number, used: boolean): PlistDict => ({
    IORegistryEntryName: `Port-USB-C@${n}`,
    IOObjectClass: 'AppleTCControllerType10',
    PortTypeDescription: 'USB-C',
    PortNumber: n,
    PortDescription: `Port-USB-C@${n}`,
    ConnectionActive: used,
    TransportsActive: used ? (held ? ['CC'] : ['CC', 'USB2']) : [],
    TransportsUnauthorized: used && held ? ['USB2'] : [],
    IORegistryEntryChildren: [
      { IORegistryEntryName: 'Power In', PowerSourceOptions: [] },
      {
        IORegistryEntryName: 'USB2',
        TRM_TransportRestricted: used && held,
        ...(used ? { TRM_Profile: 2, TRM_ProfileDescription: 'Ask for New Accessories' } : {}),
      },
    ],
  });
  return text([port(1, inUse), port(2, false)]);
}

/** The kernel's words for what happens on the bus (IOUSBHostFamily). */
export function busLine(e: BusEvent): string {
  const at = `usb-drd${e.location.split('-')[0]}-port-hs@${hex8(locationId(e.location))}`;
  if (e.what === 'failed') return `${at}: AppleUSBHostPort::createDevice: failed to create device`;
  const ids = `0x${hex4(e.idVendor)}/${hex4(e.idProduct)}/1405 (${e.product} / ${e.devnum})`;
  return e.what === 'came'
    ? `${at}: AppleUSBHostPort::enumerateDeviceComplete_block_invoke: enumerated ${ids} at 480 Mbps`
    : `${at}: AppleUSBHostPort::disconnect: destroying ${ids}`;
}
