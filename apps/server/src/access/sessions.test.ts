import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../test/clock.js';
import { ADMIN, cookieOf, startTestServer, type TestServer } from '../../test/server.js';
import { hashPassword } from './passwords.js';
import { SESSION } from './sessions.js';

describe('setting up and signing in', () => {
  let server: TestServer;
  const clock = new ManualClock();
  const session = (cookie: string) => server.ask('GET', '/api/v1/session', { cookie });
  const signIn = (email: string, password: string, headers: Record<string, string> = {}) =>
    server.ask('POST', '/api/v1/session', { json: { email, password }, headers });
  const actions = async () =>
    (await server.platform.db.pool.query<{ action: string }>('SELECT action FROM audit ORDER BY id')).rows.map((r) => r.action);

  beforeAll(async () => {
    server = await startTestServer({ clock });
  });
  afterAll(() => server.end());

  it('knows that it needs a first admin, and lets nobody in before', async () => {
    expect((await server.ask('GET', '/api/v1/setup')).json).toEqual({ needed: true });
    expect((await signIn(ADMIN.email, ADMIN.password)).json).toMatchObject({ code: 'sign-in-refused' });
    expect((await server.ask('GET', '/api/v1/session')).json).toMatchObject({ code: 'not-signed-in' });
  });

  it('refuses a wrong set-up token, and names each bad field', async () => {
    const wrong = await server.ask('POST', '/api/v1/setup', { json: { token: 'x'.repeat(32), ...ADMIN } });
    expect([wrong.status, wrong.json.code]).toEqual([403, 'setup-token-refused']);
    const bad = await server.ask('POST', '/api/v1/setup', {
      json: { token: 't', name: ' ', email: 'ada', password: 'short', role: 'admin' },
    });
    expect(bad.status).toBe(400);
    expect(
      JSON.parse(bad.text)
        .errors.map((e: { field: string }) => e.field)
        .sort(),
    ).toEqual(['email', 'name', 'password', 'role']);
  });

  it('makes exactly one first admin, whatever the race', async () => {
    const token = await server.setupToken();
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, i) =>
        server.ask('POST', '/api/v1/setup', {
          json: { token, ...ADMIN, email: i === 0 ? ADMIN.email : ADMIN.email.replace('ada', `ada${i}`) },
        }),
      ),
    );
    expect(answers.map((a) => a.status).sort()).toEqual([201, ...Array<number>(7).fill(410)]);
    const { rows } = await server.platform.db.pool.query<{ people: string; rows: string }>(
      'SELECT (SELECT count(*) FROM person) AS people, (SELECT count(*) FROM setup) AS rows',
    );
    expect(rows[0]).toEqual({ people: '1', rows: '1' });
    const won = answers.find((a) => a.status === 201);
    expect(won?.json.person).toMatchObject({ name: ADMIN.name, role: 'admin' });
    // The tests below sign in as Ada.
    await server.platform.db.pool.query('UPDATE person SET email = $1', [ADMIN.email]);
  });

  it('keeps the set-up door shut: by the route, and by the database itself', async () => {
    expect(await server.setupToken()).toBeNull();
    expect((await server.ask('GET', '/api/v1/setup')).json).toEqual({ needed: false });
    for (const path of [
      '/api/v1/setup',
      '/api/v1/setup/',
      '/api/v1//setup',
      '/API/v1/setup',
      '/api/v1/setup?x=1',
      '/api/v1/%73etup',
      '/api/v1/setup/..%2fsetup',
      '/x/../api/v1/setup',
    ]) {
      const answer = await server.ask('POST', path, { json: { token: 'x', ...ADMIN, email: 'eve@example.org' } });
      expect([path, answer.status >= 400]).toEqual([path, true]);
    }
    const id = randomUUID();
    await server.platform.db.pool.query(
      `INSERT INTO person (id, name, email, role, password_hash, created_at) VALUES ($1, 'Eve', 'eve@example.org', 'viewer', $2, now())`,
      [id, await hashPassword('eve has a password')],
    );
    await expect(
      server.platform.db.pool.query('INSERT INTO setup (id, person_id, at) VALUES (true, $1, now())', [id]),
    ).rejects.toMatchObject({ code: '23505' });
    await expect(
      server.platform.db.pool.query('INSERT INTO setup (id, person_id, at) VALUES (false, $1, now())', [id]),
    ).rejects.toMatchObject({ code: '23514' });
    await expect(server.platform.db.pool.query('DELETE FROM person WHERE id = (SELECT person_id FROM setup)')).rejects.toMatchObject({
      code: '23001',
    });
  });

  it('gives a cookie that pages cannot read and other sites cannot use, and keeps only its hash', async () => {
    const answer = await signIn(' ADA@example.org ', ADMIN.password);
    expect(answer.status).toBe(201);
    const [set = ''] = answer.headers.getSetCookie();
    expect(set).toMatch(/^lockstep_session=[A-Za-z0-9_-]{32}; Path=\/; Expires=[^;]+; HttpOnly; SameSite=Strict$/);
    expect(answer.text).not.toContain(set.slice(17, 49));
    const cookie = cookieOf(answer);
    expect((await session(cookie)).json).toEqual(answer.json);
    const dump = await server.platform.db.pool.query(`SELECT 1 FROM session WHERE encode(token_hash, 'escape') LIKE '%' || $1 || '%'`, [
      set.slice(17, 49),
    ]);
    expect(dump.rowCount).toBe(0);
  });

  it('ends: by signing out, by idling, and after a week in any case', async () => {
    const out = cookieOf(await signIn(ADMIN.email, ADMIN.password));
    const gone = await server.ask('DELETE', '/api/v1/session', { cookie: out });
    expect([gone.status, gone.headers.getSetCookie()[0]?.startsWith('lockstep_session=;')]).toEqual([204, true]);
    expect((await session(out)).status).toBe(401);

    const idle = cookieOf(await signIn(ADMIN.email, ADMIN.password));
    clock.advance(SESSION.idleMs - 1000);
    expect((await session(idle)).status).toBe(200);
    clock.advance(SESSION.idleMs - 1000);
    expect((await session(idle)).status).toBe(200);
    clock.advance(SESSION.idleMs + 1000);
    expect((await session(idle)).status).toBe(401);

    const busy = cookieOf(await signIn(ADMIN.email, ADMIN.password));
    for (let at = 0; at + SESSION.idleMs / 2 < SESSION.absoluteMs; at += SESSION.idleMs / 2) {
      clock.advance(SESSION.idleMs / 2);
      expect((await session(busy)).status).toBe(at + SESSION.idleMs / 2 < SESSION.absoluteMs ? 200 : 401);
    }
    clock.advance(SESSION.idleMs / 2);
    expect((await session(busy)).status).toBe(401);
  });

  it('refuses a cookie that speaks from another site’s page, or from none', async () => {
    const cookie = cookieOf(await signIn(ADMIN.email, ADMIN.password));
    const post = (headers: Record<string, string>) =>
      server.ask('POST', '/api/v1/enrolment-tokens', { json: {}, headers: { cookie, ...headers } });
    expect((await post({ origin: 'https://evil.example' })).json).toMatchObject({ status: 403, code: 'origin-not-allowed' });
    expect((await post({ origin: 'null' })).json).toMatchObject({ status: 403, code: 'origin-not-allowed' });
    expect((await post({})).json).toMatchObject({ status: 403, code: 'origin-required' });
    expect((await post({ origin: `http://127.0.0.1:${server.port}` })).status).toBe(201);
    const login = await server.ask('POST', '/api/v1/session', {
      json: { email: ADMIN.email, password: ADMIN.password },
      headers: { origin: 'https://evil.example' },
    });
    expect(login.json).toMatchObject({ code: 'origin-not-allowed' });
  });

  it('answers an unknown address and a wrong password alike', async () => {
    const unknown = await signIn('nobody@example.org', 'some password');
    const wrong = await signIn(ADMIN.email, 'some password');
    expect(unknown.status).toBe(401);
    expect([unknown.status, unknown.text]).toEqual([wrong.status, wrong.text]);
    await server.platform.db.pool.query(`UPDATE person SET disabled_at = now() WHERE email = 'eve@example.org'`);
    expect((await signIn('eve@example.org', 'eve has a password')).text).toBe(unknown.text);
  });

  it('limits failures per account, also many at once, says when to come back, and lets others in meanwhile', async () => {
    clock.advance(3_600_000);
    const answers = await Promise.all(Array.from({ length: 14 }, () => signIn('victim@example.org', 'wrong password')));
    expect(answers.map((a) => a.status).sort()).toEqual([...Array<number>(10).fill(401), ...Array<number>(4).fill(429)]);
    const refused = await signIn('victim@example.org', 'wrong password');
    expect(refused.json.code).toBe('too-many-attempts');
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(800);
    expect((await signIn(ADMIN.email, ADMIN.password)).status).toBe(201);
    clock.advance(16 * 60_000);
    expect((await signIn('victim@example.org', 'wrong password')).status).toBe(401);
  });

  it('limits failures per address, over many accounts', async () => {
    clock.advance(3_600_000);
    const statuses: number[] = [];
    for (let i = 0; i < 52; i++) statuses.push((await signIn(`a${i}@example.org`, 'x')).status);
    expect(statuses.filter((s) => s === 401)).toHaveLength(50);
    expect(statuses.slice(-2)).toEqual([429, 429]);
    clock.advance(16 * 60_000);
  });

  it('writes down everything that was done and refused, without any secret', async () => {
    const done = new Set(await actions());
    for (const action of ['setup.refused', 'setup.done', 'session.created', 'session.refused', 'session.ended', 'enrolment-token.created'])
      expect(done).toContain(action);
    const { rows } = await server.platform.db.pool.query<{ all: string }>('SELECT string_agg(audit::text, chr(10)) AS all FROM audit');
    for (const text of [rows[0]?.all ?? '', server.logged.join('')]) {
      expect(text).not.toContain(ADMIN.password);
      expect(text).not.toContain('wrong password');
      expect(text).not.toMatch(/lse1\.[A-Za-z0-9_-]{32}/);
    }
  });

  it('never changes or deletes a row of the audit', async () => {
    for (const sql of [`UPDATE audit SET actor_name = 'x'`, 'DELETE FROM audit', 'TRUNCATE audit']) {
      await expect(server.platform.db.pool.query(sql)).rejects.toMatchObject({ code: '55000' });
    }
  });
});
