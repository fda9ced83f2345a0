import type { FailReason, Reading, Udid } from '@lockstep/core/health';
import { z } from 'zod';
import { partsOf, placeOf, udidOfInstance } from './bus.js';
import { type EventRow, eventsOf } from './daemon.js';
import { field, rowsOr, type WindowsDocument } from './document.js';

/** The script's own window, s. */
export const WINDOWS_LOG_S = 7_200;
/** Devices that leave within this time leave together, ms. */
const TOGETHER_MS = 3_000;
/** Around a resume the whole bus is read anew: what goes and comes then is the computer's doing, ms. */
const RESUME_MS = 10_000;
/** The fact names so many places. */
const MAX_PLACES = 16;
/** A hub's driver gives a device up, and shows it as unknown, only after it has tried again (Microsoft's USB core team blog on enumeration). */
const TRIES = 2;

const Mark = z.object({
  id: z.string(),
  present: field.flag,
  arrived: field.instant,
  removed: field.instant,
  parent: field.text,
  places: field.texts,
});
type Mark = z.infer<typeof Mark>;

interface Removal {
  at: number;
  id: string;
}

/** What the bus's history tells: the nodes with their dates, and what went without being asked. */
export interface BusLog {
  at: number;
  marks: Mark[];
  removals: Removal[];
  failures: Reading<'usb-failures'>;
}

/** Reads the history of the bus. Both logs and the nodes have to be readable: half of them would count too little. */
export function readBusLog(document: WindowsDocument): { read: true; log: BusLog } | { read: false; reason: FailReason } {
  const marks = document.section('marks', Mark);
  const removed = eventsOf(document, 'removals');
  const problems = eventsOf(document, 'problems');
  for (const section of [marks, removed, problems]) if (!section.read) return section;
  const since = document.at - WINDOWS_LOG_S * 1_000;
  const resumes = rowsOr(eventsOf(document, 'events')).flatMap((e) => (isResume(e) && e.at !== null ? [e.at] : []));
  const counts = (at: number) => at >= since && !resumes.some((r) => Math.abs(at - r) <= RESUME_MS);
  const removals = rowsOr(removed)
    .flatMap((e): Removal[] => (e.id === 1010 && e.of !== null && e.at !== null && counts(e.at) ? [{ at: e.at, id: e.of }] : []))
    .sort((a, b) => a.at - b.at);
  const nodes = rowsOr(marks).map((m) => ({
    ...m,
    arrived: m.arrived !== null && counts(m.arrived) ? m.arrived : null,
    removed: m.removed !== null && counts(m.removed) ? m.removed : null,
  }));
  return {
    read: true,
    log: {
      at: document.at,
      marks: nodes,
      removals,
      failures: failuresOf(
        nodes,
        removals,
        rowsOr(problems).filter((e) => counts(e.at ?? 0)),
      ),
    },
  };
}

/** Back from sleep: Power-Troubleshooter 1, Kernel-Power 107, and 507 for modern standby. */
export function isResume(e: EventRow): boolean {
  return (
    (e.id === 1 && /Power-Troubleshooter$/.test(e.source ?? '')) || ((e.id === 107 || e.id === 507) && /Kernel-Power$/.test(e.source ?? ''))
  );
}

/**
 * Nodes that never became a device: vendor 0000, whose product number says which step failed (usb.inf: 0001 reset, 0002 device descriptor,
 * 0003 configuration descriptor, 0004 address). One that stands there now stands for the tries that its hub made.
 */
