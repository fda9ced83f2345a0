import { type CodeCandidate, codeNumbers, codeWords, familyWords, isWide, numberText, SOURCES, toSigned } from '@lockstep/core/codes';
import { causeTitle } from '@lockstep/core/diagnosis';
import { FIXES, fixWords, isFix } from '@lockstep/core/fixes';
import { Link } from '@tanstack/react-router';
import { DEFAULT_VIEW, searchOf } from '../../live/index.js';
import { LAYER_WORDS } from '../../ui/index.js';
import styles from './Codes.module.css';
import { WORDS } from './words.js';

/** One meaning of what was asked: what it is, what to do first, what it points to, where that is known from. */
export function Answer({ candidate, main }: { candidate: CodeCandidate; main: boolean }) {
  const { row, number, match, said } = candidate;
  const words = codeWords(row);
  const [name] = row.names;
  const shown = number === null ? codeNumbers(row, 4) : numberText(number);
  const source = SOURCES[row.source];
  const because = WORDS.because[match];
  const fixes = row.fixes.filter(isFix);
  return (
    <article className={styles.answer} data-main={main || undefined} data-testid="answer" data-code={row.id}>
      {main ? <h2>{words.title}</h2> : <h3>{words.title}</h3>}
      <p className={styles.meta}>
        <span className="ls-mono">{name === undefined ? shown : `${name} (${shown})`}</span>
        <span>{familyWords(row.family).title}</span>
        {row.layer !== null && (
          <span title={LAYER_WORDS[row.layer].plain}>
            {WORDS.rung}: {LAYER_WORDS[row.layer].name}
          </span>
        )}
        {row.twin !== null && (
          <span>
            {isWide(row.twin) ? WORDS.twin.apple : WORDS.twin.lockdown} <span className="ls-mono">{numberText(row.twin)}</span>
          </span>
        )}
        {number !== null && isWide(number) && (
          <span>
            {WORDS.signed} <span className="ls-mono">{toSigned(number)}</span>
          </span>
        )}
      </p>
      {because && <p className={styles.note}>{because(said)}</p>}
      <p>{words.meaning}</p>
      {row.harmless && <p className={styles.note}>{WORDS.harmless}</p>}
      {row.lowConfidence && <p className={styles.note}>{WORDS.guess}</p>}
      <dl className={styles.says}>
        <dt>{WORDS.first}</dt>
        <dd>{words.next}</dd>
        {fixes.length > 0 && (
          <>
            <dt>{WORDS.fixes}</dt>
            <dd>
              <ol className={styles.fixes}>
                {fixes.map((id) => (
                  <li key={id}>
                    {fixWords(id).label}
                    {FIXES[id].risk === 'destructive' && <span className={styles.resort}> {WORDS.lastResort}</span>}
                  </li>
                ))}
              </ol>
            </dd>
          </>
        )}
        {row.causes.length > 0 && (
          <>
            <dt>{WORDS.causes}</dt>
            <dd>
              {row.causes.map((cause, i) => (
                <span key={cause}>
                  {i > 0 && ', '}
                  <Link to="/" search={searchOf({ ...DEFAULT_VIEW, cause })} title={WORDS.pairs(causeTitle(cause))}>
                    {causeTitle(cause)}
                  </Link>
                </span>
              ))}
            </dd>
          </>
        )}
        <dt>{WORDS.seen}</dt>
        <dd>{familyWords(row.family).seen}</dd>
        <dt>{WORDS.source}</dt>
        <dd>
          {source.url === null ? (
            source.title
          ) : (
            <a href={source.url} target="_blank" rel="noreferrer">
              {source.title}
            </a>
          )}
        </dd>
      </dl>
    </article>
  );
}
