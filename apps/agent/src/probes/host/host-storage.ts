import type { DiskSpace } from '../../machine/index.js';
import { draft, type HostProbe } from '../probe.js';

/** Half a gigabyte at a time: the disk moves all day, and only a full one matters. */
const STEP = 536_870_912;

/** The room on the disk that holds the backups. */
export const hostStorage: HostProbe = {
  id: 'host-storage',
  kinds: ['host-storage'],
  cost: 'cheap',
  cadenceMs: 15 * 60_000,
  deadlineMs: 5_000,
  rows: {
    linux: {
      asks: ['home-space'],
      privilege: 'user',
      ask: async ({ machine }) => [draft.seen('host-storage', 'host', roomOf(await machine.space('home-space')))],
    },
    macos: {
      asks: ['home-space'],
      privilege: 'user',
      ask: async ({ machine }) => [draft.seen('host-storage', 'host', roomOf(await machine.space('home-space')))],
    },
    windows: {
      asks: ['home-space'],
      privilege: 'user',
      ask: async ({ machine }) => [draft.seen('host-storage', 'host', roomOf(await machine.space('home-space')))],
    },
  },
};

/** The room in steps, so that an unchanged disk is an unchanged fact; what is left is rounded down. For every system's row. */
export function roomOf({ freeBytes, totalBytes }: DiskSpace): DiskSpace {
  return { freeBytes: Math.floor(freeBytes / STEP) * STEP, totalBytes };
}
