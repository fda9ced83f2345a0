import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../test/clock.js';
import { startTestServer, type TestServer } from '../../test/server.js';

describe('tokens of programs and computers', () => {
  let server: TestServer;
  let cookie: string;
  const clock = new ManualClock();

  beforeAll(async () => {
    server = await startTestServer({ clock });
    cookie = await server.signIn();
  });
  afterAll(() => server.end());

  const make = async (role: string, extra: Record<string, unknown> = {}) => {
    const answer = await server.ask('POST', '/api/v1/api-tokens', { cookie, json: { name: `${role} script`, role, ...extra } });
    expect(answer.status).toBe(201);
    return { id: String(answer.json.id), secret: String(answer.json.secret) };
  };

  it('are shown once and kept as hashes', async () => {
    const { secret } = await make('viewer');
    expect(secret).toMatch(/^lst1\.[A-Za-z0-9_-]{32}$/);
    const list = await server.ask('GET', '/api/v1/api-tokens', { cookie });
    expect(list.text).not.toContain(secret.slice(5));
    const rows = await server.platform.db.pool.query<{ all: string }>(
      `SELECT string_agg(t::text || encode(token_hash, 'escape'), '') AS all FROM api_token t`,
    );
    expect(rows.rows[0]?.all).not.toContain(secret.slice(5));
  });

  it('may do what their role may', async () => {
    const [viewer, technician, admin] = await Promise.all([make('viewer'), make('technician'), make('admin')]);
    const list = (token: string) => server.ask('GET', '/api/v1/enrolment-tokens', { token });
    expect((await list(viewer.secret)).json).toMatchObject({ status: 403, code: 'forbidden' });
    expect((await list(technician.secret)).status).toBe(403);
    expect((await list(admin.secret)).status).toBe(200);
    const last = await server.ask('GET', '/api/v1/api-tokens', { cookie });
    expect(JSON.parse(last.text).items.find((t: { id: string }) => t.id === admin.id).lastUsedAt).not.toBeNull();
    expect((await server.ask('GET', '/api/v1/session', { token: admin.secret })).status).toBe(404);
  });

  it('end by revocation and by their date', async () => {
    const revoked = await make('admin');
    expect((await server.ask('DELETE', `/api/v1/api-tokens/${revoked.id}`, { cookie })).status).toBe(204);
    expect((await server.ask('DELETE', `/api/v1/api-tokens/${revoked.id}`, { cookie })).status).toBe(204);
    expect((await server.ask('GET', '/api/v1/api-tokens', { token: revoked.secret })).json).toMatchObject({
      status: 401,
      code: 'bad-token',
    });
    const dated = await make('admin', { days: 1 });
    expect((await server.ask('GET', '/api/v1/api-tokens', { token: dated.secret })).status).toBe(200);
    clock.advance(25 * 3_600_000);
    cookie = await server.signIn();
    expect((await server.ask('GET', '/api/v1/api-tokens', { token: dated.secret })).status).toBe(401);
  });

  it('that are wrong are refused even beside a good cookie', async () => {
    for (const authorization of ['Bearer lst1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', 'Bearer x', 'Bearer', 'Basic YTpi', 'lst1.x']) {
      const answer = await server.ask('GET', '/api/v1/api-tokens', { cookie, headers: { authorization } });
      expect([authorization, answer.status, answer.headers.get('www-authenticate')]).toEqual([
        authorization,
        401,
        'Bearer error="invalid_token"',
      ]);
    }
  });

  it('for enrolment are made, listed page by page, and revoked', async () => {
    const made: string[] = [];
    for (let i = 0; i < 5; i++) {
      const answer = await server.ask('POST', '/api/v1/enrolment-tokens', { cookie, json: { uses: 3, minutes: 60, note: `floor ${i}` } });
      expect(answer.status).toBe(201);
      expect(String(answer.json.token)).toMatch(/^lse1\.[A-Za-z0-9_-]{32}\.[A-Za-z0-9_-]{43}$/);
      expect(String(answer.json.token).split('.')[2]).toBe(server.orderKey.fingerprint);
      made.push(String(answer.json.id));
    }
    expect((await server.ask('DELETE', `/api/v1/enrolment-tokens/${made[0]}`, { cookie })).status).toBe(204);
    const seen: { id: string; usesLeft: number; state: string; token?: string }[] = [];
    let after: string | null = '';
    while (after !== null) {
      const page: { items: typeof seen; next: string | null } = JSON.parse(
        (await server.ask('GET', `/api/v1/enrolment-tokens?limit=2${after === '' ? '' : `&after=${after}`}`, { cookie })).text,
      );
      expect(page.items.length).toBeLessThanOrEqual(2);
      seen.push(...page.items);
      after = page.next;
    }
    expect(seen.map((t) => t.id).sort()).toEqual([...made].sort());
    expect(seen.find((t) => t.id === made[0])?.state).toBe('revoked');
    expect(seen.filter((t) => t.state === 'usable')).toHaveLength(4);
    expect(seen.some((t) => t.token !== undefined)).toBe(false);
  });

  it('are written down in the audit, which pages too', async () => {
    const first = JSON.parse((await server.ask('GET', '/api/v1/audit?limit=3', { cookie })).text);
    const second = JSON.parse((await server.ask('GET', `/api/v1/audit?limit=3&after=${first.next}`, { cookie })).text);
    expect(Number(second.items[0].id)).toBeLessThan(Number(first.items[2].id));
    const only = JSON.parse((await server.ask('GET', '/api/v1/audit?action=api-token.revoked', { cookie })).text);
    expect(only.items).toHaveLength(1);
    expect(only.items[0]).toMatchObject({
      action: 'api-token.revoked',
      actor: { kind: 'person', name: 'Ada Admin' },
      subject: { kind: 'api-token' },
      address: '127.0.0.1',
    });
  });
});

