import { HEALTHS, type Health, LAYERS, type Layer } from '@lockstep/core/health';
import type { FleetSummary } from '@lockstep/core/protocol';
import type { Queryable } from './pair-rows.js';

interface Count {
  health: Health | null;
  layer: Layer | null;
  n: number;
}

/** Counts of the whole fleet. Attached pairs only are in the totals; a pair that was never seen attached is counted as away. */
export async function summarise(db: Queryable, connected: number, now: number): Promise<FleetSummary> {
  const pairs = await db.query<Count>(
    `SELECT CASE WHEN presence = 'attached' THEN health END AS health, CASE WHEN presence = 'attached' THEN primary_layer END AS layer, count(*)::int AS n
     FROM pair GROUP BY 1, 2`,
  );
  const hosts = await db.query<{ n: number }>('SELECT count(*)::int AS n FROM host_key WHERE revoked_at IS NULL');
  const health = Object.fromEntries(HEALTHS.map((h) => [h, 0])) as Record<Health, number>;
  const layers = Object.fromEntries(LAYERS.map((l) => [l, 0])) as Record<Layer, number>;
  let total = 0;
  let away = 0;
  for (const { health: h, layer, n } of pairs.rows) {
    if (h === null) away += n;
    else {
      total += n;
      health[h] += n;
      if (layer !== null) layers[layer] += n;
    }
  }
  return { total, away, health, layers, hosts: { total: hosts.rows[0]?.n ?? 0, connected }, at: new Date(now).toISOString() };
}
