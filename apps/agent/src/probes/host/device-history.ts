import type { HostProbe } from '../probe.js';
import { deviceHistoryRow } from './macos/index.js';
import * as windows from './windows/index.js';

/** What the computer’s own history says about each phone. */
export const deviceHistory: HostProbe = {
  id: 'device-history',
  kinds: ['device-history'],
  cost: 'moderate',
  cadenceMs: 60 * 60_000,
  deadlineMs: 15_000,
  rows: { macos: deviceHistoryRow, windows: windows.deviceHistoryRow },
};
