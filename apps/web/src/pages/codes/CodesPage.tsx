import { CODE_FAMILIES, CODES, codeNumbers, codeQuery, codeWords, familyWords } from '@lockstep/core/codes';
import { printable } from '@lockstep/core/health';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect, useMemo, useRef } from 'react';
import { announce, Chip, EmptyState, SearchField, useCommands } from '../../ui/index.js';
import { WORDS as FRAME } from '../words.js';
import { Answer } from './Answer.js';
import { CodeRows } from './CodeRows.js';
import styles from './Codes.module.css';
import { type CodesShown, type CodesView, codesSearch, MAX_CODE, parseCodes, shownOf } from './view.js';
import { WORDS } from './words.js';

/** What an error code means. The table is part of the console: nothing is asked of the server. */
export function CodesPage() {
  const navigate = useNavigate();
  const search = useSearch({ from: '/frame/codes' });
  const view = useMemo(() => parseCodes(search), [search]);
  const shown = useMemo(() => shownOf(view), [view]);
  const field = useRef<HTMLInputElement>(null);
  const show = (next: CodesView, replace = false) => void navigate({ to: '/codes', search: codesSearch(next), replace });
  useCommands({ search: () => field.current?.focus() });
  useEffect(() => {
    document.title = `${view.q === '' ? WORDS.title : `${printable(view.q)}: ${WORDS.title}`} – ${FRAME.product}`;
  }, [view.q]);
  const sentence = sentenceOf(view, shown);
  useEffect(() => {
    if (view.q !== '') announce(sentence);
  }, [view.q, sentence]);
  const [main, ...others] = shown.answers;
  const nothing = shown.answers.length + shown.rows.length === 0;
  return (
    <div className={styles.page} data-testid="codes">
      <div className={styles.head}>
        <div>
          <h1 data-testid="codes-sentence">{sentence}</h1>
          <p className={styles.lead}>{WORDS.lead}</p>
        </div>
        <SearchField
          value={view.q}
          onSearch={(q) => show({ ...view, q }, true)}
          label={WORDS.search}
          maxLength={MAX_CODE}
          className={styles.search}
          inputRef={field}
        />
      </div>
      <fieldset className={styles.families}>
        <legend className="ls-visually-hidden">{WORDS.families}</legend>
        {CODE_FAMILIES.map((family) => (
          <Chip
            key={family}
            pressed={view.family === family}
            onToggle={() => show({ ...view, family: view.family === family ? null : family })}
            count={shown.counts[family]}
            title={familyWords(family).seen}
            testId={`family-${family}`}
          >
            {familyWords(family).title}
          </Chip>
        ))}
      </fieldset>
      {main && <Answer candidate={main} main />}
      {others.length > 0 && (
        <section aria-labelledby="also">
          <h2 id="also" className={styles.label}>
            {WORDS.also}
          </h2>
          {others.map((candidate) => (
            <Answer key={candidate.row.id} candidate={candidate} main={false} />
          ))}
        </section>
      )}
      {shown.rows.length > 0 && (
        <section aria-label={view.q === '' ? WORDS.table : WORDS.more}>
          {main && <h2 className={styles.label}>{WORDS.more}</h2>}
          <CodeRows codes={shown.rows} label={view.q === '' ? WORDS.table : WORDS.more} />
        </section>
      )}
      {nothing && <NotFound shown={shown} />}
    </div>
  );
}

function NotFound({ shown: { nearest } }: { shown: CodesShown }) {
  return (
    <EmptyState
      title={WORDS.none.title}
      next={
        <ul className={styles.nearest} data-testid="nearest">
          {nearest.map((row) => (
            <li key={row.id}>
              <Link to="/codes" search={codesSearch({ q: codeQuery(row), family: null })}>
                {codeNumbers(row, 4)}: {codeWords(row).title}
              </Link>
            </li>
          ))}
          <li>
            <Link to="/codes">{WORDS.none.all}</Link>
          </li>
        </ul>
      }
    >
      {nearest.length > 0 ? WORDS.none.text : WORDS.none.nothing}
    </EmptyState>
  );
}

function sentenceOf({ q, family }: CodesView, { answers, rows }: CodesShown): string {
  const asked = printable(q);
  const [main] = answers;
  if (main && answers.length === 1) return WORDS.sentence.one(asked, codeWords(main.row).title);
  if (main) return WORDS.sentence.some(asked, answers.length);
  if (q === '') return family === null ? WORDS.sentence.all(CODES.length) : WORDS.sentence.family(familyWords(family).title, rows.length);
  return rows.length > 0 ? WORDS.sentence.rows(asked, rows.length) : WORDS.sentence.none(asked);
}
