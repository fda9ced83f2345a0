import { churnOf, type DraftFact, kernelEvents } from '../../machine/index.js';
import { draft, type HostProbe } from '../probe.js';
import { journalOf } from './journal-of.js';
import { usbLogRow } from './macos/index.js';
import * as windows from './windows/index.js';

/** What the kernel's or the event log tells of the bus: what failed to become a device, and how often each phone came and went. */
export const usbLog: HostProbe = {
  id: 'usb-log',
  kinds: ['usb-failures', 'usb-churn'],
  cost: 'moderate',
  cadenceMs: 5 * 60_000,
  deadlineMs: 20_000,
  nudged: true,
  rows: {
    linux: {
      asks: ['journal-kernel', 'journal-any'],
      privilege: 'admin',
      async ask(ctx, signal) {
        const journal = await journalOf(ctx.machine, 'journal-kernel', signal);
        if (!journal.read) return failedAll(ctx.phones, journal.reason);
        const events = kernelEvents(journal.entries);
        return [
          draft.seen('usb-failures', 'host', events.failures),
          ...ctx.phones.map((udid) => draft.seen('usb-churn', { udid }, churnOf(events, udid))),
        ];
      },
    },
    macos: usbLogRow,
    windows: windows.usbLogRow,
  },
};

function failedAll(phones: readonly string[], reason: Parameters<typeof draft.failed>[2]): DraftFact[] {
  return [draft.failed('usb-failures', 'host', reason), ...phones.map((udid) => draft.failed('usb-churn', { udid }, reason))];
}
