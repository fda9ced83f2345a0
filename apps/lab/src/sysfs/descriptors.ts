/** One thing on the bus, in the words of the kernel's attribute files. */
export interface UsbDevice {
  /** Bus, dash, ports on the way: `1-2`, or `1-2.3` behind a hub. */
  location: string;
  idVendor: number;
  idProduct: number;
  /** iSerial: for a phone 24 digits without dash or 40, in recovery a line of KEY:VALUE words. */
  serial: string;
  /** BCD of the descriptor: 0x1405. */
  bcdDevice: number;
  /** Negotiated, in Mbit/s. */
  speedMbps: number;
  manufacturer: string;
  product: string;
  /** Configurations the device offers; a phone 4, 5 or 6, and 1 when it offers no multiplexer interface (usbmuxd usb.c guess_mode). */
  configurations: number;
  /** The active one; 0 while udev has parked the phone and no daemon chose one. */
  configuration: number;
  interfaces: readonly UsbInterface[];
  /** False: the kernel was told not to use it (USBGuard and the like). */
  authorized?: boolean;
}

/** Class, subclass, protocol and number of endpoints. */
export interface UsbInterface {
  class: number;
  subclass: number;
  protocol: number;
  endpoints: number;
}

const PTP: UsbInterface = { class: 0x06, subclass: 0x01, protocol: 0x01, endpoints: 3 };
/** The interface that usbmuxd needs (usb.h: class 255, subclass 254, protocol 2). */
const MUX: UsbInterface = { class: 0xff, subclass: 0xfe, protocol: 0x02, endpoints: 2 };
const TETHERING: UsbInterface = { class: 0xff, subclass: 0xfd, protocol: 0x01, endpoints: 2 };
const NCM_CONTROL: UsbInterface = { class: 0x02, subclass: 0x0d, protocol: 0x00, endpoints: 1 };
const NCM_DATA: UsbInterface = { class: 0x0a, subclass: 0x00, protocol: 0x01, endpoints: 2 };

/**
 * What a phone can look like on the bus: booted, booted without the multiplexer's interface, parked without a configuration, kept out by the
 * computer, in recovery, in DFU, or in the system that restores it.
 */
export type BusLook = 'served' | 'no-mux-interface' | 'parked' | 'unauthorised' | 'recovery' | 'dfu' | 'restore';

/** The part of a phone's identity that its descriptors carry. */
export interface BusIdentity {
  productId: number;
  usbSerial: string;
  bcdDevice: number;
  ecid: bigint;
  chipId: number;
  boardId: number;
  serialNumber: string;
}

/** Apple's vendor id (USB-IF). */
const APPLE = 0x05ac;
/** iBoot in recovery mode and the boot ROM in DFU (libirecovery.h). */
const RECOVERY = 0x1281;
const DFU = 0x1227;
/** The restore system (usbmuxd usb.h: 0x1901 to 0x1905). */
const RESTORE = 0x1901;

/** A phone's descriptors as the kernel would list them. */
export function phoneOnBus(phone: BusIdentity, location: string, speedMbps: number, look: BusLook): UsbDevice {
  const base = { location, idVendor: APPLE, bcdDevice: phone.bcdDevice, manufacturer: 'Apple Inc.', speedMbps };
  if (look === 'recovery' || look === 'dfu') {
    const hex = (n: number | bigint, digits: number) => n.toString(16).toUpperCase().padStart(digits, '0');
    return {
      ...base,
      idProduct: look === 'dfu' ? DFU : RECOVERY,
      bcdDevice: 0,
      product: `Apple Mobile Device (${look === 'dfu' ? 'DFU' : 'Recovery'} Mode)`,
      serial: `CPID:${hex(phone.chipId, 4)} CPRV:11 CPFM:03 SCEP:01 BDID:${hex(phone.boardId, 2)} ECID:${hex(phone.ecid, 16)} IBFL:3C SRNM:[${phone.serialNumber}]`,
      configurations: 1,
      configuration: 1,
      interfaces: [{ class: 0xfe, subclass: 0x01, protocol: 0x02, endpoints: 0 }],
    };
  }
  const offered = { idProduct: phone.productId, product: 'iPhone', serial: phone.usbSerial };
  if (look === 'no-mux-interface') return { ...base, ...offered, configurations: 1, configuration: 1, interfaces: [NCM_CONTROL, NCM_DATA] };
  if (look === 'parked') return { ...base, ...offered, configurations: 4, configuration: 0, interfaces: [] };
  if (look === 'unauthorised') return { ...base, ...offered, configurations: 4, configuration: 0, interfaces: [], authorized: false };
  if (look === 'restore') return { ...base, ...offered, idProduct: RESTORE, configurations: 1, configuration: 1, interfaces: [MUX] };
  return { ...base, ...offered, configurations: 4, configuration: 4, interfaces: [PTP, MUX, TETHERING] };
}

