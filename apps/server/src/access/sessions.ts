import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { SessionView } from '@lockstep/core/protocol';
import { z } from 'zod';
import { type Bus, type Clock, type Database, ProblemError, type Tx } from '../platform/index.js';
import { Attempts, addressKey } from './attempts.js';
import { ANONYMOUS, type Audit, actorOf } from './audit.js';
import type { Caller, Role } from './caller.js';
import { checkPassword, Email, TypedPassword } from './passwords.js';
import { hashOf, newSecret, SECRET } from './secrets.js';

export const SESSION_COOKIE = 'lockstep_session';
/** A session ends this long after its start, and sooner when it is not used. */
export const SESSION = { absoluteMs: 7 * 24 * 3_600_000, idleMs: 12 * 3_600_000, touchMs: 60_000 } as const;
/** Failed sign-ins in a quarter of an hour: of one account, of one address (an office may share one). */
const FAILURES = { account: 10, address: 50, windowMs: 15 * 60_000 } as const;

export const SignIn = z.strictObject({ email: Email, password: TypedPassword });

/** A session that was just made: `cookie` is the Set-Cookie header, with the only copy of its secret. */
export interface NewSession {
  view: SessionView;
  cookie: string;
}

interface SessionRow {
  id: string;
  person_id: string;
  name: string;
  email: string;
  role: Role;
  last_seen_at: Date;
  expires_at: Date;
}

/** Why a sign-in was refused. */
export const SIGN_IN_REFUSALS = ['unknown-address', 'wrong-password', 'no-password', 'disabled', 'too-many-attempts'] as const;
export type SignInRefusal = (typeof SIGN_IN_REFUSALS)[number];

/** Browsers that signed in. */
export class Sessions {
  /** Called for every sign-in that was refused. */
  refused: (reason: SignInRefusal) => void = () => undefined;
  private readonly perAccount: Attempts;
  private readonly perAddress: Attempts;

  constructor(
    private readonly db: Database,
    private readonly bus: Bus,
    private readonly clock: Clock,
    private readonly audit: Audit,
  ) {
    this.perAccount = new Attempts(clock, FAILURES.account, FAILURES.windowMs);
    this.perAddress = new Attempts(clock, FAILURES.address, FAILURES.windowMs);
  }

  /**
   * Signs a person in.
   * @throws ProblemError 401 `sign-in-refused`, the same for an unknown address and a wrong password, after the same work; 429 after too many failures.
   */
  async signIn(body: z.output<typeof SignIn>, from: { address: string; secure: boolean }): Promise<NewSession> {
    const [honestAddress, honestAccount] = this.attempt(body.email, from.address);
    const person = await this.db.prisma.person.findUnique({ where: { email: body.email } });
    const right = await checkPassword(person !== null && person.disabledAt === null ? person.passwordHash : null, body.password);
    if (!right || person === null) {
      const reason =
        person === null
          ? 'unknown-address'
          : person.disabledAt !== null
            ? 'disabled'
            : person.passwordHash === null
              ? 'no-password'
              : 'wrong-password';
      this.refused(reason);
      await this.audit.write(null, {
        actor: ANONYMOUS,
        action: 'session.refused',
        address: from.address,
        ...(person === null ? {} : { subject: { kind: 'person', id: person.id } }),
        // What was typed for an address nobody has may be a password in the wrong field.
        detail: { reason },
      });
      throw new ProblemError(401, 'sign-in-refused', 'The e-mail address or the password is not right.');
    }
    honestAddress();
    honestAccount();
    return this.db.tx((tx) => this.open(tx, person, from));
  }

  private attempt(email: string, address: string): [honestAddress: () => void, honestAccount: () => void] {
    try {
      return [this.perAddress.take(addressKey(address)), this.perAccount.take(email)];
    } catch (error) {
      this.refused('too-many-attempts');
      throw error;
    }
  }

  /** Makes a session for a person whose identity is proven. */
  async open(
    tx: Tx,
    person: { id: string; name: string; email: string; role: Role },
    from: { address: string; secure: boolean },
  ): Promise<NewSession> {
    const id = randomUUID();
    const secret = newSecret();
    const now = this.clock.now();
    const expiresAt = new Date(now + SESSION.absoluteMs);
    await tx.query(
      'INSERT INTO session (id, token_hash, person_id, created_at, last_seen_at, expires_at, address) VALUES ($1, $2, $3, $4, $4, $5, $6)',
      [id, hashOf(secret), person.id, new Date(now), expiresAt, from.address],
    );
    await this.audit.write(tx, {
      actor: { kind: 'person', id: person.id, name: person.name },
      action: 'session.created',
      subject: { kind: 'session', id },
      address: from.address,
    });
    const view = {
      person: { id: person.id, name: person.name, email: person.email, role: person.role },
      expiresAt: expiresAt.toISOString(),
    };
    return { view, cookie: cookie(secret, expiresAt, from.secure) };
  }

