import { FIXES, fixWords, stepActor, stepWords } from '@lockstep/core/fixes';
import type { PairDetail } from '@lockstep/core/protocol';
import { lengthWords } from '../../ui/index.js';
import { helpedWords } from './efficacy.js';
import own from './Guided.module.css';
import type { Offer } from './offers.js';
import styles from './Pair.module.css';
import { WORDS } from './words.js';

const W = WORDS.fixes;

/** What people do, step by step. Nothing is ordered: the facts show when it helped. */
export function Guided({ offer, detail }: { offer: Offer; detail: PairDetail }) {
  const { fix, cause } = offer;
  const row = FIXES[fix];
  const words = fixWords(fix);
  return (
    <article className={styles.fix} data-testid={`fix-${fix}`}>
      <h3 className={own.title}>{words.label}</h3>
      <ol className={own.steps}>
        {row.steps.map((step) => (
          <li key={step}>
            <span className={own.actor}>{W.actors[stepActor(step)]}</span> {stepWords(step)}
          </li>
        ))}
      </ol>
      <dl className={styles.says}>
        <dt>{W.notice}</dt>
        <dd>{words.notice}</dd>
        <dt>{W.length}</dt>
        <dd>{W.upTo(lengthWords(words.seconds * 1000))}</dd>
        {cause !== null && (
          <>
            <dt>{W.record}</dt>
            <dd>{helpedWords(detail.efficacy, fix, cause)}</dd>
          </>
        )}
      </dl>
    </article>
  );
}
