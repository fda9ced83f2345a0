import { type CurrentFact, type Evidence, type FactSet, UNSTABLE } from '@lockstep/core/diagnosis';
import type { CauseId, FactKind, FailReason, Health, HealthEffect, Layer, Presence, RungState } from '@lockstep/core/health';
import type { Tx } from '../platform/index.js';
import { newestAnswers } from './answer-rows.js';
import type { Queryable } from './pair-rows.js';
import { HOST, Picture } from './picture.js';

const ms = (d: Date) => d.getTime();
const msOrNull = (d: Date | null) => d?.getTime() ?? null;

interface FactRow {
  host_id: string;
  udid: string;
  kind: FactKind;
  state: CurrentFact['state'];
  reason: FailReason | null;
  reading: unknown;
  at: Date;
  seen_at: Date;
  probe: string;
  took_ms: number;
  since: Date;
}

interface FindingRow {
  id: string;
  host_id: string;
  udid: string;
  cause: CauseId;
  layer: Layer;
  health: HealthEffect;
  state: 'pending' | 'open';
  confidence: number;
  evidence: Evidence[];
  explained_by: CauseId | null;
  since: Date;
  opened_at: Date | null;
  unstable_at: Date | null;
  quiet_at: Date | null;
}

interface PairStateRow {
  id: string;
  host_id: string;
  udid: string;
  presence: Presence;
  health: Health;
  primary_cause: CauseId | null;
  primary_layer: Layer | null;
  primary_confidence: number | null;
  rungs: RungState[];
  since: Date;
  seen_at: Date;
  recheck_at: Date | null;
  session_at: Date | null;
  wifi_at: Date | null;
  here_at: Date | null;
}

interface HostStateRow {
  host_id: string;
  health: Health;
  heard: boolean;
  privileged: boolean;
  rungs: RungState[];
  recheck_at: Date | null;
}

/** Reads the pictures of these hosts as they are at `now` (ms) from their rows, inside the transaction that holds them. */
export async function loadPictures(client: Tx, hostIds: readonly string[], now: number): Promise<Map<string, Picture>> {
  const pictures = new Map(hostIds.map((id) => [id, new Picture(id)]));
  if (hostIds.length === 0) return pictures;
  const facts = await client.query<FactRow>('SELECT * FROM fact WHERE host_id = ANY($1::uuid[])', [hostIds]);
  for (const r of facts.rows)
    pictures
      .get(r.host_id)
      ?.factsOf(r.udid)
      .set(r.kind, { fact: storedFact(r), tookMs: r.took_ms, since: ms(r.since) });
  const findings = await client.query<FindingRow>('SELECT * FROM finding WHERE host_id = ANY($1::uuid[]) AND closed_at IS NULL', [hostIds]);
  for (const r of findings.rows) {
    pictures
      .get(r.host_id)
      ?.findingsOf(r.udid)
      .set(r.cause, {
        id: r.id,
        cause: r.cause,
        layer: r.layer,
        health: r.health,
        state: r.state,
        confidence: r.confidence,
        evidence: r.evidence,
        explainedBy: r.explained_by,
        since: ms(r.since),
        openedAt: msOrNull(r.opened_at),
        unstableAt: msOrNull(r.unstable_at),
        quietAt: msOrNull(r.quiet_at),
      });
  }
  const closings = await client.query<{ host_id: string; udid: string; cause: CauseId; closed_at: Date }>(
    'SELECT host_id, udid, cause, closed_at FROM finding WHERE host_id = ANY($1::uuid[]) AND closed_at > $2 AND NOT own_doing',
    [hostIds, new Date(now - UNSTABLE.withinMs)],
  );
  for (const r of closings.rows) pictures.get(r.host_id)?.closingsOf(r.udid, r.cause).push(ms(r.closed_at));
  const pairs = await client.query<PairStateRow>('SELECT * FROM pair WHERE host_id = ANY($1::uuid[])', [hostIds]);
  for (const r of pairs.rows) {
    const { primary_cause: cause, primary_layer: layer, primary_confidence: confidence } = r;
    const kept = { sessionAt: msOrNull(r.session_at), wifiAt: msOrNull(r.wifi_at), hereAt: msOrNull(r.here_at) };
    pictures.get(r.host_id)?.kept.set(r.udid, kept);
    pictures.get(r.host_id)?.pairs.set(r.udid, {
      id: r.id,
      udid: r.udid,
      presence: r.presence,
      health: r.health,
      primary: cause !== null && layer !== null && confidence !== null ? { cause, layer, confidence } : null,
      rungs: r.rungs,
      since: ms(r.since),
      seenAt: ms(r.seen_at),
      recheckAt: msOrNull(r.recheck_at),
      kept,
    });
  }
  for (const { host_id: hostId, udid, answers } of await newestAnswers(client, hostIds)) pictures.get(hostId)?.answers.set(udid, answers);
  const hosts = await client.query<HostStateRow>('SELECT * FROM host_state WHERE host_id = ANY($1::uuid[])', [hostIds]);
  for (const r of hosts.rows) {
    const picture = pictures.get(r.host_id);
    if (picture)
      picture.host = { health: r.health, heard: r.heard, privileged: r.privileged, rungs: r.rungs, recheckAt: msOrNull(r.recheck_at) };
  }
  return pictures;
}

/** The current facts about a phone and its host, or with null about the host alone. */
export async function factsAbout(db: Queryable, hostId: string, udid: string | null): Promise<FactSet> {
  const { rows } = await db.query<FactRow>('SELECT * FROM fact WHERE host_id = $1 AND udid = ANY($2)', [
    hostId,
    udid === null ? [HOST] : [HOST, udid],
  ]);
  // The phone's own stand above the host's of the same kind.
  const sorted = rows.sort((a, b) => Number(a.udid !== HOST) - Number(b.udid !== HOST));
  return Object.fromEntries(sorted.map((r) => [r.kind, storedFact(r)])) as FactSet;
}

/** The current facts of these kinds about a host, and about each phone of which it ever told. */
export async function factsOfHost(
  db: Queryable,
  hostId: string,
  kinds: readonly FactKind[],
): Promise<{ host: FactSet; phones: FactSet[] }> {
  const { rows } = await db.query<FactRow>('SELECT * FROM fact WHERE host_id = $1 AND kind = ANY($2)', [hostId, kinds]);
  const sets = new Map<string, FactSet>([[HOST, {}]]);
  for (const row of rows) sets.set(row.udid, { ...sets.get(row.udid), [row.kind]: storedFact(row) });
  const { [HOST]: host = {}, ...phones } = Object.fromEntries(sets);
  return { host, phones: Object.values(phones) };
}

/** A fact's row in the shape that rules and ladders read. */
export function storedFact(r: Pick<FactRow, 'kind' | 'state' | 'reason' | 'reading' | 'at' | 'seen_at' | 'probe'>): CurrentFact {
  const base = { kind: r.kind, at: ms(r.at), seenAt: ms(r.seen_at), probe: r.probe };
  // The row's check constraint says which of the two a state carries; readings were parsed by their schema at the door.
  if (r.state === 'seen') return { ...base, state: 'seen', reading: r.reading } as CurrentFact;
  if (r.state === 'failed' && r.reason !== null) return { ...base, state: 'failed', reason: r.reason };
  return { ...base, state: 'absent' };
}
