import type { FactKind } from '@lockstep/core/health';
import type { Tx } from '../platform/index.js';
import type { Applied } from './apply.js';
import type { Picture } from './picture.js';
import type { Verdicts } from './verdicts.js';

/** A pair whose phone changed its name, model or version. */
export interface RenamedPair {
  id: string;
  host_id: string;
}

/** One host's share of what has to be written. */
export interface HostChanges {
  picture: Picture;
  applied: Applied;
  verdicts: Verdicts;
}

let spelled = { ms: Number.NaN, text: '' };
/** Facts of one message, and verdicts of one transaction, share their times: each is spelled once. */
function iso(ms: number): string {
  if (spelled.ms !== ms) spelled = { ms, text: new Date(ms).toISOString() };
  return spelled.text;
}
const isoOrNull = (ms: number | null) => (ms === null ? null : iso(ms));
const keys = (map: ReadonlyMap<string, ReadonlySet<FactKind>>) =>
  [...map].flatMap(([udid, kinds]) => [...kinds].map((kind) => ({ udid, kind })));
const byKey = (a: { host_id: string; udid: string; kind: string }, b: typeof a) =>
  compare(a.host_id, b.host_id) || compare(a.udid, b.udid) || compare(a.kind, b.kind);
const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/**
 * Writes what changed for some hosts: a fixed number of statements whatever the number of rows, each row once, in one order. Rows travel
 * as one JSON parameter (`json_to_recordset` takes 80,000 rows a second here, as many as arrays do, and it takes nulls, arrays and jsonb).
 * Phones first, by `writeDevices`.
 */
export async function writeChanges(client: Tx, changes: readonly HostChanges[], now: number): Promise<void> {
  await writeFacts(client, changes, now);
  await writeFindings(client, changes);
  await writePairs(client, changes, now);
  await writeHosts(client, changes, now);
}

async function each(client: Tx, sql: string, rows: readonly unknown[], ...more: unknown[]): Promise<void> {
  if (rows.length > 0) await client.query(sql, [JSON.stringify(rows), ...more]);
}

/**
 * Writes the phones that hosts saw for the first time, and what phones say of themselves: those of all hosts of a transaction at once, since
 * one phone may be at several and transactions have to meet them in one order.
 * @returns pairs, also of other hosts, that are shown under another name now
 */
export async function writeDevices(client: Tx, changes: readonly Pick<HostChanges, 'applied'>[], now: number): Promise<RenamedPair[]> {
  const labels = new Map<string, { udid: string; name: string; model: string; ios_version: string; is_told: boolean }>();
  for (const { applied } of changes) {
    for (const udid of applied.newDevices)
      if (!labels.has(udid)) labels.set(udid, { udid, name: '', model: '', ios_version: '', is_told: false });
    for (const [udid, l] of applied.labels)
      labels.set(udid, { udid, name: l.name, model: l.model, ios_version: l.iosVersion, is_told: true });
  }
  const rows = [...labels.values()].sort((a, b) => compare(a.udid, b.udid));
  await each(
    client,
    `INSERT INTO device AS d (udid, name, model, ios_version, first_seen_at, updated_at)
     SELECT udid, name, model, ios_version, $2::timestamptz, $2::timestamptz
     FROM json_to_recordset($1::json) AS r(udid text, name text, model text, ios_version text) ORDER BY udid
     ON CONFLICT (udid) DO NOTHING`,
    rows,
    iso(now),
  );
  // A phone that was renamed is renamed on every computer it was seen on, so their rows change too.
  const told = rows.filter((r) => r.is_told);
  if (told.length === 0) return [];
  const renamed = await client.query<RenamedPair>(
    `WITH told AS (SELECT * FROM json_to_recordset($1::json) AS r(udid text, name text, model text, ios_version text)),
     changed AS (
       UPDATE device d SET name = t.name, model = t.model, ios_version = t.ios_version, updated_at = $2::timestamptz FROM told t
       WHERE d.udid = t.udid AND (d.name, d.model, d.ios_version) IS DISTINCT FROM (t.name, t.model, t.ios_version) RETURNING d.udid
     )
     UPDATE pair p SET revision = p.revision + 1 FROM changed c WHERE p.udid = c.udid RETURNING p.id, p.host_id`,
    [JSON.stringify(told), iso(now)],
  );
  return renamed.rows;
}

