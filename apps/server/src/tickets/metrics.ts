import { TICKET_PRIORITIES, TICKET_STATES } from '@lockstep/core/tickets';
import type { Database, Metrics } from '../platform/index.js';
import type { Tickets } from './tickets.js';

/** The room's numbers. Tickets are the fleet's, read from its rows; what was done is what this process did. */
export function measureTickets(metrics: Metrics, database: Pick<Database, 'pool'>, tickets: Pick<Tickets, 'filing' | 'sweep'>): void {
  metrics.gauge('lockstep_tickets', 'Tickets by state and priority', { state: TICKET_STATES, priority: TICKET_PRIORITIES }, async () => {
    const { rows } = await database.pool.query<{ state: string; priority: string; n: number }>(
      'SELECT state, priority, count(*)::int AS n FROM ticket GROUP BY 1, 2',
    );
    return rows.map((r) => [r, r.n] as const);
  });
  const done = metrics.counter('lockstep_ticket_actions_total', 'What was done to tickets by the server', {
    action: ['file', 'update', 'close', 'reopen'],
  });
  tickets.filing.done = (action) => done.add({ action });
  tickets.sweep.took = (seconds) => metrics.sweeps.observe({ sweep: 'tickets' }, seconds);
}
