import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { catchError, from, mergeMap, type Observable, of, throwError } from 'rxjs';
import { type Idempotency, IdempotencyKey, type Log, ProblemError, parseInput } from '../platform/index.js';
import { addressKey } from './attempts.js';

/** A POST with an Idempotency-Key takes effect once, and is answered the same way each time. Runs after the guard, before the body is read. */
export class IdempotencyInterceptor implements NestInterceptor {
  constructor(
    private readonly idempotency: Idempotency,
    private readonly log: Log,
  ) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    if (context.getType() !== 'http') return next.handle();
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const header = request.headers['idempotency-key'];
    if (request.method !== 'POST' || header === undefined) return next.handle();
    const reply = http.getResponse<FastifyReply>();
    const verdict = await this.idempotency.begin({
      // A caller who is not signed in is known by the address only.
      caller:
        request.caller === null || request.caller === undefined
          ? `address ${addressKey(request.peer.address)}`
          : `${request.caller.kind} ${request.caller.id}`,
      key: parseInput(IdempotencyKey, header, 'Idempotency-Key'),
      method: request.method,
      path: request.url,
      body: request.body,
    });
    if (verdict.replay !== null) {
      const { status, body, cookies } = verdict.replay;
      reply.code(status).header('idempotent-replayed', 'true');
      if (cookies.length > 0) reply.header('set-cookie', [...cookies]);
      return of(body ?? undefined);
    }
    return next.handle().pipe(
      mergeMap(async (body: unknown) => {
        try {
          await verdict.done({ status: reply.statusCode, body, cookies: cookiesOf(reply) });
        } catch (error) {
          // It took effect and is answered; a repetition will be told that the outcome is not known.
          this.log.error('an answer could not be kept for its Idempotency-Key', { error });
        }
        return body;
      }),
      catchError((error: unknown) => from(this.release(verdict, error)).pipe(mergeMap(() => throwError(() => error)))),
    );
  }

  /** A refusal was thrown before anything was done. Any other error may have come after it (a commit whose answer was lost). */
  private async release(verdict: { failed(harmless: boolean): Promise<void> }, error: unknown): Promise<void> {
    try {
      await verdict.failed(error instanceof ProblemError);
    } catch (failed) {
      this.log.error('an Idempotency-Key could not be released', { error: failed });
    }
  }
}

function cookiesOf(reply: FastifyReply): string[] {
  const header = reply.getHeader('set-cookie');
  return header === undefined ? [] : (Array.isArray(header) ? header : [header]).map(String);
}