async function writeFacts(client: Tx, changes: readonly HostChanges[], now: number): Promise<void> {
  const dropped = changes
    .flatMap(({ picture, applied }) => keys(applied.dropped).map((k) => ({ host_id: picture.hostId, ...k })))
    .sort(byKey);
  await each(
    client,
    `WITH gone AS (
       DELETE FROM fact f USING json_to_recordset($1::json) AS r(host_id uuid, udid text, kind text)
       WHERE f.host_id = r.host_id AND f.udid = r.udid AND f.kind = r.kind RETURNING f.*
     )
     INSERT INTO fact_past (host_id, until, udid, kind, state, reason, reading, probe, at, seen_at, since)
     SELECT host_id, greatest($2::timestamptz, since), udid, kind, state, reason, reading, probe, at, seen_at, since FROM gone`,
    dropped,
    iso(now),
  );
  const changed = changes
    .flatMap(({ picture, applied }) =>
      keys(applied.changed).flatMap(({ udid, kind }) => {
        const kept = picture.facts.get(udid)?.get(kind);
        if (!kept) return [];
        const { fact, tookMs, since } = kept;
        return [
          {
            host_id: picture.hostId,
            udid,
            kind,
            state: fact.state,
            probe: fact.probe,
            at: iso(fact.at),
            seen_at: iso(fact.seenAt),
            took_ms: tookMs,
            since: iso(since),
            reason: fact.state === 'failed' ? fact.reason : null,
            reading: fact.state === 'seen' ? fact.reading : undefined,
          },
        ];
      }),
    )
    .sort(byKey);
  // Where it says something else since now, what it said goes to its history, in the same statement: both parts see the rows as they were.
  await each(
    client,
    `WITH r AS MATERIALIZED (
       SELECT * FROM json_to_recordset($1::json) AS r(host_id uuid, udid text, kind text, state text, reason text, reading jsonb,
         at timestamptz, seen_at timestamptz, probe text, took_ms float8, since timestamptz)
     ), past AS (
       INSERT INTO fact_past (host_id, until, udid, kind, state, reason, reading, probe, at, seen_at, since)
       SELECT f.host_id, greatest(r.since, f.since), f.udid, f.kind, f.state, f.reason, f.reading, f.probe, f.at, f.seen_at, f.since
       FROM r JOIN fact f ON f.host_id = r.host_id AND f.udid = r.udid AND f.kind = r.kind WHERE f.since <> r.since
     )
     INSERT INTO fact AS f (host_id, udid, kind, state, reason, reading, at, seen_at, probe, took_ms, since)
     SELECT host_id, udid, kind, state, reason, reading, at, seen_at, probe, took_ms, since FROM r
     ON CONFLICT (host_id, udid, kind) DO UPDATE SET state = excluded.state, reason = excluded.reason, reading = excluded.reading,
       at = excluded.at, seen_at = excluded.seen_at, probe = excluded.probe, took_ms = excluded.took_ms, since = excluded.since`,
    changed,
  );
  const renewed = changes
    .flatMap(({ picture, applied }) =>
      keys(applied.renewed).flatMap(({ udid, kind }) => {
        const kept = picture.facts.get(udid)?.get(kind);
        return kept ? [{ host_id: picture.hostId, udid, kind, seen_at: iso(kept.fact.seenAt) }] : [];
      }),
    )
    .sort(byKey);
  await each(
    client,
    `UPDATE fact f SET seen_at = r.seen_at FROM json_to_recordset($1::json) AS r(host_id uuid, udid text, kind text, seen_at timestamptz)
     WHERE f.host_id = r.host_id AND f.udid = r.udid AND f.kind = r.kind`,
    renewed,
  );
}

async function writeFindings(client: Tx, changes: readonly HostChanges[]): Promise<void> {
  const withdrawn = changes.flatMap(({ verdicts }) => verdicts.withdrawn);
  if (withdrawn.length > 0) await client.query('DELETE FROM finding WHERE id = ANY($1::uuid[])', [withdrawn]);
  const rows = changes.flatMap(({ verdicts }) =>
    verdicts.findings.map((f) => ({
      id: f.id,
      host_id: verdicts.hostId,
      udid: f.subject,
      cause: f.cause,
      layer: f.layer,
      health: f.health,
      state: f.closedAt === null ? f.state : 'closed',
      confidence: f.confidence,
      evidence: f.evidence,
      explained_by: f.explainedBy,
      since: iso(f.since),
      opened_at: isoOrNull(f.openedAt),
      closed_at: isoOrNull(f.closedAt),
      unstable_at: isoOrNull(f.unstableAt),
      quiet_at: isoOrNull(f.quietAt),
      own_doing: f.ownDoing,
    })),
  );
  await each(
    client,
    `INSERT INTO finding AS f (id, host_id, udid, cause, layer, health, state, confidence, evidence, explained_by, since, opened_at, closed_at,
       unstable_at, quiet_at, own_doing)
     SELECT id, host_id, udid, cause, layer, health, state, confidence, evidence, explained_by, since, opened_at, closed_at, unstable_at, quiet_at, own_doing FROM json_to_recordset($1::json)
       AS r(id uuid, host_id uuid, udid text, cause text, layer layer, health text, state text, confidence float8, evidence jsonb, explained_by text,
            since timestamptz, opened_at timestamptz, closed_at timestamptz, unstable_at timestamptz, quiet_at timestamptz, own_doing boolean)
     ON CONFLICT (id) DO UPDATE SET layer = excluded.layer, health = excluded.health, state = excluded.state, confidence = excluded.confidence,
       evidence = excluded.evidence, explained_by = excluded.explained_by, since = excluded.since, opened_at = excluded.opened_at, closed_at = excluded.closed_at,
       unstable_at = excluded.unstable_at, quiet_at = excluded.quiet_at, own_doing = excluded.own_doing`,
    rows,
  );
}

