import type { FixId, Mechanics, Verdict } from '@lockstep/core/fixes';
import type { PairRow, RunView, TicketDetail, TicketEventView } from '@lockstep/core/protocol';
import type { TicketEventKind } from '@lockstep/core/tickets';
import type { Queryable } from '../pairs/index.js';
import { type NamedTicket, TICKETS, type TicketRecord, ticketLink, ticketRow } from './ticket-rows.js';

/** Phones of a computer that are shown; the fleet page has them all. */
const MOST_PAIRS = 50;
/** Entries of the story that are shown, the latest. */
const MOST_EVENTS = 500;

interface EventRecord {
  id: string;
  at: Date;
  kind: TicketEventKind;
  by_kind: TicketEventView['by']['kind'];
  by_id: string | null;
  by_name: string;
  text: string | null;
  from: string | null;
  to: string | null;
  run_id: string | null;
  fix: FixId;
  run_state: 'judged' | 'expired' | 'refused';
  verdict: Verdict['verdict'] | null;
  waiting_for: string | null;
  mechanics: Mechanics | null;
  guided: boolean;
}

/** A run is read as it is now: one that was given up may have told its result later. */
const EVENTS = `SELECT e.*, coalesce(r.fix, g.fix) AS fix, coalesce(r.state, g.state) AS run_state, coalesce(r.verdict, g.verdict) AS verdict,
  coalesce(r.waiting_for, g.waiting_for) AS waiting_for, r.mechanics, g.id IS NOT NULL AS guided
  FROM ticket_event e LEFT JOIN fix_run r ON r.id = e.run_id LEFT JOIN guided_run g ON g.id = e.run_id`;

function eventView(e: EventRecord): TicketEventView {
  return {
    id: e.id,
    at: e.at.toISOString(),
    kind: e.kind,
    by: { kind: e.by_kind, id: e.by_id, name: e.by_name },
    text: e.text,
    from: e.from,
    to: e.to,
    run:
      e.run_id === null
        ? null
        : {
            id: e.run_id,
            fix: e.fix,
            state: e.run_state,
            verdict: e.verdict,
            waitingFor: e.waiting_for,
            mechanics: e.mechanics,
            guided: e.guided,
          },
  };
}

/** One entry of a story; null when there is none. */
export async function eventById(db: Queryable, id: string): Promise<TicketEventView | null> {
  const { rows } = await db.query<EventRecord>(`${EVENTS} WHERE e.id = $1`, [id]);
  return rows[0] ? eventView(rows[0]) : null;
}

/** What other rooms show of a ticket's pairs. */
export interface Around {
  rowsOf(ids: readonly string[]): Promise<PairRow[]>;
  runsOf(about: { hostId: string; pairId: string | null }): Promise<RunView[]>;
}

/** Everything about one ticket; null when there is no such ticket. */
export async function ticketDetail(db: Queryable, id: string, around: Around): Promise<TicketDetail | null> {
  const { rows } = await db.query<NamedTicket>(`${TICKETS} WHERE t.id = $1`, [id]);
  const ticket = rows[0];
  if (!ticket) return null;
  const { host_id: hostId, pair_id: pairId, previous_id: previousId } = ticket;
  const pairIds =
    ticket.udid === ''
      ? await db.query<{ id: string }>(`SELECT id FROM pair WHERE host_id = $1 AND presence = 'attached' ORDER BY health, id LIMIT $2`, [
          hostId,
          MOST_PAIRS,
        ])
      : { rows: pairId === null ? [] : [{ id: pairId }] };
  const [events, linked, pairs, running] = await Promise.all([
    db.query<EventRecord>(`SELECT * FROM (${EVENTS} WHERE e.ticket_id = $1 ORDER BY e.at DESC, e.id DESC LIMIT $2) e ORDER BY at, id`, [
      id,
      MOST_EVENTS,
    ]),
    db.query<TicketRecord>('SELECT * FROM ticket WHERE id = $1 OR previous_id = $2 ORDER BY number', [previousId, id]),
    around.rowsOf(pairIds.rows.map((r) => r.id)),
    around.runsOf({ hostId, pairId }),
  ]);
  const previous = linked.rows.find((r) => r.id === previousId);
  const order = new Map(pairIds.rows.map((r, n) => [r.id, n]));
  return {
    ticket: ticketRow(ticket),
    body: ticket.body,
    events: events.rows.map(eventView),
    pairs: pairs.sort((a, b) => (order.get(a.id) ?? 0) - (order.get(b.id) ?? 0)),
    running,
    previous: previous ? ticketLink(previous) : null,
    later: linked.rows.filter((r) => r.id !== previousId).map(ticketLink),
  };
}
