import { printable } from '@lockstep/core/health';
import type { CompatibilityRow, SoftwareView } from '@lockstep/core/protocol';
import { BREAKS, versionOf } from '@lockstep/core/software';
import { Button, TextInput } from '@mantine/core';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { compatibilityQuery, compatibilitySummaryQuery } from '../../live/index.js';
import { Chip, LoadingRows, Mark, Name, OS_WORDS } from '../../ui/index.js';
import { Problem } from '../Problem.js';
import rows from '../Rows.module.css';
import styles from './Software.module.css';
import { OUTCOME_MARKS, WORST_FIRST } from './standing.js';
import type { GateView } from './view.js';
import { WORDS } from './words.js';

const W = WORDS.gate;

/** Which computers would break if phones took an iOS. */
export function Gate({
  newest,
  view,
  onChange,
}: {
  newest: SoftwareView['newest']['ios'];
  view: GateView;
  onChange: (view: GateView) => void;
}) {
  const ios = view.ios ?? newest[0]?.version ?? null;
  return (
    <section aria-labelledby="gate" data-testid="software-gate">
      <h2 id="gate">{W.title}</h2>
      <p className={styles.meaning}>{W.meaning}</p>
      <Pick newest={newest} ios={ios} onPick={(picked) => onChange({ ...view, ios: picked })} />
      {ios !== null && <Answer ios={ios} view={view} onChange={onChange} />}
    </section>
  );
}

function Pick({ newest, ios, onPick }: { newest: SoftwareView['newest']['ios']; ios: string | null; onPick: (ios: string) => void }) {
  const [text, setText] = useState('');
  const [error, setError] = useState<string | null>(null);
  const submit = (e: FormEvent) => {
    e.preventDefault();
    if (versionOf(text) === null) return setError(W.wrong);
    setError(null);
    setText('');
    onPick(text.trim());
  };
  const known = newest.slice(0, 3).map((t) => t.version);
  return (
    <div className={styles.gate}>
      {(ios === null || known.includes(ios) ? known : [ios, ...known]).map((version) => (
        <Chip key={version} pressed={version === ios} onToggle={() => onPick(version)} testId="gate-ios">
          {W.pick} {version}
        </Chip>
      ))}
      <form onSubmit={submit} noValidate>
        <TextInput
          size="xs"
          name="ios"
          aria-label={W.other}
          placeholder={W.other}
          maxLength={32}
          value={text}
          error={error}
          onChange={(e) => setText(e.currentTarget.value)}
        />
        <Button type="submit" size="xs" variant="default">
          {W.ask}
        </Button>
      </form>
    </div>
  );
}

function Answer({ ios, view, onChange }: { ios: string; view: GateView; onChange: (view: GateView) => void }) {
  const summary = useQuery(compatibilitySummaryQuery(ios));
  const list = useInfiniteQuery(compatibilityQuery(ios, view.outcome));
  const failed = summary.isError ? summary : list.isError ? list : null;
  if (!summary.data || !list.data) {
    return failed ? <Problem error={failed.error} onRetry={() => void failed.refetch()} /> : <LoadingRows rows={4} label={W.loading} />;
  }
  const { counts } = summary.data;
  const total = WORST_FIRST.reduce((sum, o) => sum + counts[o], 0);
  const breaks = [...BREAKS].reduce((sum, o) => sum + counts[o], 0);
  const items = list.data.pages.flatMap((p) => p.items);
  return (
    <>
      <p className={styles.answer} data-testid="gate-sentence">
        {W.sentence(summary.data.ios, breaks, counts.unknown, total)}
      </p>
      <div className={styles.chips}>
        {WORST_FIRST.map((o) => (
          <Chip
            key={o}
            pressed={view.outcome === o}
            count={counts[o]}
            title={W.outcomes[o].means}
            testId={`gate-${o}`}
            onToggle={() => onChange({ ...view, outcome: view.outcome === o ? null : o })}
          >
            <Mark kind={OUTCOME_MARKS[o]} />
            {W.outcomes[o].word}
          </Chip>
        ))}
      </div>
      {items.length === 0 ? (
        total > 0 && <p className={rows.soft}>{W.none}</p>
      ) : (
        <div className={rows.scroll}>
          <table className={rows.table}>
            <thead>
              <tr>
                <th scope="col">{W.columns.host}</th>
                <th scope="col">{W.columns.os}</th>
                <th scope="col" className={rows.right}>
                  {W.columns.phones}
                </th>
                <th scope="col">{W.columns.outcome}</th>
                <th scope="col">{W.columns.why}</th>
              </tr>
            </thead>
            <tbody>
              {items.map((r) => (
                <Computer key={r.hostId} of={r} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {list.hasNextPage && (
        <Button variant="default" mt="md" size="xs" onClick={() => void list.fetchNextPage()}>
          {W.more}
        </Button>
      )}
    </>
  );
}

function Computer({ of: r }: { of: CompatibilityRow }) {
  return (
    <tr data-testid="gate-row" data-outcome={r.outcome}>
      <td className={rows.name}>
        <Link to="/hosts" search={{ q: r.hostName }}>
          <Name of={r.hostName} />
        </Link>
      </td>
      <td className={rows.soft}>{OS_WORDS[r.os]}</td>
      <td className={rows.right}>{r.phones > 0 ? r.phones : <span className={rows.faint}>0</span>}</td>
      <td>
        <span className={rows.connection}>
          <Mark kind={OUTCOME_MARKS[r.outcome]} size={10} />
          {W.outcomes[r.outcome].word}
        </span>
      </td>
      <td className={styles.wide} title={r.source ?? undefined}>
        {printable(W.happens(r))}
        {r.wifiNeeds !== null && r.outcome !== 'replace' && ` ${W.wifi(r.wifiNeeds)}`}
        {r.basis && <span className={styles.small}>{W.basis[r.basis]}</span>}
      </td>
    </tr>
  );
}
