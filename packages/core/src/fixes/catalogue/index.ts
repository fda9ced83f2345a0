import { AGENT_FIX_IDS, type FixId, type FixRow, GUIDED_FIX_IDS } from '../shapes.js';
import { MUX_FIXES } from './mux.js';
import { NETWORK_FIXES } from './network.js';
import { RECOVERY_FIXES } from './recovery.js';
import { SERVICES_FIXES } from './services.js';
import { SOFTWARE_FIXES } from './software.js';
import { TRUST_FIXES } from './trust.js';
import { USB_FIXES } from './usb.js';

/**
 * Every fix this system knows. Times come from what the parties wait themselves: usbmuxd's preflight and libusbmuxd's 5 s for a reply, the
 * phone's dialog that is answered or gone within two minutes, a restart of the phone that takes about one, a restore that takes an hour.
 */
export const FIXES: Record<FixId, FixRow> = {
  ...USB_FIXES,
  ...MUX_FIXES,
  ...TRUST_FIXES,
  ...SOFTWARE_FIXES,
  ...NETWORK_FIXES,
  ...SERVICES_FIXES,
  ...RECOVERY_FIXES,
};

export const FIX_IDS = [...AGENT_FIX_IDS, ...GUIDED_FIX_IDS] as unknown as [FixId, ...FixId[]];
