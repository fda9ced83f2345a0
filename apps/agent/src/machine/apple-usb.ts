import type { FailReason, Reading } from '@lockstep/core/health';

/** One Apple phone or pad as the bus shows it. */
export type BusDevice = Reading<'usb-bus'>['devices'][number];

/** What reading the bus came to. */
export type Bus = { read: true; devices: BusDevice[] } | { read: false; reason: FailReason };

/** Apple's vendor id (USB-IF). */
export const APPLE_VENDOR = 0x05ac;

/** From the product id (usbmuxd usb.h, libirecovery.h): which system answers on the other end. */
export function modeOf(productId: number): BusDevice['mode'] {
  if (productId >= 0x1290 && productId <= 0x12af) return 'normal';
  if (productId >= 0x1280 && productId <= 0x1283) return 'recovery';
  if (productId === 0x1227 || productId === 0x1222 || productId === 0xf014) return 'dfu';
  if (productId >= 0x1901 && productId <= 0x1905) return 'restore';
  return 'other';
}

/**
 * In recovery and DFU the "serial number" is a line of KEY:VALUE words (libirecovery.c), the ECID among them: it links the device to a
 * UDID that was seen before. Null when there is none.
 */
export function parseBootSerial(serial: string): { ecid: string } | null {
  const ecid = /(?:^|\s)ECID:([0-9A-Fa-f]{1,16})(?:\s|$)/.exec(serial)?.[1];
  return ecid === undefined ? null : { ecid: ecid.toUpperCase().padStart(16, '0') };
}

/**
 * Phones since the iPhone 6 carry their model in bcdDevice: 1405 is iPhone14,5 (proven against lockdown's ProductType for several
 * models). A hint only. Pads and older phones do not follow it.
 */
export function modelHint(productId: number, bcdDevice: string | null): string | null {
  if (productId !== 0x12a8 || bcdDevice === null || !/^\d{4}$/.test(bcdDevice)) return null;
  const major = Number(bcdDevice.slice(0, 2));
  const minor = Number(bcdDevice.slice(2));
  return major >= 7 && minor >= 1 ? `iPhone${major},${minor}` : null;
}
