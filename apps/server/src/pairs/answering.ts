import { isAnswer, QUESTION_IDS, QUESTIONS, type QuestionId } from '@lockstep/core/diagnosis';
import type { AnswerView } from '@lockstep/core/protocol';
import { z } from 'zod';
import { type Audit, actorOf, type Caller } from '../access/index.js';
import type { HostTransactions } from '../agents/index.js';
import { type Bus, type Database, ProblemError } from '../platform/index.js';
import { answersOfPair } from './answer-rows.js';
import type { Recorder } from './recorder.js';
import type { Sweeps } from './sweeps.js';

/** Body of POST /pairs/:id/answers. */
export const AnswerBody = z
  .strictObject({ question: z.enum(QUESTION_IDS), answer: z.string().max(64) })
  .superRefine(({ question, answer }, ctx) => {
    if (!isAnswer(question, answer))
      ctx.addIssue({ code: 'custom', path: ['answer'], message: `must be one of ${QUESTIONS[question].answers.join(', ')}` });
  });
export type AnswerBody = z.output<typeof AnswerBody>;

export interface AnsweringDeps {
  database: Pick<Database, 'pool'>;
  transactions: HostTransactions;
  recorder: Recorder;
  sweeps: Pick<Sweeps, 'heardAtOf'>;
  audit: Audit;
  bus: Bus;
}

/** Takes what people say about a pair. */
export class Answering {
  constructor(private readonly deps: AnsweringDeps) {}

  /**
   * Keeps an answer and diagnoses the pair with it, in one transaction with the host held: whichever server holds the host's socket reads the
   * answer before it judges the host again.
   * @throws ProblemError 404
   */
  async answer(pairId: string, { question, answer }: AnswerBody, caller: Caller, address: string): Promise<AnswerView> {
    const { database, transactions, recorder, sweeps, audit, bus } = this.deps;
    const { rows } = await database.pool.query<{ host_id: string; udid: string }>('SELECT host_id, udid FROM pair WHERE id = $1', [pairId]);
    const pair = rows[0];
    if (!pair) throw new ProblemError(404, 'not-found', 'There is no such pair.');
    const { host_id: hostId, udid } = pair;
    const now = await transactions.run([hostId], async (tx) => {
      await tx.client.query(
        `INSERT INTO pair_answer (pair_id, question, answer, by_kind, by_id, "by", at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
        [pairId, question, answer, caller.kind, caller.id, caller.name, new Date(tx.now)],
      );
      await audit.write(tx.client, {
        actor: actorOf(caller),
        action: 'pair.answered',
        subject: { kind: 'pair', id: pairId },
        address,
        detail: { question, answer },
      });
      await recorder.answered(tx, { hostId, udid, question, answer }, await sweeps.heardAtOf(tx, [hostId]));
      // Its page shows the answer even where no verdict moved.
      tx.onCommit(() => bus.publish('pair.changed', { hostId, pairIds: [pairId] }));
      return tx.now;
    });
    return newestOf(await answersOfPair(database.pool, pairId, now), question);
  }
}

function newestOf(answers: readonly AnswerView[], question: QuestionId): AnswerView {
  const found = answers.find((a) => a.question === question);
  if (!found) throw new Error(`the answer to ${question} is gone`);
  return found;
}
