import { FIXES } from './catalogue/index.js';
import { FIX_ENGLISH, STEP_ENGLISH } from './english/index.js';
import type { Actor, FixId } from './shapes.js';
import { type StepId, stepActor } from './steps.js';

/** What a person reads about a fix before pressing it. */
export interface FixWords {
  label: string;
  /** What people will notice. */
  notice: string;
  /** Who has to act, besides the agent. */
  who: string;
  /** For the awaited holder, while it runs. */
  holder: string | null;
  /** How long it may take, s. */
  seconds: number;
}

const WHO: Record<Actor, string> = {
  agent: 'Nobody has to act.',
  holder: 'The person with the phone has to act.',
  staff: 'The person at the computer has to act.',
  it: 'IT has to act.',
  mdm: 'The phone’s management can do it.',
  vendor: 'A repair shop has to act.',
};

/** The words of a fix. The languages' tables are keyed by fix and step ids. */
export function fixWords(fix: FixId): FixWords {
  const row = FIXES[fix];
  const people = row.actors.filter((a) => a !== 'agent');
  const holder = row.steps.filter((s) => stepActor(s) === 'holder').map(stepWords);
  return {
    ...FIX_ENGLISH[fix],
    who: people.length === 0 ? WHO.agent : people.map((a) => WHO[a]).join(' '),
    holder: holder.length > 0 ? holder.join(' ') : null,
    seconds: row.deadlineS,
  };
}

/** What a step asks of its person. */
export function stepWords(step: StepId): string {
  return STEP_ENGLISH[step];
}
