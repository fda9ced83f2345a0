import { answerWords, causeWords, type QuestionId, questionWords } from '@lockstep/core/diagnosis';
import type { AnswerView, PairDetail } from '@lockstep/core/protocol';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { answerQuestion, keys, sessionQuery, withAnswer } from '../../live/index.js';
import { Age, Name } from '../../ui/index.js';
import { Refused } from './Guided.js';
import own from './Guided.module.css';
import styles from './Pair.module.css';
import { PEOPLE } from './people-words.js';

const W = PEOPLE.possible;

/** What else it could be, what would settle it, and the one question to ask now. */
export function Possible({ detail }: { detail: PairDetail }) {
  const { pair, possible, question, answers } = detail;
  const [again, setAgain] = useState<QuestionId | null>(null);
  const session = useQuery({ ...sessionQuery, refetchOnMount: false });
  const mayAnswer = (session.data?.person.role ?? 'viewer') !== 'viewer';
  const unseen = pair.presence !== 'attached' && possible.length === 0;
  if (possible.length === 0 && question === null && answers.length === 0) return null;
  const asked = again ?? question;
  return (
    <section className={styles.section} aria-labelledby="possible" data-testid="possible">
      <h2 id="possible">{unseen ? W.unseen : W.title}</h2>
      {unseen && <p className={styles.meta}>{W.unseenText}</p>}
      {possible.length > 0 && (
        <ol className={own.possible}>
          {possible.map((p) => (
            <li key={p.cause} data-cause={p.cause}>
              <strong>{p.title}</strong> <span className={own.actor}>{W.sure(Math.round(p.confidence * 100))}</span>
              <p>{causeWords(p.cause).plain}</p>
              <p className={own.actor}>
                {p.question !== null
                  ? `${W.settledBy} ${questionWords(p.question).ask}`
                  : p.kind !== null
                    ? W.settledByProbe(p.kind)
                    : W.unsettled}
              </p>
            </li>
          ))}
        </ol>
      )}
      {asked !== null && (
        <Question
          key={asked}
          question={asked}
          pairId={pair.id}
          mayAnswer={mayAnswer}
          {...(again === null ? {} : { onLeave: () => setAgain(null) })}
          onSaid={() => setAgain(null)}
        />
      )}
      {answers.length > 0 && (
        <>
          <h3 className={styles.label}>{W.answered}</h3>
          <ul className={own.said} data-testid="answers">
            {answers.map((a) => (
              <Said key={a.question} answer={a} {...(mayAnswer ? { onChange: () => setAgain(a.question) } : {})} />
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

/** One question with its answers as buttons. */
function Question(p: { question: QuestionId; pairId: string; mayAnswer: boolean; onLeave?: () => void; onSaid: () => void }) {
  const { question, pairId, mayAnswer, onLeave, onSaid } = p;
  const words = questionWords(question);
  const client = useQueryClient();
  const say = useMutation({
    mutationFn: (answer: string) => answerQuestion(pairId, { question, answer }),
    onSuccess: (answer) => {
      client.setQueryData<PairDetail>(keys.pair(pairId), (old) => old && withAnswer(old, answer));
      onSaid();
    },
  });
  return (
    <fieldset className={own.question} data-testid="question" data-question={question}>
      <legend>{words.ask}</legend>
      <p className={styles.meta}>{words.why}</p>
      <div className={own.answers}>
        {Object.entries(words.answers).map(([answer, label]) => (
          <button
            key={answer}
            type="button"
            className={own.small}
            aria-disabled={!mayAnswer || say.isPending}
            onClick={() => mayAnswer && !say.isPending && say.mutate(answer)}
            data-answer={answer}
          >
            {label}
          </button>
        ))}
        {onLeave && (
          <button type="button" className={own.plain} onClick={onLeave}>
            {W.keep}
          </button>
        )}
      </div>
      {!mayAnswer && <p className={styles.reason}>{W.viewer}</p>}
      <Refused words={W.refused} error={say.error} />
    </fieldset>
  );
}

/** What somebody said, who and when; it can be said anew. */
function Said({ answer: a, onChange }: { answer: AnswerView; onChange?: () => void }) {
  return (
    <li data-question={a.question} data-answer={a.answer} data-fresh={a.fresh}>
      <span>
        {questionWords(a.question).ask} <strong>{answerWords(a.question, a.answer)}</strong>
        <span className={own.actor}>
          {' '}
          · <Name of={a.by.name} />, <Age at={a.at} />
          {!a.fresh && ` · ${W.stale}`}
        </span>
      </span>
      {onChange && (
        <button type="button" className={own.plain} onClick={onChange} aria-label={`${W.change}: ${questionWords(a.question).ask}`}>
          {W.change}
        </button>
      )}
    </li>
  );
}
