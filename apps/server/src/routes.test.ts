import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Problem } from '@lockstep/core/protocol';
import { type Answer, type AskOptions, startTestServer, type TestServer } from '../test/server.js';
import { documentPath } from './platform/index.js';

interface Route {
  method: string;
  path: string;
}

const name = (route: Route) => `${route.method} ${route.path}`;

/** Routes for those who are not signed in; every other one has to refuse them. */
const PUBLIC = [
  'GET /healthz',
  'GET /readyz',
  'GET /api/openapi.json',
  'POST /api/v1/session',
  'GET /api/v1/setup',
  'POST /api/v1/setup',
  'POST /api/v1/password',
  'POST /agent/v1/enrol',
];
/** For programs on the same computer without a token; from elsewhere they need one. */
const OPEN_TO_LOOPBACK = ['GET /metrics'];
const ID = '6c1a1f5e-0000-4000-8000-000000000000';

/**
 * Every route of the running server, found from what it mapped: a new one is swept without being named here. Each bad input has to be
 * answered by a problem that names the field, and the server has to be there afterwards.
 */
describe('every route', () => {
  let server: TestServer;
  let token: string;
  let routes: Route[];
  /** What the document says of refusals: their codes, by route and status. */
  let refusable: Map<string, Record<string, string>>;
  /** Routes that answer a page of something, as the document says. */
  let lists: Route[];
  beforeAll(async () => {
    server = await startTestServer();
    routes = [...server.logged.join('').matchAll(/Mapped \{([^,]+), ([A-Z]+)\} route/g)].map(([, path = '', method = '']) => ({
      method,
      path,
    }));
    const document = JSON.parse((await server.ask('GET', '/api/openapi.json')).text);
    const operation = (r: Route) => document.paths[documentPath(r.path)]?.[r.method.toLowerCase()] ?? { responses: {}, parameters: [] };
    refusable = new Map(
      routes.map((r) => [
        name(r),
        Object.fromEntries(Object.entries(operation(r).responses).map(([k, v]) => [k, (v as { description: string }).description])),
      ]),
    );
    lists = routes.filter((r) => operation(r).parameters.some((p: { name: string }) => p.name === 'after'));
    const cookie = await server.signIn();
    const made = await server.ask('POST', '/api/v1/api-tokens', { cookie, json: { name: 'sweep', role: 'admin' } });
    token = String(made.json.secret);
  });
  afterAll(() => server.end());

  const takesBody = (route: Route) => ['POST', 'PUT', 'PATCH'].includes(route.method);
  const at = (route: Route, id = ID) => route.path.replaceAll(/:\w+/g, id);
  const ask = (route: Route, options: AskOptions & { id?: string; query?: string } = {}) =>
    server.ask(route.method, `${at(route, options.id)}${options.query ?? ''}`, { token, ...options });

  /** A refusal in the form that every refusal has; returns the fields it names. */
  function refusal(route: Route, answer: Answer, ...statuses: number[]): string[] {
    const what = `${name(route)} → ${answer.status} ${answer.text.slice(0, 300)}`;
    expect([what, statuses.includes(answer.status)]).toEqual([what, true]);
    expect([what, answer.headers.get('content-type')]).toEqual([what, 'application/problem+json; charset=utf-8']);
    const problem = Problem.parse(answer.json);
    expect([what, problem.status]).toEqual([what, answer.status]);
    // The document of the API knows this refusal.
    expect([what, refusable.get(name(route))?.[answer.status] ?? ''].map(String)).toEqual([
      what,
      expect.stringContaining(`\`${problem.code}\``),
    ]);
    return (problem.errors ?? []).map((e) => e.field);
  }

  it('is known to this test', () => {
    expect(routes.map(name)).toEqual(
      expect.arrayContaining([
        ...PUBLIC,
        'GET /api/v1/pairs',
        'GET /api/v1/hosts',
        'GET /api/v1/findings',
        'POST /api/v1/fix-runs',
        'PATCH /api/v1/tickets/:id',
        'GET /api/v1/audit',
      ]),
    );
  });

  it('asks who it is, unless it is public on purpose', async () => {
    for (const route of routes) {
      const answer = await server.ask(route.method, at(route), route.method === 'POST' ? { json: {} } : {});
      const open = [...PUBLIC, ...OPEN_TO_LOOPBACK].includes(name(route));
      expect([name(route), answer.status === 401 && answer.text.includes('"not-signed-in"')]).toEqual([name(route), !open]);
      if (!OPEN_TO_LOOPBACK.includes(name(route))) continue;
      const forwarded = { headers: { 'x-forwarded-for': '192.0.2.7' } };
      expect([name(route), (await server.ask(route.method, at(route), forwarded)).json.code]).toEqual([name(route), 'not-signed-in']);
      // Whoever shows a token means it.
      expect([name(route), (await server.ask(route.method, at(route), { token: 'lst1.wrong' })).json.code]).toEqual([
        name(route),
        'bad-token',
      ]);
    }
  });

  it('refuses a foreign page’s request that would change something', async () => {
    for (const route of routes.filter((r) => r.method !== 'GET')) {
      expect(refusal(route, await ask(route, { headers: { origin: 'https://evil.example' } }), 403)).toEqual(['Origin']);
    }
  });

  it('names an id that is none', async () => {
    const withId = routes.filter((r) => r.path.includes(':'));
    expect(withId.length).toBeGreaterThan(4);
    for (const route of withId) {
      for (const id of ['1', 'not-a-uuid', '%00', `${ID}%00`, `${ID}'--`, 'x'.repeat(90), '..%2f..%2f', '%F0%9F%92%A9']) {
        // A route that takes a body may speak of the missing body first.
        const fields = refusal(route, await ask(route, { id }), 400).filter((f) => !takesBody(route) || f !== '(body)');
        expect([name(route), id, fields]).toEqual([name(route), id, takesBody(route) ? [] : ['id']]);
      }
      expect(refusal(route, await ask(route, { id: 'x'.repeat(5000) }), 400, 404, 414)).toBeDefined();
    }
  });

  it('that takes a body takes JSON objects only, and says what is wrong with anything else', async () => {
    for (const route of routes.filter(takesBody)) {
      const post = (body: string, headers: Record<string, string> = {}) => ask(route, { body, headers });
      for (const type of [
        'text/plain',
        'application/x-www-form-urlencoded',
        'multipart/form-data; boundary=x',
        'application/xml',
        'application/json-patch+json',
        'rubbish',
      ]) {
        refusal(route, await post('a=b', { 'content-type': type }), 415);
      }
      expect(refusal(route, await ask(route), 400)).toEqual(['(body)']);
      for (const body of ['', '{', '{"a":}', '{"a":1}}', '\u0000', "{'a':1}", '{"a":NaN}', '\ufeff\ufeff{}'])
        expect([body, refusal(route, await post(body), 400)]).toEqual([body, ['(body)']]);
      for (const body of ['[]', 'null', '1', '"text"', 'true'])
        expect([body, refusal(route, await post(body), 400)]).toEqual([body, ['(body)']]);
    }
  });

  it('that takes a body refuses hostile JSON and names the place', async () => {
    for (const route of routes.filter(takesBody)) {
      const post = (body: string) => ask(route, { body });
      const deep = `${'{"a":'.repeat(500)}1${'}'.repeat(500)}`;
      expect(refusal(route, await post(deep), 400)[0]).toMatch(/^a\.a\.a/);
      expect(refusal(route, await post('{"name":"x\\u0000y"}'), 400)).toEqual(['name']);
      expect(refusal(route, await post('{"list":[{"name":"\\ud800"}]}'), 400)).toEqual(['list[0].name']);
      expect(refusal(route, await post('{"uses":1e400}'), 400)).toEqual(['uses']);
      expect(refusal(route, await post('{"a":{"__proto__":{"role":"admin"}}}'), 400)).toEqual(['a']);
      refusal(route, await post(`{"name":"${'x'.repeat(300_000)}"}`), 413);
    }
  });

  it('of people’s and programs’ that takes a body names fields it does not know', async () => {
    for (const route of routes.filter((r) => takesBody(r) && r.path.startsWith('/api/'))) {
      expect(refusal(route, await ask(route, { json: { notAField: 1 } }), 400)).toContain('notAField');
    }
  });

  it('that lists refuses what it cannot page by, and names it', async () => {
    expect(lists.map(name)).toEqual(expect.arrayContaining(['GET /api/v1/pairs', 'GET /api/v1/audit', 'GET /api/v1/tickets']));
    for (const route of lists) {
      const page = await ask(route);
      expect([name(route), page.status, Object.keys(page.json).sort()]).toEqual([name(route), 200, ['items', 'next']]);
      for (const [query, field] of [
        ['?limit=0', 'limit'],
        ['?limit=1e400', 'limit'],
        ['?limit=99999', 'limit'],
        ['?limit=', 'limit'],
        ['?limit=1&limit=2', 'limit'],
        ['?limit=-1', 'limit'],
        ['?after=rubbish', 'after'],
        ['?after=e30', 'after'],
        ['?after=%00', 'after'],
        ['?after=WzFd', 'after'],
        [`?after=${'x'.repeat(2000)}`, 'after'],
        ['?notAFilter=1', 'notAFilter'],
      ] as const) {
        expect([name(route), query, refusal(route, await ask(route, { query }), 400)]).toEqual([name(route), query, [field]]);
      }
    }
  });

  it('is not reached by another method or a twisted path', async () => {
    for (const [method, path] of [
      ['PUT', '/api/v1/session'],
      ['PATCH', '/api/v1/hosts'],
      ['DELETE', '/api/v1/pairs'],
      ['POST', '/api/v1/setup/'],
      ['GET', '/api/v1/../../etc/passwd'],
      ['GET', '/api/v1/pairs%2f'],
      ['POST', '/'],
      ['DELETE', '/assets/x'],
    ] as const) {
      const answer = await server.ask(method, path, { token });
      expect([method, path, [400, 404, 405].includes(answer.status)]).toEqual([method, path, true]);
    }
  });

  it('leaves a server that works, and no error of its own in the log', async () => {
    expect((await server.ask('GET', '/readyz')).status).toBe(200);
    const errors = server.logged.filter((l) => l.includes('"level":"error"'));
    expect(errors).toEqual([]);
  });
});
