import { FACT_KIND_NAMES, type FactKind } from '../../health/index.js';
import { QUESTION_IDS, type QuestionId } from '../questions.js';
import { SIGNAL_LIST, SIGNAL_SLOTS, type SignalName } from '../signals/index.js';
import { TRIS, type Tri } from '../tri.js';
import type { Ask, Rule } from './rule.js';
import { addTo, emptySet, isIn, putIn, type RuleSet } from './rule-set.js';
import { RULES } from './table.js';

/** By answer, the rules that do not hold then, whatever all other signals answer; null where it settles none. */
export type Settled = Record<Tri, RuleSet | null>;

/** The same for the state of a fact, before its reading is looked at; `none`: there is no fact that still proves something. */
export type SettledByState = Record<'none' | 'seen' | 'absent' | 'failed', RuleSet | null>;

/** How many rules a signal has to be able to settle to be asked before any rule. */
const EARLY_FROM = 3;

/** Rows of up to this many signals are answered from a table of all combinations: 3^6 bytes each, and some milliseconds once for all rows. */
const TABLED = 6;

/** Whether `holds` is yes, for every combination of answers: the first signal's answer is the highest digit, by `digitOf`. */
export interface Table {
  slots: readonly number[];
  isYes: Uint8Array;
}

export const digitOf = (value: Tri): number => (value === 'no' ? 0 : value === 'unknown' ? 1 : 2);
const BY_DIGIT: readonly Tri[] = ['no', 'unknown', 'yes'];

function tableOf({ holds }: Rule): Table | null {
  const signals = signalsOf(holds);
  if (signals.length > TABLED) return null;
  const index = new Map<SignalName, number>(signals.map((signal, i) => [signal, i]));
  const isYes = new Uint8Array(3 ** signals.length);
  const values: Tri[] = signals.map(() => 'no');
  for (let n = 0; n < isYes.length; n++) {
    for (let i = signals.length - 1, rest = n; i >= 0; i--, rest = Math.floor(rest / 3)) values[i] = BY_DIGIT[rest % 3] as Tri;
    isYes[n] = holds((name) => values[index.get(name) ?? -1] ?? 'unknown') === 'yes' ? 1 : 0;
  }
  return { slots: signals.map((signal) => SIGNAL_SLOTS[signal]), isYes };
}

/**
 * What is settled before a rule is asked. All of it is worked out from the rows: a new row, a new signal or a new field of what the server
 * remembers needs nothing here. A test goes through every combination of answers of every row.
 */
export class Settles {
  /** What each signal settles, by its slot. */
  readonly bySignal: readonly Settled[] = SIGNAL_LIST.map(() => ({ yes: null, no: null, unknown: null }));
  /** By a rule's number, the slots of the signals that settle something for it. */
  readonly signals: readonly (readonly number[])[];
  /** By a rule's number; null for rows of too many signals. */
  readonly tables: readonly (Table | null)[] = RULES.map(tableOf);
  /** Signals that settle several rules at once, those of most rules first, and which rules these are. */
  readonly early: readonly { slot: number; rules: RuleSet }[];
  /** By kind, in the order of `FACT_KIND_NAMES`. */
  readonly byState: readonly SettledByState[];
  /** What the want of an answer to a question settles, and the want of all answers. */
  readonly unanswered: Readonly<Record<QuestionId, RuleSet | null>>;
  readonly withoutAnswers: RuleSet | null;

