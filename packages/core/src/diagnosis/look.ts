import { FACT_KIND_NAMES, type Health, type Presence } from '../health/index.js';
import { type Sorted, sortFacts } from './current.js';
import { type Answers, QUESTION_IDS } from './questions.js';
import {
  type Ask,
  addTo,
  digitOf,
  emptySet,
  holdsNow,
  isIn,
  meets,
  numberOf,
  RULES,
  type Rule,
  type RuleSet,
  Settles,
  takeOut,
} from './rules/index.js';
import type { CurrentFact, DiagnosisInput, KnownFinding } from './shapes.js';
import { answerOf, SIGNAL_LIST, SIGNAL_SLOTS, type Signal } from './signals/index.js';
import type { Tri } from './tri.js';

const KIND_SLOTS = new Map<string, number>(FACT_KIND_NAMES.map((kind, slot) => [kind, slot]));
/** The number of the kind of a signal that its own fact answers; -1 for the others. */
const FACT_SLOTS: readonly number[] = SIGNAL_LIST.map(({ kind, byFact }) => (kind && byFact ? (KIND_SLOTS.get(kind) ?? -1) : -1));

/** A rule that matters: it holds, or it was known before. */
export interface Met {
  /** The rule's number. */
  n: number;
  rule: Rule;
  /** Null when it was not asked: of a phone that is not here, or a computer without one. */
  holds: Tri | null;
  known: KnownFinding | null;
}

/**
 * One look at the pair at hand: facts are sorted once, each signal is asked once, and rules that cannot hold are ruled out by the dozen before
 * one of them is asked. The same object serves one diagnosis after the other; nothing of one reaches the next.
 */
export class Look implements Sorted {
  now = 0;
  hostHeard = false;
  host: DiagnosisInput['host'] = {};
  device: DiagnosisInput['device'] = null;
  known: readonly KnownFinding[] = [];
  takeovers: DiagnosisInput['takeovers'];
  answers: Answers | undefined;
  history: DiagnosisInput['history'];
  catalogue: DiagnosisInput['catalogue'];
  policy: DiagnosisInput['policy'];
  presence: Presence = 'never-seen';
  health: Health = 'unknown';
  readonly sorted: (CurrentFact | null)[] = new Array(FACT_KIND_NAMES.length).fill(null);
  /** When the first fact stops counting, ms; null when none will. */
  factsEnd: number | null = null;
  readonly #settles = new Settles();
  readonly #values: (Tri | null)[] = new Array(SIGNAL_LIST.length).fill(null);
  /** Rules of which nothing is known yet that says that they do not hold. */
  readonly #left: RuleSet = emptySet(RULES.length);
  /** Rules that were known before: they are asked whatever is settled, because "no" and "unknown" are not the same for them. */
  readonly #known: RuleSet = emptySet(RULES.length);

  /** Begins a diagnosis. */
  begin(input: DiagnosisInput): void {
    this.now = input.now;
    this.hostHeard = input.hostHeard;
    this.host = input.host;
    this.device = input.device;
    this.known = input.known;
    this.takeovers = input.takeovers;
    this.answers = input.answers;
    this.history = input.history;
    this.catalogue = input.catalogue;
    this.policy = input.policy;
    this.presence = input.presence;
    this.health = input.health;
    this.factsEnd = sortFacts(input, this.sorted);
    this.#values.fill(null);
  }

  /** What a signal answers. */
  readonly ask: Ask = (name) => this.answer(SIGNAL_SLOTS[name]);

  /** The same by the signal's number. */
  answer(slot: number): Tri {
    const told = this.#values[slot];
    if (told) return told;
    const signal = SIGNAL_LIST[slot] as Signal;
    const fact = FACT_SLOTS[slot] as number;
    const value = signal.byFact && fact >= 0 ? answerOf(signal.byFact, this.sorted[fact] ?? null, this) : signal.read(this);
    this.#values[slot] = value;
    return value;
  }

  /**
   * Every rule that holds or was known, in the order of the table.
   * @param asked the rules that are asked
   * @param there the rules there are, `asked` among them: the others matter when they were known
   */
  meet(asked: RuleSet, there: RuleSet): Met[] {
    const left = this.#left;
    left.set(asked);
    this.#known.fill(0);
    for (const { cause, scope } of this.known) {
      const n = numberOf(cause, scope);
      if (n !== undefined && isIn(there, n)) addTo(this.#known, n);
    }
    this.#settle();
    const met: Met[] = [];
    for (let w = 0; w < left.length; w++) {
      // What settles one rule may settle later ones: they are not looked at then.
      for (let bits = this.#open(w), bit = 0; bits !== 0; bits = this.#open(w) & ~(bit | (bit - 1))) {
        bit = bits & -bits;
        const n = w * 32 + 31 - Math.clz32(bit);
        const rule = RULES[n] as Rule;
        if (isIn(this.#known, n))
          met.push({ n, rule, holds: isIn(asked, n) ? holdsNow(rule, this.ask) : null, known: this.#knownOf(rule) });
        else if (this.#holds(n)) met.push({ n, rule, holds: 'yes', known: null });
      }
    }
    return met;
  }

  #open(w: number): number {
    return (this.#left[w] as number) | (this.#known[w] as number);
  }

  #knownOf({ id, scope }: Rule): KnownFinding | null {
    for (const known of this.known) if (known.cause === id && known.scope === scope) return known;
    return null;
  }

  /** Takes out what facts settle by being there or not, what nobody answered, and what the signals that settle most do. */
  #settle(): void {
    const left = this.#left;
    const { byState, unanswered, withoutAnswers, early } = this.#settles;
    for (let k = 0; k < byState.length; k++) {
      const fact = this.sorted[k];
      takeOut(left, byState[k]?.[fact ? fact.state : 'none']);
    }
    if (!this.answers) takeOut(left, withoutAnswers);
    else for (const question of QUESTION_IDS) if (!this.answers[question]) takeOut(left, unanswered[question]);
    for (const { slot, rules } of early) if (meets(left, rules)) this.#strike(slot);
  }

  /** Takes out what a signal's answer settles. */
  #strike(slot: number): void {
    const value = this.answer(slot);
    const settled = this.#settles.bySignal[slot];
    takeOut(this.#left, value === 'no' ? settled?.no : value === 'unknown' ? settled?.unknown : settled?.yes);
  }

  #holds(n: number): boolean {
    for (const slot of this.#settles.signals[n] as readonly number[]) {
      this.#strike(slot);
      if (!isIn(this.#left, n)) return false;
    }
    const rule = RULES[n] as Rule;
    const table = this.#settles.tables[n];
    if (!table) return holdsNow(rule, this.ask) === 'yes';
    let at = 0;
    for (const slot of table.slots) at = at * 3 + digitOf(this.answer(slot));
    return table.isYes[at] === 1 && rule.unless?.(this.ask) !== 'yes';
  }
}
