import { CLAIMED, causeTitle, causeWords } from '@lockstep/core/diagnosis';
import { printable } from '@lockstep/core/health';
import type { EvidenceView, FindingView, PairDetail } from '@lockstep/core/protocol';
import type { z } from 'zod';
import { Age, HEALTH_WORDS, LAYER_WORDS, Mark } from '../../ui/index.js';
import { CodeLink } from '../codes/index.js';
import styles from './Pair.module.css';
import { PEOPLE } from './people-words.js';
import { WORDS } from './words.js';

const W = WORDS.cause;

/** The finding of the primary cause, and the others that are open. */
function openFindings({ pair, findings }: PairDetail): { main: FindingView | null; others: FindingView[] } {
  const open = findings.filter((f) => f.closedAt === null);
  const main = open.find((f) => f.cause === pair.primary?.cause) ?? null;
  return { main, others: open.filter((f) => f !== main) };
}

/** The primary cause in plain words, with how sure it is and what it rests on. */
export function Cause({ detail }: { detail: PairDetail }) {
  const { pair } = detail;
  const { main } = openFindings(detail);
  return (
    <section className={styles.section} aria-labelledby="cause" data-testid="cause">
      <h2 id="cause">{W.title}</h2>
      {pair.presence !== 'attached' && <Plain title={W.away} text={W.awayText} mark="away" />}
      {pair.primary ? (
        <>
          <p className={styles.causeTitle} data-testid="cause-title">
            <Mark kind={pair.health} size={14} />
            {pair.primary.title}
            {pair.unstable && `, ${W.unstable}`}
          </p>
          <p className={styles.meta}>
            {W.confidence(Math.round(pair.primary.confidence * 100))} · {W.on(LAYER_WORDS[pair.primary.layer].name)} ·{' '}
            <Age at={main?.openedAt ?? pair.since} form="for" /> · {pair.primary.cause}
          </p>
          <p>{causeWords(pair.primary.cause).plain}</p>
          {pair.presence !== 'attached' && (
            <p className={styles.next}>
              <b>{W.next}:</b> {causeWords(pair.primary.cause).next}
            </p>
          )}
          {main && main.evidence.length > 0 && (
            <>
              <h3 className={styles.label}>{W.evidence}</h3>
              <Evidence rows={main.evidence} />
            </>
          )}
        </>
      ) : pair.presence === 'attached' ? (
        <Plain
          title={pair.health === 'healthy' ? W.healthy : W.unknown}
          text={pair.health === 'healthy' ? W.healthyText : W.unknownText}
          mark={pair.health}
        />
      ) : null}
    </section>
  );
}

/** What else was found, the silenced consequences among it. */
export function OtherFindings({ detail }: { detail: PairDetail }) {
  const { others, remarks } = apart(detail);
  if (others.length === 0 && remarks.length === 0) return null;
  return (
    <section className={styles.section} aria-labelledby="others" data-testid="other-findings">
      <h2 id="others">{W.others}</h2>
      <ul className={styles.others}>
        {others.map((f) => (
          <Other key={f.id} finding={f} />
        ))}
      </ul>
      {remarks.length > 0 && (
        <details className={styles.more} data-testid="host-remarks">
          <summary>{PEOPLE.others.computer(remarks.length)}</summary>
          <ul className={styles.others}>
            {remarks.map((f) => (
              <Other key={f.id} finding={f} />
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}

/**
 * What else is open: guesses have their own place above, and what is only remarked about the computer is the same on the page of each of
 * its phones, so it is folded away.
 */
function apart(detail: PairDetail): { others: FindingView[]; remarks: FindingView[] } {
  const isGuess = (f: FindingView) => f.explainedBy === null && f.health !== 'advisory' && f.confidence < CLAIMED;
  const all = openFindings(detail).others.filter((f) => !isGuess(f) && !detail.possible.some((p) => p.cause === f.cause));
  const isRemark = (f: FindingView) => f.health === 'advisory' && f.pairId === null;
  return { others: all.filter((f) => !isRemark(f)), remarks: all.filter(isRemark) };
}

function Plain({ title, text, mark }: { title: string; text: string; mark: 'away' | PairDetail['pair']['health'] }) {
  return (
    <div style={{ marginBottom: 12 }}>
      <p className={styles.causeTitle}>
        <Mark kind={mark} size={14} />
        {title}
      </p>
      <p className={styles.meta} style={{ marginBottom: 0 }}>
        {text}
      </p>
    </div>
  );
}

function Other({ finding: f }: { finding: FindingView }) {
  return (
    <li>
      <details>
        <summary>
          <span style={{ display: 'inline-flex', gap: 7, alignItems: 'center' }}>
            {f.health === 'advisory' ? <Mark kind="not-needed" /> : <Mark kind={f.health} />}
            {f.health === 'advisory' ? W.advisory : HEALTH_WORDS[f.health].word}
          </span>
          <strong style={{ fontWeight: 550 }}>{f.title}</strong>
          <span className={styles.meta} style={{ margin: 0 }}>
            {f.pairId === null && `${W.onHost} · `}
            {f.unstableSince && `${W.unstable} · `}
            {f.explainedBy && `${W.explained(causeTitle(f.explainedBy))} · `}
            <Age at={f.openedAt} form="for" />
          </span>
        </summary>
        <p className={styles.next}>{causeWords(f.cause).plain}</p>
        <Evidence rows={f.evidence} />
      </details>
    </li>
  );
}

function Evidence({ rows }: { rows: readonly z.infer<typeof EvidenceView>[] }) {
  return (
    <ul className={styles.evidence} data-testid="evidence">
      {rows.map((e) => (
        <li key={e.signal} title={e.probe ? `${e.kind ?? ''} · ${e.probe}` : undefined}>
          <span className={styles.value} data-value={e.value}>
            {e.value}
          </span>
          <span>
            <span className={styles.reading}>{e.reading ? printable(e.reading) : W.noReading}</span>{' '}
            {e.reading && <CodeLink reading={e.reading} />}
            <span className={styles.signal}>
              {e.signal}
              {e.probe && ` · ${e.probe}`}
            </span>
          </span>
          {e.at ? <Age at={e.at} look /> : <span />}
        </li>
      ))}
    </ul>
  );
}
