import { fixWords, isFix } from '@lockstep/core/fixes';
import type { GuidedRunView, PairDetail } from '@lockstep/core/protocol';
import { PEOPLE } from './people-words.js';
import { WORDS } from './words.js';

/** A run that ended stays in view this long, ms: until whoever carried it out has read how it went. */
const STORY_MS = 10 * 60_000;

type StepView = GuidedRunView['steps'][number];

/** How a step stands: done, to be done now, or later. Steps without a proof can be said to be done whenever the run is open. */
export interface GuidedStep extends StepView {
  state: 'done' | 'now' | 'todo';
  /** A person may say so now. */
  mayTick: boolean;
}

/** The steps of a run as a checklist: the first that is not done is the one to do. */
export function checklist(run: GuidedRunView, mayAct: boolean): GuidedStep[] {
  const next = run.state === 'open' ? run.steps.find((s) => s.doneAt === null)?.step : undefined;
  return run.steps.map((s) => ({
    ...s,
    state: s.doneAt !== null ? 'done' : s.step === next ? 'now' : 'todo',
    mayTick: mayAct && run.state === 'open' && !s.hasProof && s.doneAt === null,
  }));
}

/** What came of a run; null while it is under way. */
export function guidedResult(run: Pick<GuidedRunView, 'state' | 'verdict' | 'waitingFor'> & { detail?: string | null }): string | null {
  if (run.verdict === 'waiting' && run.waitingFor !== null) return WORDS.run.waitingFor[run.waitingFor] ?? WORDS.run.verdict.waiting;
  if (run.verdict !== null) return WORDS.run.verdict[run.verdict];
  if (run.state === 'expired' && run.detail === 'not-approved') return PEOPLE.guided.notApproved;
  if (run.state === 'cancelled' && run.detail === 'declined') return PEOPLE.guided.declined;
  return PEOPLE.guided.ended[run.state] ?? null;
}

/** Runs that are under way, and those that ended a moment ago, newest first. `now` in ms. */
export function runsInView(detail: Pick<PairDetail, 'guided'>, now: number): GuidedRunView[] {
  return detail.guided.filter((g) => g.endedAt === null || now - Date.parse(g.endedAt) < STORY_MS);
}

/** A guided run as the timeline tells it: `F10 cured`. */
export function guidedEntry(detail: string | null): string {
  const [fix = '', state = ''] = (detail ?? '').split(' ');
  const verdicts: Partial<Record<string, string>> = WORDS.run.verdict;
  const ended: Partial<Record<string, string>> = PEOPLE.guided.ended;
  return PEOPLE.timeline.guided(isFix(fix) ? fixWords(fix).label : fix, verdicts[state] ?? ended[state] ?? PEOPLE.timeline.going);
}