async function writePairs(client: Tx, changes: readonly HostChanges[], now: number): Promise<void> {
  const rows = changes.flatMap(({ verdicts }) =>
    verdicts.pairs.map((p) => ({
      id: p.id,
      host_id: verdicts.hostId,
      udid: p.udid,
      presence: p.presence,
      health: p.health,
      primary_cause: p.primary?.cause ?? null,
      primary_layer: p.primary?.layer ?? null,
      primary_confidence: p.primary?.confidence ?? null,
      rungs: p.rungs,
      since: iso(p.since),
      seen_at: iso(p.seenAt),
      recheck_at: isoOrNull(p.recheckAt),
      session_at: isoOrNull(p.kept.sessionAt),
      wifi_at: isoOrNull(p.kept.wifiAt),
      here_at: isoOrNull(p.kept.hereAt),
    })),
  );
  await each(
    client,
    `INSERT INTO pair AS p (id, host_id, udid, presence, health, primary_cause, primary_layer, primary_confidence, rungs, since, seen_at, recheck_at, session_at,
       wifi_at, here_at, revision, created_at)
     SELECT id, host_id, udid, presence, health, primary_cause, primary_layer, primary_confidence, rungs, since, seen_at, recheck_at, session_at,
       wifi_at, here_at, 1, $2::timestamptz
     FROM json_to_recordset($1::json) AS r(id uuid, host_id uuid, udid text, presence presence, health health, primary_cause text, primary_layer layer,
       primary_confidence float8, rungs text[], since timestamptz, seen_at timestamptz, recheck_at timestamptz,
       session_at timestamptz, wifi_at timestamptz, here_at timestamptz)
     ON CONFLICT (id) DO UPDATE SET presence = excluded.presence, health = excluded.health, primary_cause = excluded.primary_cause,
       primary_layer = excluded.primary_layer, primary_confidence = excluded.primary_confidence, rungs = excluded.rungs,
       since = excluded.since, seen_at = excluded.seen_at, recheck_at = excluded.recheck_at,
       session_at = excluded.session_at, wifi_at = excluded.wifi_at, here_at = excluded.here_at, revision = p.revision + 1`,
    rows,
    iso(now),
  );
  await each(
    client,
    `INSERT INTO pair_history (pair_id, at, what, "to", "from", detail)
     SELECT "pairId", $2::timestamptz, what, "to", "from", detail
     FROM json_to_recordset($1::json) AS r("pairId" uuid, what text, "to" text, "from" text, detail text)`,
    changes.flatMap(({ verdicts }) => verdicts.history),
    iso(now),
  );
}

async function writeHosts(client: Tx, changes: readonly HostChanges[], now: number): Promise<void> {
  const rows = changes.flatMap(({ verdicts: { hostId, host } }) =>
    host
      ? [
          {
            host_id: hostId,
            health: host.health,
            heard: host.heard,
            privileged: host.privileged,
            rungs: host.rungs,
            recheck_at: isoOrNull(host.recheckAt),
          },
        ]
      : [],
  );
  await each(
    client,
    `WITH r AS MATERIALIZED (
       SELECT * FROM json_to_recordset($1::json)
         AS r(host_id uuid, health health, heard boolean, privileged boolean, rungs text[], recheck_at timestamptz)
     ), moved AS (
       INSERT INTO host_heard (host_id, at, heard) SELECT r.host_id, $2::timestamptz, r.heard FROM r LEFT JOIN host_state s USING (host_id)
       WHERE s.heard IS DISTINCT FROM r.heard ON CONFLICT (host_id, at) DO UPDATE SET heard = excluded.heard
     )
     INSERT INTO host_state (host_id, health, heard, privileged, rungs, recheck_at, updated_at)
     SELECT host_id, health, heard, privileged, rungs, recheck_at, $2::timestamptz FROM r
     ON CONFLICT (host_id) DO UPDATE SET health = excluded.health, heard = excluded.heard, privileged = excluded.privileged, rungs = excluded.rungs,
       recheck_at = excluded.recheck_at, updated_at = excluded.updated_at`,
    rows,
    iso(now),
  );
}

/** Whether there is anything to write for a host. */
export function isChanged({ applied, verdicts }: HostChanges): boolean {
  return (
    applied.newDevices.size > 0 ||
    applied.labels.size > 0 ||
    [applied.changed, applied.renewed, applied.dropped].some((m) => m.size > 0) ||
    verdicts.pairs.length > 0 ||
    verdicts.findings.length > 0 ||
    verdicts.withdrawn.length > 0 ||
    verdicts.host !== null
  );
}
