import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { MadePasswordLink, PersonView } from '@lockstep/core/protocol';
import { Browser } from '../../test/browser.js';
import { ManualClock } from '../../test/clock.js';
import { ADMIN, type Answer, cookieOf, startTestServer, type TestServer } from '../../test/server.js';
import { LINK_MS } from './password-links.js';

const PASSWORD = 'a password of their own';
const clock = new ManualClock();
let server: TestServer;
let admin: string;
let adminId: string;
let n = 0;

beforeAll(async () => {
  server = await startTestServer({ clock });
  admin = await server.signIn();
  adminId = JSON.parse((await server.ask('GET', '/api/v1/session', { cookie: admin })).text).person.id;
});
afterAll(() => server.end());
// Guesses and sign-ins of one test do not slow the next one down; a session outlives this.
beforeEach(() => clock.advance(16 * 60_000));

const word = (a: Answer) =>
  [a.status, a.json.code, ...((a.json.errors ?? []) as unknown as { field: string }[]).map((e) => e.field)].filter(Boolean).join(' ');
const add = async (role: string, extra: object = {}, by: { cookie?: string; token?: string } = { cookie: admin }) =>
  server.ask('POST', '/api/v1/people', { ...by, json: { name: `P ${++n}`, email: `p${n}@example.org`, role, ...extra } });
const made = async (role: string) => MadePasswordLink.parse(JSON.parse((await add(role)).text));
const redeem = (token: string, password = PASSWORD) => server.ask('POST', '/api/v1/password', { json: { token, password } });
const change = (id: string, json: object, cookie = admin) => server.ask('PATCH', `/api/v1/people/${id}`, { cookie, json });
const link = (id: string, cookie = admin) => server.ask('POST', `/api/v1/people/${id}/password-link`, { cookie, json: {} });
const session = (cookie: string) => server.ask('GET', '/api/v1/session', { cookie });
const signIn = (email: string, password = PASSWORD) => server.ask('POST', '/api/v1/session', { json: { email, password } });
const person = async (role: string) => {
  const { person: p, token } = await made(role);
  return { ...p, cookie: cookieOf(await redeem(token)) };
};
const listed = async (id: string) => {
  const { items } = JSON.parse((await server.ask('GET', '/api/v1/people?limit=200', { cookie: admin })).text) as { items: unknown[] };
  return items.map((i) => PersonView.parse(i)).find((p) => p.id === id);
};
const actions = async (id: string) =>
  (
    await server.platform.db.pool.query<{ a: string }>(
      `SELECT action AS a FROM audit WHERE subject_id = $1 AND action LIKE 'person.%' ORDER BY id`,
      [id],
    )
  ).rows.map((r) => r.a);

