import { RULES } from '@lockstep/core/diagnosis';
import { HEALTHS, LAYERS, PRESENCES } from '@lockstep/core/health';
import type { Database, Metrics, SWEEPS } from '../platform/index.js';
import type { Pairs } from './pairs.js';

/** Causes that a rule exists for; what an older or newer server left in the rows counts as another. */
const CAUSES = [...new Set(RULES.map((r) => r.id))];

/** The room's numbers. They are the fleet's, read from its rows: every server process tells the same. */
export function measurePairs(metrics: Metrics, database: Pick<Database, 'pool'>, pairs: Pick<Pairs, 'sweeps' | 'past'>): void {
  metrics.gauge('lockstep_pairs', 'Pairs by presence and health', { presence: PRESENCES, health: HEALTHS }, async () => {
    const { rows } = await database.pool.query<{ presence: string; health: string; n: number }>(
      'SELECT presence, health, count(*)::int AS n FROM pair GROUP BY 1, 2',
    );
    return rows.map((r) => [r, r.n] as const);
  });
  metrics.gauge(
    'lockstep_findings_open',
    'Open findings by cause, layer and what they are about',
    { cause: CAUSES, layer: LAYERS, subject: ['host', 'pair'] },
    async () => {
      const { rows } = await database.pool.query<{ cause: string; layer: string; subject: string; n: number }>(
        `SELECT cause, layer, CASE WHEN udid = '' THEN 'host' ELSE 'pair' END AS subject, count(*)::int AS n FROM finding WHERE state = 'open' GROUP BY 1, 2, 3`,
      );
      return rows.map((r) => [r, r.n] as const);
    },
  );
  metrics.gauge('lockstep_hosts', 'Enrolled hosts by state', { state: ['enrolled', 'revoked'] }, async () => {
    const { rows } = await database.pool.query<{ state: string; n: number }>(
      `SELECT CASE WHEN revoked_at IS NULL THEN 'enrolled' ELSE 'revoked' END AS state, count(*)::int AS n FROM host_key GROUP BY 1`,
    );
    return rows.map((r) => [r, r.n] as const);
  });
  pairs.sweeps.took = pairs.past.took = (sweep: (typeof SWEEPS)[number], seconds: number) => metrics.sweeps.observe({ sweep }, seconds);
}
