import { tunnelMetric } from './network/index.js';
import type { RollbackKind } from './rollbacks.js';
import { USB_ROLLBACKS } from './usb/index.js';

/** Every kind of change that is taken back by time, by the name under which it is armed. A name that is gone from here is never put back. */
export const ROLLBACKS: Readonly<Record<string, RollbackKind>> = {
  ...USB_ROLLBACKS,
  'tunnel-metric': tunnelMetric,
};
