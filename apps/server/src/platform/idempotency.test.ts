import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../test/clock.js';
import { freshDatabase, type TestDatabase } from '../../test/database.js';
import { Database } from './database.js';
import { IDEMPOTENCY_MS, Idempotency, type Request, type Verdict } from './idempotency.js';
import { createLog } from './log.js';
import { ProblemError } from './problem.js';

const secret = randomBytes(32);

describe('idempotency keys', () => {
  let database: TestDatabase;
  let db: Database;
  const clock = new ManualClock();
  let n = 0;
  const request = (over: Partial<Request> = {}): Request => ({
    caller: 'person a',
    key: `key-${n}`,
    method: 'POST',
    path: '/api/v1/things',
    body: { a: 1 },
    ...over,
  });
  const fresh = () => new Idempotency(db, clock, secret);
  const answer = { status: 201, body: { id: 'x', secret: 'shown-once' }, cookies: ['c=1; Path=/'] };
  const started = (v: Verdict) => {
    if (v.replay !== null) throw new Error('was replayed');
    return v;
  };
  const code = async (p: Promise<unknown>) =>
    p.then(
      () => 'taken',
      (e: unknown) => (e instanceof ProblemError ? `${e.status} ${e.code}` : String(e)),
    );

  beforeAll(async () => {
    database = await freshDatabase();
    db = new Database(database.url, { connections: 6, log: createLog('silent') });
  });
  afterAll(async () => {
    await db.close();
    await database.drop();
  });

  it('answer a repetition like the first request, also after a restart', async () => {
    n++;
    const one = fresh();
    await started(await one.begin(request())).done(answer);
    expect(await one.begin(request())).toEqual({ replay: answer });
    expect(await fresh().begin(request())).toEqual({ replay: answer });
  });

  it('refuse another body, path or method under the same key, but not another caller', async () => {
    n++;
    const one = fresh();
    await started(await one.begin(request())).done(answer);
    expect(await code(one.begin(request({ body: { a: 2 } })))).toBe('422 idempotency-key-reused');
    expect(await code(one.begin(request({ path: '/api/v1/others' })))).toBe('422 idempotency-key-reused');
    await started(await one.begin(request({ caller: 'person b', body: { a: 2 } }))).done(answer);
  });

  it('let exactly one of many at once through; the others get its answer', async () => {
    n++;
    const one = fresh();
    let effects = 0;
    const verdicts = await Promise.all(
      Array.from({ length: 12 }, async () => {
        const v = await one.begin(request());
        if (v.replay !== null) return v.replay;
        effects++;
        await new Promise((done) => setTimeout(done, 100));
        await v.done(answer);
        return answer;
      }),
    );
    expect(effects).toBe(1);
    for (const v of verdicts) expect(v).toEqual(answer);
  });

  it('are free again after a refusal', async () => {
    n++;
    const one = fresh();
    await started(await one.begin(request())).failed(true);
    await started(await one.begin(request({ body: { corrected: true } }))).done(answer);
  });

  it('say that the outcome is unknown when a request was cut off: it is never repeated by itself', async () => {
    n++;
    started(await fresh().begin(request())); // and the process dies here
    expect(await code(fresh().begin(request()))).toBe('409 idempotency-outcome-unknown');
    n++;
    const one = fresh();
    await started(await one.begin(request())).failed(false);
    expect(await code(one.begin(request()))).toBe('409 idempotency-outcome-unknown');
  });

  it('are given up when the database is away at the end of a request, and other servers learn of it when it is back', async () => {
    n++;
    let isAway = false;
    const query = (text: string, values: unknown[]) => (isAway ? Promise.reject(new Error('away')) : db.pool.query(text, values));
    const flaky = { pool: { query } } as unknown as Pick<Database, 'pool'>;
    const node = { id: randomUUID(), isAlive: async () => true };
    const one = new Idempotency(flaky, clock, secret, node);
    const verdict = started(await one.begin(request()));
    isAway = true;
    await expect(verdict.failed(false)).rejects.toThrow('away');
    isAway = false;
    // Here it is known at once; another process asks the row, which is put right behind the scenes.
    expect(await code(one.begin(request()))).toBe('409 idempotency-outcome-unknown');
    const other = new Idempotency(db, clock, secret, { id: randomUUID(), isAlive: async (id) => id === node.id });
    expect(await code(other.begin(request()))).toBe('409 idempotency-outcome-unknown');
  });

  it('are forgotten after a day', async () => {
    n++;
    const one = fresh();
    await started(await one.begin(request())).done(answer);
    clock.advance(IDEMPOTENCY_MS - 1000);
    expect((await one.begin(request())).replay).toEqual(answer);
    clock.advance(2000);
    await started(await one.begin(request({ body: { other: true } }))).done(answer);
    clock.advance(IDEMPOTENCY_MS + 1000);
    expect(await one.purge()).toBeGreaterThan(0);
    expect((await db.pool.query('SELECT 1 FROM idempotency_key')).rowCount).toBe(0);
  });

  it('keep neither body nor answer readable in the database', async () => {
    n++;
    await started(await fresh().begin(request({ body: { password: 'hunter2hunter2' } }))).done(answer);
    const rows = await db.pool.query<{ dump: string }>(
      `SELECT encode(coalesce(answer, ''), 'escape') || encode(fingerprint, 'escape') || encode(id, 'escape') AS dump FROM idempotency_key`,
    );
    const dump = rows.rows.map((r) => r.dump).join('\n');
    expect(dump).not.toContain('hunter2');
    expect(dump).not.toContain('shown-once');
    // With another order key the answer cannot be opened; nothing is done twice because of that.
    expect(await code(new Idempotency(db, clock, randomBytes(32)).begin(request({ body: { password: 'hunter2hunter2' } })))).toBe(
      '422 idempotency-key-reused',
    );
  });
});
