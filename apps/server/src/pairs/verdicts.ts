import { randomUUID } from 'node:crypto';
import {
  type Answers,
  type Diagnosis,
  diagnose,
  type Finding,
  type History,
  isUnstable,
  type KnownFinding,
  QUIET_MS,
  recall,
} from '@lockstep/core/diagnosis';
import type { CauseId, Health, Presence, RungState } from '@lockstep/core/health';
import type { PreparedCatalogue } from '@lockstep/core/software';
import { closedNow } from './closings.js';
import { type CurrentFinding, HOST, type HostState, type PairState, type Picture } from './picture.js';

/** A finding's row after a diagnosis. */
export interface FindingChange extends CurrentFinding {
  subject: string;
  closedAt: number | null;
  /** It closed because of what we did ourselves. */
  ownDoing: boolean;
}

export interface HistoryEntry {
  pairId: string;
  what: 'health' | 'presence';
  to: Health | Presence;
  from: Health | Presence | null;
  detail: CauseId | null;
}

/** What a diagnosis of one host changed: the rows that have to be written. */
export interface Verdicts {
  hostId: string;
  pairs: PairState[];
  findings: FindingChange[];
  /** Pending findings that no longer hold: nobody ever saw them. */
  withdrawn: string[];
  history: HistoryEntry[];
  host: HostState | null;
}

/**
 * Diagnoses a host and all its phones on the facts of its picture, writes the answers into the picture, and returns what changed.
 * @param heard the host was heard within the silence limit
 * @param takeovers when living connections of it were taken over, newest first, ms
 * A phone of which nothing was told, on a host of which nothing changed, is left alone until its `recheckAt`: that is what it promises.
 * @param catalogue what is known of Apple's releases; undefined: no version is judged. With another one than last time every phone is judged anew
 * @param touched subjects of which facts changed or were looked at again
 * @param newDevices phones that have no pair yet
 */
export function judgePicture(
  picture: Picture,
  touched: ReadonlySet<string>,
  newDevices: Iterable<string>,
  now: number,
  heard: boolean,
  takeovers: readonly number[],
  catalogue?: PreparedCatalogue,
): Verdicts {
  const out: Verdicts = { hostId: picture.hostId, pairs: [], findings: [], withdrawn: [], history: [], host: null };
  const hostFacts = picture.factSet(HOST);
  const host = diagnose({
    now,
    hostHeard: heard,
    takeovers,
    host: hostFacts,
    device: null,
    known: known(picture, HOST, now),
    ...(catalogue && { catalogue }),
    presence: 'attached',
    health: picture.host?.health ?? 'unknown',
  });
  settleFindings(picture, HOST, host, now, out);
  const self = hostState(picture, host, heard);
  self.recheckAt = earlier(self.recheckAt, quietEnd(picture, HOST));
  const isNews = picture.judgedBy !== catalogue;
  picture.judgedBy = catalogue;
  const hostMoved =
    isNews || touched.has(HOST) || out.findings.length > 0 || out.withdrawn.length > 0 || !picture.host || !sameHost(picture.host, self);
  const hostKnown = known(picture, HOST, now);
  for (const udid of [...picture.pairs.keys(), ...newDevices]) {
    const before = picture.pairs.get(udid) ?? null;
    const isDue = before === null || (before.recheckAt !== null && before.recheckAt <= now);
    if (!hostMoved && !touched.has(udid) && !isDue) continue;
    const device = picture.factSet(udid);
    const diagnosis = diagnose({
      now,
      hostHeard: heard,
      takeovers,
      host: hostFacts,
      device,
      known: [...hostKnown, ...known(picture, udid, now)],
      ...(catalogue && { catalogue }),
      ...answersOf(picture, udid),
      history: { ...recall(device, picture.keptOf(udid), now), ...besideOf(picture, udid), othersHere: othersHere(picture, udid) },
      presence: before?.presence ?? 'never-seen',
      health: before?.health ?? 'unknown',
    });
    settleFindings(picture, udid, diagnosis, now, out);
    settlePair(picture, udid, before, diagnosis, now, out);
  }
  // One row says when anything about the host or its pairs is due: the pairs' own rows need no index for it.
  for (const { recheckAt } of picture.pairs.values()) self.recheckAt = earlier(self.recheckAt, recheckAt);
  if (!picture.host || picture.host.recheckAt !== self.recheckAt || !sameHost(picture.host, self)) {
    picture.host = self;
    out.host = self;
  }
  return out;
}

