import { CLAIMED } from '@lockstep/core/diagnosis';
import { conditionHolds, conditionKinds, FIX_IDS, FIXES, type FixTarget, type Snapshot } from '@lockstep/core/fixes';
import { type CauseId, type Health, LAYERS, type Presence, type RungState } from '@lockstep/core/health';
import { factsOfHost, type Queryable } from '../pairs/index.js';
import { BACKUP_AT, finishedAt } from './backup-proof.js';
import { ACTIVE, AWAITING } from './run-rows.js';

/** What a fix is asked for: a pair, or a host as a whole. */
export interface Aim {
  hostId: string;
  pairId: string | null;
  udid: string | null;
}

/** The aim as it is now. */
export interface Sight {
  /** What mayRun() asks about. */
  target: FixTarget;
  /** What judge() compares. */
  snapshot: Snapshot;
}

/** Fixes that act on a computer as a whole. */
const OF_HOST = FIX_IDS.filter((id) => FIXES[id].scope === 'host');
/** Fixes that a whole computer feels: they count for every pair of it. */
const FELT_BY_HOST = FIX_IDS.filter((id) => FIXES[id].scope === 'host' || FIXES[id].risk !== 'safe');
/** Earlier runs that are looked at: mayRun() counts a day, and caps leave no room for more. */
const LAST_RUNS = 50;

/** Finds a pair; null when there is none. */
export async function aimAtPair(db: Queryable, pairId: string): Promise<Aim | null> {
  const { rows } = await db.query<{ host_id: string; udid: string }>('SELECT host_id, udid FROM pair WHERE id = $1', [pairId]);
  return rows[0] ? { hostId: rows[0].host_id, pairId, udid: rows[0].udid } : null;
}

/** Finds a host; null when there is none. */
export async function aimAtHost(db: Queryable, hostId: string): Promise<Aim | null> {
  const { rows } = await db.query('SELECT 1 FROM host_key WHERE id = $1', [hostId]);
  return rows.length > 0 ? { hostId, pairId: null, udid: null } : null;
}

interface SightRecord {
  os: FixTarget['os'];
  revoked: boolean;
  heard: boolean | null;
  privileged: boolean | null;
  host_health: Health | null;
  host_rungs: RungState[] | null;
  backup_at: string | null;
  presence: Presence | null;
  health: Health | null;
  rungs: RungState[] | null;
}

/**
 * Looks at the aim, in one transaction when `db` is one. A host as a whole is always "attached", and has its own causes only; a pair
 * has its own and its host's.
 */
export async function sightOf(db: Queryable, aim: Aim, isConnected: (hostId: string) => boolean): Promise<Sight> {
  const { rows } = await db.query<SightRecord>(
    `SELECT h.os, h.revoked_at IS NOT NULL AS revoked, s.heard, s.privileged, s.health AS host_health, s.rungs AS host_rungs, p.presence, p.health, p.rungs, ${BACKUP_AT('h.id', 'p.udid')} AS backup_at
     FROM host_key h LEFT JOIN host_state s ON s.host_id = h.id LEFT JOIN pair p ON p.id = $2 WHERE h.id = $1`,
    [aim.hostId, aim.pairId],
  );
  const row = rows[0];
  if (!row) throw new Error(`no host ${aim.hostId}`);
  const causes = await db.query<{ cause: CauseId; claimed: boolean; unstable: boolean }>(
    `SELECT cause, max(confidence) >= ${CLAIMED} AS claimed, bool_or(unstable_at IS NOT NULL) AS unstable FROM finding WHERE host_id = $1 AND udid IN ('', $2) AND state = 'open' GROUP BY cause ORDER BY bool_and(explained_by IS NOT NULL), min(layer), cause`,
    [aim.hostId, aim.udid ?? ''],
  );
  const active = await db.query<{ id: string; fix: string }>('SELECT id, fix FROM fix_run WHERE host_id = $1 AND state = ANY($2)', [
    aim.hostId,
    ACTIVE,
  ]);
  const awaiting = await db.query<{ id: string; fix: string }>(
    `SELECT id, fix FROM fix_run WHERE host_id = $1 AND state = '${AWAITING}' AND (pair_id IS NOT DISTINCT FROM $2::uuid OR fix = ANY($3)) ORDER BY asked_at`,
    [aim.hostId, aim.pairId, OF_HOST],
  );
  // What was refused, cancelled, or never left the server touched nothing and holds nobody up.
  const last = await db.query<{ fix: string; at: Date }>(
    `SELECT fix, coalesce(settled_at, asked_at) AS at FROM fix_run WHERE host_id = $1 AND (fix = ANY($2) OR pair_id IS NOT DISTINCT FROM $3::uuid)
       AND ((settled_at IS NOT NULL AND mechanics <> 'refused') OR (settled_at IS NULL AND sent_at IS NOT NULL AND state IN ('expired', 'judged')))
     ORDER BY 2 DESC LIMIT $4`,
    [aim.hostId, FELT_BY_HOST, aim.pairId, LAST_RUNS],
  );
  const isPair = aim.pairId !== null;
  const presence: Presence = isPair ? (row.presence ?? 'never-seen') : 'attached';
  const health: Health = (isPair ? row.health : row.host_health) ?? 'unknown';
  const rungs = (isPair ? row.rungs : row.host_rungs) ?? [];
  const openCauses = causes.rows.map((r) => r.cause);
  return {
    target: {
      os: row.os,
      connected: isConnected(aim.hostId),
      privileged: row.privileged ?? false,
      presence,
      health,
      // A guess is shown, never acted upon; the judge looks at all, so that a cause which became less sure is not taken for gone.
      openCauses: causes.rows.filter((r) => r.claimed).map((r) => r.cause),
      unstableCauses: causes.rows.filter((r) => r.unstable).map((r) => r.cause),
      busy: row.heard ? await busyNow(db, aim.hostId) : null,
      activeRun: active.rows[0] ?? null,
      awaiting: awaiting.rows,
      backupAt: finishedAt(row.backup_at),
      lastRuns: last.rows.map((r) => ({ fix: r.fix, at: r.at.getTime() })),
      revoked: row.revoked,
    },
    snapshot: { presence, health, openCauses, brokenLayer: LAYERS[rungs.indexOf('broken')] ?? null },
  };
}

/** Whether some phone of a computer that is heard is at work, by the same definition as the agent asks right before it acts; null: not known. */
async function busyNow(db: Queryable, hostId: string): Promise<boolean | null> {
  const facts = await factsOfHost(db, hostId, conditionKinds(['quiet']));
  const quiet = conditionHolds('quiet', { ...facts, phone: null, now: 0 });
  return quiet === 'unknown' ? null : quiet === 'no';
}
