import type { CodeFamily, CodeWords } from '../shapes.js';
import { LOCKDOWN_ENGLISH } from './lockdown.js';
import { MOBILE_DEVICE_ENGLISH } from './mobile-device.js';
import { RESTORE_ENGLISH } from './restore.js';
import { BACKUP_ENGLISH, CFGUTIL_ENGLISH, USBMUX_ENGLISH } from './services.js';
import { INSTALLER_ENGLISH, WINDOWS_ENGLISH } from './windows.js';

/** English, by family and key. Another language is another folder of this shape. */
export const ENGLISH: Record<CodeFamily, Readonly<Record<string, CodeWords>>> = {
  lockdown: LOCKDOWN_ENGLISH,
  // Twins of lockdown's errors are told in lockdown's words.
  'mobile-device': { ...LOCKDOWN_ENGLISH, ...MOBILE_DEVICE_ENGLISH },
  usbmux: USBMUX_ENGLISH,
  restore: RESTORE_ENGLISH,
  backup: BACKUP_ENGLISH,
  cfgutil: CFGUTIL_ENGLISH,
  'windows-pnp': WINDOWS_ENGLISH,
  installer: INSTALLER_ENGLISH,
};
