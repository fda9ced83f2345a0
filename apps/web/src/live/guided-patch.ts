import type { AnswerView, GuidedRunView, PairDetail } from '@lockstep/core/protocol';

const ORDER: readonly GuidedRunView['state'][] = ['awaiting-approval', 'open', 'settled', 'judged', 'expired', 'cancelled'];
const doneIn = (run: GuidedRunView) => run.steps.filter((s) => s.doneAt !== null).length;

/** The one of two that knows more: a run only goes on, and a step that is done stays done. */
function later(a: GuidedRunView, b: GuidedRunView): GuidedRunView {
  const rank = ORDER.indexOf(a.state) - ORDER.indexOf(b.state);
  return rank > 0 || (rank === 0 && doneIn(a) > doneIn(b)) ? a : b;
}

/** Lays a guided run into the detail, ahead of the socket. */
export function withGuided(detail: PairDetail, run: GuidedRunView): PairDetail {
  const known = detail.guided.some((g) => g.id === run.id);
  return { ...detail, guided: known ? detail.guided.map((g) => (g.id === run.id ? later(g, run) : g)) : [run, ...detail.guided] };
}

/** The same for an answer: of each question the newest. */
export function withAnswer(detail: PairDetail, answer: AnswerView): PairDetail {
  const others = detail.answers.filter((a) => a.question !== answer.question);
  const known = detail.answers.find((a) => a.question === answer.question);
  return known && known.at > answer.at ? detail : { ...detail, answers: [answer, ...others] };
}

/** Whether a guided run has ended. */
export function isGuidedOver(state: GuidedRunView['state']): boolean {
  return state === 'judged' || state === 'expired' || state === 'cancelled';
}
