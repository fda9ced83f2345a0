import { randomUUID } from 'node:crypto';
import { type Diagnosis, diagnose, type Finding, type KnownFinding } from '@lockstep/core/diagnosis';
import type { CauseId, Health, Presence } from '@lockstep/core/health';
import { type CurrentFinding, HOST, type HostState, type PairState, type Picture } from './picture.js';

/** A finding's row after a diagnosis. */
export interface FindingChange extends CurrentFinding {
  subject: string;
  closedAt: number | null;
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
): Verdicts {
  const out: Verdicts = { hostId: picture.hostId, pairs: [], findings: [], withdrawn: [], history: [], host: null };
  const host = diagnose({
    now,
    hostHeard: heard,
    takeovers,
    host: picture.factSet(HOST),
    device: null,
    known: known(picture, HOST),
    presence: 'attached',
    health: picture.host?.health ?? 'unknown',
  });
  settleFindings(picture, HOST, host, now, out);
  settleHost(picture, host, heard, out);
  const hostMoved = touched.has(HOST) || out.host !== null || out.findings.length > 0 || out.withdrawn.length > 0;
  for (const udid of [...picture.pairs.keys(), ...newDevices]) {
    const before = picture.pairs.get(udid) ?? null;
    const isDue = before === null || (before.recheckAt !== null && before.recheckAt <= now);
    if (!hostMoved && !touched.has(udid) && !isDue) continue;
    const diagnosis = diagnose({
      now,
      hostHeard: heard,
      takeovers,
      host: picture.factSet(HOST),
      device: picture.factSet(udid),
      known: [...known(picture, HOST), ...known(picture, udid)],
      presence: before?.presence ?? 'never-seen',
      health: before?.health ?? 'unknown',
    });
    settleFindings(picture, udid, diagnosis, now, out);
    settlePair(picture, udid, before, diagnosis, now, out);
  }
  return out;
}

function known(picture: Picture, subject: string): KnownFinding[] {
  const scope = subject === HOST ? 'host' : 'pair';
  return [...(picture.findings.get(subject)?.values() ?? [])].map((f) => ({ cause: f.cause, scope, state: f.state, since: f.since }));
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
    const after = merge(before, f, now);
    if (before && same(before, after)) continue;
    current.set(f.cause, after);
    out.findings.push({ ...after, subject, closedAt: null });
  }
  for (const [cause, before] of [...current]) {
    if (told.has(cause)) continue;
    // Only proof closes what was shown; a pending finding that stopped holding was shown to nobody.
    if (before.state === 'open' && diagnosis.closed.includes(cause)) {
      current.delete(cause);
      out.findings.push({ ...before, subject, closedAt: now });
    } else if (before.state === 'pending') {
      current.delete(cause);
      out.withdrawn.push(before.id);
    }
  }
}

function merge(before: CurrentFinding | undefined, f: Finding, now: number): CurrentFinding {
  const told = { cause: f.cause, state: f.state, explainedBy: f.explainedBy, since: f.since };
  const openedAt = f.state === 'open' ? (before?.openedAt ?? now) : null;
  // What is only kept for want of proof is shown with the evidence of when it last held.
  if (before && f.frozen) return { ...before, ...told, openedAt };
  return {
    id: before?.id ?? randomUUID(),
    layer: f.layer,
    health: f.health,
    confidence: f.confidence,
    evidence: f.evidence,
    ...told,
    openedAt,
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
    (a.evidence === b.evidence || JSON.stringify(a.evidence) === JSON.stringify(b.evidence))
  );
}

function settleHost(picture: Picture, diagnosis: Diagnosis, heard: boolean, out: Verdicts): void {
  const self = picture.facts.get(HOST)?.get('agent-self')?.fact;
  // What is no longer told was still true when it was told last: rights are asked for again by the agent before it acts.
  const privileged =
    self?.kind === 'agent-self' && self.state === 'seen'
      ? (self.reading as { privileged: boolean }).privileged
      : (picture.host?.privileged ?? false);
  const after: HostState = {
    health: diagnosis.health,
    heard,
    privileged,
    rungs: diagnosis.rungs.map((r) => r.state),
    recheckAt: diagnosis.recheckAt,
  };
  if (picture.host && JSON.stringify(picture.host) === JSON.stringify(after)) return;
  picture.host = after;
  out.host = after;
}

function settlePair(picture: Picture, udid: string, before: PairState | null, d: Diagnosis, now: number, out: Verdicts): void {
  let looked = Number.NEGATIVE_INFINITY;
  for (const { fact } of picture.facts.get(udid)?.values() ?? []) looked = Math.max(looked, fact.seenAt);
  const old = { presence: before?.presence ?? 'never-seen', health: before?.health ?? null, cause: before?.primary?.cause ?? null };
  const cause = d.primary?.cause ?? null;
  const isOther = old.presence !== d.presence || old.health !== d.health || old.cause !== cause;
  const after: PairState = {
    id: before?.id ?? randomUUID(),
    udid,
    presence: d.presence,
    health: d.health,
    primary: d.primary,
    ladder: d.rungs,
    since: before && !isOther ? before.since : now,
    // A pair whose facts are all gone was looked at when it was last looked at.
    seenAt: Number.isFinite(looked) ? looked : (before?.seenAt ?? now),
    recheckAt: d.recheckAt,
  };
  if (before && JSON.stringify(before) === JSON.stringify(after)) return;
  picture.pairs.set(udid, after);
  out.pairs.push(after);
  if (old.presence !== d.presence)
    out.history.push({ pairId: after.id, what: 'presence', to: d.presence, from: old.presence, detail: null });
  if (old.health !== d.health || old.cause !== cause)
    out.history.push({ pairId: after.id, what: 'health', to: d.health, from: old.health, detail: cause });
}
