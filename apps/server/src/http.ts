import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { createSecureContext } from 'node:tls';
import fastifyHelmet from '@fastify/helmet';
import { LIMITS } from '@lockstep/core/protocol';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Doors } from './access/index.js';
import {
  codeOf,
  type Env,
  type Log,
  type Metrics,
  messageOf,
  ProblemError,
  problemOf,
  readJson,
  SECONDS,
  sendProblem,
} from './platform/index.js';
import { StartError } from './start-error.js';

/** Bytes of a body: the largest that anybody sends is an agent's message, and those have a socket. */
const BODY_BYTES = 262_144;
/** A client that sends slowly holds a connection no longer than this (slow loris). */
const REQUEST_MS = 30_000;
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);
/** Methods that routes have; any other counts as one. */
const METHODS = ['GET', 'POST', 'PATCH', 'DELETE'] as const;
/** For watchers, which ask by address and learn nothing. */
const ANY_HOST = /^\/(healthz|readyz)(\?|$)/;

/** A broken request, seen by Node before there is a request: the words of RFC 9110 for it, in our form. */
function refuseRaw(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return;
  const problem =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? new ProblemError(431, 'too-large', 'The headers are larger than this server takes.')
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? new ProblemError(408, 'timeout', 'The request took too long to arrive.')
        : new ProblemError(400, 'bad-request', 'This is not a well-formed HTTP request.');
  const body = JSON.stringify(problem.toProblem());
  socket.end(
    `HTTP/1.1 ${problem.status} ${problem.toProblem().title}\r\nContent-Type: application/problem+json; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

function readTls(files: { certFile: string; keyFile: string }): { cert: Buffer; key: Buffer; minVersion: 'TLSv1.2' } {
  const read = (variable: string, file: string): Buffer => {
    try {
      return readFileSync(file);
    } catch (error) {
      throw new StartError(`${variable}: ${file} cannot be read (${codeOf(error)}).`, { cause: error });
    }
  };
  const pair = {
    cert: read('LOCKSTEP_TLS_CERT', files.certFile),
    key: read('LOCKSTEP_TLS_KEY', files.keyFile),
    minVersion: 'TLSv1.2' as const,
  };
  try {
    createSecureContext(pair);
  } catch (error) {
    throw new StartError(`LOCKSTEP_TLS_CERT and LOCKSTEP_TLS_KEY cannot be used: ${messageOf(error)}.`, { cause: error });
  }
  return pair;
}

/** The HTTP server, before any route: what every request has to pass. */
export function createHttp(env: Env, doors: Doors, log: Log, metrics: Metrics): FastifyAdapter {
  const tls = env.tls === null ? {} : { https: readTls(env.tls) };
  const adapter = new FastifyAdapter({
    ...tls,
    trustProxy: false, // doors.peer() reads forwarding headers, for requests and upgrades alike
    bodyLimit: BODY_BYTES,
    requestTimeout: REQUEST_MS,
    clientErrorHandler: refuseRaw,
    frameworkErrors: (error: Error, _request: FastifyRequest, reply: FastifyReply) => sendProblem(reply, problemOf(error)),
    logger: false,
  });
  const app: FastifyInstance = adapter.getInstance();
  const requests = metrics.histogram(
    'lockstep_http_request_seconds',
    'Requests answered, by method and class of status',
    { method: METHODS, status: ['2xx', '3xx', '4xx', '5xx'] },
    SECONDS,
  );

  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => {
    if (body === '') return done(null, undefined);
    const read = readJson(String(body), LIMITS.depth, '(body)');
    if (read.ok) return done(null, read.value);
    return done(new ProblemError(400, 'invalid-json', `${read.error.field}: ${read.error.message}`, [read.error]));
  });

  app.addHook('onRequest', async (request, reply) => {
    request.peer = doors.peer(request.raw);
    request.caller = null;
    if (!request.url.startsWith('/assets/')) reply.header('cache-control', 'no-store');
    if (!ANY_HOST.test(request.url)) doors.checkHost(request.raw);
    // Whether an origin has to be there is known once we know that a cookie speaks (Authentication); a foreign one is refused in any case.
    if (!SAFE_METHODS.has(request.method)) doors.checkOrigin(request.raw, request.peer, false);
  });
  app.addHook('onResponse', async (request, reply) => {
    requests.observe({ method: request.method, status: `${Math.floor(reply.statusCode / 100)}xx` }, reply.elapsedTime / 1000);
    log.debug('request', {
      method: request.method,
      path: request.url.split('?')[0],
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime),
    });
  });
  return adapter;
}

/** Headers that tell a browser what our pages may do: run our own scripts and talk to us, nothing else. */
export async function guardPages(app: FastifyInstance, secure: boolean): Promise<void> {
  await app.register(fastifyHelmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        scriptSrc: ["'self'"],
        // The console's component library sets style attributes and writes style elements at run time.
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", 'data:'],
        fontSrc: ["'self'", 'data:'],
        // 'self' covers our own socket in CSP 3; browsers before that (Safari 15.3) need the scheme.
        connectSrc: ["'self'", secure ? 'wss:' : 'ws:'],
        objectSrc: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
      },
    },
    crossOriginEmbedderPolicy: false,
    frameguard: { action: 'deny' },
    referrerPolicy: { policy: 'no-referrer' },
    hsts: secure ? { maxAge: 31_536_000, includeSubDomains: false } : false,
  });
}
