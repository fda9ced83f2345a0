import { setImmediate } from 'node:timers/promises';
import { isAnswer, isQuestion } from '@lockstep/core/diagnosis';
import type { CauseId, FactKind, FailReason, Health } from '@lockstep/core/health';
import type { HostPast, PairPast, PastAnswer, PastFact, PastTry, Window } from '@lockstep/core/replay';
import { type Queryable, storedFact } from '../pairs/index.js';

/** Rows of one query: a few milliseconds, so that what agents tell never waits for a replay. */
const LOT = 1_000;
/** Facts of one host that are lived through at most, the newest: some 50 MB. */
const MOST = 50_000;
/** Answers are believed for a week at most, fixes count for a day: what was before the window matters that long. */
const BEFORE_MS = 7 * 86_400_000;

interface FactRow {
  id: string;
  udid: string;
  kind: FactKind;
  state: 'seen' | 'absent' | 'failed';
  reason: FailReason | null;
  reading: unknown;
  probe: string;
  at: Date;
  seen_at: Date;
  since: Date;
  until: Date | null;
}

/** A pair's row beside its past. */
export interface PairIds {
  id: string;
  udid: string;
}

/** One host's past from its rows. `isCut`: it had more facts than are read, and begins later than asked. */
export async function readPast(db: Queryable, hostId: string, window: Window): Promise<{ past: HostPast; ids: PairIds[]; isCut: boolean }> {
  const from = new Date(window.from);
  const until = new Date(window.until);
  const pairs = await db.query<PairIds & { created_at: Date }>(
    'SELECT id, udid, created_at FROM pair WHERE host_id = $1 AND created_at < $2 ORDER BY udid',
    [hostId, until],
  );
  const facts: PastFact[] = [];
  const now = await db.query<FactRow>('SELECT *, null AS until FROM fact WHERE host_id = $1', [hostId]);
  for (const r of now.rows) facts.push(pastFact(r));
  let before: { until: Date; id: string } = { until: new Date(8.64e15), id: '0' };
  let isMore = true;
  while (isMore && facts.length < MOST) {
    const { rows } = await db.query<FactRow>(
      `SELECT * FROM fact_past WHERE host_id = $1 AND until > $2 AND (until, id) < ($3, $4) ORDER BY until DESC, id DESC LIMIT $5`,
      [hostId, from, before.until.getTime() === 8.64e15 ? 'infinity' : before.until, before.id, LOT],
    );
    for (const r of rows) facts.push(pastFact(r));
    const last = rows.at(-1);
    if (last?.until) before = { until: last.until, id: last.id };
    isMore = rows.length === LOT;
    await setImmediate();
  }
  const heard = await db.query<{ at: Date; heard: boolean }>('SELECT at, heard FROM host_heard WHERE host_id = $1 ORDER BY at', [hostId]);
  const state = await db.query<{ heard: boolean }>('SELECT heard FROM host_state WHERE host_id = $1', [hostId]);
  const of = await beside(db, hostId, window);
  return {
    past: {
      facts,
      heard: heard.rows.map((r) => ({ at: r.at.getTime(), heard: r.heard })),
      isHeard: state.rows[0]?.heard ?? false,
      pairs: pairs.rows.map((p): PairPast => ({ udid: p.udid, createdAt: p.created_at.getTime(), ...of(p.id) })),
    },
    ids: pairs.rows,
    isCut: isMore,
  };
}

function pastFact(r: FactRow): PastFact {
  return { udid: r.udid, fact: storedFact(r), since: r.since.getTime(), until: r.until?.getTime() ?? null };
}

/** What is no fact: answers, fixes, and what was concluded. */
async function beside(db: Queryable, hostId: string, window: Window): Promise<(pairId: string) => Omit<PairPast, 'udid' | 'createdAt'>> {
  const since = new Date(window.from - BEFORE_MS);
  const answers = await db.query<{ pair_id: string; question: string; answer: string; at: Date }>(
    `SELECT a.pair_id, a.question, a.answer, a.at FROM pair_answer a JOIN pair p ON p.id = a.pair_id WHERE p.host_id = $1 AND a.at > $2 ORDER BY a.id`,
    [hostId, since],
  );
  const tried = await db.query<{ pair_id: string | null; fix: string; at: Date; verdict: PastTry['verdict'] }>(
    `SELECT pair_id, fix, judged_at AS at, verdict FROM fix_run
     WHERE host_id = $1 AND state = 'judged' AND judged_at > $2 AND mechanics IS DISTINCT FROM 'refused'
     UNION ALL SELECT pair_id, fix, ended_at, verdict FROM guided_run WHERE host_id = $1 AND state = 'judged' AND ended_at > $2`,
    [hostId, since],
  );
  const recorded = await db.query<{ pair_id: string; at: Date; to: Health; detail: CauseId | null }>(
    `SELECT h.pair_id, h.at, h."to", h.detail FROM pair p CROSS JOIN LATERAL (
       SELECT * FROM pair_history WHERE pair_id = p.id AND what = 'health' AND at > coalesce(
         (SELECT max(at) FROM pair_history WHERE pair_id = p.id AND what = 'health' AND at <= $2), 'epoch') - interval '1 ms' AND at < $3
     ) h WHERE p.host_id = $1 ORDER BY h.id`,
    [hostId, new Date(window.from), new Date(window.until)],
  );
  return (pairId) => ({
    answers: answers.rows.flatMap((a) =>
      a.pair_id === pairId && isQuestion(a.question) && isAnswer(a.question, a.answer)
        ? [{ question: a.question, answer: a.answer as PastAnswer['answer'], at: a.at.getTime() }]
        : [],
    ),
    tried: tried.rows.flatMap((t) =>
      t.pair_id === null || t.pair_id === pairId ? [{ fix: t.fix, at: t.at.getTime(), verdict: t.verdict }] : [],
    ),
    recorded: recorded.rows.flatMap((r) => (r.pair_id === pairId ? [{ at: r.at.getTime(), health: r.to, cause: r.detail }] : [])),
  });
}