/** A hub between computer and phone, as cheap desks have them. */
export function plainHub(location: string): UsbDevice {
  return {
    location,
    idVendor: 0x05e3,
    idProduct: 0x0608,
    serial: '',
    bcdDevice: 0x8537,
    speedMbps: 480,
    manufacturer: 'GenesysLogic',
    product: 'USB2.0 Hub',
    configurations: 1,
    configuration: 1,
    interfaces: [{ class: 0x09, subclass: 0x00, protocol: 0x00, endpoints: 1 }],
  };
}

/** The attribute files of a device, as the kernel writes them (drivers/usb/core/sysfs.c), each with its line feed. */
export function deviceAttributes(device: UsbDevice, devnum: number): Record<string, string> {
  const [bus = '1', ports = '0'] = device.location.split('-');
  const hex4 = (n: number) => n.toString(16).padStart(4, '0');
  const fast = device.speedMbps >= 5_000;
  const files: Record<string, string> = {
    authorized: device.authorized === false ? '0' : '1',
    bcdDevice: hex4(device.bcdDevice),
    bConfigurationValue: device.configuration === 0 ? '' : String(device.configuration),
    bDeviceClass: device.interfaces[0]?.class === 0x09 ? '09' : '00',
    bDeviceProtocol: '00',
    bDeviceSubClass: '00',
    bMaxPacketSize0: fast ? '9' : '64',
    bMaxPower: device.configuration === 0 ? '' : '500mA',
    bNumConfigurations: String(device.configurations),
    bNumInterfaces: device.configuration === 0 ? '' : String(device.interfaces.length).padStart(2),
    busnum: bus,
    devnum: String(devnum),
    devpath: ports,
    idProduct: hex4(device.idProduct),
    idVendor: hex4(device.idVendor),
    manufacturer: device.manufacturer,
    maxchild: device.interfaces[0]?.class === 0x09 ? '4' : '0',
    product: device.product,
    removable: ports.includes('.') ? 'unknown' : 'removable',
    rx_lanes: '1',
    speed: device.speedMbps === 1.5 ? '1.5' : String(device.speedMbps),
    tx_lanes: '1',
    urbnum: '24',
    version: fast ? ' 3.20' : ' 2.00',
  };
  if (device.serial !== '') files.serial = device.serial;
  return Object.fromEntries(Object.entries(files).map(([name, text]) => [name, `${text}\n`]));
}

/** The attribute files of one interface. */
export function interfaceAttributes(number: number, i: UsbInterface): Record<string, string> {
  const hex2 = (n: number) => `${n.toString(16).padStart(2, '0')}\n`;
  return {
    bAlternateSetting: ' 0\n',
    bInterfaceClass: hex2(i.class),
    bInterfaceNumber: hex2(number),
    bInterfaceProtocol: hex2(i.protocol),
    bInterfaceSubClass: hex2(i.subclass),
    bNumEndpoints: hex2(i.endpoints),
  };
}