function failuresOf(marks: readonly Mark[], removals: readonly Removal[], problems: readonly EventRow[]): Reading<'usb-failures'> {
  const failing = marks.flatMap((m) => {
    if (partsOf(m.id)?.vendor !== 0) return [];
    const told = problems.filter((e) => e.of?.toLowerCase() === m.id.toLowerCase()).length;
    const failures = Math.max(told, m.present === true ? TRIES : m.arrived !== null ? 1 : 0);
    return failures === 0 ? [] : [{ location: placeOf(m.places) ?? (partsOf(m.id)?.tail ?? m.id).slice(-64), failures }];
  });
  failing.sort((a, b) => b.failures - a.failures);
  const controllers = removals.filter((r) => /^(PCI\\|USB\\ROOT_HUB)/i.test(r.id));
  return {
    windowS: WINDOWS_LOG_S,
    enumeration: failing.reduce((n, f) => n + f.failures, 0),
    // Windows shows a power surge to the person in front and writes it to no log.
    overCurrent: 0,
    controllerDied: moments(controllers),
    surpriseRemovals: bursts(removals, marks),
    places: failing.slice(0, MAX_PLACES),
  };
}

/** Removals that happened together are one. */
function moments(removals: readonly Removal[]): number {
  return removals.filter((r, i) => i === 0 || r.at - (removals[i - 1]?.at ?? 0) > TOGETHER_MS).length;
}

/**
 * Moments at which several devices went that no common hub took along: somebody who pulls one plug, or a dock's, makes none.
 */
function bursts(removals: readonly Removal[], marks: readonly Mark[]): number {
  const groups: Removal[][] = [];
  for (const r of removals) {
    if (partsOf(r.id)?.mi !== null) continue;
    const last = groups.at(-1);
    if (last?.[0] && r.at - last[0].at <= TOGETHER_MS) last.push(r);
    else groups.push([r]);
  }
  const parentOf = new Map(marks.map((m) => [m.id.toLowerCase(), m.parent?.toLowerCase()]));
  return groups.filter((group) => {
    const ids = new Set(group.map((r) => r.id.toLowerCase()));
    return ids.size > 1 && ![...ids].some((id) => ids.has(parentOf.get(id) ?? ''));
  }).length;
}

/**
 * How often one phone came and went. Windows keeps the last arrival and the last removal, and tells each removal that nobody asked for;
 * between two removals the phone came back. When it did is not written down, so the time between two removals stands for the time between
 * two arrivals.
 */
export function churnIn(log: BusLog, udid: Udid): Reading<'usb-churn'> {
  const marks = log.marks.filter((m) => udidOfInstance(m.id) === udid);
  const gone = log.removals.filter((r) => udidOfInstance(r.id) === udid).map((r) => r.at);
  for (const m of marks) {
    const { removed } = m;
    if (removed !== null && !gone.some((at) => Math.abs(at - removed) <= TOGETHER_MS)) gone.push(removed);
  }
  gone.sort((a, b) => a - b);
  const last = gone.at(-1);
  const arrived = Math.max(0, ...marks.map((m) => m.arrived ?? 0));
  const again = arrived > 0 && (last === undefined || arrived > last || gone.length === 1) ? 1 : 0;
  const attaches = Math.max(0, gone.length - 1) + again;
  const gaps = gone.slice(1).map((at, i) => (at - (gone[i] ?? at)) / 1_000);
  return {
    windowS: WINDOWS_LOG_S,
    attaches,
    detaches: gone.length,
    shortestS: attaches > 1 && gaps.length > 0 ? Math.min(...gaps) : null,
    // Only the last place is kept.
    places: Math.min(attaches, 1),
    // No log shows traffic.
    afterIdle: 0,
    withSiblings: gone.filter((at) => wentAlong(log, marks, udid, at)).length,
  };
}

/** Whether another device of the phone's hub, or that hub itself, went at the same time. */
function wentAlong(log: BusLog, marks: readonly Mark[], udid: Udid, at: number): boolean {
  const hubs = new Set(marks.flatMap((m) => m.parent?.toLowerCase() ?? []));
  return log.removals.some((r) => {
    if (Math.abs(r.at - at) > TOGETHER_MS || udidOfInstance(r.id) === udid || partsOf(r.id)?.mi !== null) return false;
    const parent = log.marks.find((m) => m.id.toLowerCase() === r.id.toLowerCase())?.parent?.toLowerCase();
    return hubs.has(r.id.toLowerCase()) || (parent !== undefined && hubs.has(parent));
  });
}
