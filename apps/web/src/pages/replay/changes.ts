import { RULES, type Rule } from '@lockstep/core/diagnosis';
import type { RuleChange } from '@lockstep/core/replay';
import { WORDS } from './words.js';

/** What of a rule a person may change here. */
export const CHANGES = ['off', 'patience', 'confidence', 'health', 'fixes'] as const;
export type Change = (typeof CHANGES)[number];

export const EFFECTS = ['broken', 'waiting', 'unknown', 'degraded', 'advisory'] as const;

/** A cause's rows. */
export const rowsOf = (cause: string): Rule[] => RULES.filter((r) => r.id === cause);

/** What the shipped row says, as it stands in the form; empty where the row answers from what it reads. */
export function shippedValue(cause: string, change: Change): string {
  const [row] = rowsOf(cause);
  if (!row) return '';
  if (change === 'patience') return String(row.patienceMs / 1000);
  if (change === 'health') return row.health;
  return change === 'fixes' ? row.fixes.join(', ') : '';
}

/** One change as the server takes it, from what was typed; null when it cannot be one. The server says what is wrong with the rest. */
export function changeOf(cause: string, change: Change, value: string): RuleChange | null {
  const number = value.trim() === '' ? Number.NaN : Number(value);
  switch (change) {
    case 'off':
      return { cause, off: true };
    case 'patience':
      return Number.isFinite(number) && number >= 0 ? { cause, patienceMs: Math.round(number * 1000) } : null;
    case 'confidence':
      return number >= 0 && number <= 1 ? { cause, confidence: number } : null;
    case 'health': {
      const health = EFFECTS.find((e) => e === value);
      return health ? { cause, health } : null;
    }
    case 'fixes': {
      const ids = value.split(/[\s,]+/).filter((id) => id !== '');
      const own: readonly string[] = rowsOf(cause)[0]?.fixes ?? [];
      const isSame = ids.length === own.length && new Set(ids).size === ids.length && ids.every((id) => own.includes(id));
      return isSame && ids.length > 0 ? { cause, fixes: ids as NonNullable<RuleChange['fixes']> } : null;
    }
  }
}

/** Adds a change: several of one rule are one. A rule that is off has no other. */
export function withChange(rules: readonly RuleChange[], change: RuleChange): RuleChange[] {
  const before = rules.find((r) => r.cause === change.cause);
  const { off: _, ...rest } = before ?? {};
  const merged = change.off ? change : { ...rest, ...change };
  return [...rules.filter((r) => r !== before), merged];
}

/** A change in a few words. */
export function changeWords({ off, patienceMs, confidence, health, fixes }: RuleChange): string {
  const said = [
    off && WORDS.said.off,
    patienceMs !== undefined && WORDS.said.patience(patienceMs / 1000),
    confidence !== undefined && WORDS.said.confidence(confidence),
    health !== undefined && WORDS.said.health(health),
    fixes !== undefined && WORDS.said.fixes(fixes),
  ];
  return said.filter((s) => typeof s === 'string').join(', ');
}
