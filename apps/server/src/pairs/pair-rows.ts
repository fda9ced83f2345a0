import { causeTitle, pairSentence } from '@lockstep/core/diagnosis';
import type { Health, Layer, Presence, RungState } from '@lockstep/core/health';
import type { PairRow } from '@lockstep/core/protocol';
import type pg from 'pg';

/** Anything that runs a query: the pool, or a transaction. */
export type Queryable = Pick<pg.Pool, 'query'>;

/** A phone's name as people see it: what it calls itself, else its model, else the end of its UDID. */
export const DEVICE_NAME = `coalesce(nullif(d.name, ''), nullif(d.model, ''), 'Phone …' || right(p.udid, 4))`;

export interface PairRecord {
  id: string;
  host_id: string;
  hostname: string;
  os: PairRow['os'];
  udid: string;
  device_name: string;
  model: string;
  ios_version: string;
  presence: Presence;
  health: Health;
  primary_cause: string | null;
  primary_layer: Layer | null;
  primary_confidence: number | null;
  rungs: RungState[];
  since: Date;
  seen_at: Date;
  revision: string;
  heard: boolean;
  unstable: boolean;
}

/** Columns and tables of a pair's row; a caller adds WHERE, ORDER BY and LIMIT. */
export const PAIR_COLUMNS = `p.id, p.host_id, h.hostname, h.os, p.udid, ${DEVICE_NAME} AS device_name, d.model, d.ios_version, p.presence, p.health,
  p.primary_cause, p.primary_layer, p.primary_confidence, p.rungs, p.since, p.seen_at, p.revision, coalesce(s.heard, false) AS heard,
  EXISTS (SELECT 1 FROM finding f WHERE f.host_id = p.host_id AND f.udid IN ('', p.udid) AND f.cause = p.primary_cause AND f.unstable_at IS NOT NULL AND f.closed_at IS NULL) AS unstable`;
export const PAIR_TABLES = `pair p JOIN host_key h ON h.id = p.host_id JOIN device d ON d.udid = p.udid LEFT JOIN host_state s ON s.host_id = p.host_id`;

/** A pair as clients see it. */
export function pairRow(r: PairRecord, isConnected: (hostId: string) => boolean): PairRow {
  const { primary_cause: cause, primary_layer: layer, primary_confidence: confidence } = r;
  return {
    id: r.id,
    hostId: r.host_id,
    hostName: r.hostname,
    os: r.os,
    udid: r.udid,
    deviceName: r.device_name,
    model: r.model,
    iosVersion: r.ios_version,
    presence: r.presence,
    health: r.health,
    connected: isConnected(r.host_id),
    primary: cause !== null && layer !== null && confidence !== null ? { cause, layer, confidence, title: causeTitle(cause) } : null,
    rungs: r.rungs,
    unstable: r.unstable,
    since: r.since.toISOString(),
    seenAt: r.seen_at.toISOString(),
    sentence: pairSentence({
      deviceName: r.device_name,
      hostName: r.hostname,
      health: r.health,
      presence: r.presence,
      hostHeard: r.heard,
      primary: cause,
      unstable: r.unstable,
    }),
    revision: Number(r.revision),
  };
}
