import type { CauseId, Health, Presence } from '../health/index.js';
import { CAUSE_ENGLISH, QUESTION_ENGLISH, type QuestionWords } from './english/index.js';
import type { QuestionId } from './questions.js';

/** What a person reads about a cause. */
export interface CauseWords {
  /** Short, for a column. */
  title: string;
  /** What is wrong, in one plain sentence. */
  plain: string;
  /** The next step. */
  next: string;
}

/** The words of a cause; an id without a row is shown as itself. */
export function causeWords(cause: CauseId | string): CauseWords {
  return CAUSE_ENGLISH[cause] ?? { title: cause, plain: `Cause ${cause}.`, next: 'Look at the evidence.' };
}

export function causeTitle(cause: CauseId | string): string {
  return causeWords(cause).title;
}

/** What a person is asked. */
export function questionWords(question: QuestionId): QuestionWords {
  return QUESTION_ENGLISH[question];
}

/** An answer as it reads; a word that is no answer is shown as itself. */
export function answerWords(question: QuestionId, answer: string): string {
  return questionWords(question).answers[answer] ?? answer;
}

/**
 * One sentence of subject, state, since when, why and next step. `{since}` stands where the reader's page writes the age
 * ("for 14 min"), so that a stored sentence never tells an old age.
 */
export function pairSentence(p: {
  deviceName: string;
  hostName: string;
  health: Health;
  presence: Presence;
  hostHeard: boolean;
  primary: CauseId | string | null;
  /** The primary cause comes and goes. */
  unstable?: boolean;
}): string {
  const subject = `${p.deviceName} on ${p.hostName}`;
  if (p.presence === 'never-seen') return `${subject}: never seen here.`;
  if (p.presence === 'away') {
    const was = p.primary ? ` Last known: ${lower(causeTitle(p.primary))}.` : p.health === 'healthy' ? ' It was healthy then.' : '';
    return `${subject}: unplugged {since}.${was} Nothing was repaired by that.`.replace(
      p.primary ? '' : ' Nothing was repaired by that.',
      '',
    );
  }
  if (!p.hostHeard) return `${subject}: unknown {since}. The computer has not been heard from. Check that it is on and online.`;
  if (p.health === 'healthy') return `${subject}: healthy {since}.`;
  if (p.primary) {
    const w = causeWords(p.primary);
    if (p.unstable) {
      const now = p.health === 'unknown' ? 'It is gone right now and not cured: it has to stay away for half an hour.' : w.plain;
      return `${subject}: comes and goes, ${p.health} {since}. ${now} ${w.next}`;
    }
    const kept = p.health === 'unknown' && p.primary !== 'C97' && p.primary !== 'L01' ? ' It cannot be looked at right now.' : '';
    return `${subject}: ${p.health} {since}. ${w.plain}${kept} ${w.next}`;
  }
  if (p.health === 'broken') return `${subject}: broken {since}. A rung failed for a reason without a rule. Look at the ladder.`;
  return `${subject}: unknown {since}. Some rungs have not been proven yet. Wait for the next look.`;
}

function lower(s: string): string {
  return s.charAt(0).toLowerCase() + s.slice(1);
}
