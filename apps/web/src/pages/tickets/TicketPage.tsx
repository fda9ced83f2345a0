import { fixWords } from '@lockstep/core/fixes';
import { printable } from '@lockstep/core/health';
import type { TicketDetail, TicketLink, TicketRow } from '@lockstep/core/protocol';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { DEFAULT_VIEW, searchOf, sessionQuery, ticketQuery, useWatchTickets } from '../../live/index.js';
import { Age, HealthMark, LadderSpark, LoadingRows, Mark, Name, partsOf, shortSentence, useCommands } from '../../ui/index.js';
import { Problem } from '../Problem.js';
import { WORDS as FRAME } from '../words.js';
import { Comment } from './Comment.js';
import { PriorityMark, StateMark } from './marks.js';
import { Story } from './Story.js';
import { stateOf } from './story.js';
import styles from './Ticket.module.css';
import { TicketTools } from './TicketTools.js';
import { WORDS } from './words.js';

const W = WORDS.detail;

/** One ticket: what it is about and how that is now, who works on it, and everything that was done. */
export function TicketPage() {
  const { ticketId } = useParams({ from: '/frame/tickets/$ticketId' });
  useWatchTickets(ticketId);
  const detail = useQuery(ticketQuery(ticketId));
  const session = useQuery({ ...sessionQuery, refetchOnMount: false });
  const ticket = detail.data?.ticket;
  useCommands({ actions: () => document.querySelector<HTMLElement>('[data-testid="ticket-tools"] select')?.focus() });
  useEffect(() => {
    document.title = ticket
      ? `${WORDS.number(ticket.number)} ${W.is[stateOf(ticket)]}: ${printable(ticket.title)}. ${FRAME.product}`
      : FRAME.product;
  }, [ticket]);
  if (!detail.data || !ticket) {
    return (
      <div style={{ padding: '24px var(--ls-gutter)' }}>
        {detail.isError ? (
          <Problem error={detail.error} onRetry={() => void detail.refetch()} />
        ) : (
          <LoadingRows rows={10} label={W.loading} />
        )}
      </div>
    );
  }
  const person = session.data?.person ?? null;
  const mayChange = person !== null && person.role !== 'viewer';
  return (
    <div data-testid="ticket" data-state={ticket.state} data-number={ticket.number}>
      <header className={styles.detailHead}>
        <p className={styles.crumb}>
          <Link to="/tickets">{WORDS.title}</Link> / {WORDS.number(ticket.number)}
        </p>
        <Told ticket={ticket} />
        <Facts detail={detail.data} />
      </header>
      <div className={styles.columns}>
        <div className={styles.column}>
          <Story events={detail.data.events} />
          {mayChange && <Comment ticketId={ticket.id} />}
        </div>
        <div className={`${styles.column} ${styles.side}`}>
          <TicketTools ticket={ticket} person={person} />
          <Now detail={detail.data} />
          <Text detail={detail.data} />
        </div>
      </div>
      <div className={styles.foot} />
    </div>
  );
}

/** The sentence, with its names isolated and its age ticking. */
function Told({ ticket }: { ticket: TicketRow }) {
  const { sentence, hostName } = ticket;
  const { subject, before, after } = partsOf({ sentence, deviceName: ticket.deviceName ?? '', hostName });
  const host = printable(hostName);
  const rest = subject === null && before.startsWith(`${host}:`) ? before.slice(host.length) : before;
  const state = stateOf(ticket);
  return (
    <h1 className={styles.told} data-testid="sentence">
      <span className={styles.toldMark}>
        <StateMark state={state} size={15} />
      </span>
      <span className={styles.subject}>
        {subject ? (
          <>
            <bdi>{subject.device}</bdi> on <bdi>{subject.host}</bdi>
          </>
        ) : (
          rest !== before && <bdi>{host}</bdi>
        )}
      </span>
      {rest}
      {after !== null && (
        <>
          <Age at={ticket.since} form="for" />
          {after}
        </>
      )}
    </h1>
  );
}

