import { draft, type HostProbe } from '../probe.js';
import { backupRow } from './macos/index.js';
import * as windows from './windows/index.js';

/** The last backup of each phone on this computer. */
export const backup: HostProbe = {
  id: 'backup',
  kinds: ['backup'],
  cost: 'moderate',
  cadenceMs: 30 * 60_000,
  deadlineMs: 20_000,
  rows: {
    // libimobiledevice's idevicebackup2 has no place of its own: whoever starts it names a folder. Where it is nobody can know, and that
    // there is no backup cannot be said.
    linux: { asks: [], privilege: 'user', ask: async (ctx) => ctx.phones.map((udid) => draft.failed('backup', { udid }, 'unsupported')) },
    macos: backupRow,
    windows: windows.backupRow,
  },
};
