import { causeTitle } from '@lockstep/core/diagnosis';
import { TextInput } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { HOST_STATES, type HostView, MAX_Q } from '../../live/index.js';
import { Chip, Mark, type MarkKind } from '../../ui/index.js';
import styles from '../Rows.module.css';
import { WORDS } from './words.js';

/** A search is asked when typing rests this long, ms. */
const REST_MS = 250;
const MARKS: Record<(typeof HOST_STATES)[number], MarkKind> = { connected: 'ok', silent: 'not-reached', revoked: 'away' };

/** Filters of the hosts page. `replace`: typing is one step of the way back, not one per letter. */
export function HostFilters({ view, onChange }: { view: HostView; onChange: (view: HostView, replace?: boolean) => void }) {
  return (
    <div className={styles.filters}>
      {HOST_STATES.map((state) => (
        <Chip
          key={state}
          pressed={view.state === state}
          title={WORDS.states[state].means}
          testId={`filter-${state}`}
          onToggle={() => onChange({ ...view, state: view.state === state ? null : state })}
        >
          <Mark kind={MARKS[state]} />
          {WORDS.states[state].word}
        </Chip>
      ))}
      {view.cause && (
        <Chip pressed title={WORDS.remove(WORDS.cause)} testId="filter-cause" onToggle={() => onChange({ ...view, cause: null })}>
          {causeTitle(view.cause)} ×
        </Chip>
      )}
      <Search view={view} onChange={onChange} />
    </div>
  );
}

function Search({ view, onChange }: { view: HostView; onChange: (view: HostView, replace?: boolean) => void }) {
  const [text, setText] = useState(view.q);
  const sent = useRef(view.q);
  const latest = useRef({ view, onChange });
  useEffect(() => {
    latest.current = { view, onChange };
  });
  // The address changed by other means (Back, a link): the field follows.
  useEffect(() => {
    if (view.q !== sent.current) {
      sent.current = view.q;
      setText(view.q);
    }
  }, [view.q]);
  useEffect(() => {
    const q = text.trim();
    if (q === sent.current) return;
    const timer = setTimeout(() => {
      sent.current = q;
      latest.current.onChange({ ...latest.current.view, q }, true);
    }, REST_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <TextInput
      type="search"
      size="xs"
      aria-label={WORDS.search}
      placeholder={WORDS.search}
      value={text}
      maxLength={MAX_Q}
      onChange={(e) => setText(e.currentTarget.value)}
      data-testid="search"
    />
  );
}
