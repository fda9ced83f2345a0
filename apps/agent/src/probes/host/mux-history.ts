import type { Reading, Udid } from '@lockstep/core/health';
import { type DraftFact, MUX_WINDOW_S, type MuxLog, readMuxLog } from '../../machine/index.js';
import { type Asking, draft, type HostProbe } from '../probe.js';
import { journalOf } from './journal-of.js';
import { muxHistoryRow } from './macos/index.js';
import { readBus } from './usb-tree.js';

/** What the multiplexer's own log tells about each phone. */
export const muxHistory: HostProbe = {
  id: 'mux-history',
  kinds: ['mux-history'],
  cost: 'moderate',
  cadenceMs: 5 * 60_000,
  deadlineMs: 20_000,
  nudged: true,
  rows: {
    linux: { asks: ['journal-usbmuxd', 'journal-any', 'sysfs'], privilege: 'admin', ask: askLinux },
    macos: muxHistoryRow,
  },
};

async function askLinux(ctx: Asking, signal: AbortSignal): Promise<DraftFact[]> {
  const journal = await journalOf(ctx.machine, 'journal-usbmuxd', signal);
  if (!journal.read) return ctx.phones.map((udid) => draft.failed('mux-history', { udid }, journal.reason));
  const log = readMuxLog(journal.entries);
  const addresses = log.unclaimed.size > 0 ? await addressesOf(ctx) : new Map<Udid, string>();
  return ctx.phones.map((udid) => historyDraft(log, udid, addresses.get(udid) ?? null));
}

/** What the log says of one phone, by name or by the bus address it has now; `absent` when it says nothing. */
function historyDraft(log: MuxLog, udid: Udid, address: string | null): DraftFact {
  const named = log.phones.get(udid);
  const unclaimed = address !== null && log.unclaimed.has(address);
  if (!named && !unclaimed) return draft.absent('mux-history', { udid });
  const silent: Reading<'mux-history'> = {
    windowS: MUX_WINDOW_S,
    preflightDropped: false,
    claimFailed: false,
    recordRemoved: 0,
    code: null,
  };
  const reading = named ?? silent;
  return draft.seen('mux-history', { udid }, { ...reading, claimFailed: reading.claimFailed || unclaimed });
}

/** `bus-address`, as the daemon writes it, of each phone on the bus. */
async function addressesOf(ctx: Asking): Promise<Map<Udid, string>> {
  const bus = await readBus(ctx.machine.sysfs);
  if (!bus.read) return new Map();
  return new Map(
    bus.devices.flatMap((d) =>
      d.udid !== null && d.address !== null ? [[d.udid, `${d.location.split('-')[0]}-${d.address}`] as const] : [],
    ),
  );
}
