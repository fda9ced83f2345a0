import { type CanActivate, createParamDecorator, type ExecutionContext, SetMetadata } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { HealthController, ProblemError } from '../platform/index.js';
import type { Authentication } from './authentication.js';
import { type Caller, mayAct, type Role } from './caller.js';
import type { Peer } from './doors.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the first hook of every request. */
    peer: Peer;
    /** Set by the guard, on routes that need one. */
    caller: Caller | null;
  }
}

const NEEDS = 'lockstep:needs';
const LOOPBACK = 'lockstep:loopback';

/** The role a route needs. Every route says one, or `@Public()`: a route that says nothing is served to nobody. */
export const Require = (role: Role) => SetMetadata(NEEDS, role);

/** Beside `@Require(role)`: a program on this very computer that shows no token is let in without one. */
export const OrFromThisComputer = () => SetMetadata(LOOPBACK, true);

/** A route for those who are not signed in. */
export const Public = () => SetMetadata(NEEDS, 'public');

/** `@By() caller: Caller`, on routes that need a role. */
export const By = createParamDecorator((_: unknown, context: ExecutionContext): Caller => {
  const { caller } = context.switchToHttp().getRequest<FastifyRequest>();
  if (caller === null) throw new ProblemError(401, 'not-signed-in', 'Sign in first.');
  return caller;
});

/** `@From() peer: Peer`: the other end of the connection. */
export const From = createParamDecorator(
  (_: unknown, context: ExecutionContext): Peer => context.switchToHttp().getRequest<FastifyRequest>().peer,
);

/** What a handler says it needs; null when it says nothing. */
export function needOf(handler: object, controller: object): Role | 'public' | null {
  if (controller === HealthController) return 'public';
  const need: unknown = Reflect.getMetadata(NEEDS, handler) ?? Reflect.getMetadata(NEEDS, controller);
  return need === 'public' || need === 'viewer' || need === 'technician' || need === 'admin' ? need : null;
}

/** Whether a handler lets programs on this computer in. */
export function isOpenToLoopback(handler: object): boolean {
  return Reflect.getMetadata(LOOPBACK, handler) === true;
}

/** Lets a request reach its handler when its caller has the role. */
export class AccessGuard implements CanActivate {
  constructor(private readonly authentication: Authentication) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (context.getType() !== 'http') return true; // sockets prove themselves in their first exchange
    const need = needOf(context.getHandler(), context.getClass());
    if (need === 'public') return true;
    if (need === null) throw new ProblemError(403, 'forbidden', 'This route is served to nobody.');
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    if (isOpenToLoopback(context.getHandler()) && request.peer.local && request.headers.authorization === undefined) return true;
    const caller = await this.authentication.callerOf(request.raw);
    if (!mayAct(caller.role, need)) throw new ProblemError(403, 'forbidden', `This needs the role ${need}; you have ${caller.role}.`);
    request.caller = caller;
    return true;
  }
}
