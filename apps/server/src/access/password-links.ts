import { text } from '@lockstep/core/health';
import { z } from 'zod';
import { type Clock, type Database, ProblemError, type Tx } from '../platform/index.js';
import { Attempts, addressKey } from './attempts.js';
import { ANONYMOUS, type Audit, actorOf } from './audit.js';
import { type Caller, personOnly, type Role } from './caller.js';
import { checkPassword, hashPassword, Password, TypedPassword } from './passwords.js';
import { hashOf, newSecret } from './secrets.js';
import type { NewSession, Sessions } from './sessions.js';

/** How long a link works: long enough to hand it over in person the next morning, ms. */
export const LINK_MS = 24 * 3_600_000;
/** Wrong tokens of one address in a quarter of an hour. A token has 192 random bits; this only keeps the log short. */
const FAILURES = { most: 20, windowMs: 15 * 60_000 } as const;

export const SetPassword = z.strictObject({ token: text(128).min(1, 'is required'), password: Password });
export const ChangePassword = z.strictObject({ current: TypedPassword, password: Password });

/** Makes the one link of a person. `token` is its only copy. */
export async function newLink(tx: Tx, link: { personId: string; madeBy: string; now: Date }): Promise<{ token: string; expiresAt: Date }> {
  const token = newSecret();
  const expiresAt = new Date(link.now.getTime() + LINK_MS);
  await tx.query(
    `INSERT INTO password_link (person_id, token_hash, made_by, made_at, expires_at) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (person_id) DO UPDATE SET token_hash = excluded.token_hash, made_by = excluded.made_by, made_at = excluded.made_at, expires_at = excluded.expires_at`,
    [link.personId, hashOf(token), link.madeBy, link.now, expiresAt],
  );
  return { token, expiresAt };
}

/** How people set their passwords: by a link of an admin, or by saying the one they have. */
export class PasswordLinks {
  private readonly failures: Attempts;

  constructor(private readonly deps: { db: Pick<Database, 'pool' | 'tx'>; clock: Clock; audit: Audit; sessions: Sessions }) {
    this.failures = new Attempts(deps.clock, FAILURES.most, FAILURES.windowMs);
  }

  /**
   * Sets a password by a link, once, ends the sessions that the old one opened, and signs the person in.
   * @throws ProblemError 403 `link-refused` for a token that is wrong, used, expired or void; 429
   */
  async redeem(body: z.output<typeof SetPassword>, from: { address: string; secure: boolean }): Promise<NewSession> {
    const { db, clock, audit, sessions } = this.deps;
    const honest = this.failures.take(addressKey(from.address));
    const tokenHash = hashOf(body.token);
    const now = clock.date();
    // Looked at first, so that nobody makes the server hash passwords without a link.
    const known = await db.pool.query('SELECT 1 FROM password_link WHERE token_hash = $1 AND expires_at > $2', [tokenHash, now]);
    const passwordHash = known.rowCount === 1 ? await hashPassword(body.password) : null;
    const made = await db.tx(async (tx) => {
      if (passwordHash === null) return null;
      // Of two who use it at once one finds it.
      const used = await tx.query<{ person_id: string }>(
        'DELETE FROM password_link WHERE token_hash = $1 AND expires_at > $2 RETURNING person_id',
        [tokenHash, now],
      );
      const { rows } = await tx.query<{ id: string; name: string; email: string; role: Role }>(
        'UPDATE person SET password_hash = $2 WHERE id = $1 AND disabled_at IS NULL RETURNING id, name, email, role',
        [used.rows[0]?.person_id ?? null, passwordHash],
      );
      const person = rows[0];
      if (!person) return null;
      const ended = await sessions.endOf(tx, person.id);
      await audit.write(tx, {
        actor: { kind: 'person', id: person.id, name: person.name },
        action: 'person.password-set',
        subject: { kind: 'person', id: person.id },
        address: from.address,
        detail: { by: 'link' },
      });
      return { session: await sessions.open(tx, person, from), ended };
    });
    if (made === null) {
      await audit.write(null, { actor: ANONYMOUS, action: 'person.link-refused', address: from.address });
      throw new ProblemError(
        403,
        'link-refused',
        'This link no longer works: it was used, has expired, or a newer one was made. Ask an admin for a new one.',
        [{ field: 'token', message: 'is not one that works' }],
      );
    }
    honest();
    sessions.tellEnded(made.ended);
    return made.session;
  }

  /**
   * Changes the caller's own password and ends their other sessions.
   * @throws ProblemError 403 `person-required` or `wrong-password`, 429
   */
  async change(body: z.output<typeof ChangePassword>, caller: Caller, address: string): Promise<void> {
    personOnly(caller);
    const { db, audit, sessions } = this.deps;
    const { rows } = await db.pool.query<{ email: string; password_hash: string | null }>(
      'SELECT email, password_hash FROM person WHERE id = $1',
      [caller.id],
    );
    const before = rows[0];
    // Guesses at an open screen count as guesses at the door.
    const honest = sessions.attemptOf(before?.email ?? caller.id, address);
    if (before === undefined || !(await checkPassword(before.password_hash, body.current))) {
      await audit.write(null, {
        actor: actorOf(caller),
        action: 'person.password-refused',
        subject: { kind: 'person', id: caller.id },
        address,
      });
      throw new ProblemError(403, 'wrong-password', 'This is not your present password.', [{ field: 'current', message: 'is not right' }]);
    }
    honest();
    const passwordHash = await hashPassword(body.password);
    const ended = await db.tx(async (tx) => {
      // Only over the password that was checked: whoever set another one meanwhile wins.
      const { rowCount } = await tx.query('UPDATE person SET password_hash = $2 WHERE id = $1 AND password_hash = $3', [
        caller.id,
        passwordHash,
        before.password_hash,
      ]);
      if (rowCount !== 1) throw new ProblemError(409, 'password-changed', 'Your password was changed meanwhile. Sign in again.');
      await tx.query('DELETE FROM password_link WHERE person_id = $1', [caller.id]);
      await audit.write(tx, {
        actor: actorOf(caller),
        action: 'person.password-set',
        subject: { kind: 'person', id: caller.id },
        address,
        detail: { by: 'themselves' },
      });
      return sessions.endOf(tx, caller.id, caller.sessionId);
    });
    sessions.tellEnded(ended);
  }
}