describe('a person', () => {
  it('is added with a link that is shown once, works once, and signs them in', async () => {
    const { person: p, token, expiresAt } = await made('technician');
    expect(p).toMatchObject({ state: 'invited', role: 'technician', linkUntil: expiresAt });
    expect(Date.parse(expiresAt) - clock.now()).toBe(LINK_MS);
    expect((await signIn(p.email)).status).toBe(401);
    const { rows } = await server.platform.db.pool.query<{ all: string }>(
      `SELECT string_agg(l::text || encode(l.token_hash, 'escape'), '') || (SELECT string_agg(audit::text, '') FROM audit) AS all FROM password_link l`,
    );
    expect(rows[0]?.all).not.toContain(token);
    expect(server.logged.join('')).not.toContain(token);

    const answer = await redeem(token);
    expect([answer.status, answer.json.person]).toMatchObject([201, { email: p.email, role: 'technician' }]);
    expect((await session(cookieOf(answer))).status).toBe(200);
    expect((await signIn(p.email)).status).toBe(201);
    expect(word(await redeem(token, 'another password'))).toBe('403 link-refused token');
    expect(await listed(p.id)).toMatchObject({ state: 'active', linkUntil: null, lastSeenAt: expect.any(String) });
    expect(await actions(p.id)).toEqual(['person.added', 'person.link-made', 'person.password-set']);
  });

  it('of two who use a link at once one sets the password', async () => {
    const { token } = await made('viewer');
    const answers = await Promise.all([redeem(token), redeem(token), redeem(token)]);
    expect(answers.map((a) => a.status).sort()).toEqual([201, 403, 403]);
  });

  it('gets nothing by a link that expired, was replaced, or belongs to nobody', async () => {
    const first = await made('viewer');
    const second = JSON.parse((await link(first.person.id)).text) as MadePasswordLink;
    expect(word(await redeem(first.token))).toBe('403 link-refused token');
    clock.advance(LINK_MS);
    admin = await server.signIn();
    expect(word(await redeem(second.token))).toBe('403 link-refused token');
    expect(word(await redeem('x'.repeat(32)))).toBe('403 link-refused token');
    expect(word(await redeem(second.token, 'short'))).toBe('400 invalid-input password');
    expect((await listed(first.person.id))?.linkUntil).toBeNull();
  });

  it('is refused by field when the address is taken or nothing fits', async () => {
    expect(word(await add('viewer', { email: ' ADA@example.org ' }))).toBe('409 email-taken email');
    expect(word(await add('king', { email: 'x', name: ' ' }))).toBe('400 invalid-input name email role');
    expect(word(await change(adminId, {}))).toBe('400 invalid-input role');
    expect(word(await change('00000000-0000-4000-8000-00000000dead', { disabled: true }))).toBe('404 not-found');
  });

  it('loses a forgotten password by a new link, and every session that the old one opened', async () => {
    const p = await person('viewer');
    const { token } = JSON.parse((await link(p.id)).text) as MadePasswordLink;
    expect((await session(p.cookie)).status).toBe(200);
    const answer = await redeem(token, 'the newest password');
    expect((await session(p.cookie)).status).toBe(401);
    expect((await session(cookieOf(answer))).status).toBe(200);
    expect([(await signIn(p.email)).status, (await signIn(p.email, 'the newest password')).status]).toEqual([401, 201]);
  });

  it('changes the own password, saying the old one; the other sessions end and this one stays', async () => {
    const p = await person('technician');
    const other = cookieOf(await signIn(p.email));
    const put = (json: object, cookie = p.cookie) => server.ask('PUT', '/api/v1/session/password', { cookie, json });
    expect(word(await put({ current: 'a guess', password: 'the newest password' }))).toBe('403 wrong-password current');
    expect(word(await put({ current: PASSWORD, password: 'short' }))).toBe('400 invalid-input password');
    expect((await put({ current: PASSWORD, password: 'the newest password' })).status).toBe(204);
    expect([(await session(p.cookie)).status, (await session(other)).status]).toEqual([200, 401]);
    expect([(await signIn(p.email)).status, (await signIn(p.email, 'the newest password')).status]).toEqual([401, 201]);
    expect((await actions(p.id)).slice(-2)).toEqual(['person.password-refused', 'person.password-set']);
    const guesses = await Promise.all(Array.from({ length: 12 }, () => put({ current: 'a guess', password: 'the newest password' })));
    expect(guesses.map((g) => g.json.code).filter((c) => String(c) === 'too-many-attempts').length).toBeGreaterThan(0);
  });
});

