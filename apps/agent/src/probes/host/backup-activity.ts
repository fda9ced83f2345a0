import { isBackingUp, readProcesses } from '../../machine/index.js';
import { draft, type HostProbe } from '../probe.js';
import { backupActivityRow } from './macos/index.js';
import * as windows from './windows/index.js';

/** A backup or sync under way. */
export const backupActivity: HostProbe = {
  id: 'backup-activity',
  kinds: ['backup-activity'],
  cost: 'moderate',
  cadenceMs: 60_000,
  deadlineMs: 15_000,
  rows: {
    linux: {
      asks: ['process-names'],
      privilege: 'user',
      async ask(ctx, signal) {
        const list = readProcesses(await ctx.machine.run('process-names', signal));
        if (!list.read) return ctx.phones.map((udid) => draft.failed('backup-activity', { udid }, list.reason));
        if (!isBackingUp(list.processes)) return ctx.phones.map((udid) => draft.absent('backup-activity', { udid }));
        // Which phone it serves stands in its arguments, which are not read: with one phone there is no doubt.
        const only = ctx.phones.length === 1;
        return ctx.phones.map((udid) =>
          only
            ? draft.seen('backup-activity', { udid }, { stalledS: null, waitsForPasscode: null, lastError: null })
            : draft.failed('backup-activity', { udid }, 'unsupported'),
        );
      },
    },
    macos: backupActivityRow,
    windows: windows.backupActivityRow,
  },
};
