import type { HostProbe } from '../probe.js';
import { locationDaemonRow } from './macos/index.js';
import * as windows from './windows/index.js';

/** The service that tells where the computer is. */
export const locationDaemon: HostProbe = {
  id: 'location-daemon',
  kinds: ['location-daemon'],
  cost: 'moderate',
  cadenceMs: 30 * 60_000,
  deadlineMs: 15_000,
  rows: { macos: locationDaemonRow, windows: windows.locationDaemonRow },
};
