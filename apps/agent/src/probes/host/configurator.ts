import type { HostProbe } from '../probe.js';
import { configuratorRow } from './macos/index.js';

/** Apple Configurator and its command line tool. */
export const configurator: HostProbe = {
  id: 'configurator',
  kinds: ['configurator'],
  cost: 'dear',
  cadenceMs: 30 * 60_000,
  deadlineMs: 30_000,
  nudged: true,
  rows: { macos: configuratorRow },
};
