import { causeWords } from '@lockstep/core/diagnosis';
import type { TicketRow } from '@lockstep/core/protocol';
import { Link } from '@tanstack/react-router';
import { Age, type DataColumn, Name } from '../../ui/index.js';
import { PriorityMark, StateMark } from './marks.js';
import { stateOf } from './story.js';
import styles from './Tickets.module.css';
import { WORDS } from './words.js';

/** The ticket's sentence, shortened: the cause by its title, then what is next. */
function What({ row }: { row: TicketRow }) {
  const state = stateOf(row);
  const next =
    state === 'closed' ? WORDS.closedShort[row.closedBy ?? 'server'] : state === 'gone' ? WORDS.goneShort : causeWords(row.cause).next;
  return (
    <>
      <span className={styles.cause}>{row.causeTitle}.</span> <span className={styles.soft}>{next}</span>
      {row.reopened > 0 && <span className={styles.faint}> · {WORDS.reopened(row.reopened)}</span>}
    </>
  );
}

function Where({ row }: { row: TicketRow }) {
  return row.deviceName === null ? (
    <>
      <Name of={row.hostName} /> <span className={styles.faint}>· {WORDS.phones(row.pairs)}</span>
    </>
  ) : (
    <>
      <Name of={row.deviceName} fallback={row.udid ?? ''} /> <span className={styles.faint}>·</span> <Name of={row.hostName} />
    </>
  );
}

function NumberLink({ row }: { row: TicketRow }) {
  const state = stateOf(row);
  return (
    <Link to="/tickets/$ticketId" params={{ ticketId: row.id }} className={styles.number} data-testid="row-link">
      <StateMark state={state} size={11} />
      {WORDS.number(row.number)}
      <span className="ls-visually-hidden"> {WORDS.detail.is[state]}</span>
    </Link>
  );
}

/** The columns of the table of tickets; `tight` for windows around 1024 px. */
export function columnsOf(gone: (row: TicketRow) => boolean, tight: boolean): DataColumn<TicketRow>[] {
  const c = WORDS.columns;
  return [
    { id: 'number', head: c.number, track: '74px', sort: 'number', cell: (row) => <NumberLink row={row} /> },
    { id: 'priority', head: c.priority, track: '84px', sort: 'priority', cell: (row) => <PriorityMark priority={row.priority} /> },
    {
      id: 'what',
      head: c.what,
      track: tight ? 'minmax(180px, 2fr)' : 'minmax(280px, 2.2fr)',
      cell: (row) => (
        <span title={row.title}>
          {gone(row) && <span className={styles.gone}>{WORDS.noLongerMatches}</span>}
          <What row={row} />
        </span>
      ),
    },
    { id: 'where', head: c.where, track: tight ? 'minmax(140px, 1fr)' : 'minmax(200px, 1.2fr)', cell: (row) => <Where row={row} /> },
    {
      id: 'assignee',
      head: c.assignee,
      track: tight ? '110px' : 'minmax(120px, 0.6fr)',
      cell: (row) => (row.assignee ? <Name of={row.assignee.name} /> : <span className={styles.faint}>{WORDS.tools.nobody}</span>),
    },
    { id: 'opened', head: c.opened, track: '86px', right: true, sort: 'openedAt', cell: (row) => <Age at={row.openedAt} form="bare" /> },
    { id: 'changed', head: c.changed, track: '96px', right: true, sort: 'changedAt', cell: (row) => <Age at={row.changedAt} /> },
  ];
}

/** A row in a narrow window: two lines. */
export function NarrowRow({ row, gone }: { row: TicketRow; gone: boolean }) {
  return (
    <div className={styles.card}>
      <div className={styles.cardTop}>
        <NumberLink row={row} />
        <PriorityMark priority={row.priority} />
        <span className={styles.cardWhere}>
          <Where row={row} />
        </span>
        <span className={styles.faint}>
          <Age at={row.openedAt} form="bare" />
        </span>
      </div>
      <div className={styles.cardText}>
        {gone && <span className={styles.gone}>{WORDS.noLongerMatches}</span>}
        <What row={row} />
      </div>
    </div>
  );
}
