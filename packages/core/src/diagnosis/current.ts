import { FACT_KIND_NAMES, FACT_KINDS, type FactKind } from '../health/index.js';
import { QUESTIONS, type QuestionId } from './questions.js';
import type { CurrentFact, DiagnosisInput, FactSet } from './shapes.js';

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
const EVENTS: ReadonlySet<FactKind> = new Set(['pairing-attempt', 'evidence']);

/** Kinds by number, in the order of `FACT_KIND_NAMES`. */
const KIND_SLOTS = new Map<string, number>(FACT_KIND_NAMES.map((kind, slot) => [kind, slot]));

/** How long a kind's facts count, by its number, ms; events do not end by age. */
const EVENT = Number.POSITIVE_INFINITY;
const SLOT_AGES: readonly number[] = FACT_KIND_NAMES.map((kind) => (EVENTS.has(kind) ? EVENT : MAX_AGES[kind]));

/** An input whose facts were sorted once: by the number of their kind those that still prove something, null for the others. */
export interface Sorted extends DiagnosisInput {
  readonly sorted: readonly (CurrentFact | null)[];
}

/** The fact of this kind if it still proves something: present, and looked at recently by a host that is heard. */
export function current<K extends FactKind>(input: DiagnosisInput & { sorted?: Sorted['sorted'] }, kind: K): CurrentFact<K> | null {
  // Under the number of a kind stands a fact of this kind.
  if (input.sorted) return (input.sorted[KIND_SLOTS.get(kind) as number] ?? null) as CurrentFact<K> | null;
  const fact = (input.device?.[kind] ?? input.host[kind]) as CurrentFact<K> | undefined;
  if (!fact || !input.hostHeard) return null;
  return fact.seenAt + MAX_AGES[kind] > input.now || EVENTS.has(kind) ? fact : null;
}

/**
 * Sorts the facts of an input by the number of their kind: into `sorted` go those that still prove something, and null for the others.
 * Returns the moment at which the first fact that still counts stops counting, ms; null when none will.
 */
export function sortFacts(input: DiagnosisInput, sorted: (CurrentFact | null)[]): number | null {
  sorted.fill(null);
  if (!input.hostHeard) return null;
  const ofHost = sortSet(input.host, input.now, sorted);
  const end = input.device === null ? ofHost : Math.min(ofHost, sortSet(input.device, input.now, sorted));
  return Number.isFinite(end) ? end : null;
}

function sortSet(facts: FactSet, now: number, sorted: (CurrentFact | null)[]): number {
  let next = Number.POSITIVE_INFINITY;
  for (const fact of Object.values(facts)) {
    const slot = KIND_SLOTS.get(fact.kind);
    if (slot === undefined) continue;
    const ages = SLOT_AGES[slot] as number;
    const end = ages === EVENT ? endOfEvent(fact) : fact.seenAt + ages;
    if (end > now && end < next) next = end;
    // A phone's own fact stands in front of the computer's, also when it is too old.
    sorted[slot] = end > now || ages === EVENT ? fact : null;
  }
  return next;
}

/** When what an event began is over, ms: a dialog. */
function endOfEvent(fact: CurrentFact): number {
  return fact.state === 'seen' ? fact.at + DIALOG_MS : Number.NEGATIVE_INFINITY;
}

/**
 * The moment at which the first fact ends, an answer of a person is no longer believed, or what was counted of connections means something
 * else, ms; null when there is none.
 */
export function nextExpiry(input: DiagnosisInput, factsEnd: number | null): number | null {
  const conflict = contest(input);
  const end = Math.min(
    factsEnd ?? Number.POSITIVE_INFINITY,
    answersEnd(input),
    conflict?.contested ? conflict.quietAt : Number.POSITIVE_INFINITY,
  );
  return Number.isFinite(end) ? end : null;
}

function answersEnd({ answers, now }: DiagnosisInput): number {
  let next = Number.POSITIVE_INFINITY;
  if (!answers) return next;
  for (const question in answers) {
    const answer = answers[question as QuestionId];
    const end = answer ? answer.at + QUESTIONS[question as QuestionId].freshMs : Number.NEGATIVE_INFINITY;
    if (end > now && end < next) next = end;
  }
  return next;
}
