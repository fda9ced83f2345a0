import { fixWords } from '@lockstep/core/fixes';
import type { PairDetail, RunView } from '@lockstep/core/protocol';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { asApiError, cancelRun, isOver, keys, waitingOrder, withRun } from '../../live/index.js';
import { Age, absolute, Mark, type MarkKind, Name, stopwatch, timeOfDay, useTicking } from '../../ui/index.js';
import { Decide, Written } from '../approvals/index.js';
import styles from './Pair.module.css';
import { type Step, story } from './story.js';
import { WORDS } from './words.js';

const W = WORDS.run;
const MARKS: Record<Exclude<Step['state'], 'now' | 'done'>, MarkKind> = { todo: 'not-reached', good: 'ok', bad: 'broken', open: 'waiting' };

/** One run, step by step, with the awaited person named. */
export function RunStory({ run, connected, mayCancel, pairId }: { run: RunView; connected: boolean; mayCancel: boolean; pairId: string }) {
  const over = isOver(run.state);
  const title = over ? W.last : run.state === 'awaiting-approval' ? W.waits : W.running;
  return (
    <section
      className={styles.story}
      data-over={over || undefined}
      aria-label={title}
      data-testid="run-story"
      data-run={run.id}
      data-state={run.state}
      data-verdict={run.verdict ?? undefined}
    >
      <div className={styles.storyHead}>
        <h3>
          {title}: {fixWords(run.fix).label}
        </h3>
        <span className={styles.meta} style={{ margin: 0 }}>
          asked <Age at={run.askedAt} /> by <Name of={run.requestedBy} />
        </span>
      </div>
      <ol className={styles.steps}>
        {story(run, connected).map((step) => (
          <li
            key={step.id}
            className={styles.step}
            data-state={step.state}
            data-step={step.id}
            aria-current={step.state === 'now' || (step.state === 'open' && !over) ? 'step' : undefined}
          >
            {step.state === 'now' ? <Now /> : step.state === 'done' ? <Done /> : <Mark kind={MARKS[step.state]} />}
            <span className={styles.stepWords}>{step.words}</span>
            {step.clock ? (
              <Clock {...step.clock} />
            ) : step.at ? (
              <time dateTime={step.at} title={absolute(step.at)}>
                {timeOfDay(step.at)}
              </time>
            ) : (
              <span />
            )}
          </li>
        ))}
      </ol>
      {run.state === 'awaiting-approval' && (
        <>
          <Written run={run} />
          <Decide run={waitingOrder(run)} />
        </>
      )}
      {mayCancel && (run.state === 'queued' || run.state === 'awaiting-approval') && <TakeBack run={run} pairId={pairId} />}
    </section>
  );
}

/** A run that waits was sent to nobody yet. */
function TakeBack({ run, pairId }: { run: RunView; pairId: string }) {
  const client = useQueryClient();
  const cancel = useMutation({
    mutationFn: () => cancelRun(run.id),
    onSuccess: (after) => client.setQueryData<PairDetail>(keys.pair(pairId), (old) => old && withRun(old, after)),
  });
  return (
    <>
      <button
        type="button"
        className={styles.takeBack}
        aria-disabled={cancel.isPending}
        onClick={() => !cancel.isPending && cancel.mutate()}
        data-testid="cancel-run"
      >
        {cancel.isPending ? W.takingBack : W.takeBack}
      </button>
      {cancel.error && (
        <p className={styles.problem} role="alert">
          {W.notTakenBack}: {asApiError(cancel.error).detail ?? asApiError(cancel.error).title}
        </p>
      )}
    </>
  );
}

/** The step that goes on: the accent, because it is neither good nor bad yet. */
function Now() {
  return (
    <svg viewBox="0 0 12 12" width={12} height={12} aria-hidden="true" focusable="false">
      <circle cx="6" cy="6" r="4.3" fill="none" stroke="var(--ls-accent)" strokeWidth="1.6" />
      <circle cx="6" cy="6" r="1.8" fill="var(--ls-accent)" />
    </svg>
  );
}

/** A step that was taken: not green, because steps prove nothing. */
function Done() {
  return (
    <svg viewBox="0 0 12 12" width={12} height={12} aria-hidden="true" focusable="false">
      <path
        d="M2 6.4l2.7 2.7L10 3.4"
        fill="none"
        stroke="var(--ls-ink-soft)"
        strokeWidth="1.6"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  );
}

function Clock({ since, mostMs }: { since: string; mostMs: number | null }) {
  const at = Date.parse(since);
  const text = useTicking((now) => (mostMs === null ? stopwatch(now - at) : W.of(stopwatch(now - at), stopwatch(mostMs))));
  return <span>{text}</span>;
}
