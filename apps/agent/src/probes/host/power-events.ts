import { type Asking, draft, type HostProbe } from '../probe.js';
import { journalOf } from './journal-of.js';
import { powerEventsRow } from './macos/index.js';
import * as windows from './windows/index.js';

/** When the computer woke and started last. */
export const powerEvents: HostProbe = {
  id: 'power-events',
  kinds: ['power-events'],
  cost: 'moderate',
  cadenceMs: 60_000,
  deadlineMs: 10_000,
  rows: {
    linux: {
      asks: ['journal-resume', 'journal-any', 'self'],
      privilege: 'admin',
      async ask(ctx, signal) {
        const journal = await journalOf(ctx.machine, 'journal-resume', signal);
        const at = journal.read ? journal.entries.at(-1)?.at : undefined;
        // Without the journal's word nothing is claimed about sleep; when it started is known all the same.
        return [
          draft.seen('power-events', 'host', {
            resumedAt: at === undefined ? null : new Date(at).toISOString(),
            startedAt: await startedAt(ctx),
          }),
        ];
      },
    },
    macos: powerEventsRow,
    windows: windows.powerEventsRow(startedAt),
  },
};

/**
 * When the computer started, from its uptime, to ten seconds: clocks are adjusted, and the same start has to be the same reading. For
 * every system's row.
 */
export async function startedAt(ctx: Asking): Promise<string> {
  const { uptimeS } = await ctx.machine.identity();
  const ms = ctx.machine.now() - uptimeS * 1_000;
  return new Date(Math.round(ms / 10_000) * 10_000).toISOString();
}
