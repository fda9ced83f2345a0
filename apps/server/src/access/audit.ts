import type { AuditView } from '@lockstep/core/protocol';
import { z } from 'zod';
import { type Clock, type Cursor, type Database, decodeCursor, type Log, PageQuery, pageOf, type Tx } from '../platform/index.js';
import type { Caller } from './caller.js';

/** Who did it: a caller, a host, the server by itself, or somebody who did not say. */
export interface Actor {
  kind: 'person' | 'token' | 'host' | 'server' | 'anonymous';
  id: string | null;
  name: string;
}
export const SERVER: Actor = { kind: 'server', id: null, name: 'server' };
export const ANONYMOUS: Actor = { kind: 'anonymous', id: null, name: 'anonymous' };

/** The caller as the one who did it. */
export function actorOf(caller: Caller): Actor {
  return { kind: caller.kind, id: caller.id, name: caller.name };
}

export interface AuditRow {
  actor: Actor;
  /** Subject and what happened to it: `session.created`, `fix-run.asked`. */
  action: string;
  subject?: { kind: string; id: string };
  /** The network address it came from. */
  address?: string;
  /** What else matters, never a secret: names, counts, reasons. */
  detail?: Readonly<Record<string, string | number | boolean | null>>;
}

export const AuditQuery = PageQuery.omit({ q: true }).extend({
  action: z
    .string()
    .regex(/^[a-z-]+(\.[a-z-]+)?$/, 'must look like session.created')
    .max(64)
    .optional(),
  subject: z
    .string()
    .regex(/^[\w.:-]{1,128}$/, 'must be an id')
    .optional(),
});

/** Everything done, by whom, to what. */
export class Audit {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  /**
   * Adds a row: inside `tx`, so that an effect and its row are committed together or not at all, or by itself with null.
   */
  async write(tx: Tx | null, row: AuditRow): Promise<void> {
    const { actor, action, subject, address, detail } = row;
    await (tx ?? this.db.pool).query(
      `INSERT INTO audit (at, actor_kind, actor_id, actor_name, action, subject_kind, subject_id, address, detail) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
      [
        this.clock.date(),
        actor.kind,
        actor.id,
        actor.name,
        action,
        subject?.kind ?? null,
        subject?.id ?? null,
        address ?? null,
        JSON.stringify(detail ?? {}),
      ],
    );
    this.log.info('audit', {
      actor: actor.kind,
      actorId: actor.id,
      action,
      ...(subject === undefined ? {} : { subject: `${subject.kind} ${subject.id}` }),
    });
  }

  /** Newest first. */
  async page(query: z.output<typeof AuditQuery>): Promise<{ items: AuditView[]; next: string | null }> {
    const after = decodeCursor(query.after, z.tuple([z.string().regex(/^\d{1,18}$/)]));
    const rows = await this.db.prisma.audit.findMany({
      where: {
        ...(after === null ? {} : { id: { lt: BigInt(after[0]) } }),
        // Without its second half, whatever happened to such a subject.
        ...(query.action === undefined ? {} : { action: query.action.includes('.') ? query.action : { startsWith: `${query.action}.` } }),
        ...(query.subject === undefined ? {} : { subjectId: query.subject }),
      },
      orderBy: { id: 'desc' },
      take: query.limit + 1,
    });
    return pageOf(
      rows,
      query.limit,
      (r): AuditView => ({
        id: String(r.id),
        at: r.at.toISOString(),
        actor: { kind: r.actorKind as Actor['kind'], id: r.actorId, name: r.actorName },
        action: r.action,
        subject: r.subjectKind === null || r.subjectId === null ? null : { kind: r.subjectKind, id: r.subjectId },
        address: r.address,
        detail: r.detail as AuditView['detail'],
      }),
      (r): Cursor => [String(r.id)],
    );
  }
}
