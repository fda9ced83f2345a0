import type { CurrentFact, Evidence, FactSet } from '@lockstep/core/diagnosis';
import type { CauseId, FactKind, Health, HealthEffect, Layer, Presence, RungState } from '@lockstep/core/health';
import type { PreparedCatalogue } from '@lockstep/core/software';

/** The name under which the host's own facts and findings are kept. */
export const HOST = '';

/** One row of `finding` that is open or pending. */
export interface CurrentFinding {
  id: string;
  cause: CauseId;
  layer: Layer;
  health: HealthEffect;
  state: 'pending' | 'open';
  confidence: number;
  evidence: readonly Evidence[];
  explainedBy: CauseId | null;
  since: number;
  openedAt: number | null;
}

/** One row of `pair`, as far as a diagnosis reads or writes it. Times in ms. */
export interface PairState {
  id: string;
  udid: string;
  presence: Presence;
  health: Health;
  primary: { cause: CauseId; layer: Layer; confidence: number } | null;
  rungs: readonly RungState[];
  since: number;
  seenAt: number;
  recheckAt: number | null;
}

/** One row of `host_state`. */
export interface HostState {
  health: Health;
  heard: boolean;
  privileged: boolean;
  rungs: readonly RungState[];
  /** When time alone changes a verdict about the host or any of its pairs. */
  recheckAt: number | null;
}

/** What a phone says of itself. */
export interface DeviceLabel {
  name: string;
  model: string;
  iosVersion: string;
}

export interface KeptFact {
  fact: CurrentFact;
  tookMs: number;
}

/**
 * Everything current about one host: its facts and its phones' facts by subject and kind, open and pending findings by subject and
 * cause, its pairs. It mirrors the rows and is changed only inside a transaction that holds the host.
 */
export class Picture {
  readonly facts = new Map<string, Map<FactKind, KeptFact>>();
  readonly findings = new Map<string, Map<CauseId, CurrentFinding>>();
  readonly pairs = new Map<string, PairState>();
  host: HostState | null = null;
  /** What its versions were judged by last; not stored: a picture that was read again is judged anew. */
  judgedBy: PreparedCatalogue | undefined = undefined;

  constructor(readonly hostId: string) {}

  factsOf(subject: string): Map<FactKind, KeptFact> {
    return entry(this.facts, subject);
  }

  findingsOf(subject: string): Map<CauseId, CurrentFinding> {
    return entry(this.findings, subject);
  }

  /** The subject's facts in the shape that the rules read. */
  factSet(subject: string): FactSet {
    const set: Partial<Record<FactKind, CurrentFact>> = {};
    for (const [kind, { fact }] of this.facts.get(subject) ?? []) set[kind] = fact;
    return set as FactSet;
  }
}

function entry<K, V>(map: Map<string, Map<K, V>>, key: string): Map<K, V> {
  const known = map.get(key);
  if (known) return known;
  const made = new Map<K, V>();
  map.set(key, made);
  return made;
}
