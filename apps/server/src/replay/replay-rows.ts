import { causeTitle } from '@lockstep/core/diagnosis';
import type { Os } from '@lockstep/core/health';
import type { ReplayCount, ReplayDifferenceView, ReplayView } from '@lockstep/core/protocol';
import type { Against, Difference, PairReplay } from '@lockstep/core/replay';
import { z } from 'zod';
import { DEVICE_NAME, type Queryable } from '../pairs/index.js';
import { type Cursor, decodeCursor, PageQuery, pageOf } from '../platform/index.js';

export interface ReplayRow {
  id: string;
  state: ReplayView['state'];
  asked_by_kind: string;
  asked_by_id: string;
  asked_by: string;
  asked_at: Date;
  started_at: Date | null;
  beat_at: Date | null;
  ended_at: Date | null;
  attempts: number;
  from: Date;
  until: Date;
  against: Against;
  at_least_ms: number;
  os: Os | null;
  cause: string | null;
  host_id: string | null;
  overlay: Record<string, unknown>;
  hosts: number;
  hosts_done: number;
  pairs: number;
  diagnoses: string;
  differences: number;
  counts: Count[];
  cut: ReplayView['cut'];
}

/** How long a cause was the one, of all pairs so far. Times in ms. */
export interface Count {
  cause: string | null;
  pairsBefore: number;
  pairsAfter: number;
  msBefore: number;
  msAfter: number;
}

/** Adds what one host's pairs showed. */
export function addShares(counts: Map<string | null, Count>, pairs: readonly PairReplay[]): void {
  for (const { shares } of pairs) {
    for (const { cause, before, after } of shares) {
      const known = counts.get(cause) ?? { cause, pairsBefore: 0, pairsAfter: 0, msBefore: 0, msAfter: 0 };
      if (before > 0) known.pairsBefore++;
      if (after > 0) known.pairsAfter++;
      known.msBefore += before;
      known.msAfter += after;
      counts.set(cause, known);
    }
  }
}

const HOUR_MS = 3_600_000;
const iso = (d: Date) => d.toISOString();
const isoOrNull = (d: Date | null) => d?.toISOString() ?? null;
const hours = (ms: number) => Math.round((ms / HOUR_MS) * 100) / 100;

function countView(c: Count): ReplayCount {
  const { cause, pairsBefore, pairsAfter } = c;
  const title = cause === null ? 'Nothing named' : causeTitle(cause);
  return { cause, title, pairsBefore, pairsAfter, hoursBefore: hours(c.msBefore), hoursAfter: hours(c.msAfter) };
}

export function replayView(r: ReplayRow): ReplayView {
  return {
    id: r.id,
    state: r.state,
    askedBy: { kind: r.asked_by_kind, id: r.asked_by_id, name: r.asked_by },
    askedAt: iso(r.asked_at),
    startedAt: isoOrNull(r.started_at),
    endedAt: isoOrNull(r.ended_at),
    from: iso(r.from),
    until: iso(r.until),
    against: r.against,
    atLeastS: r.at_least_ms / 1000,
    os: r.os,
    cause: r.cause,
    hostId: r.host_id,
    overlay: r.overlay,
    hosts: r.hosts,
    hostsDone: r.hosts_done,
    pairs: r.pairs,
    diagnoses: Number(r.diagnoses),
    differences: r.differences,
    // What changed most comes first.
    counts: [...r.counts]
      .sort((a, b) => Math.abs(b.msAfter - b.msBefore) - Math.abs(a.msAfter - a.msBefore) || b.msBefore - a.msBefore)
      .map(countView),
    cut: r.cut,
  };
}

/** Query of GET /replays. */
export const ReplaysQuery = PageQuery.omit({ q: true });
export type ReplaysQuery = z.output<typeof ReplaysQuery>;

/** A page of replays, newest first. */
export async function listReplays(db: Queryable, query: ReplaysQuery): Promise<{ items: ReplayView[]; next: string | null }> {
  const after = decodeCursor(query.after, z.tuple([z.iso.datetime(), z.uuid()]));
  const { rows } = await db.query<ReplayRow>(
    `SELECT * FROM replay WHERE $1::timestamptz IS NULL OR (asked_at, id) < ($1::timestamptz, $2::uuid) ORDER BY asked_at DESC, id DESC LIMIT $3`,
    [after?.[0] ?? null, after?.[1] ?? null, query.limit + 1],
  );
  return pageOf(rows, query.limit, replayView, (r): Cursor => [iso(r.asked_at), r.id]);
}

/** Query of GET /replay-differences. */
export const DifferencesQuery = ReplaysQuery.extend({ replay: z.uuid().optional() });
export type DifferencesQuery = z.output<typeof DifferencesQuery>;

interface DifferenceRow {
  replay_id: string;
  n: number;
  pair_id: string;
  host_id: string;
  hostname: string;
  device_name: string;
  from: Date;
  until: Date;
  before: Difference['before'];
  after: Difference['after'];
  evidence: Difference['evidence'];
}

/** A page of what a replay found, in the order in which it was found: host by host, then by time. */
export async function listDifferences(
  db: Queryable,
  query: DifferencesQuery,
): Promise<{ items: ReplayDifferenceView[]; next: string | null }> {
  const after = decodeCursor(query.after, z.tuple([z.uuid(), z.int()]));
  const { rows } = await db.query<DifferenceRow>(
    `SELECT r.replay_id, r.n, r.pair_id, p.host_id, h.hostname, ${DEVICE_NAME} AS device_name, r."from", r.until, r.before, r.after, r.evidence
     FROM replay_difference r JOIN pair p ON p.id = r.pair_id JOIN host_key h ON h.id = p.host_id JOIN device d ON d.udid = p.udid
     WHERE ($1::uuid IS NULL OR r.replay_id = $1) AND ($2::uuid IS NULL OR (r.replay_id, r.n) > ($2::uuid, $3::int))
     ORDER BY r.replay_id, r.n LIMIT $4`,
    [query.replay ?? null, after?.[0] ?? null, after?.[1] ?? null, query.limit + 1],
  );
  return pageOf(rows, query.limit, differenceView, (r): Cursor => [r.replay_id, r.n]);
}

function differenceView(r: DifferenceRow): ReplayDifferenceView {
  const verdict = ({ health, cause, fix }: Difference['before']) => ({
    health,
    cause,
    title: cause === null ? null : causeTitle(cause),
    fix,
  });
  return {
    n: r.n,
    pairId: r.pair_id,
    hostId: r.host_id,
    hostName: r.hostname,
    deviceName: r.device_name,
    from: iso(r.from),
    until: iso(r.until),
    before: verdict(r.before),
    after: verdict(r.after),
    evidence: r.evidence.map((e) => ({
      signal: e.signal,
      value: e.value,
      reading: e.reading,
      at: e.at === null ? null : new Date(e.at).toISOString(),
    })),
  };
}
