import * as protocol from '@lockstep/core/protocol';
import { z } from 'zod';
import type { RouteAnswer } from './answers.js';

/** One argument of a route that comes from the request and is read by a schema. */
export interface RouteInput {
  in: 'body' | 'query' | 'path';
  /** Name of a path parameter; for the others the place again. */
  name: string;
  schema: z.ZodType;
}

/** A route as it was mapped. */
export interface MappedRoute {
  method: string;
  /** With `:id` for parameters, as the router writes them. */
  path: string;
  /** Controller and handler, for whoever has to mend a route that says nothing. */
  handler: string;
  /** The role it needs; null for a route that is open to everybody. */
  role: string | null;
  /** A caller on this very computer needs no role. */
  openToLoopback: boolean;
  /** Status of its answer. */
  status: number;
  inputs: readonly RouteInput[];
  /** What it says it answers; null when it says nothing. */
  answer: RouteAnswer | null;
}

type Json = { [key: string]: unknown };

const PROBLEM = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };
const IDEMPOTENCY_HEADER = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description: 'The same key with the same request takes effect once, and is answered the same way for 24 hours.',
  schema: { type: 'string', minLength: 1, maxLength: 255 },
};

/** Words for the statuses of refusals. */
const REFUSED: Record<number, string> = {
  400: 'The request is not valid; `errors` names each field',
  401: 'Nobody is signed in, or the token is not known',
  403: 'The caller may not do this, or the request comes from a page of another site',
  404: 'There is no such thing',
  409: 'It cannot be done as things stand',
  410: 'It was done once and for all',
  413: 'The body is too large',
  415: 'The body is not JSON',
  421: 'This server does not answer to that name',
  422: 'The Idempotency-Key belongs to another request',
  429: 'Too many attempts; Retry-After says how long to wait',
  503: 'The database or the queue does not answer; nothing was changed',
};

/** Schemas that core exports by name are named in the document, wherever they are used. */
function namedSchemas(): z.core.$ZodRegistry<{ id: string }> {
  const named = z.registry<{ id: string }>();
  for (const [name, value] of Object.entries(protocol)) {
    if (value instanceof z.ZodObject || value instanceof z.ZodDiscriminatedUnion) named.add(value, { id: name });
  }
  return named;
}

/** Collects schemas as JSON Schema 2020-12, which OpenAPI 3.1 is made of. */
class Schemas {
  readonly components: Json = {};
  private readonly named = namedSchemas();

  /** What is sent. Objects stay open: a later version may add fields, and a client has to bear that. */
  answer(schema: z.ZodType): Json {
    return this.take(z.toJSONSchema(schema, { io: 'output', metadata: this.named, unrepresentable: 'any', override: answered }));
  }

  /** What is taken. */
  input(schema: z.ZodType): Json {
    return this.take(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }));
  }

  private take(json: Json): Json {
    const { $schema: _, $defs, ...schema } = json;
    for (const [name, def] of Object.entries(($defs ?? {}) as Json)) this.components[name] ??= renamed(def);
    const { id, ...own } = renamed(schema) as Json;
    if (typeof id !== 'string') return own;
    this.components[id] ??= own;
    return { $ref: `#/components/schemas/${id}` };
  }
}

function answered({ zodSchema, jsonSchema }: { zodSchema: z.core.$ZodTypes; jsonSchema: Json }): void {
  if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
  const format = z.globalRegistry.get(zodSchema)?.format;
  if (format !== undefined) jsonSchema.format = format;
}

/** Schemas refer to `#/$defs/X`; in the document they stand under components. */
function renamed(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(renamed);
  if (typeof json !== 'object' || json === null) return json;
  return Object.fromEntries(
    Object.entries(json).map(([key, value]) => [
      key,
      key === '$ref' && typeof value === 'string' ? value.replace('#/$defs/', '#/components/schemas/') : renamed(value),
    ]),
  );
}

/** `/api/v1/pairs/:id` as `/api/v1/pairs/{id}`. */
export const documentPath = (path: string): string => path.replaceAll(/:(\w+)/g, '{$1}');

/** The things a route is about: its first word below `/api/v1`. */
function tagOf(path: string): string {
  return /^\/(?:api|agent)\/v1\/([a-z-]+)/.exec(path)?.[1] ?? 'server';
}

function unwrapped(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodNullable)
    return unwrapped(schema.unwrap() as z.ZodType);
  return schema;
}

/**
 * A field of a query. It travels as text; where that text is read as a number or as words between commas, the document says what it is
 * read as.
 */
function queryParameter(name: string, field: z.ZodType, schemas: Schemas): Json {
  const outer = schemas.input(field);
  const inner = unwrapped(field);
  const read = inner instanceof z.ZodPipe ? (inner.out as z.ZodType) : null;
  const isList = read instanceof z.ZodArray;
  const schema = isList || read instanceof z.ZodNumber ? schemas.input(read) : outer;
  // Of a field that has a default, `undefined` is read as it.
  const absent = field.safeParse(undefined);
  const fallback = absent.success && absent.data !== undefined ? { default: absent.data } : {};
  return {
    name,
    in: 'query',
    required: !absent.success,
    ...(isList ? { style: 'form', explode: false } : {}),
    schema: { ...schema, ...fallback },
  };
}

