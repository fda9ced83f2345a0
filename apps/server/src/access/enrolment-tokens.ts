import { randomUUID } from 'node:crypto';
import { text } from '@lockstep/core/health';
import type { EnrolmentTokenView, MadeEnrolmentToken } from '@lockstep/core/protocol';
import { z } from 'zod';
import { type Clock, type Cursor, type Database, decodeCursor, PageQuery, ProblemError, pageOf, type Tx } from '../platform/index.js';
import { type Actor, type Audit, actorOf } from './audit.js';
import type { Caller } from './caller.js';
import type { OrderKeys } from './order-keys.js';
import { hashOf, newSecret } from './secrets.js';

const MINUTE_MS = 60_000;

export const NewEnrolmentToken = z.strictObject({
  /** How many computers it lets in. */
  uses: z.int().min(1).max(10_000).default(1),
  /** How long it lives: a day unless told, a month at most. */
  minutes: z
    .int()
    .min(1)
    .max(31 * 24 * 60)
    .default(24 * 60),
  note: text(200).default(''),
});
export const EnrolmentTokenQuery = PageQuery.omit({ q: true });

interface Row {
  id: string;
  note: string;
  uses: number;
  usesLeft: number;
  createdBy: string | null;
  createdAt: Date;
  expiresAt: Date;
  lastUsedAt: Date | null;
  revokedAt: Date | null;
}

/** Tokens that let computers enrol. `lse1.SECRET.FINGERPRINT`: the fingerprint is the order key's, so an agent knows its server before it talks to it. */
export class EnrolmentTokens {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly audit: Audit,
    private readonly orderKeys: Pick<OrderKeys, 'current'>,
  ) {}

  /** Makes a token. `token` is its only copy. */
  async make(
    tx: Tx,
    by: { actor: Actor; address?: string },
    wish: { uses: number; minutes: number; note: string },
  ): Promise<MadeEnrolmentToken> {
    const secret = newSecret();
    const now = this.clock.date();
    const row: Row = {
      id: randomUUID(),
      note: wish.note,
      uses: wish.uses,
      usesLeft: wish.uses,
      createdBy: by.actor.id,
      createdAt: now,
      expiresAt: new Date(now.getTime() + wish.minutes * MINUTE_MS),
      lastUsedAt: null,
      revokedAt: null,
    };
    await tx.query(
      'INSERT INTO enrolment_token (id, token_hash, note, uses, uses_left, created_by, created_at, expires_at) VALUES ($1, $2, $3, $4, $4, $5, $6, $7)',
      [row.id, hashOf(secret), row.note, row.uses, row.createdBy, row.createdAt, row.expiresAt],
    );
    await this.audit.write(tx, {
      actor: by.actor,
      action: 'enrolment-token.created',
      subject: { kind: 'enrolment-token', id: row.id },
      ...(by.address === undefined ? {} : { address: by.address }),
      detail: { uses: row.uses, expiresAt: row.expiresAt.toISOString(), note: row.note },
    });
    return { ...this.view(row), token: `lse1.${secret}.${this.orderKeys.current.fingerprint}` };
  }

  create(caller: Caller, address: string, body: z.output<typeof NewEnrolmentToken>): Promise<MadeEnrolmentToken> {
    return this.db.tx((tx) => this.make(tx, { actor: actorOf(caller), address }, body));
  }

  /** Newest first. */
  async page(query: z.output<typeof EnrolmentTokenQuery>): Promise<{ items: EnrolmentTokenView[]; next: string | null }> {
    const after = decodeCursor(query.after, z.tuple([z.iso.datetime(), z.uuid()]));
    const rows = await this.db.prisma.enrolmentToken.findMany({
      ...(after === null
        ? {}
        : { where: { OR: [{ createdAt: { lt: new Date(after[0]) } }, { createdAt: new Date(after[0]), id: { lt: after[1] } }] } }),
      orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
      take: query.limit + 1,
    });
    return pageOf(
      rows,
      query.limit,
      (r) => this.view(r),
      (r): Cursor => [r.createdAt.toISOString(), r.id],
    );
  }

  /** Lets nobody in from now on; who enrolled with it stays. @throws ProblemError 404 when there is none of this id. */
  async revoke(id: string, caller: Caller, address: string): Promise<void> {
    await this.db.tx(async (tx) => {
      const changed = await tx.query('UPDATE enrolment_token SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL', [
        id,
        this.clock.date(),
      ]);
      if (changed.rowCount === 1) {
        await this.audit.write(tx, {
          actor: actorOf(caller),
          action: 'enrolment-token.revoked',
          subject: { kind: 'enrolment-token', id },
          address,
        });
      } else if ((await tx.query('SELECT 1 FROM enrolment_token WHERE id = $1', [id])).rowCount === 0) {
        throw new ProblemError(404, 'not-found', 'There is no such enrolment token.');
      }
    });
  }

  private view(r: Row): EnrolmentTokenView {
    const state =
      r.revokedAt !== null ? 'revoked' : r.expiresAt.getTime() <= this.clock.now() ? 'expired' : r.usesLeft === 0 ? 'used-up' : 'usable';
    return {
      id: r.id,
      note: r.note,
      uses: r.uses,
      usesLeft: r.usesLeft,
      createdBy: r.createdBy,
      createdAt: r.createdAt.toISOString(),
      expiresAt: r.expiresAt.toISOString(),
      lastUsedAt: r.lastUsedAt?.toISOString() ?? null,
      revokedAt: r.revokedAt?.toISOString() ?? null,
      state,
    };
  }
}
