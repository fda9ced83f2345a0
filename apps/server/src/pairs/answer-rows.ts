import { type Answers, isAnswer, isFresh, isQuestion, QUESTIONS, type QuestionId } from '@lockstep/core/diagnosis';
import type { AnswerView } from '@lockstep/core/protocol';
import type { Queryable } from './pair-rows.js';

/** An answer counts for a week at most: older ones are not read. */
const LONGEST_MS = Math.max(...Object.values(QUESTIONS).map((q) => q.freshMs));

interface AnswerRow {
  question: string;
  answer: string;
  by_kind: AnswerView['by']['kind'];
  by_id: string;
  by: string;
  at: Date;
}

/** The newest answer of each question about the phones of these hosts. A question or word that this version does not know is left out. */
export async function newestAnswers(
  db: Queryable,
  hostIds: readonly string[],
): Promise<{ host_id: string; udid: string; answers: Answers }[]> {
  const { rows } = await db.query<{ host_id: string; udid: string; question: string; answer: string; at: Date }>(
    `SELECT DISTINCT ON (a.pair_id, a.question) p.host_id, p.udid, a.question, a.answer, a.at FROM pair p JOIN pair_answer a ON a.pair_id = p.id
     WHERE p.host_id = ANY($1::uuid[]) ORDER BY a.pair_id, a.question, a.id DESC`,
    [hostIds],
  );
  const of = new Map<string, { host_id: string; udid: string; answers: Answers }>();
  for (const { host_id, udid, question, answer, at } of rows) {
    if (!isQuestion(question) || !isAnswer(question, answer)) continue;
    const key = `${host_id} ${udid}`;
    const known = of.get(key) ?? { host_id, udid, answers: {} };
    of.set(key, known);
    put(known.answers, question, answer, at.getTime());
  }
  return [...of.values()];
}

/** Lays an answer among those that are known; its word was checked against its question. */
export function put(answers: Answers, question: QuestionId, answer: string, at: number): void {
  (answers as Partial<Record<QuestionId, { answer: string; at: number }>>)[question] = { answer, at };
}

/** The newest answer of each question about a pair, newest first. */
export async function answersOfPair(db: Queryable, pairId: string, now: number): Promise<AnswerView[]> {
  const { rows } = await db.query<AnswerRow>(
    `SELECT * FROM (SELECT DISTINCT ON (question) question, answer, by_kind, by_id, "by", at, id FROM pair_answer
       WHERE pair_id = $1 ORDER BY question, id DESC) a WHERE at > $2 ORDER BY at DESC, id DESC`,
    [pairId, new Date(now - LONGEST_MS)],
  );
  return rows.flatMap((r) => answerView(r, now) ?? []);
}

function answerView(r: AnswerRow, now: number): AnswerView | null {
  const { question } = r;
  if (!isQuestion(question)) return null;
  const at = r.at.getTime();
  return {
    question,
    answer: r.answer,
    by: { kind: r.by_kind, id: r.by_id, name: r.by },
    at: r.at.toISOString(),
    until: new Date(at + QUESTIONS[question].freshMs).toISOString(),
    fresh: isFresh(question, at, now),
  };
}
