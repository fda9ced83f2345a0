import { constants } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readFailed } from './sysfs.js';

/**
 * What a fix may set on a phone's node in Linux's device tree, and to which values (kernel documentation, "sysfs-bus-usb" and "Power
 * Management for USB"): whether the kernel uses the device, and whether it may let it sleep.
 */
export const USB_SWITCHES = {
  authorized: { file: 'authorized', values: ['0', '1'] },
  power: { file: 'power/control', values: ['on', 'auto'] },
} as const satisfies Record<string, { file: string; values: readonly string[] }>;

export type UsbSwitchId = keyof typeof USB_SWITCHES;

/** A change of the computer that was asked for could not be made. `not-a-phone`: the device is no Apple device, or no device at all. */
export class ChangeFailed extends Error {
  constructor(
    readonly reason: 'missing' | 'denied' | 'unsupported' | 'io' | 'not-a-phone' | 'not-ours',
    readonly what: string,
  ) {
    super(`${what} could not be changed: ${reason}`);
    this.name = 'ChangeFailed';
  }
}

/** Apple's USB vendor id, as sysfs writes it. */
const APPLE = '05ac';

/** Throws TypeError for a device or a value that the table does not have: a mistake of this program. */
export function checkSwitch(id: UsbSwitchId, device: string, value: string): void {
  if (!/^[1-9]\d?-\d{1,2}(\.\d{1,2}){0,5}$/.test(device)) throw new TypeError('not a place on the bus');
  if (!(USB_SWITCHES[id].values as readonly string[]).includes(value)) throw new TypeError(`${id} takes no such value`);
}

/**
 * Sets one switch of one device (`1-2`, `1-2.3`) under a tree's root. Only Apple's devices have one: the vendor is read right before.
 * Rejects with {@link ChangeFailed}.
 */
export async function setSwitch(root: string, id: UsbSwitchId, device: string, value: string): Promise<void> {
  checkSwitch(id, device, value);
  const folder = join(root, 'bus/usb/devices', device);
  const path = join(folder, USB_SWITCHES[id].file);
  try {
    if ((await readFile(join(folder, 'idVendor'), 'utf8')).trim() !== APPLE) throw new ChangeFailed('not-a-phone', path);
    // Nothing is created, and no link that stands in the attribute's place is followed.
    const file = await open(path, constants.O_WRONLY | constants.O_NOFOLLOW | constants.O_TRUNC);
    try {
      await file.writeFile(value);
    } finally {
      await file.close();
    }
  } catch (e) {
    throw e instanceof ChangeFailed ? e : new ChangeFailed(readFailed(e, path).reason, path);
  }
}
