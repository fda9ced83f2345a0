import type { FixId } from '../../fixes/index.js';
import type { CauseId, FactKind, HealthEffect, Layer } from '../../health/index.js';
import { CLAIMED } from '../claimed.js';
import type { QuestionId } from '../questions.js';
import type { SignalName } from '../signals/index.js';
import { type Tri, tri } from '../tri.js';

/** Asks a signal of the pair at hand. */
export type Ask = (name: SignalName) => Tri;

/**
 * One cause. Adding a cause is adding a row and its tests: what spares asking a row (settles.ts) is worked out from `holds` and `unless`, which
 * therefore ask all of their signals whatever these answer (`all`, `any` and `not`, no `if`), and answer from nothing else.
 */
export interface Rule {
  id: CauseId;
  /** The cause's name, as the lab's faults and the tests call it. */
  name: string;
  scope: 'host' | 'pair';
  layer: Layer;
  health: HealthEffect;
  /** A health that it causes instead while this holds: an old iOS is a remark until a policy or a used hole makes it more. */
  harder: { when: (ask: Ask) => Tri; health: HealthEffect } | null;
  /** Whether it holds now. */
  holds: (ask: Ask) => Tri;
  /** What rules it out when it is known: unknown rules nothing out. */
  unless: ((ask: Ask) => Tri) | null;
  /** Positive proof that it is gone. Nothing else closes a finding: not silence, not an unplugged phone, not time. */
  gone: (ask: Ask) => Tri;
  /** Silent while one of these is open and claimed: it is a consequence, not a cause of its own. */
  explainedBy: readonly CauseId[];
  /** How sure an explaining cause has to be: as sure as what is claimed, unless the row says less. */
  explainedFrom: number;
  /** There is no such finding while another one explains it: it only says that nobody knows. */
  unlessExplained: boolean;
  /** It has to hold this long without a break before it is shown, in ms. */
  patienceMs: number;
  /**
   * How sure it is when it holds: 0.95 direct proof, 0.85 two signals, 0.7 one strong signal with negatives checked. Below 0.7 it is shown as
   * possible, never acted upon.
   */
  confidence: (ask: Ask) => number;
  evidence: readonly SignalName[];
  /** Least risk first. */
  fixes: readonly FixId[];
  /** Whom it waits for, when `health` is `waiting` or only a person can end it. */
  waitsFor: 'holder' | 'staff' | 'it' | 'vendor' | null;
  /**
   * Whether it speaks of a phone that no computer sees: `told` once a person has answered something about it, `logged` from what logs kept
   * of it.
   */
  unseen: 'told' | 'logged' | null;
  /** It is about the computer by itself and says nothing about the phones on it. */
  alone: boolean;
  /** Advice: it is named after everything else, however low its rung. */
  last: boolean;
  /** The question or fact that would settle whether it is this one. */
  settledBy: QuestionId | FactKind | null;
}

type Optional =
  | 'harder'
  | 'unless'
  | 'explainedBy'
  | 'explainedFrom'
  | 'unlessExplained'
  | 'patienceMs'
  | 'waitsFor'
  | 'unseen'
  | 'alone'
  | 'last'
  | 'settledBy';

/** A row with what most rows leave as it is. */
export function rule(
  row: Omit<Rule, Optional | 'confidence'> & Partial<Pick<Rule, Optional>> & { confidence: number | Rule['confidence'] },
): Rule {
  const { confidence } = row;
  return {
    harder: null,
    unless: null,
    explainedBy: [],
    explainedFrom: CLAIMED,
    unlessExplained: false,
    patienceMs: 0,
    waitsFor: null,
    unseen: null,
    alone: false,
    last: false,
    settledBy: null,
    ...row,
    confidence: typeof confidence === 'number' ? () => confidence : confidence,
  };
}

/** Whether a rule holds, what rules it out included. */
export function holdsNow({ holds, unless }: Pick<Rule, 'holds' | 'unless'>, ask: Ask): Tri {
  const value = holds(ask);
  // What rules a cause out has to be known; unknown rules nothing out.
  return value !== 'no' && unless?.(ask) === 'yes' ? 'no' : value;
}

/** A confidence that a signal raises: the first that is yes. */
export const surer =
  (base: number, ...steps: readonly (readonly [SignalName, number])[]) =>
  (ask: Ask): number =>
    steps.find(([name]) => ask(name) === 'yes')?.[1] ?? base;

/** Known to be yes: an unknown answer counts as no here, because a lesser statement stands without it. */
export const known = (value: Tri): Tri => tri(value === 'yes');
