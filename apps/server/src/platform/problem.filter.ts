import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { sqlState } from './database.js';
import { codeOf, messageOf, partsOf } from './errors.js';
import type { Log } from './log.js';
import { ProblemError } from './problem.js';

/** Fastify's refusals of a request, and the framework's own, in our words. Any other 4xx keeps its status. */
const FRAMEWORK: Record<string, [status: number, code: string, detail: string]> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [415, 'unsupported-media-type', 'The body has to be sent as application/json.'],
  FST_ERR_CTP_BODY_TOO_LARGE: [413, 'too-large', 'The body is larger than this server takes.'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: [400, 'bad-request', 'The body is not as long as Content-Length says.'],
  FST_ERR_CTP_EMPTY_JSON_BODY: [400, 'invalid-json', 'The body is empty.'],
  FST_ERR_BAD_URL: [400, 'bad-request', 'The path is not a well-formed URL.'],
  FST_ERR_MAX_PARAM_LENGTH: [414, 'too-large', 'The path is longer than this server takes.'],
};

/** Connection exceptions (class 08), too many connections (53300), shutting down (57P01-57P03): the database is not there. */
const DATABASE_AWAY = /^(08...|53300|57P0[123])$/;
const NETWORK_AWAY = new Set(['ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', 'EPIPE', 'ENOTFOUND']);

/** What Nest makes of some of them has lost its code: its status tells what it was. */
const BY_STATUS: Record<number, string> = {
  413: 'FST_ERR_CTP_BODY_TOO_LARGE',
  414: 'FST_ERR_MAX_PARAM_LENGTH',
  415: 'FST_ERR_CTP_INVALID_MEDIA_TYPE',
};

function statusOf(error: unknown): unknown {
  if (error instanceof HttpException) return error.getStatus();
  return typeof error === 'object' && error !== null && 'statusCode' in error ? error.statusCode : undefined;
}

function databaseIsAway(error: unknown): boolean {
  const state = sqlState(error);
  if (state !== null && DATABASE_AWAY.test(state)) return true;
  return partsOf(error).some(
    (part) => NETWORK_AWAY.has(codeOf(part)) || /timeout exceeded when trying to connect|Connection terminated/.test(messageOf(part)),
  );
}

/** Any error as what the caller is told; what is our fault is told without its inside. */
export function problemOf(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  const known = FRAMEWORK[codeOf(error)];
  if (known !== undefined) return new ProblemError(...known);
  const status = statusOf(error);
  const byStatus = typeof status === 'number' ? FRAMEWORK[BY_STATUS[status] ?? ''] : undefined;
  if (byStatus !== undefined) return new ProblemError(...byStatus);
  if (status === 404) return new ProblemError(404, 'not-found', 'There is nothing at this address.');
  if (status === 405) return new ProblemError(405, 'method-not-allowed', 'This address does not take this method.');
  if (typeof status === 'number' && status >= 400 && status < 500) {
    return new ProblemError(status, 'bad-request', messageOf(error));
  }
  if (databaseIsAway(error))
    return new ProblemError(503, 'database-unavailable', 'The database does not answer; nothing was changed.', [], { 'retry-after': '2' });
  return new ProblemError(500, 'internal', 'The server failed; its log says more.');
}

/** Sends a refusal as application/problem+json. */
export function sendProblem(reply: FastifyReply, problem: ProblemError): void {
  void reply
    .code(problem.status)
    .headers(problem.headers)
    .header('content-type', 'application/problem+json; charset=utf-8')
    .header('cache-control', 'no-store')
    .send(JSON.stringify(problem.toProblem()));
}

/** Every error of every HTTP route ends here. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly log: Log) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    const problem = problemOf(error);
    // A server that says that it is not ready did not fail: it was asked, and is asked every few seconds.
    if (problem.status >= 500 && problem !== error)
      this.log.error('a request failed', { method: request.method, path: request.url.split('?')[0], code: problem.code, error });
    if (reply.sent) return;
    sendProblem(reply, problem);
  }
}