describe('an Idempotency-Key', () => {
  let server: TestServer;
  let cookie: string;
  beforeAll(async () => {
    server = await startTestServer();
    cookie = await server.signIn();
  });
  afterAll(() => server.end());
  const post = (key: string, json: unknown, path = '/api/v1/enrolment-tokens') =>
    server.ask('POST', path, { cookie, json, headers: { 'idempotency-key': key } });
  const count = async () => Number((await server.platform.db.pool.query('SELECT count(*) AS n FROM enrolment_token')).rows[0]?.n);

  it('makes a repeated POST take effect once and be answered the same, secret included', async () => {
    const before = await count();
    const first = await post('one', { note: 'a' });
    const again = await post('one', { note: 'a' });
    expect([again.status, again.text, again.headers.get('idempotent-replayed')]).toEqual([201, first.text, 'true']);
    expect(first.headers.get('idempotent-replayed')).toBeNull();
    expect(await count()).toBe(before + 1);
  });

  it('refuses the same key for something else', async () => {
    await post('two', { note: 'a' });
    expect((await post('two', { note: 'b' })).json).toMatchObject({ status: 422, code: 'idempotency-key-reused' });
    expect((await post('two', { note: 'a' }, '/api/v1/api-tokens')).json).toMatchObject({ status: 422, code: 'idempotency-key-reused' });
  });

  it('lets one of twenty at once through', async () => {
    const before = await count();
    const answers = await Promise.all(Array.from({ length: 20 }, () => post('three', { note: 'race' })));
    expect(new Set(answers.map((a) => a.text)).size).toBe(1);
    expect(answers.filter((a) => a.headers.get('idempotent-replayed') === null)).toHaveLength(1);
    expect(await count()).toBe(before + 1);
  });

  it('can be used again after a refusal, and names itself when it is malformed', async () => {
    expect((await post('four', { uses: 0 })).status).toBe(400);
    expect((await post('four', { uses: 2 })).status).toBe(201);
    for (const key of ['x'.repeat(256), 'with space', '']) {
      const answer = await post(key, {});
      expect(answer.status).toBe(400);
      expect(answer.text).toContain('Idempotency-Key');
    }
  });

  it('works for signing in: the same session, not a second one', async () => {
    const json = { email: 'ada@example.org', password: 'correct horse battery' };
    const ask = () => server.ask('POST', '/api/v1/session', { json, headers: { 'idempotency-key': 'sign-in' } });
    const [first, second] = [await ask(), await ask()];
    expect(second.headers.getSetCookie()).toEqual(first.headers.getSetCookie());
    expect(first.headers.getSetCookie()).toHaveLength(1);
  });
});
