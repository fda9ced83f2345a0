import { type CurrentFact, worthKeeping } from '@lockstep/core/diagnosis';
import { FACT_KINDS, type Fact, type FactKind, factKey, isNews } from '@lockstep/core/health';
import { type AgentMessage, type AgentStill, LIMITS } from '@lockstep/core/protocol';
import { type DeviceLabel, HOST, type Picture } from './picture.js';

/** Facts about an event: no picture of the present contains them, and no second look renews them. */
const EVENTS: ReadonlySet<FactKind> = new Set(['pairing-attempt', 'evidence']);

/** What messages did to a picture: the rows that have to be written. */
export interface Applied {
  /** Facts that are new or read anew, by subject and kind. */
  changed: Map<string, Set<FactKind>>;
  /** Facts that were only looked at again. */
  renewed: Map<string, Set<FactKind>>;
  /** Facts that are no longer known. */
  dropped: Map<string, Set<FactKind>>;
  /** Phones seen for the first time on this host. */
  newDevices: Set<string>;
  labels: Map<string, DeviceLabel>;
  /** Phones about which somebody answered something. */
  answered: Set<string>;
  /** Phones beyond the limit of one host, whose facts were left out. */
  refusedDevices: Set<string>;
}

export function nothingApplied(): Applied {
  return {
    changed: new Map(),
    renewed: new Map(),
    dropped: new Map(),
    newDevices: new Set(),
    labels: new Map(),
    answered: new Set(),
    refusedDevices: new Set(),
  };
}

/** The subjects of which anything was told. */
export function touchedBy({ changed, renewed, dropped, answered }: Applied): Set<string> {
  const touched = new Set(answered);
  for (const map of [changed, renewed, dropped]) for (const [subject, kinds] of map) if (kinds.size > 0) touched.add(subject);
  return touched;
}

/**
 * Applies a host's messages to its picture, in order. An agent's clock is not believed beyond ours: what was read "later" was read now.
 * Order is the order of numbers, never of clocks, so a clock that went back still replaces what came before.
 */
export function apply(picture: Picture, messages: readonly AgentMessage[], now: number): Applied {
  const applied = nothingApplied();
  for (const m of messages) {
    if (m.type === 'facts') takeFacts(picture, applied, m.facts, m.full, now);
    else if (m.type === 'fix.settled') {
      picture.settledAt = now;
      takeFacts(picture, applied, m.facts, false, now);
    } else if (m.type === 'still') renew(picture, applied, m, now);
  }
  return applied;
}

function takeFacts(picture: Picture, applied: Applied, facts: readonly Fact[], isFull: boolean, now: number): void {
  if (isFull) {
    const told = new Set(facts.map(factKey));
    for (const [subject, kept] of picture.facts) {
      for (const kind of [...kept.keys()]) {
        if (EVENTS.has(kind) || told.has(subject === HOST ? kind : `${kind}/${subject}`)) continue;
        keep(picture, subject, kept.get(kind)?.fact);
        kept.delete(kind);
        mark(applied.dropped, subject, kind);
        unmark(applied.changed, subject, kind);
        unmark(applied.renewed, subject, kind);
      }
    }
  }
  for (const fact of facts) {
    const subject = fact.subject === 'host' ? HOST : fact.subject.udid;
    if (subject !== HOST && !picture.pairs.has(subject) && !applied.newDevices.has(subject)) {
      if (picture.pairs.size + applied.newDevices.size >= LIMITS.devicesPerHost) {
        applied.refusedDevices.add(subject);
        continue;
      }
      applied.newDevices.add(subject);
    }
    const at = instant(fact.at, now);
    const kept = picture.factsOf(subject);
    const before = kept.get(fact.kind);
    const after = currentFact(fact, at);
    const since = before && !isNews(before.fact, after) ? before.since : now;
    if (since === now) keep(picture, subject, before?.fact);
    kept.set(fact.kind, { fact: after, tookMs: fact.tookMs, since });
    mark(applied.changed, subject, fact.kind);
    unmark(applied.dropped, subject, fact.kind);
    unmark(applied.renewed, subject, fact.kind);
    if (subject !== HOST && fact.kind === 'device-values' && fact.state === 'seen') {
      const { name, productType, productVersion } = fact.reading;
      applied.labels.set(subject, { name, model: productType, iosVersion: productVersion });
    }
  }
}

/** Remembers of a fact that says something else now what outlives it. */
function keep(picture: Picture, subject: string, fact: CurrentFact | undefined): void {
  const worth = fact && subject !== HOST ? worthKeeping(fact) : null;
  if (worth) picture.kept.set(subject, { ...picture.keptOf(subject), [worth.field]: worth.at });
}

/** All was looked at again; of slow kinds only when that is said. */
function renew(picture: Picture, applied: Applied, still: AgentStill, now: number): void {
  const except = new Set(still.except.map(factKey));
  const at = instant(still.at, now);
  for (const [subject, kept] of picture.facts) {
    for (const [kind, k] of kept) {
      if (EVENTS.has(kind) || (!still.slow && FACT_KINDS[kind].pace === 'slow')) continue;
      if (except.has(subject === HOST ? kind : `${kind}/${subject}`) || k.fact.seenAt >= at) continue;
      kept.set(kind, { ...k, fact: { ...k.fact, seenAt: at } });
      if (!applied.changed.get(subject)?.has(kind)) mark(applied.renewed, subject, kind);
    }
  }
}

/** A time from outside in ms: never later than now, never before 1970, where PostgreSQL's and JavaScript's calendars agree. */
function instant(iso: string, now: number): number {
  const ms = Date.parse(iso);
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), now) : 0;
}

function currentFact(fact: Fact, at: number): CurrentFact {
  const { kind, probe, state } = fact;
  if (state === 'seen') return { kind, at, seenAt: at, probe, state, reading: fact.reading } as CurrentFact;
  return state === 'absent' ? { kind, at, seenAt: at, probe, state } : { kind, at, seenAt: at, probe, state, reason: fact.reason };
}

function mark(map: Map<string, Set<FactKind>>, subject: string, kind: FactKind): void {
  const kinds = map.get(subject);
  if (kinds) kinds.add(kind);
  else map.set(subject, new Set([kind]));
}

function unmark(map: Map<string, Set<FactKind>>, subject: string, kind: FactKind): void {
  map.get(subject)?.delete(kind);
}
