import type { Evidence } from '../diagnosis/index.js';
import type { FixId } from '../fixes/index.js';
import type { CauseId, Health } from '../health/index.js';
import type { PreparedCatalogue } from '../software/index.js';
import { SHIPPED, type Table } from './overlay.js';
import type { HostPast, PairPast, Window } from './past.js';
import { type Stretch, walk } from './walk.js';

/** What the tried table is held against: the shipped table on the same facts, or what was concluded and written down then. */
export type Against = 'shipped' | 'recorded';

/** A verdict about a pair. */
export interface Verdict {
  health: Health;
  cause: CauseId | null;
  /** What would be offered first; null when nothing is wrong, or when it was not written down. */
  fix: FixId | null;
}

/** For some time another verdict. Times in ms. */
export interface Difference {
  udid: string;
  from: number;
  until: number;
  before: Verdict;
  after: Verdict;
  /** What decided: of the verdict that is new, or else of the one that is gone. */
  evidence: readonly Evidence[];
}

/** How long a cause was the one that is wrong with a pair; null: nothing was named. */
export interface Share {
  cause: CauseId | null;
  /** ms */
  before: number;
  after: number;
}

export interface PairReplay {
  udid: string;
  differences: Difference[];
  shares: Share[];
}

export interface ReplayOptions {
  window: Window;
  against: Against;
  /** Differences that last less are left out, ms. */
  atLeastMs: number;
  catalogue: PreparedCatalogue | null;
}

/**
 * Lives one host's past through and lists where a table concludes otherwise. It yields the diagnoses it made since it yielded last.
 * @param table what is tried
 */
export function* replay(past: HostPast, table: Table, options: ReplayOptions): Generator<number, PairReplay[], void> {
  const { window, against, catalogue, atLeastMs } = options;
  // One table after the other: what is remembered of versions belongs to one policy.
  const after = yield* walk(past, window, table, catalogue);
  const shipped = against === 'shipped' ? yield* walk(past, window, SHIPPED, catalogue) : null;
  return past.pairs.map((pair) => {
    const tried = after.get(pair.udid) ?? [];
    const before = shipped ? (shipped.get(pair.udid) ?? []) : recordedStretches(pair, window);
    const overlaps = overlapping(before, tried);
    return {
      udid: pair.udid,
      differences: differencesOf(pair.udid, overlaps, against).filter((d) => d.until - d.from >= atLeastMs),
      shares: sharesOf(overlaps),
    };
  });
}

interface Overlap {
  from: number;
  until: number;
  before: Stretch;
  after: Stretch;
}

/** Both timelines cut at each other's ends; where one of them says nothing there is nothing to compare. */
function overlapping(before: readonly Stretch[], after: readonly Stretch[]): Overlap[] {
  const out: Overlap[] = [];
  for (let i = 0, j = 0; i < before.length && j < after.length; ) {
    const b = before[i] as Stretch;
    const a = after[j] as Stretch;
    const from = Math.max(a.from, b.from);
    const until = Math.min(a.until, b.until);
    if (from < until) out.push({ from, until, before: b, after: a });
    if (a.until <= b.until) j++;
    if (b.until <= a.until) i++;
  }
  return out;
}

function differencesOf(udid: string, overlaps: readonly Overlap[], against: Against): Difference[] {
  const out: Difference[] = [];
  for (const { from, until, before: b, after: a } of overlaps) {
    const isFix = against === 'shipped' && a.fix !== b.fix;
    if (a.health === b.health && a.cause === b.cause && !isFix) continue;
    const last = out.at(-1);
    const before = verdictOf(b);
    const after = verdictOf(a);
    if (last && last.until === from && isEqual(last.before, before) && isEqual(last.after, after)) last.until = until;
    else out.push({ udid, from, until, before, after, evidence: a.cause === null ? b.evidence : a.evidence });
  }
  return out;
}

function sharesOf(overlaps: readonly Overlap[]): Share[] {
  const shares = new Map<CauseId | null, Share>();
  const of = (cause: CauseId | null) => {
    const known = shares.get(cause) ?? { cause, before: 0, after: 0 };
    shares.set(cause, known);
    return known;
  };
  for (const { from, until, before, after } of overlaps) {
    of(before.cause).before += until - from;
    of(after.cause).after += until - from;
  }
  return [...shares.values()];
}

function recordedStretches({ recorded }: PairPast, window: Window): Stretch[] {
  const out: Stretch[] = [];
  recorded.forEach(({ at, health, cause }, n) => {
    const from = Math.max(at, window.from);
    const until = Math.min(recorded[n + 1]?.at ?? window.until, window.until);
    if (from < until) out.push({ from, until, health, cause, confidence: null, fix: null, evidence: [] });
  });
  return out;
}

const verdictOf = ({ health, cause, fix }: Stretch): Verdict => ({ health, cause, fix });
const isEqual = (a: Verdict, b: Verdict) => a.health === b.health && a.cause === b.cause && a.fix === b.fix;
