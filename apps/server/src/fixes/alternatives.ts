import {
  type Answers,
  CLAIMED,
  causeTitle,
  type DiagnosisInput,
  isQuestion,
  isRuledOut,
  nextQuestion,
  possibleAmong,
  type Ranked,
} from '@lockstep/core/diagnosis';
import type { CauseId, FactKind } from '@lockstep/core/health';
import type { AnswerView, FindingView, PairDetail, PairRow } from '@lockstep/core/protocol';

/** What else it could be by the findings that are open and not ruled out since, and the one question that would tell more. */
export function alternatives(
  pair: Pick<PairRow, 'presence' | 'primary'>,
  findings: readonly FindingView[],
  answers: readonly AnswerView[],
  input: DiagnosisInput,
): Pick<PairDetail, 'possible' | 'question'> {
  const open = findings
    .filter((f) => f.closedAt === null)
    .map(
      (f): Ranked => ({
        cause: f.cause as CauseId,
        scope: f.pairId === null ? 'host' : 'pair',
        confidence: f.confidence,
        state: 'open',
        health: f.health,
        explainedBy: f.explainedBy as CauseId | null,
      }),
    );
  const main = open.find((f) => f.cause === pair.primary?.cause) ?? null;
  const said = Object.fromEntries(answers.map((a) => [a.question, { answer: a.answer, at: Date.parse(a.at) }])) as Answers;
  // What is claimed beside the primary cause is wrong as well, not instead.
  const asWell = (f: Ranked) => main !== null && f.confidence >= CLAIMED;
  const possible = possibleAmong(open.filter((f) => f !== main && !asWell(f) && !isRuledOut(f, { ...input, answers: said })));
  return {
    possible: possible.map(({ cause, confidence, settledBy }) => ({
      cause,
      title: causeTitle(cause),
      confidence,
      question: settledBy !== null && isQuestion(settledBy) ? settledBy : null,
      kind: settledBy !== null && !isQuestion(settledBy) ? (settledBy as FactKind) : null,
    })),
    question: nextQuestion({
      presence: pair.presence,
      primary: main && {
        ...main,
        unstable: findings.some((f) => f.cause === main.cause && f.closedAt === null && f.unstableSince != null),
      },
      possible,
      answers: said,
      now: input.now,
    }),
  };
}
