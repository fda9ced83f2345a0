import type { HostProbe } from '../probe.js';
import { syncAgentsRow } from './macos/index.js';
import * as windows from './windows/index.js';

/** The agents of the signed-in person that show and sync phones. */
export const syncAgents: HostProbe = {
  id: 'sync-agents',
  kinds: ['sync-agents'],
  cost: 'moderate',
  cadenceMs: 5 * 60_000,
  deadlineMs: 20_000,
  nudged: true,
  rows: { macos: syncAgentsRow, windows: windows.syncAgentsRow },
};