  /** The session whose secret a request carries; null when there is none, or it is over. */
  async find(req: IncomingMessage): Promise<{ caller: Caller; view: SessionView } | null> {
    const secret = sessionSecret(req);
    if (secret === null) return null;
    const now = this.clock.now();
    const found = await this.db.pool.query<SessionRow>(
      `SELECT s.id, s.person_id, s.last_seen_at, s.expires_at, p.name, p.email, p.role FROM session s JOIN person p ON p.id = s.person_id
       WHERE s.token_hash = $1 AND s.expires_at > $2 AND s.last_seen_at > $3 AND p.disabled_at IS NULL`,
      [hashOf(secret), new Date(now), new Date(now - SESSION.idleMs)],
    );
    const row = found.rows[0];
    if (row === undefined) return null;
    if (row.last_seen_at.getTime() < now - SESSION.touchMs)
      await this.db.pool.query('UPDATE session SET last_seen_at = $2 WHERE id = $1', [row.id, new Date(now)]);
    return {
      caller: { kind: 'person', id: row.person_id, name: row.name, role: row.role, sessionId: row.id },
      view: { person: { id: row.person_id, name: row.name, email: row.email, role: row.role }, expiresAt: row.expires_at.toISOString() },
    };
  }

  /** Ends the caller's session. Returns the Set-Cookie header that makes the browser forget it. */
  async end(caller: Caller, from: { address: string; secure: boolean }): Promise<string> {
    const { sessionId } = caller;
    if (sessionId !== null) {
      await this.db.tx(async (tx) => {
        const gone = await tx.query('DELETE FROM session WHERE id = $1', [sessionId]);
        if (gone.rowCount === 1)
          await this.audit.write(tx, {
            actor: actorOf(caller),
            action: 'session.ended',
            subject: { kind: 'session', id: sessionId },
            address: from.address,
          });
      });
      this.bus.publish('session.ended', { sessionIds: [sessionId] });
    }
    return cookie('', new Date(0), from.secure);
  }

  /**
   * Ends the sessions of a person, but for one that is kept. What it returns is to be told with `tellEnded` after the commit.
   * @param keep the session that goes on; null: none
   */
  async endOf(tx: Tx, personId: string, keep: string | null = null): Promise<string[]> {
    const gone = await tx.query<{ id: string }>('DELETE FROM session WHERE person_id = $1 AND id IS DISTINCT FROM $2::uuid RETURNING id', [
      personId,
      keep,
    ]);
    return gone.rows.map((r) => r.id);
  }

  /** Closes the sockets of sessions that ended, at every server. */
  tellEnded(sessionIds: readonly string[]): void {
    if (sessionIds.length > 0) this.bus.publish('session.ended', { sessionIds: [...sessionIds] });
  }

  /**
   * Counts an attempt to say the password of a person who is signed in.
   * @returns how to take it back when it was right
   * @throws ProblemError 429
   */
  attemptOf(email: string, address: string): () => void {
    const [honestAddress, honestAccount] = this.attempt(email, address);
    return () => {
      honestAddress();
      honestAccount();
    };
  }

  /** Those of these sessions that are over. */
  async overAmong(sessionIds: readonly string[]): Promise<string[]> {
    const now = this.clock.now();
    const { rows } = await this.db.pool.query<{ id: string }>(
      'SELECT id FROM session WHERE id = ANY($1::uuid[]) AND expires_at > $2 AND last_seen_at > $3',
      [sessionIds, new Date(now), new Date(now - SESSION.idleMs)],
    );
    const left = new Set(rows.map((r) => r.id));
    return sessionIds.filter((id) => !left.has(id));
  }

  /** Removes sessions that are over, so that their sockets close too. */
  async purge(): Promise<void> {
    const now = this.clock.now();
    const gone = await this.db.pool.query<{ id: string }>('DELETE FROM session WHERE expires_at <= $1 OR last_seen_at <= $2 RETURNING id', [
      new Date(now),
      new Date(now - SESSION.idleMs),
    ]);
    if (gone.rows.length > 0) this.bus.publish('session.ended', { sessionIds: gone.rows.map((r) => r.id) });
  }
}

/** The secret in a request's cookie, if it looks like one of ours. A browser sends cookies as `name=value; name=value` (RFC 6265, 4.2.1). */
export function sessionSecret(req: IncomingMessage): string | null {
  for (const part of (req.headers.cookie ?? '').split(';')) {
    const [name, value, ...rest] = part.trim().split('=');
    if (name === SESSION_COOKIE && value !== undefined && rest.length === 0 && SECRET.test(value)) return value;
  }
  return null;
}

/** Strict: no other site's page, link or form makes a browser send it. HttpOnly: nothing in a page can read it. */
function cookie(secret: string, expires: Date, secure: boolean): string {
  return `${SESSION_COOKIE}=${secret}; Path=/; Expires=${expires.toUTCString()}; HttpOnly; SameSite=Strict${secure ? '; Secure' : ''}`;
}