/** What people answered about a phone; left out where nobody did. */
function answersOf(picture: Picture, udid: string): { answers?: Answers } {
  const answers = picture.answers.get(udid);
  return answers ? { answers } : {};
}

/** What was tried, and how the phone is elsewhere; left out as long as nobody looked. */
function besideOf(picture: Picture, udid: string): Pick<History, 'tried' | 'elsewhere'> {
  const ofHost = picture.tried.get(HOST);
  if (!ofHost) return {};
  return { tried: picture.tried.get(udid) ?? ofHost, elsewhere: picture.elsewhere.get(udid) ?? null };
}

/** Causes of a phone that does not know this computer's record, and of one that the multiplexer does not list. */
const NOT_KNOWN: readonly CauseId[] = ['C44', 'C45', 'C47'];
const STALE: readonly CauseId[] = ['C39'];

/** How the computer's other phones are: what all of them have is the computer's. */
function othersHere(picture: Picture, udid: string): NonNullable<History['othersHere']> {
  const others = { attached: 0, healthy: 0, notKnown: 0, stale: 0 };
  for (const [other, pair] of picture.pairs) {
    if (other === udid || pair.presence !== 'attached') continue;
    others.attached++;
    if (pair.health === 'healthy') others.healthy++;
    const open = (cause: CauseId) => picture.findings.get(other)?.get(cause)?.state === 'open';
    if (NOT_KNOWN.some(open)) others.notKnown++;
    if (STALE.some(open)) others.stale++;
  }
  return others;
}

const earlier = (a: number | null, b: number | null) => (a === null || (b !== null && b < a) ? b : a);

function known(picture: Picture, subject: string, now: number): KnownFinding[] {
  const scope = subject === HOST ? 'host' : 'pair';
  const closings = picture.closings.get(subject);
  return [...(picture.findings.get(subject)?.values() ?? [])].map((f) => {
    const { cause, state, since, unstableAt, quietAt } = f;
    const closedAt = closings?.get(cause);
    if (state === 'pending' || (unstableAt === null && closedAt === undefined)) return { cause, scope, state, since };
    return { cause, scope, state, since, unstable: isUnstable({ closedAt: closedAt ?? [], unstableAt, quietAt }, now) };
  });
}

/** When something that comes and goes will have stayed away for long enough, the first of them, ms; null when nothing will. */
function quietEnd(picture: Picture, subject: string): number | null {
  let end: number | null = null;
  for (const { quietAt } of picture.findings.get(subject)?.values() ?? []) if (quietAt !== null) end = earlier(end, quietAt + QUIET_MS);
  return end;
}

/** Findings of one subject: a host's findings come from the host's own diagnosis only, so each is kept once. */
function settleFindings(picture: Picture, subject: string, diagnosis: Diagnosis, now: number, out: Verdicts): void {
  const scope = subject === HOST ? 'host' : 'pair';
  const current = picture.findingsOf(subject);
  const told = new Set<CauseId>();
  for (const f of diagnosis.findings) {
    if (f.scope !== scope) continue;
    told.add(f.cause);
    const before = current.get(f.cause);
    const after = merge(before, f, now, diagnosis.quiet.includes(f.cause));
    if (before && same(before, after)) continue;
    current.set(f.cause, after);
    out.findings.push({ ...after, subject, closedAt: null, ownDoing: false });
  }
  for (const [cause, before] of [...current]) {
    if (told.has(cause)) continue;
    // Only proof closes what was shown; a pending finding that stopped holding was shown to nobody.
    if (before.state === 'open' && diagnosis.closed.includes(cause)) {
      current.delete(cause);
      out.findings.push({ ...before, subject, closedAt: now, ownDoing: closedNow(picture, subject, cause, now) });
    } else if (before.state === 'pending') {
      current.delete(cause);
      out.withdrawn.push(before.id);
    }
  }
}

