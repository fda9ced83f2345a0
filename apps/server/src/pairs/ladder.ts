import { type CurrentFact, type DiagnosisInput, type FactSet, ladder } from '@lockstep/core/diagnosis';
import type { FactKind, FailReason } from '@lockstep/core/health';
import type { PairRow, RungView, TimelineEntry } from '@lockstep/core/protocol';
import { storedFact } from './load.js';
import { PAIR_COLUMNS, PAIR_TABLES, type PairRecord, pairRow, type Queryable } from './pair-rows.js';
import { HOST } from './picture.js';

interface FactRecord {
  udid: string;
  kind: FactKind;
  state: CurrentFact['state'];
  reason: FailReason | null;
  reading: unknown;
  at: Date;
  seen_at: Date;
  probe: string;
  took_ms: number;
}

/**
 * One pair with its ladder; null when there is no such pair. The states are those of the last verdict, as in every list; what was read, and
 * when, comes from the facts as they are stored: `input` is what they were diagnosed from, as far as facts go.
 */
export async function pairWithLadder(
  db: Queryable,
  id: string,
  isConnected: (hostId: string) => boolean,
  now: number,
): Promise<{ pair: PairRow; ladder: RungView[]; input: DiagnosisInput } | null> {
  const { rows } = await db.query<PairRecord>(`SELECT ${PAIR_COLUMNS} FROM ${PAIR_TABLES} WHERE p.id = $1`, [id]);
  const row = rows[0];
  if (!row) return null;
  const facts = await db.query<FactRecord>(
    'SELECT udid, kind, state, reason, reading, at, seen_at, probe, took_ms FROM fact WHERE host_id = $1 AND udid IN ($2, $3)',
    [row.host_id, HOST, row.udid],
  );
  const of = (udid: string) => Object.fromEntries(facts.rows.filter((f) => f.udid === udid).map((f) => [f.kind, storedFact(f)])) as FactSet;
  const input: DiagnosisInput = {
    now,
    hostHeard: row.heard,
    host: of(HOST),
    device: of(row.udid),
    known: [],
    presence: row.presence,
    health: row.health,
  };
  const rungs = ladder(input, []).map((rung, i): RungView => {
    const fact = facts.rows.find((f) => f.kind === rung.kind && f.udid === row.udid) ?? facts.rows.find((f) => f.kind === rung.kind);
    return {
      layer: rung.layer,
      state: row.rungs[i] ?? rung.state,
      reading: rung.reading,
      kind: rung.kind,
      probe: rung.probe,
      failure: rung.failure,
      seenAt: rung.seenAt === null ? null : new Date(rung.seenAt).toISOString(),
      fact: fact ? factView(fact) : null,
    };
  });
  return { pair: pairRow(row, isConnected), ladder: rungs, input };
}

/** A fact as it is stored, in the words of the agent's protocol. */
function factView(f: FactRecord): Record<string, unknown> {
  return {
    kind: f.kind,
    subject: f.udid === '' ? 'host' : { udid: f.udid },
    state: f.state,
    ...(f.reason === null ? {} : { reason: f.reason }),
    ...(f.reading === null ? {} : { reading: f.reading }),
    at: f.at.toISOString(),
    seenAt: f.seen_at.toISOString(),
    probe: f.probe,
    tookMs: f.took_ms,
  };
}

/** Changes of health and presence of a pair, its findings' openings and closings, and what people answered (`from` says who), newest first. */
export async function timelineOf(
  db: Queryable,
  pair: { id: string; hostId: string; udid: string },
  limit: number,
): Promise<TimelineEntry[]> {
  const { rows } = await db.query<{ at: Date; what: TimelineEntry['what']; to: string; from: string | null; detail: string | null }>(
    `SELECT * FROM (
       (SELECT at, what, "to", "from", detail FROM pair_history WHERE pair_id = $1 ORDER BY at DESC, id DESC LIMIT $4)
       UNION ALL
       (SELECT opened_at, 'finding-opened', cause, NULL, NULL FROM finding WHERE host_id = $2 AND udid IN ('', $3) AND state <> 'pending' ORDER BY opened_at DESC LIMIT $4)
       UNION ALL
       (SELECT closed_at, 'finding-closed', cause, NULL, NULL FROM finding WHERE host_id = $2 AND udid IN ('', $3) AND state = 'closed' ORDER BY closed_at DESC LIMIT $4)
       UNION ALL
       (SELECT at, 'answer', question, "by", answer FROM pair_answer WHERE pair_id = $1 ORDER BY id DESC LIMIT $4)
     ) t ORDER BY at DESC LIMIT $4`,
    [pair.id, pair.hostId, pair.udid, limit],
  );
  return rows.map((r) => ({ at: r.at.toISOString(), what: r.what, to: r.to, from: r.from, detail: r.detail }));
}
