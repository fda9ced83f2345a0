import { readProcesses, updaterReading } from '../../machine/index.js';
import { draft, type HostProbe } from '../probe.js';
import { updaterActivityRow } from './macos/index.js';
import * as windows from './windows/index.js';

/** Programs that update or restore a phone right now. */
export const updaterActivity: HostProbe = {
  id: 'updater-activity',
  kinds: ['updater-activity'],
  cost: 'moderate',
  cadenceMs: 60_000,
  deadlineMs: 10_000,
  rows: {
    linux: {
      asks: ['process-names'],
      privilege: 'user',
      async ask({ machine }, signal) {
        const list = readProcesses(await machine.run('process-names', signal));
        return [
          list.read
            ? draft.seen('updater-activity', 'host', updaterReading(list.processes))
            : draft.failed('updater-activity', 'host', list.reason),
        ];
      },
    },
    macos: updaterActivityRow,
    windows: windows.updaterActivityRow,
  },
};
