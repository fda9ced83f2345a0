import {
  type Answers,
  type Diagnosis,
  diagnose,
  type Evidence,
  type FactSet,
  type History,
  type Kept,
  type KnownFinding,
  NOTHING_KEPT,
  recall,
  worthKeeping,
} from '../diagnosis/index.js';
import type { FixId } from '../fixes/index.js';
import type { CauseId, FactKind, Health, Presence } from '../health/index.js';
import type { PreparedCatalogue } from '../software/index.js';
import type { Table } from './overlay.js';
import type { HostPast, PairPast, PastFact, Window } from './past.js';

/** What a table concludes about a pair for some time. Times in ms. */
export interface Stretch {
  from: number;
  until: number;
  health: Health;
  cause: CauseId | null;
  confidence: number | null;
  /** What would be offered first; null when nothing is wrong. */
  fix: FixId | null;
  evidence: readonly Evidence[];
}

/** Fixes count as tried for a day. */
const TRIED_MS = 86_400_000;

interface Subject {
  versions: Map<FactKind, PastFact>;
  facts: FactSet;
  known: KnownFinding[];
  dueAt: number | null;
}
interface PairState extends Subject {
  past: PairPast;
  presence: Presence;
  health: Health;
  kept: Kept;
  stretches: Stretch[];
}
const subject = (): Subject => ({ versions: new Map(), facts: {}, known: [], dueAt: null });

/** Diagnoses after which whoever drives a walk may do something else: a few milliseconds. */
const BREATH = 64;
const DAY_MS = 86_400_000;

/**
 * Lives a host's past through with a rules table: diagnoses the host and its pairs at every moment at which a fact changed, somebody
 * answered, a fix was judged, the host fell silent or was heard, a day began, and whenever time alone changes a verdict. Within the time in
 * which a fact said the same it counts as looked at until its last look; a silent host's facts prove nothing. Apple's releases are those of
 * the catalogue, also for earlier days.
 *
 * It yields the number of diagnoses made since it yielded last, after some milliseconds of work, so that whoever drives it can do something
 * else, or stop. Returns the stretches of each pair by UDID, oldest first, without gaps from the pair's first fact on.
 */
export function* walk(
  past: HostPast,
  window: Window,
  table: Table,
  catalogue: PreparedCatalogue | null,
): Generator<number, Map<string, Stretch[]>, void> {
  const { starts, ends, moments } = timetable(past, window);
  const host = subject();
  const pairs = new Map(past.pairs.map((p) => [p.udid, pairState(p, window)]));
  let isHeard = past.heard[0] ? !past.heard[0].heard : past.isHeard;
  let [started, ended, flipped, next, work] = [0, 0, 0, 0, 0];
  for (let now = window.from; now < window.until; ) {
    const touched = new Set<Subject>();
    for (let e = ends[ended]; e && endOf(e) <= now; e = ends[++ended]) {
      const of = e.udid === '' ? host : pairs.get(e.udid);
      if (of && end(of, e)) touched.add(of);
    }
    for (let s = starts[started]; s && s.since <= now; s = starts[++started]) {
      const of = s.udid === '' ? host : pairs.get(s.udid);
      if (of && endOf(s) > now) touched.add(begin(of, s));
    }
    let isOther = now === window.from || now % DAY_MS === 0 || touched.has(host);
    for (let h = past.heard[flipped]; h && h.at <= now; h = past.heard[++flipped]) {
      isOther ||= isHeard !== h.heard;
      isHeard = h.heard;
    }
    for (const p of pairs.values()) if (isDue(p, now) || happened(p.past, now)) touched.add(p);
    if (isOther || touched.size > 0 || isDue(host, now)) {
      const given = { now, hostHeard: isHeard, host: host.facts, catalogue, policy: table.policy };
      const self = diagnose({ ...given, device: null, known: host.known, presence: 'attached', health: 'unknown' }, table.changed);
      isOther = settle(host, self, 'host') || isOther;
      work++;
      for (const p of pairs.values()) {
        if ((!isOther && !touched.has(p)) || (p.versions.size === 0 && p.stretches.length === 0)) continue;
        const { facts: device, presence, health } = p;
        const history = { ...recall(device, p.kept, now), othersHere: othersHere(pairs, p), tried: triedBefore(p.past, now) };
        const known = [...host.known, ...p.known];
        const d = diagnose({ ...given, device, known, history, answers: answersOf(p.past, now), presence, health }, table.changed);
        settle(p, d, 'pair');
        if (presence === 'attached' && d.presence !== 'attached') p.kept = { ...p.kept, hereAt: now };
        p.presence = d.presence;
        p.health = d.health;
        extend(p.stretches, d, now);
        work++;
      }
    }
    if (work >= BREATH) {
      yield work;
      work = 0;
    }
    while ((moments[next] ?? window.until) <= now) next++;
    let at = moments[next] ?? window.until;
    for (const s of [host, ...pairs.values()]) if (s.dueAt !== null && s.dueAt > now && s.dueAt < at) at = s.dueAt;
    now = at;
  }
  if (work > 0) yield work;
  for (const { stretches } of pairs.values()) {
    const last = stretches.at(-1);
    if (last) last.until = window.until;
  }
  return new Map([...pairs].map(([udid, { stretches }]) => [udid, stretches]));
}

