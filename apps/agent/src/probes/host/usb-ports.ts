import type { HostProbe } from '../probe.js';
import { usbPortsRow } from './macos/index.js';

/** Sockets with power but no data, and transports that wait for approval. */
export const usbPorts: HostProbe = {
  id: 'usb-ports',
  kinds: ['usb-ports'],
  cost: 'moderate',
  cadenceMs: 5 * 60_000,
  deadlineMs: 10_000,
  nudged: true,
  rows: { macos: usbPortsRow },
};
