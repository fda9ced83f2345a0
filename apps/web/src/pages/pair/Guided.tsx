import { FIXES, fixWords, mayGuide, stepActor, stepWords } from '@lockstep/core/fixes';
import type { GuidedRunView, PairDetail } from '@lockstep/core/protocol';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useId, useRef, useState } from 'react';
import {
  ApiError,
  type AskRecord,
  abandonGuided,
  asApiError,
  idempotencyKey,
  isGuidedOver,
  keys,
  sessionQuery,
  startGuided,
  tickStep,
  waitingGuided,
  withGuided,
} from '../../live/index.js';
import { Age, absolute, lengthWords, Mark, Name, timeOfDay } from '../../ui/index.js';
import { Ask, Decide, Written } from '../approvals/index.js';
import { helpedWords } from './efficacy.js';
import own from './Guided.module.css';
import { checklist, type GuidedStep, guidedResult, runsInView } from './guided-story.js';
import { type Offer, targetOf } from './offers.js';
import styles from './Pair.module.css';
import { PEOPLE } from './people-words.js';
import { WORDS } from './words.js';

const F = WORDS.fixes;
const W = PEOPLE.guided;
const VERDICT_MARK = { cured: 'ok', unchanged: 'degraded', worse: 'broken', waiting: 'waiting', unknown: 'unknown' } as const;

function useRole() {
  const session = useQuery({ ...sessionQuery, refetchOnMount: false });
  return session.data?.person.role ?? 'viewer';
}

/** Lays what the server answered into the page that shows it. */
function useShow(pairId: string) {
  const client = useQueryClient();
  return (run: GuidedRunView) => client.setQueryData<PairDetail>(keys.pair(pairId), (old) => old && withGuided(old, run));
}

/** What people do, step by step. Nothing is ordered: once it is started, the facts tick the steps off. */
export function Guided({ offer, detail }: { offer: Offer; detail: PairDetail }) {
  const { fix, cause } = offer;
  const row = FIXES[fix];
  const words = fixWords(fix);
  const role = useRole();
  const show = useShow(detail.pair.id);
  const key = useRef(idempotencyKey());
  const reasonId = useId();
  const running = detail.guided.some((g) => g.fix === fix && !isGuidedOver(g.state));
  const open = detail.findings.filter((f) => f.closedAt === null).map((f) => f.cause);
  const target = targetOf({ ...detail.target, openCauses: open });
  const may = mayGuide(fix, target, role);
  const [asking, setAsking] = useState(false);
  const start = useMutation({
    mutationFn: (record: AskRecord) => startGuided({ pairId: detail.pair.id, fix, ...(cause ? { cause } : {}), ...record }, key.current),
    onSuccess: (run) => {
      key.current = idempotencyKey();
      show(run);
    },
    onError: (e) => {
      if (e instanceof ApiError && e.kind === 'problem') key.current = idempotencyKey();
    },
  });
  const press = () => {
    if (!may.ok || start.isPending) return;
    if (may.needs === 'none') start.mutate({});
    else setAsking(true);
  };
  return (
    <article className={styles.fix} data-testid={`fix-${fix}`}>
      <h3 className={own.title}>{words.label}</h3>
      {running ? (
        <p className={styles.note}>{W.underWay}</p>
      ) : (
        <>
          <ol className={own.steps}>
            {row.steps.map((step) => (
              <li key={step}>
                <span className={own.actor}>{F.actors[stepActor(step)]}</span> {stepWords(step)}
              </li>
            ))}
          </ol>
          <button
            type="button"
            className={own.small}
            aria-disabled={!may.ok || start.isPending}
            aria-describedby={may.ok && may.note === null ? undefined : reasonId}
            onClick={press}
            data-testid={`guide-${fix}`}
          >
            {start.isPending ? W.starting : W.start}
          </button>
          {(!may.ok || may.note !== null) && (
            <p id={reasonId} className={may.ok ? styles.note : styles.reason}>
              {may.ok ? may.note : may.sentence}
            </p>
          )}
          {may.ok && may.needs !== 'none' && asking && (
            <Ask
              opened
              label={words.label}
              notice={words.notice}
              needs={may.needs}
              backupAt={target.backupAt ?? null}
              onAsk={(record) => {
                setAsking(false);
                start.mutate(record);
              }}
              onClose={() => setAsking(false)}
            />
          )}
          <Refused words={W.notStarted} error={start.error} />
        </>
      )}
      <dl className={styles.says}>
        <dt>{F.notice}</dt>
        <dd>{words.notice}</dd>
        <dt>{F.length}</dt>
        <dd>{F.upTo(lengthWords(words.seconds * 1000))}</dd>
        {cause !== null && (
          <>
            <dt>{F.record}</dt>
            <dd>{helpedWords(detail.efficacy, fix, cause)}</dd>
          </>
        )}
      </dl>
    </article>
  );
}