  constructor() {
    this.signals = RULES.map((rule, n) => this.#settle(rule, n));
    this.early = this.bySignal
      .map((settled, slot) => ({ slot, rules: joined(TRIS.map((value) => settled[value])) ?? emptySet(RULES.length) }))
      .filter(({ rules }) => size(rules) >= EARLY_FROM)
      .sort((a, b) => size(b.rules) - size(a.rules));
    this.byState = FACT_KIND_NAMES.map((kind) => ({
      none: this.#byState(kind, 'none'),
      seen: this.#byState(kind, 'seen'),
      absent: this.#byState(kind, 'absent'),
      failed: this.#byState(kind, 'failed'),
    }));
    this.unanswered = Object.fromEntries(QUESTION_IDS.map((q) => [q, this.#unanswered(q)])) as Record<QuestionId, RuleSet | null>;
    this.withoutAnswers = joined(Object.values(this.unanswered));
  }

  #settle(rule: Rule, n: number): number[] {
    const slots: number[] = [];
    for (const [signal, values] of neverWith(rule)) {
      const slot = SIGNAL_SLOTS[signal];
      const settled = this.bySignal[slot];
      if (!settled || values.size === 0) continue;
      slots.push(slot);
      for (const value of values) {
        settled[value] ??= emptySet(RULES.length);
        addTo(settled[value], n);
      }
    }
    return slots;
  }

  #byState(of: FactKind, state: keyof SettledByState): RuleSet | null {
    return joined(
      SIGNAL_LIST.map(({ kind, byFact }, slot) => {
        if (kind !== of || !byFact) return null;
        const value = state === 'none' ? 'unknown' : byFact[state];
        return typeof value === 'string' ? this.bySignal[slot]?.[value] : null;
      }),
    );
  }

  #unanswered(of: QuestionId): RuleSet | null {
    return joined(SIGNAL_LIST.map(({ question }, slot) => (question === of ? this.bySignal[slot]?.unknown : null)));
  }
}

/** The signals that a row's part asks: all of them, whatever they answer. */
export function signalsOf(part: (ask: Ask) => Tri): SignalName[] {
  const asked = new Set<SignalName>();
  part((name) => {
    asked.add(name);
    return 'unknown';
  });
  return [...asked];
}

/** The answers of each signal with which a rule never holds: those that `holds` cannot do with, and those that rule it out. */
export function neverWith({ holds, unless }: Rule): Map<SignalName, Set<Tri>> {
  const never = neverYes(holds);
  if (!unless) return never;
  for (const signal of signalsOf(unless)) {
    for (const value of TRIS) {
      // What is yes while nothing else is known stays yes whatever else becomes known.
      if (unless((name) => (name === signal ? value : 'unknown')) !== 'yes') continue;
      never.set(signal, (never.get(signal) ?? new Set()).add(value));
    }
  }
  return never;
}

/**
 * The answers of each signal with which this is never yes. The others are tried with yes and no only: what is yes while one of them is unknown
 * is yes with one of these too, since rows are made of three-valued and, or and not, and of `known` around a signal.
 */
function neverYes(holds: Rule['holds']): Map<SignalName, Set<Tri>> {
  const signals = signalsOf(holds);
  const index = new Map<SignalName, number>(signals.map((signal, i) => [signal, i]));
  const values: Tri[] = signals.map(() => 'no');
  const ask: Ask = (name) => values[index.get(name) ?? -1] ?? 'unknown';
  const set = (bits: number) => {
    for (let i = 0; i < values.length; i++) values[i] = isSet(bits, i) ? 'yes' : 'no';
  };
  const holding: number[] = [];
  for (let bits = 0; bits < 2 ** signals.length; bits++) {
    set(bits);
    if (holds(ask) === 'yes') holding.push(bits);
  }
  const withUnknown = (i: number) => (bits: number) => {
    set(bits);
    values[i] = 'unknown';
    return holds(ask) === 'yes';
  };
  return new Map(
    signals.map((signal, i) => {
      const never = new Set<Tri>(TRIS);
      if (holding.some((bits) => isSet(bits, i))) never.delete('yes');
      if (holding.some((bits) => !isSet(bits, i))) never.delete('no');
      if (holding.some(withUnknown(i))) never.delete('unknown');
      return [signal, never];
    }),
  );
}

function isSet(bits: number, i: number): boolean {
  return ((bits >> i) & 1) === 1;
}

function size(set: RuleSet): number {
  return RULES.filter((_, n) => isIn(set, n)).length;
}

function joined(sets: readonly (RuleSet | null | undefined)[]): RuleSet | null {
  const all = emptySet(RULES.length);
  for (const set of sets) putIn(all, set);
  return all.some((word) => word !== 0) ? all : null;
}

/** Which rules are asked of a host alone, of a phone that is attached, and of one that is not: without a person's word, and with it. */
export const ASKED = {
  host: those((r) => r.scope === 'host'),
  attached: those((r) => !r.alone),
  unseen: those((r) => !r.alone && (r.scope === 'host' || r.unseen === 'logged')),
  told: those((r) => !r.alone && (r.scope === 'host' || r.unseen !== null)),
} as const;

function those(which: (rule: Rule) => boolean): RuleSet {
  const set = emptySet(RULES.length);
  RULES.forEach((rule, n) => {
    if (which(rule)) addTo(set, n);
  });
  return set;
}

const HOST_NUMBERS = new Map(RULES.flatMap((r, n) => (r.scope === 'host' ? [[r.id, n] as const] : [])));
const PAIR_NUMBERS = new Map(RULES.flatMap((r, n) => (r.scope === 'pair' ? [[r.id, n] as const] : [])));

/** A row's number; undefined for a cause without one. */
export function numberOf(cause: Rule['id'], scope: 'host' | 'pair'): number | undefined {
  return (scope === 'host' ? HOST_NUMBERS : PAIR_NUMBERS).get(cause);
}