function parameters(route: MappedRoute, schemas: Schemas): Json[] {
  const out: Json[] = [];
  for (const { in: place, name, schema } of route.inputs) {
    if (place === 'path') out.push({ name, in: 'path', required: true, schema: schemas.input(schema) });
    else if (place === 'query') {
      if (!(schema instanceof z.ZodObject)) throw new Error(`the query of ${route.handler} is read by something else than an object`);
      for (const [field, of] of Object.entries(schema.shape)) out.push(queryParameter(field, of as z.ZodType, schemas));
    }
  }
  if (route.method === 'POST') out.push(IDEMPOTENCY_HEADER);
  return out;
}

/** Every refusal of a route, by status, with its codes. */
export function refusalsOf(route: MappedRoute): Map<number, string[]> {
  const all = new Map<number, string[]>();
  const add = (status: number, ...codes: readonly string[]) => {
    const known = all.get(status) ?? [];
    all.set(status, [...known, ...codes.filter((c) => !known.includes(c))]);
  };
  const takes = (place: RouteInput['in']) => route.inputs.some((i) => i.in === place);
  add(400, 'bad-request');
  if (route.inputs.length > 0 || route.method === 'POST') add(400, 'invalid-input');
  if (takes('body')) {
    add(400, 'invalid-json');
    add(413, 'too-large');
    add(415, 'unsupported-media-type');
  }
  if (takes('path')) {
    add(404, 'not-found');
    add(414, 'too-large');
  }
  if (route.role !== null) {
    add(401, 'not-signed-in', 'bad-token');
    add(403, 'forbidden');
  }
  if (route.method !== 'GET') add(403, 'origin-not-allowed', 'origin-required');
  if (route.method === 'POST') {
    add(409, 'idempotency-in-progress', 'idempotency-outcome-unknown');
    add(422, 'idempotency-key-reused');
  }
  add(421, 'host-not-allowed');
  add(503, 'database-unavailable');
  for (const [status, codes] of Object.entries(route.answer?.refusals ?? {})) add(Number(status), ...codes);
  return new Map([...all].sort(([a], [b]) => a - b));
}

function operation(route: MappedRoute, answer: RouteAnswer, schemas: Schemas): Json {
  const body = route.inputs.find((i) => i.in === 'body');
  const content =
    answer.schema !== null
      ? { 'application/json': { schema: schemas.answer(answer.schema) } }
      : answer.mediaType !== null
        ? { [answer.mediaType]: { schema: { type: 'string' } } }
        : null;
  const refused = [...refusalsOf(route)].map(([status, codes]) => [
    String(status),
    { description: `${REFUSED[status] ?? 'It is refused'}: ${codes.map((c) => `\`${c}\``).join(', ')}.`, content: PROBLEM },
  ]);
  return {
    operationId: `${tagOf(route.path)}.${route.handler.split('.').at(-1)}`,
    summary: answer.summary,
    tags: [tagOf(route.path)],
    ...(route.role === null
      ? { security: [] }
      : { description: `Needs the role ${route.role}${route.openToLoopback ? ', except from this very computer' : ''}.` }),
    ...(route.openToLoopback ? { security: [{}, { token: [] }, { session: [] }] } : {}),
    parameters: parameters(route, schemas),
    ...(body === undefined
      ? {}
      : { requestBody: { required: true, content: { 'application/json': { schema: schemas.input(body.schema) } } } }),
    responses: {
      [String(route.status)]: { description: answer.summary, ...(content === null ? {} : { content }) },
      ...Object.fromEntries(refused),
      default: { description: 'Any other refusal.', content: PROBLEM },
    },
  };
}

/**
 * The API's document (OpenAPI 3.1), made from what was mapped and from the schemas that read requests and describe answers. A route that
 * does not say what it answers is left out: its test names it.
 */
export function openApi(routes: readonly MappedRoute[], version: string): Json {
  const schemas = new Schemas();
  schemas.answer(protocol.Problem);
  const paths: { [path: string]: Json } = {};
  for (const route of [...routes].sort((a, b) => (a.path < b.path ? -1 : 1))) {
    if (route.answer === null) continue;
    const path = documentPath(route.path);
    paths[path] ??= {};
    paths[path][route.method.toLowerCase()] = operation(route, route.answer, schemas);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Lockstep',
      version,
      description:
        'Lists answer `{items, next}`: send `next` back as `after`. Times are ISO 8601 UTC. Refusals are application/problem+json with a stable `code`. See docs/api.md.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    security: [{ token: [] }, { session: [] }],
    paths,
    components: {
      schemas: Object.fromEntries(Object.entries(schemas.components).sort(([a], [b]) => (a < b ? -1 : 1))),
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'An API token, `lst1.…`.' },
        session: { type: 'apiKey', in: 'cookie', name: 'lockstep_session', description: 'What POST /api/v1/session sets.' },
      },
    },
  };
}
