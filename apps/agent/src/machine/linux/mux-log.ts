import { normaliseUdid, type Reading, type Udid } from '@lockstep/core/health';
import type { DraftFact } from '../draft.js';
import type { Ran } from '../port.js';
import { type JournalEntry, readJournal } from './journal.js';

/** The command's own window (`--since`), s. */
export const MUX_WINDOW_S = 7_200;

type History = Reading<'mux-history'>;

/** What the daemon's log tells, by phone and by bus address where it names no phone. */
export interface MuxLog {
  phones: Map<Udid, History>;
  /** `bus-address` of interfaces that could not be claimed and whose phone the log does not name. */
  unclaimed: Set<string>;
}

const UDID = /\b([0-9A-Fa-f]{8}-[0-9A-Fa-f]{16}|[0-9A-Fa-f]{40}|[0-9A-Fa-f]{24})\b/;

/**
 * Reads usbmuxd's own words (usbmuxd src/preflight.c, src/usb.c, src/device.c). Its lines begin with `[time][level]`; level and time are
 * not needed. A phone that it lists again after it was given up counts as not dropped.
 */
export function readMuxLog(entries: readonly JournalEntry[]): MuxLog {
  const phones = new Map<Udid, History>();
  const addresses = new Map<string, Udid>();
  const unclaimed = new Set<string>();
  const of = (udid: Udid): History => {
    const known = phones.get(udid);
    if (known) return known;
    const fresh: History = { windowS: MUX_WINDOW_S, preflightDropped: false, claimFailed: false, recordRemoved: 0, code: null };
    phones.set(udid, fresh);
    return fresh;
  };
  for (const { message } of entries) {
    const text = message.replace(/^(\[[^\]]*\])+\s*/, '');
    const address = /\b(?:for device|at|device) (\d+-\d+)\b/.exec(text)?.[1];
    const udid = normaliseUdid(UDID.exec(text)?.[1] ?? '');
    if (udid && address && /Got serial|serial number/i.test(text)) addresses.set(address, udid);
    if (/Could not (claim interface|set configuration)|Could not detach kernel driver/i.test(text) && address) {
      const phone = udid ?? addresses.get(address);
      if (phone) of(phone).claimFailed = true;
      else unclaimed.add(address);
      continue;
    }
    if (!udid) continue;
    const phone = of(udid);
    const code = /lockdown error (-?\d{1,5})/i.exec(text)?.[1];
    if (code !== undefined) phone.code = Number(code);
    if (/stored pair record for device .* is invalid\. Removing/i.test(text)) phone.recordRemoved++;
    else if (/ERROR: Could not (connect to lockdownd|get (DeviceClass|product type)|get lockdown)/i.test(text))
      phone.preflightDropped = true;
    // "Finished preflight" is written after a failure, too: only a phone that it connected to anew is not dropped.
    else if (/^Connected to v\d+\.\d+ device/i.test(text)) phone.preflightDropped = false;
  }
  return { phones, unclaimed };
}

/** The facts in the daemon's journal, for each phone it names. */
export function parseMuxLog(ran: Ran): DraftFact[] {
  const journal = readJournal(ran);
  if (!journal.read) return [];
  return [...readMuxLog(journal.entries).phones].map(([udid, reading]) => ({
    kind: 'mux-history',
    subject: { udid },
    state: 'seen',
    reading,
  }));
}
