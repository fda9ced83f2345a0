import type { Reading } from '../src/health/index.js';
import type { Base, DeviceFacts } from './case.js';
import { ago, DAY } from './moments.js';

export const UDID = '00008110-0011223344556677';
export const ECID = '0011223344556677';
/** A second phone and a third, at other ports of the same computer. */
export const OTHER_UDID = '00008120-00AABBCCDDEEFF01';
export const THIRD_UDID = '00008101-0001020304050607';

export type BusEntry = Reading<'usb-device'>;

const LOCATION: Record<Base, string> = {
  linux: '1-2',
  macos15: '0x14200000',
  macos26: '0x01200000',
  'windows-itunes': 'PCIROOT(0)#PCI(1400)#USBROOT(0)#USB(2)',
  'windows-store': 'PCIROOT(0)#PCI(1400)#USBROOT(0)#USB(2)',
};

export const APPLE_COMPOSITE = { service: 'usbccgp', inf: 'oem12.inf', version: '538.0.0.0', apple: true };
export const APPLE_MUX_NODE = { service: 'WINUSB', inf: 'oem12.inf', version: '538.0.0.0', apple: true };

/** A booted iPhone 13 at the computer's own port. It is a USB 2 phone: 480 Mbit/s is all it can. */
export function phoneOnBus(base: Base): BusEntry {
  const windows = base === 'windows-itunes' || base === 'windows-store';
  return {
    mode: 'normal',
    vendorId: 0x5ac,
    productId: 0x12a8,
    speedMbps: 480,
    location: LOCATION[base],
    hubDepth: 0,
    address: 5,
    muxInterface: true,
    modelHint: 'iPhone14,5',
    powerMa: 500,
    attachId: windows ? ago(9 * 3_600) : base === 'linux' ? null : '0x100012ab3',
    hubs: [],
    ...(base === 'linux' && { authorized: true }),
    ...(windows && { problemCode: 0, driver: APPLE_COMPOSITE, muxNode: { state: 'ok' as const, code: 0, driver: APPLE_MUX_NODE } }),
  };
}

const KEYS = [
  'DeviceCertificate',
  'EscrowBag',
  'HostCertificate',
  'HostID',
  'HostPrivateKey',
  'RootCertificate',
  'RootPrivateKey',
  'SystemBUID',
  'WiFiMACAddress',
];

export const RECORD: Reading<'pair-record'> = {
  keys: KEYS,
  bytes: 9_500,
  sameBuid: true,
  complete: true,
  writtenAt: ago(60 * DAY),
  endsAt: ago(-3_000 * DAY),
};

export const VALUES: Reading<'device-values'> = {
  name: 'Jun’s iPhone',
  productType: 'iPhone14,5',
  productVersion: '26.7.1',
  buildVersion: '23H30',
  deviceClass: 'iPhone',
  minMacos: null,
  minItunes: null,
};

/** Everything a healthy phone tells that is trusted, unlocked and backed up yesterday. */
export function healthyPhone(base: Base): DeviceFacts {
  const mac = base === 'macos15' || base === 'macos26';
  return {
    'usb-device': phoneOnBus(base),
    'usb-churn': { windowS: 600, attaches: 0, detaches: 0, shortestS: null, places: 1, afterIdle: 0, withSiblings: 0 },
    'mux-device': { connection: 'usb', alsoNetwork: base !== 'linux', locationId: 65_541 },
    ...((mac || base === 'linux') && { 'mux-history': 'absent' as const }),
    lockdown: { type: 'com.apple.mobile.lockdown', latencyMs: 4 },
    'pair-record': RECORD,
    'trust-session': { outcome: 'accepted', error: null, code: null },
    'device-values': VALUES,
    'passcode-lock': { locked: false },
    activation: { activated: true, state: 'Activated' },
    supervision: { supervised: false, organisation: null, pairingRestricted: false },
    'device-clock': { skewS: 0.2 },
    'wifi-advert': { addressMatches: true, tagMatches: base === 'macos26' ? true : null, sameSubnet: true },
    'wifi-sync': { enabled: true, supported: true },
    'service-start': { service: 'com.apple.mobile.notification_proxy', outcome: 'started', error: null, code: null },
    ...(base !== 'linux' && { 'device-history': { productVersion: '26.7.1', writtenAt: ago(3 * DAY) } }),
    backup: { snapshot: 'finished', at: ago(DAY), full: false, encrypted: true, manifest: true, productVersion: '26.7.1' },
    'backup-activity': 'absent',
    'backup-policy': { encrypts: true, required: false },
    'device-storage': { freeBytes: 60_000_000_000, totalBytes: 128_000_000_000 },
    battery: { percent: 81, charging: true, external: true, healthPercent: 93, cycles: 210 },
  };
}
