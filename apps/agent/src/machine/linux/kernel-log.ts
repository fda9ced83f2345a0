import { normaliseUdid, type Reading, type Udid } from '@lockstep/core/health';
import type { DraftFact } from '../draft.js';
import type { Ran } from '../port.js';
import { type JournalEntry, readJournal } from './journal.js';

/** The command's own window (`--since`), s. */
export const KERNEL_WINDOW_S = 1_800;

/** Devices that leave the same hub within this time left together, ms. */
const TOGETHER_MS = 3_000;
/** Around a resume the whole bus is read anew: what goes and comes then is the computer's doing, ms. */
const RESUME_MS = 10_000;
/** A second "unable to enumerate" of one port within this time belongs to the attempt whose errors were counted, ms. */
const SAME_ATTEMPT_MS = 30_000;
/** The fact names so many places. */
const MAX_PLACES = 16;

/** What happened at one place of the bus. Words are those of the kernel's usbcore (drivers/usb/core/hub.c). */
interface Events {
  attaches: { at: number; place: string; udid: Udid | null; apple: boolean }[];
  detaches: { at: number; place: string; udid: Udid | null }[];
  failures: Reading<'usb-failures'>;
}

/** Splits the port off a place: `1-2.3` hangs at `1-2`, `1-2` at the root hub of bus 1. */
function hubOf(place: string): string {
  const dot = place.lastIndexOf('.');
  return dot > 0 ? place.slice(0, dot) : (place.split('-')[0] ?? place);
}

/** Reads the bus's events out of kernel messages. */
export function kernelEvents(entries: readonly JournalEntry[]): Events {
  const attaches: Events['attaches'] = [];
  const detaches: Events['detaches'] = [];
  const resumes = entries.filter((e) => /^PM: (suspend|hibernation) (exit|entry)/.test(e.message)).map((e) => e.at);
  const byComputer = (at: number) => resumes.some((r) => Math.abs(at - r) <= RESUME_MS);
  const open = new Map<string, Events['attaches'][number]>();
  const places = new Map<string, { failures: number; last: number; errors: boolean }>();
  let overCurrent = 0;
  let controllerDied = 0;
  let diedAt = Number.NEGATIVE_INFINITY;
  const fails = (place: string, at: number) => {
    const p = places.get(place) ?? { failures: 0, last: Number.NEGATIVE_INFINITY, errors: false };
    if (!p.errors && at - p.last > SAME_ATTEMPT_MS) p.failures++;
    places.set(place, { failures: p.failures, last: at, errors: true });
  };
  for (const { at, message } of entries) {
    if (/HC died|host controller (halted|not responding, assume dead)|host not responding to stop endpoint command/i.test(message)) {
      // One death is told in several lines.
      if (at - diedAt > RESUME_MS) controllerDied++;
      diedAt = at;
      continue;
    }
    if (/over-?current (condition|change)/i.test(message)) {
      overCurrent++;
      continue;
    }
    const m = /^usb (usb\d+-port\d+|\d+-[\d.]+): (.*)$/.exec(message);
    if (!m?.[1] || m[2] === undefined) continue;
    const place = portPlace(m[1]);
    const text = m[2];
    if (/^new .*speed.* USB device number \d+ using /i.test(text)) {
      const p = places.get(place);
      if (p) places.set(place, { ...p, last: Number.NEGATIVE_INFINITY, errors: false });
      if (byComputer(at)) {
        open.set(place, { at, place, udid: null, apple: false });
        continue;
      }
      const event = { at, place, udid: null, apple: false };
      open.set(place, event);
      attaches.push(event);
    } else if (/^New USB device found, idVendor=05ac/i.test(text)) {
      const event = open.get(place);
      if (event) event.apple = true;
    } else if (text.startsWith('SerialNumber: ')) {
      const event = open.get(place);
      if (event) event.udid = normaliseUdid(text.slice('SerialNumber: '.length).trim());
    } else if (/^USB disconnect, device number \d+/.test(text)) {
      if (!byComputer(at)) detaches.push({ at, place, udid: open.get(place)?.udid ?? null });
      open.delete(place);
    } else if (
      /device descriptor read\/|device not accepting address|can't set config|can't read configurations|unable to enumerate USB device/i.test(
        text,
      )
    ) {
      fails(place, at);
    }
  }
  const failing = [...places].filter(([, p]) => p.failures > 0).sort(([, a], [, b]) => b.failures - a.failures);
  return {
    attaches,
    detaches,
    failures: {
      windowS: KERNEL_WINDOW_S,
      enumeration: failing.reduce((n, [, p]) => n + p.failures, 0),
      overCurrent,
      controllerDied,
      // Linux asks nobody before a removal: there is no removal that was asked for.
      surpriseRemovals: 0,
      places: failing.slice(0, MAX_PLACES).map(([location, p]) => ({ location, failures: p.failures })),
    },
  };
}

/** `usb1-port2` is where a device at `1-2` would hang. */
function portPlace(raw: string): string {
  const root = /^usb(\d+)-port(\d+)$/.exec(raw);
  return root ? `${root[1]}-${root[2]}` : raw;
}

/** How often one phone came and went. */
export function churnOf(events: Pick<Events, 'attaches' | 'detaches'>, udid: Udid): Reading<'usb-churn'> {
  const mine = events.attaches.filter((a) => a.udid === udid);
  const gone = events.detaches.filter((d) => d.udid === udid);
  const gaps = mine.slice(1).map((a, i) => (a.at - (mine[i]?.at ?? a.at)) / 1_000);
  return {
    windowS: KERNEL_WINDOW_S,
    attaches: mine.length,
    detaches: gone.length,
    shortestS: gaps.length > 0 ? Math.min(...gaps) : null,
    places: new Set(mine.map((a) => a.place)).size,
    // The kernel's log does not show traffic.
    afterIdle: 0,
    withSiblings: gone.filter((d) =>
      events.detaches.some((o) => o !== d && o.place !== d.place && Math.abs(o.at - d.at) <= TOGETHER_MS && isBeside(o.place, d.place)),
    ).length,
  };
}

/** Whether one device hangs at the same hub as the other, or is that hub. */
function isBeside(other: string, place: string): boolean {
  return hubOf(other) === hubOf(place) || other === hubOf(place);
}

/** The facts in the kernel's journal: what failed on the bus, and the comings and goings of each phone it names. */
export function parseKernelLog(ran: Ran): DraftFact[] {
  const journal = readJournal(ran);
  if (!journal.read) return [{ kind: 'usb-failures', subject: 'host', state: 'failed', reason: journal.reason }];
  const events = kernelEvents(journal.entries);
  const udids = [...new Set(events.attaches.flatMap((a) => (a.udid === null ? [] : [a.udid])))];
  return [
    { kind: 'usb-failures', subject: 'host', state: 'seen', reading: events.failures },
    ...udids.map((udid): DraftFact => ({ kind: 'usb-churn', subject: { udid }, state: 'seen', reading: churnOf(events, udid) })),
  ];
}
