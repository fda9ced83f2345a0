import { approvalOf, FIXES, fixWords, mayRun, type Role } from '@lockstep/core/fixes';
import type { PairDetail, RunView } from '@lockstep/core/protocol';
import { Modal } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useId, useRef, useState } from 'react';
import { ApiError, type AskRecord, asApiError, askFix, idempotencyKey, keys, withRun } from '../../live/index.js';
import { lengthWords, useTicking } from '../../ui/index.js';
import { Ask } from '../approvals/index.js';
import { helpedWords } from './efficacy.js';
import { Guided } from './Guided.js';
import { isGuided, isOrdered, type Offer, offersOf, targetOf } from './offers.js';
import styles from './Pair.module.css';
import { WORDS } from './words.js';

const W = WORDS.fixes;

/** What can be done, drawn from core's mayRun(): the same function that the server asks. */
export function Fixes({ detail, role }: { detail: PairDetail; role: Role }) {
  const primary = detail.pair.primary?.cause ?? null;
  const offers = offersOf(detail.target.openCauses, primary);
  const { os } = detail.target;
  const ordered = offers.filter((o) => isOrdered(o.fix, os));
  const fitting = ordered.filter((o) => o.cause !== null);
  const others = ordered.filter((o) => o.cause === null);
  // Steps also for what is only possible, so that somebody can settle it; advice has its place below.
  const wrong = detail.findings.filter((f) => f.closedAt === null && f.explainedBy === null && f.health !== 'advisory').map((f) => f.cause);
  const guided = offersOf(wrong, primary).filter((o) => o.cause !== null && isGuided(o.fix, os));
  return (
    <section className={styles.section} aria-labelledby="fixes" data-testid="fixes">
      <h2 id="fixes">{W.title}</h2>
      {fitting.length === 0 && guided.length === 0 && <p className={styles.meta}>{wrong.length > 0 ? W.none : W.nothing}</p>}
      {fitting.map((o) => (
        <Fix key={o.fix} offer={o} detail={detail} role={role} />
      ))}
      {guided.map((o) => (
        <Guided key={o.fix} offer={o} detail={detail} />
      ))}
      <details className={styles.more}>
        <summary>
          {W.others} ({others.length})
        </summary>
        {others.map((o) => (
          <Fix key={o.fix} offer={o} detail={detail} role={role} />
        ))}
      </details>
    </section>
  );
}

function Fix({ offer, detail, role }: { offer: Offer; detail: PairDetail; role: Role }) {
  const { fix, cause } = offer;
  const row = FIXES[fix];
  const words = fixWords(fix);
  const reasonId = useId();
  const client = useQueryClient();
  const [confirming, setConfirming] = useState(false);
  const key = useRef(idempotencyKey());
  const target = targetOf(detail.target);
  // Told once a second, because a pause runs out while one watches: `+` and a note, or `-` and the sentence why not.
  const may = useTicking((now) => {
    const m = mayRun(fix, target, role, now);
    return m.ok ? `+${m.note ?? ''}` : `-${m.sentence}`;
  });
  const allowed = may.startsWith('+');
  const sentence = may.slice(1);
  const needs = approvalOf(fix, role, target.os);
  const ask = useMutation({
    // For the pair even where the fix acts on the whole computer: the cause may be the pair's own, and its page tells the story.
    mutationFn: (record: AskRecord) => askFix({ pairId: detail.pair.id, fix, ...(cause ? { cause } : {}), ...record }, key.current),
    onSuccess: (run: RunView) => {
      key.current = idempotencyKey();
      client.setQueryData<PairDetail>(keys.pair(detail.pair.id), (old) => old && withRun(old, run));
    },
    onError: (e) => {
      // An answer was given: the next click is a new question. Without an answer the same key asks the same question.
      if (e instanceof ApiError && e.kind === 'problem') key.current = idempotencyKey();
    },
  });
  const press = () => {
    if (!allowed || ask.isPending) return;
    if (row.risk === 'safe' && needs === 'none') ask.mutate({});
    else setConfirming(true);
  };
  const describes = sentence ? reasonId : undefined;
  return (
    <article className={styles.fix} data-testid={`fix-${fix}`}>
      <div className={styles.fixTop}>
        <button
          type="button"
          className={styles.button}
          data-risk={row.risk}
          aria-disabled={!allowed || ask.isPending}
          aria-describedby={describes}
          onClick={press}
          data-testid={`fix-${fix}-button`}
        >
          {ask.isPending ? W.asking : words.label}
        </button>
        {row.risk !== 'safe' && (
          <span className={styles.interrupts}>
            <span aria-hidden="true">▲ </span>
            {W.interrupts}
          </span>
        )}
      </div>
      {sentence && (
        <p id={reasonId} className={allowed ? styles.note : styles.reason} data-testid={`fix-${fix}-reason`}>
          {sentence}
        </p>
      )}
      {cause !== null && (
        <dl className={styles.says}>
          <dt>{W.notice}</dt>
          <dd>{words.notice}</dd>
          <dt>{W.who}</dt>
          <dd>{words.who}</dd>
          <dt>{W.length}</dt>
          <dd>{W.upTo(lengthWords(words.seconds * 1000))}</dd>
          <dt>{W.record}</dt>
          <dd>{helpedWords(detail.efficacy, fix, cause)}</dd>
        </dl>
      )}
      {ask.error && (
        <p className={styles.problem} role="alert">
          {W.refused}: {asApiError(ask.error).detail ?? asApiError(ask.error).title}
        </p>
      )}
      {needs !== 'none' && confirming && (
        <Ask
          opened
          label={words.label}
          notice={words.notice}
          needs={needs}
          backupAt={target.backupAt ?? null}
          onAsk={(record) => {
            if (!allowed) return;
            setConfirming(false);
            ask.mutate(record);
          }}
          onClose={() => setConfirming(false)}
        />
      )}
      <Modal
        opened={confirming && needs === 'none'}
        onClose={() => setConfirming(false)}
        title={W.confirm.title(words.label)}
        closeButtonProps={{ 'aria-label': W.confirm.back }}
      >
        <p>{W.confirm.lead}</p>
        <p style={{ margin: '6px 0', fontWeight: 600 }}>{words.notice}</p>
        <p>{words.who}</p>
        {allowed ? null : <p className={styles.reason}>{sentence}</p>}
        <div className={styles.fixTop} style={{ marginTop: 20 }}>
          <button
            type="button"
            className={styles.button}
            data-risk={row.risk}
            data-autofocus
            aria-disabled={!allowed}
            data-testid="confirm-fix"
            onClick={() => {
              if (!allowed) return;
              setConfirming(false);
              ask.mutate({});
            }}
          >
            {W.confirm.go}
          </button>
          <button
            type="button"
            className={styles.button}
            style={{ background: 'none', borderColor: 'var(--ls-line-strong)', color: 'var(--ls-ink)' }}
            onClick={() => setConfirming(false)}
          >
            {W.confirm.back}
          </button>
        </div>
      </Modal>
    </article>
  );
}
