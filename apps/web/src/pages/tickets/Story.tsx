import { printable } from '@lockstep/core/health';
import type { TicketEventView } from '@lockstep/core/protocol';
import { absolute, day, Mark, Name, timeOfDay } from '../../ui/index.js';
import { byWords, told } from './story.js';
import styles from './Ticket.module.css';
import { WORDS } from './words.js';

/** Everything that happened to a ticket, oldest first, by day. */
export function Story({ events }: { events: readonly TicketEventView[] }) {
  return (
    <section className={styles.section} aria-labelledby="story" data-testid="ticket-story">
      <h2 id="story">{WORDS.story.title}</h2>
      <ol className={styles.story}>
        {events.map((e, i) => {
          const today = day(e.at);
          const before = events[i - 1];
          return <Entry key={e.id} event={e} day={!before || day(before.at) !== today ? today : null} />;
        })}
      </ol>
    </section>
  );
}

function Entry({ event: e, day: today }: { event: TicketEventView; day: string | null }) {
  const { words, comment, mark } = told(e);
  return (
    <>
      {today && <li className={styles.day}>{today}</li>}
      <li data-kind={e.kind}>
        <time dateTime={e.at} title={absolute(e.at)}>
          {timeOfDay(e.at)}
        </time>
        <Mark kind={mark} size={11} />
        <div>
          {comment === null && <span>{printable(words)}</span>}
          <span className={comment === null ? styles.by : styles.author}>
            <Name of={byWords(e)} />
          </span>
          {comment !== null && <p className={styles.comment}>{comment.split('\n').map(printable).join('\n')}</p>}
        </div>
      </li>
    </>
  );
}
