import { FACT_KIND_NAMES, FACT_KINDS, type FactKind } from '../health/index.js';
import type { CurrentFact, DiagnosisInput } from './shapes.js';

/**
 * How long a fact of a steady kind proves anything after its last look, in ms. An agent looks every 10 to 30 s and tells the server once
 * a minute that unchanged facts were looked at again, so three missed minutes make a reading stale.
 */
export const MAX_AGE_MS = 180_000;

/** The same for slow kinds, which are looked at at least once an hour: three missed hours. */
export const SLOW_AGE_MS = 3 * 3_600_000;

/** How long a fact of this kind proves anything after its last look, ms. */
export function maxAgeOf(kind: FactKind): number {
  return MAX_AGES[kind];
}

const MAX_AGES = Object.fromEntries(
  FACT_KIND_NAMES.map((kind) => [kind, FACT_KINDS[kind].pace === 'slow' ? SLOW_AGE_MS : MAX_AGE_MS]),
) as Record<FactKind, number>;

/** How long "the dialog is open" is believed after the phone said so: the prompt is answered or gone within two minutes. */
export const DIALOG_MS = 120_000;

/**
 * Three takeovers of a living connection within this time are two computers with one key. An agent that was replaced waits 150 to 300 s
 * before it comes back (SPEC LIVE-5), so two polite ones need ten minutes for three; impatient ones need seconds.
 */
export const CONTESTED_MS = 660_000;

/** Two computers with one key meet again within minutes: an hour without a takeover proves that there is one left. */
export const UNCONTESTED_MS = 3_600_000;

/** Whether a host's key is in two computers' hands, and when an hour without a takeover will have proven the opposite, ms. */
export function contest(input: DiagnosisInput): { contested: boolean; quietAt: number } | null {
  if (!input.takeovers) return null;
  const [last, , third] = input.takeovers;
  if (last === undefined) return { contested: false, quietAt: 0 };
  const quietAt = last + UNCONTESTED_MS;
  return { contested: third !== undefined && last - third <= CONTESTED_MS && input.now < quietAt, quietAt };
}

/** Facts about an event keep their meaning until a later event replaces them; all others age. */
const EVENTS: ReadonlySet<FactKind> = new Set(['pairing-attempt']);

/** The fact of this kind if it still proves something: present, and looked at recently by a host that is heard. */
export function current<K extends FactKind>(input: DiagnosisInput, kind: K): CurrentFact<K> | null {
  const fact = (input.device?.[kind] ?? input.host[kind]) as CurrentFact<K> | undefined;
  if (!fact || !input.hostHeard) return null;
  return fact.seenAt + MAX_AGES[kind] > input.now || EVENTS.has(kind) ? fact : null;
}

/** The moment at which the first fact that still counts stops counting, ms; null when none will. */
export function nextExpiry(input: DiagnosisInput): number | null {
  const told = nextFactExpiry(input);
  const conflict = contest(input);
  return conflict?.contested && (told === null || conflict.quietAt < told) ? conflict.quietAt : told;
}

function nextFactExpiry(input: DiagnosisInput): number | null {
  if (!input.hostHeard) return null;
  let next = Number.POSITIVE_INFINITY;
  for (const set of [input.host, input.device]) {
    if (!set) continue;
    for (const fact of Object.values(set)) {
      if (fact.kind === 'pairing-attempt') {
        const end = fact.at + DIALOG_MS;
        if (fact.state === 'seen' && end > input.now && end < next) next = end;
        continue;
      }
      const end = fact.seenAt + maxAgeOf(fact.kind);
      if (end > input.now && end < next) next = end;
    }
  }
  return Number.isFinite(next) ? next : null;
}
