import { causeWords } from '../diagnosis/index.js';
import { fixWords } from '../fixes/index.js';
import { type CauseId, printable } from '../health/index.js';
import type { TicketState, TriedRun } from './shapes.js';

/** Who or what a ticket is about: `Jun’s iPhone on lnx-0231`, or the computer alone. */
export function subjectOf(p: { deviceName: string | null; hostName: string }): string {
  const host = printable(p.hostName);
  return p.deviceName === null ? host : `${printable(p.deviceName)} on ${host}`;
}

/**
 * A ticket in one sentence: subject, state, since when, why, next step. `{since}` stands where the page writes the age ("for 14 min"); the
 * age counts from the moment the sentence is about: opened, proven gone, or closed.
 */
export function ticketSentence(p: {
  deviceName: string | null;
  hostName: string;
  cause: CauseId | string;
  state: TicketState;
  /** The cause is proven gone. */
  gone: boolean;
  reopened: number;
  /** Set when a person closed it. */
  closedBy: { name: string; reason: string } | null;
}): string {
  const subject = subjectOf(p);
  const { plain, next } = causeWords(p.cause);
  if (p.state === 'closed') {
    if (p.closedBy === null) return `${subject}: closed {since}. The cause was proven gone and stayed gone. Nothing is left to do.`;
    return `${subject}: closed by ${printable(p.closedBy.name)} {since}. ${ended(printable(p.closedBy.reason))}`;
  }
  if (p.gone) return `${subject}: proven gone {since}. The ticket closes by itself if it stays so. Nothing is left to do.`;
  const again = p.reopened === 0 ? '' : p.reopened === 1 ? ' It came back once.' : ` It came back ${p.reopened} times.`;
  return `${subject}: open {since}. ${plain}${again} ${next}`;
}

function ended(s: string): string {
  return /[.!?…]$/.test(s) ? s : `${s}.`;
}

const VERDICTS: Record<NonNullable<TriedRun['verdict']>, string> = {
  cured: 'it helped: fresh readings proved the cause gone',
  unchanged: 'it did not help: the cause was still there',
  worse: 'it got worse: a lower rung broke',
  waiting: 'it waits for a person',
  unknown: 'nobody knows whether it helped: it could not be proven either way',
};

const WAITING: Record<string, string> = { holder: 'it waits for the holder of the phone', staff: 'it waits for IT staff' };

const UNCARRIED: Partial<Record<NonNullable<TriedRun['mechanics']>, string>> = {
  refused: 'the agent’s own check said no, nothing was touched',
  failed: 'a step failed, nothing was left half changed',
  'not-acted': 'the awaited person did not act in time',
};

/** What came of a fix, by the facts and not by what the fix said. */
export function resultOf(run: Pick<TriedRun, 'state' | 'verdict' | 'waitingFor' | 'mechanics' | 'guided'>): string {
  if (run.state === 'expired' && run.guided) return 'it was not finished in time: steps were left';
  if (run.state === 'expired') return 'it was never carried out: the computer did not take the order in time';
  if (run.state === 'refused' || run.verdict === null) return 'it was never carried out: the agent refused the order';
  const why = run.mechanics === null || run.verdict === 'cured' ? undefined : UNCARRIED[run.mechanics];
  const verdict =
    run.verdict === 'waiting' && run.waitingFor !== null ? (WAITING[run.waitingFor] ?? VERDICTS.waiting) : VERDICTS[run.verdict];
  return why === undefined ? verdict : `${verdict} (${why})`;
}

/** `Ask for trust again, by Tess, 2026-11-24 12:20 UTC: it did not help: the cause was still there.` */
export function triedSentence(run: TriedRun): string {
  return `${fixWords(run.fix).label}, by ${printable(run.by)}, ${moment(run.at)}: ${resultOf(run)}.`;
}

/** A moment as a ticket tells it: a stored text names the time and its zone, never an age. */
export function moment(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
