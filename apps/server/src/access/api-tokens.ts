import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { ROLES } from '@lockstep/core/fixes';
import { text } from '@lockstep/core/health';
import type { ApiTokenView, MadeApiToken } from '@lockstep/core/protocol';
import { z } from 'zod';
import { type Clock, type Cursor, type Database, decodeCursor, PageQuery, ProblemError, pageOf, type Tx } from '../platform/index.js';
import { type Actor, type Audit, actorOf } from './audit.js';
import type { Caller, Role } from './caller.js';
import { hashOf, newSecret } from './secrets.js';

/** `lst1.SECRET`: recognisable in a log or a repository, so that scanners and our own log find it. */
const PREFIX = 'lst1.';
const TOUCH_MS = 60_000;
const DAY_MS = 24 * 3_600_000;

export const NewApiToken = z.strictObject({
  name: text(100)
    .transform((s) => s.trim())
    .refine((s) => s !== '', 'is required'),
  role: z.enum(ROLES),
  /** Days until it ends; left out: until it is revoked. */
  days: z.int().min(1).max(3650).optional(),
});
export const ApiTokenQuery = PageQuery.omit({ q: true });

/** Tokens of programs that call the API. Kept as hashes; the text is shown once. */
export class ApiTokens {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly audit: Audit,
  ) {}

  /** Makes a token. `secret` is its only copy. */
  async make(
    tx: Tx,
    by: { actor: Actor; address?: string },
    token: { name: string; role: Role; days?: number | undefined },
  ): Promise<MadeApiToken> {
    const id = randomUUID();
    const secret = `${PREFIX}${newSecret()}`;
    const createdAt = this.clock.date();
    const expiresAt = token.days === undefined ? null : new Date(createdAt.getTime() + token.days * DAY_MS);
    await tx.query(
      'INSERT INTO api_token (id, name, role, token_hash, created_by, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)',
      [id, token.name, token.role, hashOf(secret), by.actor.id, createdAt, expiresAt],
    );
    await this.audit.write(tx, {
      actor: by.actor,
      action: 'api-token.created',
      subject: { kind: 'api-token', id },
      ...(by.address === undefined ? {} : { address: by.address }),
      detail: { name: token.name, role: token.role, expiresAt: expiresAt?.toISOString() ?? null },
    });
    return {
      id,
      name: token.name,
      role: token.role,
      createdBy: by.actor.id,
      createdAt: createdAt.toISOString(),
      expiresAt: expiresAt?.toISOString() ?? null,
      lastUsedAt: null,
      revokedAt: null,
      secret,
    };
  }

  /** Makes a token for a caller, who cannot give away more than they have: only admins come here. */
  create(caller: Caller, address: string, body: z.output<typeof NewApiToken>): Promise<MadeApiToken> {
    return this.db.tx((tx) => this.make(tx, { actor: actorOf(caller), address }, body));
  }

  /** Newest first. */
  async page(query: z.output<typeof ApiTokenQuery>): Promise<{ items: ApiTokenView[]; next: string | null }> {
    const after = decodeCursor(query.after, z.tuple([z.iso.datetime(), z.uuid()]));
    const rows = await this.db.prisma.apiToken.findMany({
      ...(after === null
        ? {}
        : { where: { OR: [{ createdAt: { lt: new Date(after[0]) } }, { createdAt: new Date(after[0]), id: { lt: after[1] } }] } }),
      orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
      take: query.limit + 1,
    });
    return pageOf(
      rows,
      query.limit,
      (r) => ({
        id: r.id,
        name: r.name,
        role: r.role,
        createdBy: r.createdBy,
        createdAt: r.createdAt.toISOString(),
        expiresAt: r.expiresAt?.toISOString() ?? null,
        lastUsedAt: r.lastUsedAt?.toISOString() ?? null,
        revokedAt: r.revokedAt?.toISOString() ?? null,
      }),
      (r): Cursor => [r.createdAt.toISOString(), r.id],
    );
  }

  /** Refuses the token from now on. @throws ProblemError 404 when there is none of this id. */
  async revoke(id: string, caller: Caller, address: string): Promise<void> {
    await this.db.tx(async (tx) => {
      const changed = await tx.query('UPDATE api_token SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL', [id, this.clock.date()]);
      if (changed.rowCount === 1) {
        await this.audit.write(tx, { actor: actorOf(caller), action: 'api-token.revoked', subject: { kind: 'api-token', id }, address });
      } else if ((await tx.query('SELECT 1 FROM api_token WHERE id = $1', [id])).rowCount === 0) {
        throw new ProblemError(404, 'not-found', 'There is no such API token.');
      }
    });
  }

  /** Whose token a request carries; null for none of ours, one that is over, or one whose maker is disabled. */
  async find(secret: string): Promise<Caller | null> {
    if (!secret.startsWith(PREFIX)) return null;
    const now = this.clock.date();
    const found = await this.db.pool.query<{ id: string; name: string; role: Role; last_used_at: Date | null }>(
      `SELECT t.id, t.name, t.role, t.last_used_at FROM api_token t LEFT JOIN person p ON p.id = t.created_by
       WHERE t.token_hash = $1 AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > $2) AND p.disabled_at IS NULL`,
      [hashOf(secret), now],
    );
    const row = found.rows[0];
    if (row === undefined) return null;
    if (row.last_used_at === null || row.last_used_at.getTime() < now.getTime() - TOUCH_MS) {
      await this.db.pool.query('UPDATE api_token SET last_used_at = $2 WHERE id = $1', [row.id, now]);
    }
    return { kind: 'token', id: row.id, name: row.name, role: row.role, sessionId: null };
  }
}

/** The token in `Authorization: Bearer …`; null without one. */
export function bearerOf(req: IncomingMessage): string | null {
  const match = /^Bearer +([\x21-\x7e]{1,256})$/i.exec(req.headers.authorization ?? '');
  return match?.[1] ?? null;
}
