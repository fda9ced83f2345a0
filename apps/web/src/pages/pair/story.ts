import { FIXES } from '@lockstep/core/fixes';
import { printable } from '@lockstep/core/health';
import type { RunView } from '@lockstep/core/protocol';
import { decidedWords, needsWords } from '../decided.js';
import { WORDS } from './words.js';

const W = WORDS.run;

/** One step of a run as a reader follows it. */
export interface Step {
  id: 'approval' | 'queued' | 'sent' | 'received' | 'work' | 'look' | 'verdict' | 'end';
  words: string;
  state: 'done' | 'now' | 'todo' | 'good' | 'bad' | 'open';
  /** When it was done, ISO; null when it is not. */
  at: string | null;
  /** For a step going on: since when a stopwatch runs, and how long it may, ms. */
  clock: { since: string; mostMs: number | null } | null;
}

/** The verdict of a run, or how it ended, in words. */
export function resultWords(run: RunView): string {
  if (run.state === 'judged' && run.verdict) {
    return run.verdict === 'waiting' && run.waitingFor ? (W.waitingFor[run.waitingFor] ?? W.verdict.waiting) : W.verdict[run.verdict];
  }
  if (run.state === 'refused') {
    const why = run.detail ? (W.refusal[run.detail] ?? run.detail) : null;
    return why ? `${W.ended.refused}: ${why}` : (W.ended.refused ?? run.state);
  }
  if (run.state === 'awaiting-approval') return needsWords(run) ?? W.waits;
  if (run.approval?.decision !== 'approved' && (run.state === 'cancelled' || run.state === 'expired')) {
    const decided = decidedWords(run);
    if (decided !== null) return decided;
  }
  const voided = run.state === 'cancelled' ? W.voided[run.detail ?? ''] : undefined;
  return voided ?? W.ended[run.state] ?? WORDS.runs.going;
}

/** Why a queued run is not sent yet. */
function queuedWords(run: RunView, connected: boolean): string {
  if (run.heldBy === 'stopped') return W.queuedStopped;
  if (run.heldBy === 'not-now') return decidedWords(run) ?? W.queued;
  if (run.heldBy === 'fleet-cap' && run.notBefore) return W.queuedCap(run.notBefore);
  return connected ? W.queuedNow : W.queuedOffline;
}

const TONE = { cured: 'good', unchanged: 'bad', worse: 'bad', waiting: 'open', unknown: 'open' } as const;

/** A run as a small story: what is done, what goes on now and whom it waits for, what is still to come. */
export function story(run: RunView, connected: boolean): Step[] {
  const { deadlineS } = FIXES[run.fix];
  const over = run.state === 'judged' || run.state === 'expired' || run.state === 'refused' || run.state === 'cancelled';
  const awaiting = run.awaiting ?? null;
  const done = (id: Step['id'], words: string, at: string | null): Step => ({ id, words, state: 'done', at, clock: null });
  const todo = (id: Step['id'], words: string): Step => ({ id, words, state: 'todo', at: null, clock: null });
  const steps: Step[] = [];

  const { approval } = run;
  if (approval) {
    if (run.state === 'awaiting-approval')
      steps.push({ id: 'approval', words: resultWords(run), state: 'open', at: null, clock: { since: run.askedAt, mostMs: null } });
    else if (approval.decision === 'approved')
      steps.push(done('approval', W.approved(printable(approval.decidedBy ?? '')), approval.decidedAt));
  }
  const undecided = approval != null && approval.decision !== 'approved';

  if (undecided) {
    if (!over) steps.push(todo('queued', W.queued));
  } else if (run.state === 'queued') {
    steps.push({
      id: 'queued',
      words: queuedWords(run, connected),
      state: 'now',
      at: null,
      clock: { since: run.askedAt, mostMs: null },
    });
  } else steps.push(done('queued', W.queued, run.askedAt));

  if (run.sentAt !== null) {
    steps.push(
      run.state === 'sent'
        ? { id: 'sent', words: W.sent, state: 'now', at: null, clock: { since: run.sentAt, mostMs: null } }
        : done('sent', W.sent, run.sentAt),
    );
  } else if (!over) steps.push(todo('sent', W.sent));

  if (run.receivedAt !== null) steps.push(done('received', W.received, run.receivedAt));
  else if (!over) steps.push(todo('received', W.received));

  if (run.state === 'received' && run.receivedAt !== null) {
    const looking = run.stage === 'settling' || run.stage === 'verifying';
    const clock = { since: run.receivedAt, mostMs: deadlineS * 1000 };
    if (looking) {
      steps.push(done('work', awaiting ? (W.awaited[awaiting] ?? W.acted) : W.acted, null));
      steps.push({ id: 'look', words: W.stage[run.stage ?? ''] ?? W.looking, state: 'now', at: null, clock });
    } else {
      const words = awaiting ? (W.awaiting[awaiting] ?? awaiting) : (W.stage[run.stage ?? ''] ?? W.atWork);
      steps.push({ id: 'work', words, state: awaiting ? 'open' : 'now', at: null, clock });
      steps.push(todo('look', W.looking));
    }
  } else if (run.settledAt !== null) {
    steps.push(done('work', run.mechanics ? W.mechanics[run.mechanics] : W.acted, run.settledAt));
    steps.push(
      run.state === 'settled'
        ? { id: 'look', words: W.looking, state: 'now', at: null, clock: { since: run.settledAt, mostMs: null } }
        : done('look', W.looked, run.judgedAt),
    );
  } else if (!over) {
    steps.push(todo('work', W.atWork), todo('look', W.looking));
  }

  if (!over) steps.push(todo('verdict', W.verdictTodo));
  else if (run.state === 'judged')
    steps.push({ id: 'verdict', words: resultWords(run), state: run.verdict ? TONE[run.verdict] : 'open', at: run.judgedAt, clock: null });
  else
    steps.push({
      id: 'end',
      words: resultWords(run),
      state: run.state === 'refused' ? 'bad' : 'open',
      at: run.settledAt ?? (run.state === 'expired' ? run.expiresAt : null),
      clock: null,
    });
  return steps;
}
