import type { CauseId, HealthEffect, Presence } from '../health/index.js';
import { type Answers, QUESTIONS, type QuestionId } from './questions.js';
import { holdsNow, ruleOf } from './rules/index.js';
import type { DiagnosisInput, Possible } from './shapes.js';
import { SIGNALS } from './signals/index.js';

/** A finding as far as ranking goes, fresh from a diagnosis or as it was stored. */
export interface Ranked {
  cause: CauseId;
  scope: 'host' | 'pair';
  confidence: number;
  state: 'pending' | 'open';
  health: HealthEffect;
  explainedBy: CauseId | null;
}

/** What these findings leave possible, likeliest first, each with what would settle it: open ones that nothing explains, remarks left out. */
export function possibleAmong(findings: readonly Ranked[]): Possible[] {
  return findings
    .filter((f) => f.state === 'open' && f.explainedBy === null && f.health !== 'advisory')
    .sort((a, b) => b.confidence - a.confidence)
    .map(({ cause, scope, confidence }) => ({ cause, confidence, settledBy: ruleOf(cause, scope)?.settledBy ?? null }));
}

/**
 * Whether an open finding is known not to hold now, although no proof closed it: an answer or a reading rules it out, or it speaks of
 * a phone that no computer sees and nothing that was said lets it hold any more. Such a guess is not worth a question.
 */
export function isRuledOut(finding: Pick<Ranked, 'cause' | 'scope'>, input: DiagnosisInput): boolean {
  const rule = ruleOf(finding.cause, finding.scope);
  if (!rule) return false;
  const holds = holdsNow(rule, (name) => SIGNALS[name].read(input));
  return holds === 'no' || (holds === 'unknown' && rule.unseen === 'told' && input.presence !== 'attached');
}

/** Whether an answer is still believed. */
export function isFresh(question: QuestionId, at: number, now: number): boolean {
  return at + QUESTIONS[question].freshMs > now;
}

/** A cause that is named with less than this is still asked about: 0.9 is what direct proof gives. */
const SURE = 0.9;

/**
 * What somebody who says "it is plugged in" is asked about a phone that no computer sees, cheapest first: a look, then a tap, then a cable.
 * The order is the one in which a field engineer asks.
 */
const UNSEEN: readonly QuestionId[] = [
  'charging',
  'unlock-effect',
  'alert',
  'screen',
  'computer-dialog',
  'spare',
  'cable-swap',
  'computer-swap',
];
/** The swaps that need something which may not be at hand. */
const NEEDS: Partial<Record<QuestionId, readonly string[]>> = { 'cable-swap': ['cable', 'both'], 'computer-swap': ['computer', 'both'] };

/** What is known when the next question is chosen. */
export interface Standing {
  presence: Presence;
  /** `unstable`: it comes and goes, so it is asked about however sure it is. */
  primary: { cause: CauseId; scope: 'host' | 'pair'; confidence: number; unstable?: boolean } | null;
  possible: readonly Possible[];
  answers: Answers;
  /** ms */
  now: number;
}

/**
 * The one question to ask now: the one that settles the likeliest cause that is not settled, else the one that would make the named cause
 * sure. Of a phone that no computer sees the usual ones, one after another. Null when no question would tell more; what was answered and is
 * still believed is not asked again.
 */
export function nextQuestion({ presence, primary, possible, answers, now }: Standing): QuestionId | null {
  const isOpen = (question: QuestionId) => {
    const answer = answers[question];
    if (answer && isFresh(question, answer.at, now)) return false;
    const needs = NEEDS[question];
    const spare = answers.spare;
    return !needs || !spare || !isFresh('spare', spare.at, now) || needs.includes(spare.answer);
  };
  const settling = possible.map((p) => p.settledBy);
  // What comes and goes is not settled by sureness: its own question first, else whether the plug does it.
  if (primary?.unstable) settling.unshift(ruleOf(primary.cause, primary.scope)?.settledBy ?? null, 'wiggle');
  if (primary && primary.confidence < SURE) settling.push(ruleOf(primary.cause, primary.scope)?.settledBy ?? null);
  const open = settling.find((s): s is QuestionId => s !== null && isQuestion(s) && isOpen(s));
  if (open) return open;
  if (presence === 'attached' || (primary && primary.confidence >= SURE && Object.keys(answers).length > 0)) return null;
  return UNSEEN.find(isOpen) ?? null;
}

/** Whether a name is a question's. */
export function isQuestion(name: string): name is QuestionId {
  return Object.hasOwn(QUESTIONS, name);
}
