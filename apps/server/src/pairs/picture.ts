import {
  type Answers,
  type CurrentFact,
  type Evidence,
  type FactSet,
  type History,
  type Kept,
  NOTHING_KEPT,
} from '@lockstep/core/diagnosis';
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
  /** Since when it comes and goes, and since when it is proven gone while it does, ms. */
  unstableAt: number | null;
  quietAt: number | null;
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
  /** What its facts do not show any more. */
  kept: Kept;
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
  /** Since when it says this, small moves of noisy numbers left out, ms: what it said before is written to its history when this moves. */
  since: number;
}

/**
 * Everything current about one host: its facts and its phones' facts by subject and kind, open and pending findings by subject and
 * cause, its pairs. It mirrors the rows and is changed only inside a transaction that holds the host.
 */
export class Picture {
  readonly facts = new Map<string, Map<FactKind, KeptFact>>();
  readonly findings = new Map<string, Map<CauseId, CurrentFinding>>();
  readonly pairs = new Map<string, PairState>();
  /** When findings were closed within the last hour, by subject and cause, what we did ourselves left out, ms. */
  readonly closings = new Map<string, Map<CauseId, number[]>>();
  /** When an order of this host came back last, ms. */
  settledAt: number | null = null;
  /** What people answered about its phones, the newest of each question. */
  readonly answers = new Map<string, Answers>();
  /** What is remembered of its phones since their facts say something else; the pair's row gets it with the next verdict. */
  readonly kept = new Map<string, Kept>();
  /** Fixes that were tried within a day, newest first, by phone; those of the host itself are in every list. */
  tried: ReadonlyMap<string, NonNullable<History['tried']>> = new Map();
  /** How its phones are at other computers. */
  elsewhere: ReadonlyMap<string, NonNullable<History['elsewhere']>> = new Map();
  /** When the two were read last, ms; null: they are read before the next verdict. */
  besideAt: number | null = null;
  host: HostState | null = null;
  /** What its versions were judged by last; not stored: a picture that was read again is judged anew. */
  judgedBy: PreparedCatalogue | undefined = undefined;

  constructor(readonly hostId: string) {}

  factsOf(subject: string): Map<FactKind, KeptFact> {
    return entry(this.facts, subject);
  }

  keptOf(udid: string): Kept {
    return this.kept.get(udid) ?? NOTHING_KEPT;
  }

  findingsOf(subject: string): Map<CauseId, CurrentFinding> {
    return entry(this.findings, subject);
  }

  closingsOf(subject: string, cause: CauseId): number[] {
    return entryOf(entry(this.closings, subject), cause, () => []);
  }

  /** The subject's facts in the shape that the rules read. */
  factSet(subject: string): FactSet {
    const set: Partial<Record<FactKind, CurrentFact>> = {};
    for (const [kind, { fact }] of this.facts.get(subject) ?? []) set[kind] = fact;
    return set as FactSet;
  }
}

function entry<K, V>(map: Map<string, Map<K, V>>, key: string): Map<K, V> {
  return entryOf(map, key, () => new Map<K, V>());
}

function entryOf<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known) return known;
  const made = make();
  map.set(key, made);
  return made;
}
