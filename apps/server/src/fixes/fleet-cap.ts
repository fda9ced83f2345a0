import { FIX_IDS, FIXES, type FixId } from '@lockstep/core/fixes';
import type { OrdersView } from '@lockstep/core/protocol';
import type { Queryable } from '../pairs/index.js';
import { ADVISORY, type Tx } from '../platform/index.js';
import type { RunRow } from './run-rows.js';

const HOUR_MS = 3_600_000;

/** Fixes that people notice. */
export const INTERRUPTING: readonly FixId[] = FIX_IDS.filter((id) => FIXES[id].risk !== 'safe');

/** Runs that hold a place at $1; what the agent refused touched nobody, and gave its place back. */
const HOLDING = `place_at > $1::timestamptz - interval '1 hour' AND state <> 'refused' AND mechanics IS DISTINCT FROM 'refused'`;

/** How much of the cap is taken. Times in ms. */
export interface CapUse {
  perHour: number;
  used: number;
  /** When the next place is free; null while one is. */
  freeAt: number | null;
}

/** What becomes of a run that asks for a place. */
export type Place = { held: false; place: Date | null } | { held: true; notBefore: Date };

/**
 * The fleet-wide cap on runs that interrupt people: a rule that is wrong, or a person in a hurry, must not unpair or disconnect a whole
 * company within minutes. A run takes a place when its order is first signed and keeps it for an hour, whatever becomes of it.
 */
export class FleetCap {
  constructor(private readonly perHour: number) {}

  /** Takes a place for the run at `now`, in the transaction that signs its order, or says when to ask again. Places are given one at a time. */
  async take(tx: Tx, run: RunRow, now: Date): Promise<Place> {
    if (!INTERRUPTING.includes(run.fix)) return { held: false, place: null };
    // The same run sent again within its hour interrupts nobody anew.
    if (run.place_at !== null && run.place_at.getTime() > now.getTime() - HOUR_MS) return { held: false, place: run.place_at };
    await tx.query('SELECT pg_advisory_xact_lock($1, $2)', [ADVISORY.space, ADVISORY.fleetCap]);
    const { rows } = await tx.query<{ place_at: Date }>(`SELECT place_at FROM fix_run WHERE ${HOLDING} ORDER BY place_at`, [now]);
    if (rows.length < this.perHour) return { held: false, place: now };
    const ahead = await tx.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM fix_run WHERE state = 'queued' AND not_before IS NOT NULL AND (asked_at, id) < ($1, $2)`,
      [run.asked_at, run.id],
    );
    // Places get free in the order in which they were taken; whoever waits longer gets the earlier one.
    const turn = ahead.rows[0]?.n ?? 0;
    const places = rows.slice(rows.length - this.perHour);
    const frees = places[turn % this.perHour]?.place_at ?? now;
    return { held: true, notBefore: new Date(frees.getTime() + HOUR_MS * (1 + Math.floor(turn / this.perHour))) };
  }

  /** How much is taken at `now`, ms. */
  async use(db: Queryable, now: number): Promise<CapUse> {
    const { rows } = await db.query<{ used: number; first: Date | null }>(
      `SELECT count(*)::int AS used, (array_agg(place_at ORDER BY place_at DESC))[$2::int] AS first FROM fix_run WHERE ${HOLDING}`,
      [new Date(now), this.perHour],
    );
    const { used = 0, first = null } = rows[0] ?? {};
    return { perHour: this.perHour, used, freeAt: first === null ? null : first.getTime() + HOUR_MS };
  }

  /** The same for people, with how many runs wait for a place. */
  async view(db: Queryable, now: number): Promise<OrdersView['cap']> {
    const use = await this.use(db, now);
    const { rows } = await db.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM fix_run WHERE state = 'queued' AND not_before > $1::timestamptz`,
      [new Date(now)],
    );
    return { ...use, waiting: rows[0]?.n ?? 0, freeAt: use.freeAt === null ? null : new Date(use.freeAt).toISOString() };
  }
}
