import type { HostProbe } from '../probe.js';
import { deviceSupportRow } from './macos/index.js';

/** A Mac’s updater of its support for newer phones. */
export const deviceSupport: HostProbe = {
  id: 'device-support',
  kinds: ['device-support'],
  cost: 'dear',
  cadenceMs: 60 * 60_000,
  deadlineMs: 30_000,
  rows: { macos: deviceSupportRow },
};
