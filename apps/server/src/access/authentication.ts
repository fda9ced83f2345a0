import type { IncomingMessage } from 'node:http';
import { ProblemError } from '../platform/index.js';
import { type ApiTokens, bearerOf } from './api-tokens.js';
import type { Caller } from './caller.js';
import type { Doors } from './doors.js';
import { type Sessions, sessionSecret } from './sessions.js';

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Finds out who asks. */
export class Authentication {
  constructor(
    private readonly doors: Doors,
    private readonly sessions: Sessions,
    private readonly tokens: ApiTokens,
  ) {}

  /**
   * The caller of a request.
   * @throws ProblemError 401 when nobody is signed in, 403 when a cookie speaks for the caller and the page it came from is not ours.
   */
  async callerOf(req: IncomingMessage): Promise<Caller> {
    const bearer = bearerOf(req);
    if (req.headers.authorization !== undefined) {
      const caller = bearer === null ? null : await this.tokens.find(bearer);
      // A wrong token is refused even where a cookie would do: whoever sends one means it.
      if (caller === null)
        throw new ProblemError(401, 'bad-token', 'The API token is not known, has expired or was revoked.', [], {
          'www-authenticate': 'Bearer error="invalid_token"',
        });
      return caller;
    }
    if (sessionSecret(req) !== null && !SAFE_METHODS.has(req.method ?? '')) this.doors.checkOrigin(req, this.doors.peer(req), true);
    const session = await this.sessions.find(req);
    if (session === null) throw new ProblemError(401, 'not-signed-in', 'Sign in first.', [], { 'www-authenticate': 'Bearer' });
    return session.caller;
  }

  /**
   * The caller of an upgrade to the browser's socket. A page of any site can open a socket here and the browser adds our cookie
   * (MeshCentral, CVE-2024-26135): where a cookie speaks, the page has to be ours.
   * @throws ProblemError 401 or 403.
   */
  async callerOfUpgrade(req: IncomingMessage): Promise<Caller> {
    this.doors.checkHost(req);
    this.doors.checkOrigin(req, this.doors.peer(req), req.headers.authorization === undefined);
    return this.callerOf(req);
  }
}
