import type { SoftwareModelRow, SoftwareView } from '@lockstep/core/protocol';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect, useMemo } from 'react';
import { sessionQuery, softwareModelsQuery, softwareQuery } from '../../live/index.js';
import { Age, LoadingRows } from '../../ui/index.js';
import { Problem } from '../Problem.js';
import { WORDS as FRAME } from '../words.js';
import { Feeds } from './Feeds.js';
import { Gate } from './Gate.js';
import { Models } from './Models.js';
import styles from './Software.module.css';
import { standingOf } from './standing.js';
import { gateSearch, parseGate } from './view.js';
import { WORDS } from './words.js';

/** What the fleet runs, what it could run, and which computers an update of the phones would lose. */
export function SoftwarePage() {
  const navigate = useNavigate();
  const search = useSearch({ from: '/frame/software' });
  const gate = useMemo(() => parseGate(search), [search]);
  const software = useQuery(softwareQuery);
  const models = useQuery(softwareModelsQuery);
  const session = useQuery({ ...sessionQuery, refetchOnMount: false });
  useEffect(() => {
    document.title = `${WORDS.title} – ${FRAME.product}`;
  }, []);
  const failed = software.isError ? software : models.isError ? models : null;
  if (!software.data || !models.data) {
    return (
      <div className={styles.page}>
        {failed ? <Problem error={failed.error} onRetry={() => void failed.refetch()} /> : <LoadingRows label={WORDS.loading} />}
      </div>
    );
  }
  return (
    <div className={styles.page} data-testid="software">
      <h1 data-testid="software-sentence">
        <Sentence view={software.data} models={models.data.items} />
      </h1>
      <Models models={models.data.items} />
      <Gate
        newest={software.data.newest.ios}
        view={gate}
        onChange={(next) => void navigate({ to: '/software', search: gateSearch(next) })}
      />
      <Feeds view={software.data} admin={session.data?.person.role === 'admin'} />
    </div>
  );
}

function Sentence({ view, models }: { view: SoftwareView; models: readonly SoftwareModelRow[] }) {
  const W = WORDS.sentence;
  const s = standingOf(models, 'ios');
  // Where nothing can be judged, counts of what is fine would be noughts that mean nothing.
  if (s.total > 0 && s.unknown === s.total && view.staleSince !== null)
    return (
      <>
        <strong data-old="true">{view.mode === 'off' ? W.off : W.stale}</strong> {W.staleFor} <Age at={view.staleSince} form="bare" />.
      </>
    );
  if (s.total === 0) return <strong>{W.none}</strong>;
  const more = W.more(s);
  return (
    <>
      <strong>{W.phones(s)}</strong>
      {more !== '' && ` ${more[0]?.toUpperCase()}${more.slice(1)}.`}
    </>
  );
}
