import { decideTicket, type Pace, type TicketAction, type TicketContent } from '@lockstep/core/tickets';
import { type Audit, SERVER } from '../access/index.js';
import { ADVISORY, type Bus, type Clock, type Database, type Log, type Tx } from '../platform/index.js';
import { type Case, hostsWithCases, loadCases } from './cases.js';
import type { Desk } from './desks/index.js';

/** Hosts whose cases are read at once. */
const BATCH = 256;

export interface FilingDeps {
  database: Pick<Database, 'pool' | 'tx'>;
  desk: Desk;
  audit: Audit;
  bus: Bus;
  clock: Clock;
  log: Log;
  pace: Pace;
}

/** What a look at cases came to. */
export interface Looked {
  /** Tickets that were filed, changed, closed or reopened. */
  changed: number;
  /** Hosts of which the look failed: they are looked at again. */
  failed: string[];
  /** When time alone would change a decision, ms; null: it would not. */
  nextAt: number | null;
}

interface Done {
  ticketId: string;
  number: number;
  action: Exclude<TicketAction['do'], 'nothing'>;
}

const AUDITED = { file: 'ticket.filed', close: 'ticket.closed', reopen: 'ticket.reopened' } as const;

/** Held until the transaction ends: tickets of one host are decided by one transaction at a time, whichever process it runs in. */
export async function lockTickets(tx: Tx, hostId: string): Promise<void> {
  await tx.query('SELECT pg_advisory_xact_lock($1, hashtext($2))', [ADVISORY.ticketsSpace, hostId]);
}

/** Asks core what to do about each case, and does it: decided and done in one transaction, so done once. */
export class Filing {
  /** Called for everything that was done, once it is committed. */
  done: (action: Exclude<TicketAction['do'], 'nothing'>) => void = () => undefined;

  constructor(private readonly deps: FilingDeps) {}

  /** Looks at every host that has a case. */
  async lookAtAll(): Promise<Looked> {
    return this.look(await hostsWithCases(this.deps.database.pool));
  }

  /** Looks at these hosts' cases. What nothing is to be done about costs reading only. */
  async look(hostIds: readonly string[]): Promise<Looked> {
    const { database, clock, pace, log } = this.deps;
    const looked: Looked = { changed: 0, failed: [], nextAt: null };
    for (let i = 0; i < hostIds.length; i += BATCH) {
      const cases = await loadCases(database.pool, hostIds.slice(i, i + BATCH), clock.now(), pace);
      const due = new Set<string>();
      for (const c of cases) {
        const { action, nextAt } = decideTicket(c.input, pace);
        if (action.do !== 'nothing') due.add(c.hostId);
        if (nextAt !== null) looked.nextAt = Math.min(nextAt, looked.nextAt ?? nextAt);
      }
      for (const hostId of due) {
        try {
          looked.changed += await this.#act(hostId);
        } catch (error) {
          looked.failed.push(hostId);
          log.warn('tickets of a host could not be written, the next round tries again', { hostId, error });
        }
      }
    }
    return looked;
  }

  async #act(hostId: string): Promise<number> {
    const { database, clock, pace, bus } = this.deps;
    const done = await database.tx(async (tx) => {
      await lockTickets(tx, hostId);
      const out: Done[] = [];
      // Read again under the lock: whoever had it before may have done what we came for.
      for (const c of await loadCases(tx, [hostId], clock.now(), pace)) {
        const one = await this.#do(tx, c, decideTicket(c.input, pace).action);
        if (one !== null) out.push(one);
      }
      return out;
    });
    for (const { ticketId, action } of done) {
      this.done(action);
      bus.publish('ticket.changed', { ticketId, hostId });
    }
    return done.length;
  }

  async #do(tx: Tx, c: Case, action: TicketAction): Promise<Done | null> {
    const { desk } = this.deps;
    const { ticket } = c;
    const { tried } = c.input;
    if (action.do === 'nothing') return null;
    if (action.do === 'file') {
      const { hostId, udid, family } = c;
      const written = await desk.file(tx, {
        hostId,
        udid,
        family,
        content: action.content,
        previousId: action.linked ? (ticket?.id ?? null) : null,
        tried,
      });
      if (written === null) return null;
      return this.#audited(tx, c, { ticketId: written.id, number: written.number, action: 'file' }, action.content);
    }
    if (ticket === null) throw new Error(`nothing to ${action.do}`);
    await desk[action.do](tx, ticket, action.content, tried);
    return this.#audited(tx, c, { ticketId: ticket.id, number: ticket.number, action: action.do }, action.content);
  }

  async #audited(tx: Tx, c: Case, done: Done, { cause, priority, pairs }: TicketContent): Promise<Done> {
    // A text that was written again is in the ticket's story, where it is news at all.
    if (done.action === 'update') return done;
    await this.deps.audit.write(tx, {
      actor: SERVER,
      action: AUDITED[done.action],
      subject: { kind: 'ticket', id: done.ticketId },
      detail: { number: done.number, hostId: c.hostId, udid: c.udid === '' ? null : c.udid, cause, priority, pairs },
    });
    return done;
  }
}
