import { FIX_IDS, VERDICTS } from '@lockstep/core/fixes';
import { ORDER_REFUSALS, RUN_STATES } from '@lockstep/core/protocol';
import type { Database, Metrics } from '../platform/index.js';
import type { Fixes } from './fixes.js';

/** The room's numbers. Runs are the fleet's, read from its rows; orders are what this process sent and heard of. */
export function measureFixes(
  metrics: Metrics,
  database: Pick<Database, 'pool'>,
  fixes: Pick<Fixes, 'dispatch' | 'receipts' | 'sweep'>,
): void {
  metrics.gauge(
    'lockstep_fix_runs',
    'Fix runs by fix, state and verdict',
    { fix: FIX_IDS, state: RUN_STATES, verdict: VERDICTS },
    async () => {
      const { rows } = await database.pool.query<{ fix: string; state: string; verdict: string | null; n: number }>(
        'SELECT fix, state, verdict, count(*)::int AS n FROM fix_run GROUP BY 1, 2, 3',
      );
      return rows.map((r) => [r, r.n] as const);
    },
  );
  metrics.gauge('lockstep_orders_stopped', 'Whether the switch that stops all orders is on', {}, async () => {
    const { rows } = await database.pool.query<{ stopped: boolean }>('SELECT stopped FROM order_switch');
    return [[{}, rows[0]?.stopped ? 1 : 0]];
  });
  const sent = metrics.counter('lockstep_orders_sent_total', 'Signed orders handed to a socket, repetitions too', { fix: FIX_IDS });
  const refused = metrics.counter('lockstep_orders_refused_total', 'Orders that agents did not take, by reason', {
    reason: ORDER_REFUSALS,
  });
  fixes.dispatch.sent = (fix) => sent.add({ fix });
  fixes.receipts.refused = (reason) => refused.add({ reason });
  fixes.sweep.took = (seconds) => metrics.sweeps.observe({ sweep: 'runs' }, seconds);
}
