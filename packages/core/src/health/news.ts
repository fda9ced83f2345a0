import type { CurrentFact } from './current-facts.js';
import type { FactKind } from './facts.js';

/** What of a number counts: equal answers are no news. */
type Step = (n: number) => number;

/** Differs at every look and decides nothing. */
const IGNORED: Step = () => 0;
/** Below the first bound 0, below the second 1 … ; the sign counts where there is one. */
const between =
  (...bounds: readonly number[]): Step =>
  (n) =>
    (n < 0 ? -1 : 1) * bounds.filter((b) => Math.abs(n) >= b).length;
/** A tenth more or less is the same (eight steps to a doubling), except across these bounds. */
const tenths =
  (...bounds: readonly number[]): Step =>
  (n) =>
    Math.round(Math.log2(n + 1) * 8) + 1_000 * bounds.filter((b) => n >= b).length;
/** Counts of a moving window: exact where rules look at them (none, one, two, three), then by doublings. */
const FEW: Step = (n) => (n <= 3 ? n : 3 + Math.floor(Math.log2(n / 2)));
/** A clock a minute off is right, one five minutes off is wrong; hours and days tell why. */
const CLOCK = between(60, 300.000_001, 3_600, 86_400);

/**
 * Readings that move by themselves, by the field's dotted path (items of a list share one), and the steps in which they are remembered. The
 * steps keep every fixed bound that a rule looks at, so what is left out changes no verdict, but for the few that compare two numbers.
 */
const NOISY: { readonly [K in FactKind]?: Readonly<Record<string, Step>> } = {
  'agent-self': { uptimeS: IGNORED, 'outbox.waiting': IGNORED },
  'agent-limits': { rssMb: IGNORED, cpuPercent: IGNORED },
  clock: { skewS: CLOCK },
  'device-clock': { skewS: CLOCK },
  'pending-restart': { sinceS: IGNORED },
  'mux-daemon': { latencyMs: IGNORED },
  lockdown: { latencyMs: IGNORED },
  'mux-history': { windowS: IGNORED },
  'usb-failures': { windowS: IGNORED, enumeration: FEW, overCurrent: FEW, surpriseRemovals: FEW, 'places.failures': FEW },
  'usb-churn': {
    windowS: between(60, 120, 600, 3_600),
    attaches: FEW,
    detaches: FEW,
    afterIdle: FEW,
    withSiblings: FEW,
    shortestS: between(20, 120),
  },
  'record-store': { freeBytes: between(1_000_000, 1e9) },
  'updater-activity': { logAgeS: between(120, 1_200) },
  'location-daemon': { cpuPercent: between(80.000_001) },
  'backup-activity': { stalledS: between(60.000_001, 600) },
  'host-storage': { freeBytes: tenths(10e9, 200e9) },
  'device-storage': { freeBytes: tenths(1e9) },
  battery: { percent: (n) => Math.floor(n / 10), healthPercent: Math.round, cycles: IGNORED },
};

/**
 * Whether a fact says something else than the one before it: another state, reason or reading. Latencies, counters of moving windows, free
 * bytes and the like count in steps only, so a fact's history grows when something happened and not at every look.
 */
export function isNews(before: CurrentFact, after: CurrentFact): boolean {
  if (before.state !== after.state) return true;
  // An event that happened again is another event.
  if ((after.kind === 'pairing-attempt' || after.kind === 'evidence') && before.at !== after.at) return true;
  if (before.state === 'failed') return after.state === 'failed' && before.reason !== after.reason;
  if (before.state !== 'seen' || after.state !== 'seen') return false;
  return differs(before.reading, after.reading, NOISY[after.kind] ?? {}, '');
}

function differs(a: unknown, b: unknown, steps: Readonly<Record<string, Step>>, path: string): boolean {
  if (a === b) return false;
  const step = steps[path];
  if (step && typeof a === 'number' && typeof b === 'number') return step(a) !== step(b);
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return true;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return true;
    return a.some((item, n) => differs(item, b[n], steps, path));
  }
  const left = a as Record<string, unknown>;
  const right = b as Record<string, unknown>;
  const under = (key: string) => (path === '' ? key : `${path}.${key}`);
  // A field that is left out is one that is null: agents of two versions say it either way.
  for (const key in left) if (differs(left[key] ?? null, right[key] ?? null, steps, under(key))) return true;
  for (const key in right) if (!(key in left) && (right[key] ?? null) !== null) return true;
  return false;
}
