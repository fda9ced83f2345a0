import type { Reading } from '@lockstep/core/health';
import { APPLE_VENDOR, modeOf } from '../apple-usb.js';
import type { DraftFact } from '../draft.js';
import type { Ran } from '../port.js';
import { type LogEntry, readUnifiedLog } from './unified-log.js';
import { hubOf, placeOf } from './usb-place.js';

/** The command's own window (`--last`), s. */
export const USB_LOG_WINDOW_S = 1_800;

/** Devices that leave the same hub within this time left together, ms. */
const TOGETHER_MS = 3_000;
/** Around a wake the whole bus is read anew, ms. */
const RESUME_MS = 10_000;
/** Several lines of one port within this time tell of one attempt, ms. */
const SAME_ATTEMPT_MS = 2_000;
/** After some tries that were counted one by one the port is given up: that line is no failure of its own, ms. */
const GIVEN_UP_MS = 30_000;
const MAX_PLACES = 16;

/** A device that came or went, by the place it has. The log names no serial number. */
interface Move {
  at: number;
  location: number;
  /** An Apple phone or pad by its product id. */
  phone: boolean;
}

/** What the kernel's log tells of the bus. */
export interface UsbEvents {
  attaches: Move[];
  detaches: Move[];
  failures: Reading<'usb-failures'>;
}

/** `usb-drd1-port-hs@01100000: AppleUSBHostPort::disconnect: …` */
const LINE = /^\S.{0,80}?@([0-9a-fA-F]{8}): \w+::\w+: (.*)$/s;
const CAME = /\benumerated 0x([0-9a-fA-F]{4})\/([0-9a-fA-F]{4})\//;
const WENT = /\b(?:destroying|terminating) 0x([0-9a-fA-F]{4})\/([0-9a-fA-F]{4})\//;

/** Reads the words of IOUSBHostFamily, which are English on every Mac. What the computer does itself when it wakes is left out. */
export function usbEventsOf(entries: readonly LogEntry[], wokeAt: number | null): UsbEvents {
  const attaches: Move[] = [];
  const detaches: Move[] = [];
  const places = new Map<number, { failures: number; last: number }>();
  let overCurrent = 0;
  let controllerDied = 0;
  let diedAt = Number.NEGATIVE_INFINITY;
  let currentAt = Number.NEGATIVE_INFINITY;
  const byComputer = (at: number) => wokeAt !== null && Math.abs(at - wokeAt) <= RESUME_MS;
  const fails = (location: number, at: number, apart: number) => {
    const before = places.get(location) ?? { failures: 0, last: Number.NEGATIVE_INFINITY };
    places.set(location, { failures: before.failures + (at - before.last > apart ? 1 : 0), last: at });
  };
  for (const { at, message } of entries) {
    if (/AppleUSBXHCI\w*::.*\b(host system error|controller (died|halted|is dead|not responding))/i.test(message)) {
      if (at - diedAt > RESUME_MS) controllerDied++;
      diedAt = at;
      continue;
    }
    if (/over-?current/i.test(message) && !/\b(cleared|no over-?current)\b/i.test(message)) {
      if (at - currentAt > SAME_ATTEMPT_MS) overCurrent++;
      currentAt = at;
      continue;
    }
    const m = LINE.exec(message);
    if (!m?.[1] || m[2] === undefined) continue;
    const location = Number.parseInt(m[1], 16);
    const came = CAME.exec(m[2]);
    const went = came ? null : WENT.exec(m[2]);
    const ids = came ?? went;
    if (ids) {
      if (byComputer(at)) continue;
      const phone = Number.parseInt(ids[1] ?? '', 16) === APPLE_VENDOR && modeOf(Number.parseInt(ids[2] ?? '', 16)) === 'normal';
      (came ? attaches : detaches).push({ at, location, phone });
    } else if (/persistent enumeration failures/i.test(m[2])) fails(location, at, GIVEN_UP_MS);
    else if (/failed to (address|create|configure) device|failed to (get|read) .*descriptor|failed to set device address/i.test(m[2]))
      fails(location, at, SAME_ATTEMPT_MS);
  }
  const failing = [...places].sort(([, a], [, b]) => b.failures - a.failures);
  return {
    attaches,
    detaches,
    failures: {
      windowS: USB_LOG_WINDOW_S,
      enumeration: failing.reduce((n, [, p]) => n + p.failures, 0),
      overCurrent,
      controllerDied,
      // macOS asks nobody before a removal: there is no removal that was asked for.
      surpriseRemovals: 0,
      places: failing.slice(0, MAX_PLACES).map(([location, p]) => ({ location: placeOf(location), failures: p.failures })),
    },
  };
}

/**
 * How often one phone came and went. The log tells phones apart by their places alone: of the only phone it is everything about phones,
 * of one of several what happened where it hangs now.
 */
export function churnAt(events: Pick<UsbEvents, 'attaches' | 'detaches'>, at: { only: true } | { location: number }): Reading<'usb-churn'> {
  const mine = (m: Move) => m.phone && ('only' in at || m.location === at.location);
  const came = events.attaches.filter(mine);
  const went = events.detaches.filter(mine);
  const gaps = came.slice(1).map((a, i) => (a.at - (came[i]?.at ?? a.at)) / 1_000);
  return {
    windowS: USB_LOG_WINDOW_S,
    attaches: came.length,
    detaches: went.length,
    shortestS: gaps.length > 0 ? Math.min(...gaps) : null,
    places: new Set(came.map((a) => a.location)).size,
    // The log does not show traffic.
    afterIdle: 0,
    withSiblings: went.filter((d) => events.detaches.some((o) => o !== d && Math.abs(o.at - d.at) <= TOGETHER_MS && isBeside(o, d))).length,
  };
}

/** Whether one device hangs at the same hub as the other, or is that hub. What hangs at the computer itself has no hub. */
function isBeside(other: Move, device: Move): boolean {
  const hub = hubOf(device.location);
  return other.location !== device.location && (hub & 0x00ff_ffff) !== 0 && (hubOf(other.location) === hub || other.location === hub);
}

/** The fact in the kernel's log that needs nothing beside it. */
export function parseUsbLog(ran: Ran): DraftFact[] {
  const log = readUnifiedLog(ran);
  if (!log.read) return [{ kind: 'usb-failures', subject: 'host', state: 'failed', reason: log.reason }];
  return [{ kind: 'usb-failures', subject: 'host', state: 'seen', reading: usbEventsOf(log.entries, null).failures }];
}
