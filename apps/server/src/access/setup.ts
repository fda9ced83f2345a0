import { randomUUID } from 'node:crypto';
import { text } from '@lockstep/core/health';
import { z } from 'zod';
import { type Clock, type Database, ProblemError, sqlState, UNIQUE_VIOLATION } from '../platform/index.js';
import { Attempts, addressKey } from './attempts.js';
import { ANONYMOUS, type Audit } from './audit.js';
import { Email, hashPassword, Password } from './passwords.js';
import { newSecret, sameSecret } from './secrets.js';
import type { NewSession, Sessions } from './sessions.js';

export const PersonName = text(100)
  .transform((s) => s.trim())
  .refine((s) => s !== '', 'is required');
export const SetupRequest = z.strictObject({ token: text(128).min(1, 'is required'), name: PersonName, email: Email, password: Password });

/** Wrong tokens of one address in a quarter of an hour. A token has 192 random bits; this only keeps the log short. */
const FAILURES = { most: 20, windowMs: 15 * 60_000 } as const;

/**
 * The door of the first admin. It opens to the token of this start, and it is shut for ever by the one row that the table `setup` can
 * hold: no path, race or restart reopens it (ScreenConnect, CVE-2024-1709: a set-up wizard that could be reached again).
 */
export class Setup {
  /** Known only while there is no admin. */
  private token: string | null = null;
  private readonly failures: Attempts;

  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly audit: Audit,
    private readonly sessions: Sessions,
    /** Makes the token of this start. Where several servers share the work it has to be the same in all of them. */
    private readonly newToken: () => string = newSecret,
  ) {
    this.failures = new Attempts(clock, FAILURES.most, FAILURES.windowMs);
  }

  /** True while nobody was set up. */
  async needed(): Promise<boolean> {
    return (await this.db.prisma.setup.findUnique({ where: { id: true } })) === null;
  }

  /** This start's token; null once there is an admin. */
  async currentToken(): Promise<string | null> {
    if (!(await this.needed())) this.token = null;
    else this.token ??= this.newToken();
    return this.token;
  }

  /**
   * Makes the first admin and signs them in.
   * @throws ProblemError 410 `setup-done` when there is one, 403 `setup-token-refused` for a wrong token.
   */
  async run(body: z.output<typeof SetupRequest>, from: { address: string; secure: boolean }): Promise<NewSession> {
    const done = () => new ProblemError(410, 'setup-done', 'The first admin was set up already: sign in.');
    const expected = await this.currentToken();
    if (expected === null) throw done();
    const honest = this.failures.take(addressKey(from.address));
    if (!sameSecret(body.token, expected)) {
      await this.audit.write(null, { actor: ANONYMOUS, action: 'setup.refused', address: from.address, detail: { reason: 'wrong-token' } });
      throw new ProblemError(
        403,
        'setup-token-refused',
        'This set-up token is not the one of the running server: it may be a new one since the last start.',
        [{ field: 'token', message: 'is not right' }],
      );
    }
    honest();
    const passwordHash = await hashPassword(body.password);
    const id = randomUUID();
    try {
      return await this.db.tx(async (tx) => {
        const now = this.clock.date();
        await tx.query('INSERT INTO person (id, name, email, role, password_hash, created_at) VALUES ($1, $2, $3, $4, $5, $6)', [
          id,
          body.name,
          body.email,
          'admin',
          passwordHash,
          now,
        ]);
        await tx.query('INSERT INTO setup (id, person_id, at) VALUES (true, $1, $2)', [id, now]);
        await this.audit.write(tx, {
          actor: { kind: 'person', id, name: body.name },
          action: 'setup.done',
          subject: { kind: 'person', id },
          address: from.address,
        });
        return this.sessions.open(tx, { id, name: body.name, email: body.email, role: 'admin' }, from);
      });
    } catch (error) {
      if (sqlState(error) !== UNIQUE_VIOLATION) throw error;
      throw done();
    } finally {
      await this.currentToken();
    }
  }
}