function pairState(past: PairPast, window: Window): PairState {
  const presence = past.createdAt < window.from ? 'away' : 'never-seen';
  return { ...subject(), past, presence, health: 'unknown', kept: NOTHING_KEPT, stretches: [] };
}

function begin(of: Subject, version: PastFact): Subject {
  of.versions.set(version.fact.kind, version);
  of.facts = { ...of.facts, [version.fact.kind]: version.fact };
  return of;
}

/** Whether the fact was the one that was known. */
function end(of: Subject, version: PastFact): boolean {
  const { kind } = version.fact;
  if (of.versions.get(kind) !== version) return false;
  of.versions.delete(kind);
  const { [kind]: _, ...rest } = of.facts;
  of.facts = rest;
  const worth = worthKeeping(version.fact);
  if (worth && 'kept' in of) (of as PairState).kept = { ...(of as PairState).kept, [worth.field]: Math.min(worth.at, endOf(version)) };
  return true;
}

const endOf = (f: PastFact) => f.until ?? Number.POSITIVE_INFINITY;
const isDue = (s: Subject, now: number) => s.dueAt !== null && s.dueAt <= now;
/** Something of the pair that is no fact happened at this moment. */
const happened = (p: PairPast, now: number) => p.answers.some((a) => a.at === now) || p.tried.some((t) => t.at === now);

/** The facts of the window by their beginning and by their end, and the moments at which anything but time changes something. */
function timetable(past: HostPast, { from, until }: Window) {
  const facts = past.facts.filter((f) => f.since < until && endOf(f) > from);
  const starts = [...facts].sort((a, b) => a.since - b.since);
  const ends = facts.filter((f) => f.until !== null).sort((a, b) => endOf(a) - endOf(b));
  const at = new Set<number>();
  for (const f of facts) {
    at.add(f.since);
    at.add(endOf(f));
  }
  for (const h of past.heard) at.add(h.at);
  for (const p of past.pairs) for (const { at: then } of [...p.answers, ...p.tried]) at.add(then);
  for (let day = Math.ceil(from / DAY_MS) * DAY_MS; day < until; day += DAY_MS) at.add(day);
  const moments = [...at].filter((t) => t > from && t < until).sort((a, b) => a - b);
  return { starts, ends, moments };
}

/** Takes over what holds now. Returns whether that is something else than before. */
function settle(of: Subject, d: Diagnosis, scope: 'host' | 'pair'): boolean {
  const before = of.known;
  of.known = d.findings.flatMap((f) => (f.scope === scope ? [{ cause: f.cause, scope, state: f.state, since: f.since }] : []));
  of.dueAt = d.recheckAt;
  return before.length !== of.known.length || before.some((k, i) => k.cause !== of.known[i]?.cause || k.state !== of.known[i]?.state);
}

/** Causes of a phone that does not know this computer's record, and of one that the multiplexer does not list. */
const NOT_KNOWN: ReadonlySet<CauseId> = new Set(['C44', 'C45', 'C47']);

function othersHere(pairs: ReadonlyMap<string, PairState>, self: PairState): NonNullable<History['othersHere']> {
  const others = { attached: 0, healthy: 0, notKnown: 0, stale: 0 };
  for (const p of pairs.values()) {
    if (p === self || p.presence !== 'attached') continue;
    others.attached++;
    if (p.health === 'healthy') others.healthy++;
    if (p.known.some((k) => k.state === 'open' && NOT_KNOWN.has(k.cause))) others.notKnown++;
    if (p.known.some((k) => k.state === 'open' && k.cause === 'C39')) others.stale++;
  }
  return others;
}

function triedBefore(past: PairPast, now: number): NonNullable<History['tried']> {
  return past.tried.filter((t) => t.at <= now && now - t.at < TRIED_MS).sort((a, b) => b.at - a.at);
}

function answersOf(past: PairPast, now: number): Answers {
  const answers: Record<string, { answer: string; at: number }> = {};
  for (const { question, answer, at } of past.answers) {
    if (at <= now && at >= (answers[question]?.at ?? 0)) answers[question] = { answer, at };
  }
  return answers as Answers;
}

function extend(stretches: Stretch[], d: Diagnosis, now: number): void {
  const primary = d.primary && d.findings.find((f) => f.cause === d.primary?.cause && f.state === 'open');
  const cause = d.primary?.cause ?? null;
  const fix = primary?.fixes[0] ?? null;
  const last = stretches.at(-1);
  if (last) {
    last.until = now;
    if (last.health === d.health && last.cause === cause && last.fix === fix) return;
    // Of two verdicts at one moment the later counts.
    if (last.from === now) stretches.pop();
  }
  stretches.push({
    from: now,
    until: now,
    health: d.health,
    cause,
    confidence: d.primary?.confidence ?? null,
    fix,
    // A fact is remembered with its last look, which may be later than this moment.
    evidence: (primary?.evidence ?? []).map((e) => ({ ...e, at: e.at === null ? null : Math.min(e.at, now) })),
  });
}