function merge(before: CurrentFinding | undefined, f: Finding, now: number, isQuiet: boolean): CurrentFinding {
  const told = { cause: f.cause, state: f.state, explainedBy: f.explainedBy, since: f.since };
  const openedAt = f.state === 'open' ? (before?.openedAt ?? now) : null;
  // Frozen by the first proof that is not believed; whatever is no proof that it is gone breaks its quiet.
  const unstableAt = before?.unstableAt ?? (isQuiet ? now : null);
  const quietAt = isQuiet ? (before?.quietAt ?? now) : null;
  // What is only kept for want of proof is shown with the evidence of when it last held.
  if (before && f.frozen) return { ...before, ...told, openedAt, unstableAt, quietAt };
  return {
    id: before?.id ?? randomUUID(),
    layer: f.layer,
    health: f.health,
    confidence: f.confidence,
    evidence: f.evidence,
    ...told,
    openedAt,
    unstableAt,
    quietAt,
  };
}

function same(a: CurrentFinding, b: CurrentFinding): boolean {
  return (
    a.state === b.state &&
    a.explainedBy === b.explainedBy &&
    a.confidence === b.confidence &&
    a.health === b.health &&
    a.layer === b.layer &&
    a.since === b.since &&
    a.unstableAt === b.unstableAt &&
    a.quietAt === b.quietAt &&
    (a.evidence === b.evidence || JSON.stringify(a.evidence) === JSON.stringify(b.evidence))
  );
}

function hostState(picture: Picture, diagnosis: Diagnosis, heard: boolean): HostState {
  const self = picture.facts.get(HOST)?.get('agent-self')?.fact;
  // What is no longer told was still true when it was told last: rights are asked for again by the agent before it acts.
  const privileged =
    self?.kind === 'agent-self' && self.state === 'seen'
      ? (self.reading as { privileged: boolean }).privileged
      : (picture.host?.privileged ?? false);
  return { health: diagnosis.health, heard, privileged, rungs: diagnosis.rungs.map((r) => r.state), recheckAt: diagnosis.recheckAt };
}

/** Whether the verdict about the host is the same; when it is due again does not matter. */
function sameHost(a: HostState, b: HostState): boolean {
  return a.health === b.health && a.heard === b.heard && a.privileged === b.privileged && sameRungs(a.rungs, b.rungs);
}

const sameRungs = (a: readonly RungState[], b: readonly RungState[]) => a.length === b.length && a.every((state, i) => state === b[i]);

function samePair(a: PairState, b: PairState): boolean {
  return (
    a.presence === b.presence &&
    a.health === b.health &&
    a.primary?.cause === b.primary?.cause &&
    a.primary?.layer === b.primary?.layer &&
    a.primary?.confidence === b.primary?.confidence &&
    a.since === b.since &&
    a.seenAt === b.seenAt &&
    a.recheckAt === b.recheckAt &&
    a.kept.sessionAt === b.kept.sessionAt &&
    a.kept.wifiAt === b.kept.wifiAt &&
    a.kept.hereAt === b.kept.hereAt &&
    sameRungs(a.rungs, b.rungs)
  );
}

function settlePair(picture: Picture, udid: string, before: PairState | null, d: Diagnosis, now: number, out: Verdicts): void {
  let looked = Number.NEGATIVE_INFINITY;
  for (const { fact } of picture.facts.get(udid)?.values() ?? []) looked = Math.max(looked, fact.seenAt);
  const old = { presence: before?.presence ?? 'never-seen', health: before?.health ?? null, cause: before?.primary?.cause ?? null };
  const cause = d.primary?.cause ?? null;
  const isOther = old.presence !== d.presence || old.health !== d.health || old.cause !== cause;
  // Where it was until now counts as its last stay once it comes back.
  if (before && old.presence === 'attached' && d.presence !== 'attached')
    picture.kept.set(udid, { ...picture.keptOf(udid), hereAt: before.seenAt });
  const after: PairState = {
    id: before?.id ?? randomUUID(),
    udid,
    presence: d.presence,
    health: d.health,
    primary: d.primary,
    rungs: d.rungs.map((r) => r.state),
    since: before && !isOther ? before.since : now,
    // A pair whose facts are all gone was looked at when it was last looked at.
    seenAt: Number.isFinite(looked) ? looked : (before?.seenAt ?? now),
    recheckAt: earlier(d.recheckAt, quietEnd(picture, udid)),
    kept: picture.keptOf(udid),
  };
  if (before && samePair(before, after)) return;
  picture.pairs.set(udid, after);
  out.pairs.push(after);
  if (old.presence !== d.presence)
    out.history.push({ pairId: after.id, what: 'presence', to: d.presence, from: old.presence, detail: null });
  if (old.health !== d.health || old.cause !== cause)
    out.history.push({ pairId: after.id, what: 'health', to: d.health, from: old.health, detail: cause });
}
