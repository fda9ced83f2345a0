import type { AgentFixId } from '@lockstep/core/fixes';
import type { Os } from '../../machine/index.js';
import type { Steps } from '../fix.js';
import type { RollbackKind } from '../rollbacks.js';
import { keepPoweredLinux, keepPoweredWindows } from './keep-powered.js';
import { disabledDevice, recycleDeviceLinux, recycleDeviceWindows, switchedOff } from './recycle-device.js';
import { releasePhone } from './release-phone.js';
import { removedDriver, repairDriver } from './repair-driver.js';

/** Fixes of port, driver and power. */
export const USB_STEPS = {
  // macOS has no supported command that takes a device off the bus: a person unplugs it.
  F05: { linux: recycleDeviceLinux, macos: 'unsupported', windows: recycleDeviceWindows },
  F06: { linux: 'unsupported', macos: 'unsupported', windows: repairDriver },
  F07: { linux: keepPoweredLinux, macos: 'unsupported', windows: keepPoweredWindows },
  // Virtual machines let go of a phone in their own windows; usbipd-win alone has a command for it.
  F49: { linux: 'unsupported', macos: 'unsupported', windows: releasePhone },
} as const satisfies Partial<Record<AgentFixId, Record<Os, Steps | 'unsupported'>>>;

/** What they switch off or take away for a moment, and how it comes back whatever becomes of the agent. */
export const USB_ROLLBACKS = {
  'usb-authorized': switchedOff,
  'usb-device-enabled': disabledDevice,
  'usb-driver': removedDriver,
} as const satisfies Record<string, RollbackKind>;

export { purgeExportedDrivers } from './exported-drivers.js';