/** The runs that are under way, and what came of those that ended a moment ago. */
export function GuidedRuns({ detail }: { detail: PairDetail }) {
  const runs = runsInView(detail, Date.now());
  if (runs.length === 0) return null;
  return (
    <div className={styles.section} style={{ paddingBottom: 0 }}>
      {runs.map((run) => (
        <GuidedRun key={run.id} run={run} pairId={detail.pair.id} />
      ))}
    </div>
  );
}

/** One run as a checklist that ticks itself off. */
function GuidedRun({ run, pairId }: { run: GuidedRunView; pairId: string }) {
  const role = useRole();
  const show = useShow(pairId);
  const over = isGuidedOver(run.state);
  const result = guidedResult(run);
  const mayAct = role !== 'viewer';
  const abandon = useMutation({ mutationFn: () => abandonGuided(run.id), onSuccess: show });
  return (
    <section
      className={styles.story}
      data-over={over || undefined}
      aria-label={over ? W.last : W.running}
      data-testid="guided-run"
      data-fix={run.fix}
      data-state={run.state}
      data-verdict={run.verdict ?? undefined}
    >
      <div className={styles.storyHead}>
        <h3>
          {over ? W.last : run.state === 'awaiting-approval' ? W.waits : W.running}: {fixWords(run.fix).label}
        </h3>
        <span className={styles.meta} style={{ margin: 0 }}>
          {W.startedBy} <Age at={run.startedAt} /> by <Name of={run.startedBy.name} />
          {run.state === 'open' && `, ${W.until(timeOfDay(run.deadlineAt))}`}
        </span>
      </div>
      <ol className={styles.steps}>
        {checklist(run, mayAct).map((step) => (
          <Step key={step.step} step={step} run={run} pairId={pairId} />
        ))}
        {(run.state === 'settled' || result !== null) && (
          <li
            className={styles.step}
            data-state={run.verdict === 'cured' ? 'good' : run.verdict === 'worse' ? 'bad' : result === null ? 'now' : 'open'}
            data-step="result"
            aria-live="polite"
          >
            <Mark kind={run.verdict ? VERDICT_MARK[run.verdict] : 'not-reached'} />
            <span className={styles.stepWords}>{result ?? W.looking}</span>
            <span />
          </li>
        )}
      </ol>
      {run.state === 'awaiting-approval' && (
        <>
          <Written run={run} />
          <Decide run={waitingGuided(run)} />
        </>
      )}
      {mayAct && (run.state === 'open' || run.state === 'awaiting-approval') && (
        <button
          type="button"
          className={styles.takeBack}
          aria-disabled={abandon.isPending}
          onClick={() => !abandon.isPending && abandon.mutate()}
          data-testid="abandon-guided"
        >
          {abandon.isPending ? W.abandoning : W.abandon}
        </button>
      )}
      <Refused words={W.notAbandoned} error={abandon.error} />
    </section>
  );
}

/** One step: who does it, what, and who or what said that it was done. */
function Step({ step, run, pairId }: { step: GuidedStep; run: GuidedRunView; pairId: string }) {
  const show = useShow(pairId);
  const tick = useMutation({ mutationFn: () => tickStep(run.id, step.step), onSuccess: show });
  const words = stepWords(step.step);
  return (
    <li
      className={styles.step}
      data-state={step.state}
      data-step={step.step}
      data-done={step.doneAt !== null || undefined}
      aria-current={step.state === 'now' ? 'step' : undefined}
    >
      <Mark kind={step.doneAt === null ? 'not-reached' : step.doneBy === null ? 'ok' : 'not-needed'} />
      <span className={styles.stepWords}>
        <span className={own.actor}>{F.actors[step.who]}</span> {words}
        <Refused words={W.notSaid} error={tick.error} />
      </span>
      {step.doneAt !== null ? (
        <time dateTime={step.doneAt} title={absolute(step.doneAt)}>
          {step.doneBy ? <Name of={step.doneBy.name} /> : W.byFacts}, {timeOfDay(step.doneAt)}
        </time>
      ) : step.mayTick ? (
        <button
          type="button"
          className={own.small}
          aria-label={W.doneAbout(words)}
          aria-disabled={tick.isPending}
          onClick={() => !tick.isPending && tick.mutate()}
          data-testid={`tick-${step.step}`}
        >
          {tick.isPending ? W.saying : W.done}
        </button>
      ) : (
        <span>{step.hasProof && run.state === 'open' ? W.awaited : ''}</span>
      )}
    </li>
  );
}

/** Why the server said no. */
export function Refused({ words, error }: { words: string; error: unknown }) {
  if (!error) return null;
  const { detail, title } = asApiError(error);
  return (
    <p className={styles.problem} role="alert">
      {words}: {detail ?? title}
    </p>
  );
}
