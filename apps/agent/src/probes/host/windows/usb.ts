import { churnIn, readBusLog, readClaimants, readPolicies, readUsbPower, resumedIn, windowsBusDraft } from '../../../machine/index.js';
import { type Asking, draft, type Row } from '../../probe.js';
import { documentOf, documentRow, patience, scriptRow } from './reports.js';

export const usbBusRow = documentRow('usb-bus', 'windows-now', windowsBusDraft);
export const claimantsRow = scriptRow('claimants', 'windows-now', readClaimants);
export const usbPowerRow = scriptRow('usb-power', 'windows-slow', readUsbPower, { privilege: 'admin', cadenceMs: 60 * 60_000 });
export const deviceControlRow = scriptRow('device-control', 'windows-slow', readPolicies, { privilege: 'admin', cadenceMs: 30 * 60_000 });

export const usbLogRow: Row = {
  asks: ['windows-log'],
  privilege: 'admin',
  deadlineMs: patience('windows-log'),
  // The log is gone through for two hours back; nudges bring it sooner.
  cadenceMs: 15 * 60_000,
  async ask({ machine, phones }, signal) {
    const doc = await documentOf(machine, 'windows-log', signal);
    const read = doc.read ? readBusLog(doc.document) : doc;
    if (!read.read)
      return [draft.failed('usb-failures', 'host', read.reason), ...phones.map((udid) => draft.failed('usb-churn', { udid }, read.reason))];
    return [
      draft.seen('usb-failures', 'host', read.log.failures),
      ...phones.map((udid) => draft.seen('usb-churn', { udid }, churnIn(read.log, udid))),
    ];
  },
};

/** When it woke stands in the event log; when it started is known all the same. */
export const powerEventsRow = (startedAt: (ctx: Asking) => Promise<string>): Row => ({
  asks: ['windows-now', 'self'],
  privilege: 'user',
  deadlineMs: patience('windows-now'),
  async ask(ctx, signal) {
    const doc = await documentOf(ctx.machine, 'windows-now', signal);
    const resumed = doc.read ? resumedIn(doc.document) : doc;
    if (!resumed.read) return [draft.failed('power-events', 'host', resumed.reason)];
    const { at } = resumed.reading;
    return [
      draft.seen('power-events', 'host', { resumedAt: at === null ? null : new Date(at).toISOString(), startedAt: await startedAt(ctx) }),
    ];
  },
});
