import type { Tx } from '../platform/index.js';

/** A message that could not be taken. */
export interface Quarantined {
  hostId: string;
  epoch: string;
  /** Null when it had no readable number. */
  seq: number | null;
  field: string;
  reason: string;
  /** The frame as it came. */
  raw: Buffer;
}

/** Bytes of a message that are kept: enough to see what it was. */
const HEAD_BYTES = 4_096;
/** Rows kept per host, newest first: a hostile agent must not fill the database. */
const KEPT = 200;

/** Stores messages that could not be taken, and forgets the oldest beyond what is kept. */
export async function quarantine(client: Tx, rows: readonly Quarantined[], now: number): Promise<void> {
  if (rows.length === 0) return;
  await client.query(
    `INSERT INTO quarantine (host_id, epoch, seq, field, reason, head, bytes, at)
     SELECT u.*, $8::timestamptz FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::bytea[], $7::int[]) AS u`,
    [
      rows.map((r) => r.hostId),
      rows.map((r) => r.epoch),
      rows.map((r) => r.seq),
      rows.map((r) => r.field),
      rows.map((r) => r.reason),
      rows.map((r) => r.raw.subarray(0, HEAD_BYTES)),
      rows.map((r) => r.raw.length),
      new Date(now).toISOString(),
    ],
  );
  await client.query(
    `DELETE FROM quarantine q USING (
       SELECT h.host_id, (SELECT id FROM quarantine k WHERE k.host_id = h.host_id ORDER BY id DESC OFFSET $2 LIMIT 1) AS last
       FROM (SELECT DISTINCT unnest($1::uuid[]) AS host_id) h
     ) old WHERE q.host_id = old.host_id AND q.id <= old.last`,
    [rows.map((r) => r.hostId), KEPT],
  );
}
