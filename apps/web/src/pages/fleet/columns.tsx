import { causeWords } from '@lockstep/core/diagnosis';
import type { PairRow } from '@lockstep/core/protocol';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { Age, type DataColumn, Fade, HealthMark, LadderSpark, Name, shortSentence } from '../../ui/index.js';
import styles from './Fleet.module.css';
import { WORDS } from './words.js';

/** The row's sentence, shortened: the cause by its title, then the next step; without a cause, what the sentence itself goes on to say. */
export function What({ row }: { row: PairRow }) {
  if (row.presence !== 'attached')
    return <span className={styles.soft}>{row.primary ? WORDS.lastKnown(row.primary.title) : shortSentence(row)}</span>;
  if (row.primary) {
    return (
      <>
        <span className={styles.cause}>{row.unstable ? `${row.primary.title}, ${WORDS.unstable}` : row.primary.title}.</span>{' '}
        <span className={styles.soft}>{causeWords(row.primary.cause).next}</span>
      </>
    );
  }
  return <span className={styles.soft}>{row.health === 'healthy' ? WORDS.proven : shortSentence(row)}</span>;
}

function Device({ row }: { row: PairRow }) {
  return (
    <Link to="/pairs/$pairId" params={{ pairId: row.id }} className={styles.device} data-testid="row-link">
      <Name of={row.deviceName} fallback={row.udid} />
    </Link>
  );
}

export interface RowTools {
  gone: (row: PairRow) => boolean;
  actions: (row: PairRow) => ReactNode;
}

/** The columns of the fleet table; `tight` for windows around 1024 px. */
export function columnsOf(tools: RowTools, tight: boolean): DataColumn<PairRow>[] {
  const c = WORDS.columns;
  return [
    {
      id: 'health',
      head: c.health,
      track: tight ? '94px' : '104px',
      sort: 'health',
      cell: (row) => (
        <Fade at={row.seenAt}>
          <HealthMark health={row.health} presence={row.presence} />
        </Fade>
      ),
    },
    {
      id: 'device',
      head: c.device,
      track: tight ? 'minmax(110px, 1fr)' : 'minmax(180px, 1.1fr)',
      sort: 'device',
      cell: (row) => (
        <span className={styles.two}>
          <Device row={row} />
          {!tight && (
            <span className={styles.offline}>
              iOS <Name of={row.iosVersion} fallback="–" />
            </span>
          )}
        </span>
      ),
    },
    {
      id: 'host',
      head: c.host,
      track: tight ? '122px' : 'minmax(130px, 0.7fr)',
      sort: 'host',
      cell: (row) => (
        <span className={styles.two}>
          <span>
            <Name of={row.hostName} />
          </span>
          {!row.connected && <span className={styles.offline}>{WORDS.offline}</span>}
        </span>
      ),
    },
    {
      id: 'what',
      head: c.what,
      track: tight ? 'minmax(160px, 2.2fr)' : 'minmax(260px, 2.4fr)',
      cell: (row) => (
        <span title={shortSentence(row) || undefined}>
          {tools.gone(row) && <span className={styles.gone}>{WORDS.noLongerMatches}</span>}
          <What row={row} />
        </span>
      ),
    },
    {
      id: 'ladder',
      head: c.ladder,
      track: '104px',
      cell: (row) => (
        <Fade at={row.seenAt}>
          <LadderSpark rungs={row.rungs} away={row.presence !== 'attached'} />
        </Fade>
      ),
    },
    {
      id: 'since',
      head: c.since,
      track: tight ? '78px' : '86px',
      right: true,
      sort: 'since',
      cell: (row) => <Age at={row.since} form="bare" />,
    },
    {
      id: 'seen',
      head: c.seen,
      track: tight ? '100px' : '112px',
      right: true,
      sort: 'seenAt',
      cell: (row) => <Age at={row.seenAt} look />,
    },
    { id: 'actions', head: '', track: '28px', cell: tools.actions },
  ];
}

/** A row in a narrow window: two lines. */
export function NarrowRow({ row, gone }: { row: PairRow; gone: boolean }) {
  return (
    <div className={styles.card}>
      <div className={styles.cardTop}>
        <Fade at={row.seenAt}>
          <HealthMark health={row.health} presence={row.presence} />
        </Fade>
        <Device row={row} />
        <span className={styles.faint}>
          <Age at={row.since} form="bare" />
        </span>
      </div>
      <div className={styles.cardText}>
        {gone && <span className={styles.gone}>{WORDS.noLongerMatches}</span>}
        <Name of={row.hostName} /> · <What row={row} />
      </div>
    </div>
  );
}
