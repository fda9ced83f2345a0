import { type DraftFact, readChrony, readTimesync, type Skew } from '../../machine/index.js';
import { type Asking, draft, type HostProbe } from '../probe.js';
import { timeServer } from './macos/index.js';
import * as windows from './windows/index.js';

/**
 * How far the computer's clock is off, s: positive when it is ahead. What a time server said counts first; without one, the time that the
 * agent's own server signs into every connection.
 */
export const clock: HostProbe = {
  id: 'clock',
  kinds: ['clock'],
  cost: 'moderate',
  cadenceMs: 30 * 60_000,
  deadlineMs: 15_000,
  rows: {
    linux: {
      asks: ['chrony-tracking', 'timesync-show', 'self'],
      privilege: 'user',
      async ask(ctx, signal) {
        const chrony = readChrony(await ctx.machine.run('chrony-tracking', signal));
        return clockDrafts(ctx, chrony.read ? chrony : readTimesync(await ctx.machine.run('timesync-show', signal)));
      },
    },
    macos: {
      asks: ['time-server', 'self', 'network'],
      privilege: 'user',
      ask: async (ctx, signal) => clockDrafts(ctx, await timeServer(ctx, signal)),
    },
    windows: {
      asks: ['windows-time', 'self', 'network'],
      privilege: 'user',
      ask: async (ctx, signal) => clockDrafts(ctx, await windows.windowsTime(ctx, signal)),
    },
  },
};

/** What a time server said, else what the agent's own server said, else why neither is known. For every system's row. */
export function clockDrafts(ctx: Asking, measured: Skew): DraftFact[] {
  if (measured.read) return [draft.seen('clock', 'host', { skewS: rounded(measured.skewS), against: 'time-server' })];
  const offsetMs = ctx.serverOffsetMs?.() ?? null;
  if (offsetMs !== null) return [draft.seen('clock', 'host', { skewS: rounded(-offsetMs / 1_000), against: 'lockstep-server' })];
  return [draft.failed('clock', 'host', measured.reason)];
}

/** Whole seconds: less is the way's own uncertainty, and would make every look a change. */
function rounded(seconds: number): number {
  const whole = Math.round(seconds);
  return whole === 0 ? 0 : whole;
}