describe('an admin', () => {
  it('disables somebody: sessions and sockets end at once, links and tokens do nothing any more; enabled again they sign in', async () => {
    const p = await person('admin');
    const friend = JSON.parse((await add('viewer', {}, { cookie: p.cookie })).text) as MadePasswordLink;
    const token = String(
      (await server.ask('POST', '/api/v1/api-tokens', { cookie: p.cookie, json: { name: 't', role: 'admin' } })).json.secret,
    );
    const browser = await Browser.open(server.port, { cookie: p.cookie, origin: `http://127.0.0.1:${server.port}` });
    await browser.until((all) => all.find((m) => m.type === 'hello'));
    expect((await server.ask('GET', '/api/v1/people', { token })).status).toBe(200);

    expect((await change(p.id, { disabled: true })).json).toMatchObject({ state: 'disabled' });
    expect(await browser.closed).toBe('4401 signed-out');
    expect([(await session(p.cookie)).status, (await signIn(p.email)).status]).toEqual([401, 401]);
    expect(word(await server.ask('GET', '/api/v1/people', { token }))).toBe('401 bad-token');
    expect(word(await redeem(friend.token))).toBe('403 link-refused token');
    expect(word(await link(p.id))).toBe('409 disabled');

    expect((await change(p.id, { disabled: false })).json).toMatchObject({ state: 'active', disabledAt: null });
    expect([(await session(p.cookie)).status, (await signIn(p.email)).status]).toEqual([401, 201]);
    expect((await server.ask('GET', '/api/v1/people', { token })).status).toBe(200);
    expect((await actions(p.id)).filter((a) => /abled/.test(a))).toEqual(['person.disabled', 'person.enabled']);
  });

  it('changes a role, which holds from the next request on', async () => {
    const p = await person('viewer');
    expect((await server.ask('GET', '/api/v1/people', { cookie: p.cookie })).status).toBe(403);
    await change(p.id, { role: 'admin' });
    expect((await server.ask('GET', '/api/v1/people', { cookie: p.cookie })).status).toBe(200);
    await change(p.id, { role: 'viewer' });
    expect((await server.ask('GET', '/api/v1/people', { cookie: p.cookie })).status).toBe(403);
  });

  it('is never the last one to go, whoever asks and however many at once', async () => {
    const { rows } = await server.platform.db.pool.query<{ id: string }>(`SELECT id FROM person WHERE role = 'admin' AND id <> $1`, [
      adminId,
    ]);
    for (const { id } of rows) await change(id, { role: 'viewer' });
    // Somebody who never set a password is no admin yet.
    await made('admin');
    expect(word(await change(adminId, { role: 'technician' }))).toBe('409 last-admin role');
    expect(word(await change(adminId, { disabled: true }))).toBe('409 last-admin disabled');
    const second = await person('admin');
    const both = await Promise.all([change(adminId, { disabled: true }, second.cookie), change(second.id, { role: 'viewer' })]);
    expect(both.map((a) => a.status).sort()).toEqual([200, 409]);
    const left = await server.platform.db.pool.query(
      `SELECT 1 FROM person WHERE role = 'admin' AND disabled_at IS NULL AND password_hash IS NOT NULL`,
    );
    expect(left.rowCount).toBe(1);
    await server.platform.db.pool.query('UPDATE person SET disabled_at = NULL WHERE id = $1', [adminId]);
    admin = await server.signIn();
  });

  it('is a person: no program, whatever its role, makes people or changes them', async () => {
    const secret = String(
      (await server.ask('POST', '/api/v1/api-tokens', { cookie: admin, json: { name: 't', role: 'admin' } })).json.secret,
    );
    const p = await person('viewer');
    expect(word(await add('admin', {}, { token: secret }))).toBe('403 person-required');
    for (const [method, path, json] of [
      ['PATCH', `/api/v1/people/${p.id}`, { role: 'admin' }],
      ['POST', `/api/v1/people/${p.id}/password-link`, {}],
      ['PUT', '/api/v1/session/password', { current: 'x', password: PASSWORD }],
    ] as const)
      expect(word(await server.ask(method, path, { token: secret, json }))).toBe('403 person-required');
    expect(await listed(p.id)).toMatchObject({ role: 'viewer', linkUntil: null });
  });

  it('sees everybody page by page, and nobody’s password', async () => {
    const ids: string[] = [];
    for (let after: string | null = ''; after !== null; ) {
      const answer: Answer = await server.ask('GET', `/api/v1/people?limit=4${after === '' ? '' : `&after=${after}`}`, { cookie: admin });
      expect(answer.text).not.toMatch(/argon2|hash/);
      const page = JSON.parse(answer.text) as { items: PersonView[]; next: string | null };
      ids.push(...page.items.map((p) => p.id));
      after = page.next;
    }
    const { rows } = await server.platform.db.pool.query<{ n: number }>('SELECT count(*)::int AS n FROM person');
    expect([new Set(ids).size, ids[0]]).toEqual([rows[0]?.n, adminId]);
    expect(ADMIN.email).toBe((await listed(adminId))?.email);
  });
});