function Facts({ detail }: { detail: TicketDetail }) {
  const { ticket, previous, later } = detail;
  const f = W.facts;
  return (
    <dl className={styles.facts}>
      <Fact label={f.state}>
        <span data-testid="ticket-state">{W.is[stateOf(ticket)]}</span>
      </Fact>
      <Fact label={WORDS.columns.priority}>
        <PriorityMark priority={ticket.priority} />
      </Fact>
      <Fact label={f.opened}>
        <Age at={ticket.openedAt} />
      </Fact>
      {ticket.reopenedAt && (
        <Fact label={f.reopened}>
          <Age at={ticket.reopenedAt} /> <span className={styles.faint}>({WORDS.reopened(ticket.reopened)})</span>
        </Fact>
      )}
      {ticket.goneAt && (
        <Fact label={f.gone}>
          <Age at={ticket.goneAt} form="bare" />
        </Fact>
      )}
      {ticket.closedAt && (
        <Fact label={f.closed}>
          <Age at={ticket.closedAt} />
        </Fact>
      )}
      <Fact label={f.computer}>
        <Link to="/" search={searchOf({ ...DEFAULT_VIEW, host: ticket.hostId })} title={W.allPairs}>
          <Name of={ticket.hostName} />
        </Link>
      </Fact>
      {ticket.pairId === null && <Fact label={f.affects}>{WORDS.phones(ticket.pairs)}</Fact>}
      {previous && (
        <Fact label={W.previous}>
          <Other link={previous} />
        </Fact>
      )}
      {later.length > 0 && (
        <Fact label={W.later}>
          {later.map((l) => (
            <Other key={l.id} link={l} />
          ))}
        </Fact>
      )}
    </dl>
  );
}

function Fact({ label, children }: { label: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Other({ link }: { link: TicketLink }) {
  return (
    <Link to="/tickets/$ticketId" params={{ ticketId: link.id }} title={printable(link.title)}>
      {WORDS.number(link.number)}
    </Link>
  );
}

/** The pair, or the computer's phones, as they are at this moment; and what runs there. */
function Now({ detail }: { detail: TicketDetail }) {
  return (
    <section className={styles.section} aria-labelledby="now" data-testid="ticket-now">
      <h2 id="now">{W.now}</h2>
      {detail.running.map((run) => (
        <p key={run.id} className={styles.running}>
          <Mark kind="waiting" size={11} /> {W.running(fixWords(run.fix).label)}
        </p>
      ))}
      {detail.pairs.length === 0 ? (
        <p className={styles.faint}>{W.nowNone}</p>
      ) : (
        <ul className={styles.pairs}>
          {detail.pairs.map((pair) => (
            <li key={pair.id} data-testid="ticket-pair" data-health={pair.health}>
              <div className={styles.pairTop}>
                <HealthMark health={pair.health} presence={pair.presence} />
                <Link to="/pairs/$pairId" params={{ pairId: pair.id }}>
                  <Name of={pair.deviceName} fallback={pair.udid} />
                </Link>
                <LadderSpark rungs={pair.rungs} away={pair.presence !== 'attached'} />
                <Age at={pair.seenAt} look />
              </div>
              {pair.presence === 'attached' && pair.health !== 'healthy' && <p className={styles.soft}>{shortSentence(pair)}</p>}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

/** What was written for the desk. */
function Text({ detail }: { detail: TicketDetail }) {
  const [copied, setCopied] = useState(false);
  const copy = () => {
    void navigator.clipboard?.writeText(`${detail.ticket.title}\n\n${detail.body}`).then(() => setCopied(true));
  };
  return (
    <section className={styles.section} aria-labelledby="text">
      <details className={styles.text}>
        <summary>
          <h2 id="text">{W.text}</h2>
        </summary>
        <p className={styles.faint}>
          {W.textHint}{' '}
          {window.isSecureContext && (
            <button type="button" className={styles.linkish} onClick={copy}>
              {copied ? W.copied : W.copy}
            </button>
          )}
        </p>
        <p className={styles.textTitle}>{printable(detail.ticket.title)}</p>
        <pre data-testid="ticket-body">{detail.body.split('\n').map(printable).join('\n')}</pre>
      </details>
    </section>
  );
}
