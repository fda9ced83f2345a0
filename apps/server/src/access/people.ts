import { randomUUID } from 'node:crypto';
import { ROLES } from '@lockstep/core/fixes';
import type { MadePasswordLink, PersonView } from '@lockstep/core/protocol';
import { z } from 'zod';
import {
  type Clock,
  type Cursor,
  type Database,
  decodeCursor,
  PageQuery,
  ProblemError,
  pageOf,
  sqlState,
  type Tx,
  UNIQUE_VIOLATION,
} from '../platform/index.js';
import { type Audit, actorOf } from './audit.js';
import { type Caller, personOnly, type Role } from './caller.js';
import { newLink } from './password-links.js';
import { Email } from './passwords.js';
import type { Sessions } from './sessions.js';
import { PersonName } from './setup.js';

export const NewPerson = z.strictObject({ name: PersonName, email: Email, role: z.enum(ROLES) });
/** Body of PATCH /people/:id: only what is given is changed. */
export const PersonChange = z.strictObject({ role: z.enum(ROLES).optional(), disabled: z.boolean().optional() }).superRefine((c, ctx) => {
  if (c.role === undefined && c.disabled === undefined)
    ctx.addIssue({ code: 'custom', path: ['role'], message: 'is required, or disabled' });
});
export type PersonChange = z.output<typeof PersonChange>;
export const PeopleQuery = PageQuery.omit({ q: true });

interface Row {
  id: string;
  name: string;
  email: string;
  role: Role;
  created_at: Date;
  disabled_at: Date | null;
  has_password: boolean;
  last_seen_at: Date | null;
  link_until: Date | null;
}

/** $1 is now. */
const PEOPLE = `SELECT p.id, p.name, p.email, p.role, p.created_at, p.disabled_at, p.password_hash IS NOT NULL AS has_password,
  (SELECT max(s.last_seen_at) FROM session s WHERE s.person_id = p.id) AS last_seen_at,
  (SELECT l.expires_at FROM password_link l WHERE l.person_id = p.id AND l.expires_at > $1) AS link_until FROM person p`;

function view(r: Row): PersonView {
  return {
    id: r.id,
    name: r.name,
    email: r.email,
    role: r.role,
    state: r.disabled_at !== null ? 'disabled' : r.has_password ? 'active' : 'invited',
    createdAt: r.created_at.toISOString(),
    disabledAt: r.disabled_at?.toISOString() ?? null,
    lastSeenAt: r.last_seen_at?.toISOString() ?? null,
    linkUntil: r.link_until?.toISOString() ?? null,
  };
}

/** Who may sign in. Nobody is ever deleted: what they did stays theirs. */
export class People {
  constructor(private readonly deps: { db: Pick<Database, 'pool' | 'tx'>; clock: Clock; audit: Audit; sessions: Sessions }) {}

  /** Oldest first: the first admin heads the list. */
  async page(query: z.output<typeof PeopleQuery>): Promise<{ items: PersonView[]; next: string | null }> {
    const after = decodeCursor(query.after, z.tuple([z.iso.datetime(), z.uuid()]));
    const rows = await this.deps.db.pool.query<Row>(
      `${PEOPLE} WHERE $2::timestamptz IS NULL OR (p.created_at, p.id) > ($2, $3::uuid) ORDER BY p.created_at, p.id LIMIT $4`,
      [this.deps.clock.date(), after?.[0] ?? null, after?.[1] ?? null, query.limit + 1],
    );
    return pageOf(rows.rows, query.limit, view, (r): Cursor => [r.created_at.toISOString(), r.id]);
  }

  /**
   * Adds a person and makes the link by which they set a password: without e-mail there is no better way than to hand it over in person.
   * @throws ProblemError 403 `person-required`, 409 `email-taken`
   */
  async add(body: z.output<typeof NewPerson>, caller: Caller, address: string): Promise<MadePasswordLink> {
    personOnly(caller);
    const { db, clock, audit } = this.deps;
    const id = randomUUID();
    try {
      return await db.tx(async (tx) => {
        await tx.query('INSERT INTO person (id, name, email, role, created_at) VALUES ($1, $2, $3, $4, $5)', [
          id,
          body.name,
          body.email,
          body.role,
          clock.date(),
        ]);
        await audit.write(tx, {
          actor: actorOf(caller),
          action: 'person.added',
          subject: { kind: 'person', id },
          address,
          detail: { name: body.name, email: body.email, role: body.role },
        });
        return this.#withLink(tx, id, caller, address);
      });
    } catch (error) {
      if (sqlState(error) !== UNIQUE_VIOLATION) throw error;
      throw new ProblemError(409, 'email-taken', 'Somebody with this e-mail address was added already.', [
        { field: 'email', message: 'is somebody’s already' },
      ]);
    }
  }

  /**
   * Makes a new link by which a person sets a password; the one before is void. Their present password works until the link is used.
   * @throws ProblemError 403 `person-required`, 404, 409 `disabled`
   */
  async makeLink(id: string, caller: Caller, address: string): Promise<MadePasswordLink> {
    personOnly(caller);
    return this.deps.db.tx(async (tx) => {
      const { disabled_at: disabledAt } = await this.#locked(tx, id);
      if (disabledAt !== null) throw new ProblemError(409, 'disabled', 'This person is disabled. Enable them first.');
      return this.#withLink(tx, id, caller, address);
    });
  }

  /**
   * Changes a role, disables or enables. Disabling ends the person's sessions at once, and voids links to and from them.
   * @throws ProblemError 403 `person-required`, 404, 409 `last-admin`
   */
  async change(id: string, body: PersonChange, caller: Caller, address: string): Promise<PersonView> {
    personOnly(caller);
    const { db, clock, audit, sessions } = this.deps;
    const { person, ended } = await db.tx(async (tx) => {
      // Locked first, in one order: of two admins who demote each other at once the second finds the first one's change.
      const admins = await tx.query<{ id: string }>(
        `SELECT id FROM person WHERE role = 'admin' AND disabled_at IS NULL AND password_hash IS NOT NULL ORDER BY id FOR UPDATE`,
      );
      const before = await this.#locked(tx, id);
      const told = async (action: string, detail: Record<string, string> = {}) =>
        audit.write(tx, {
          actor: actorOf(caller),
          action,
          subject: { kind: 'person', id },
          address,
          detail: { name: before.name, ...detail },
        });
      const role = body.role ?? before.role;
      const disabledAt = body.disabled === undefined ? before.disabled_at : body.disabled ? (before.disabled_at ?? clock.date()) : null;
      if ((role !== 'admin' || disabledAt !== null) && admins.rows.length === 1 && admins.rows[0]?.id === id)
        throw new ProblemError(409, 'last-admin', 'This is the last admin who can sign in. Make somebody else an admin first.', [
          { field: body.disabled ? 'disabled' : 'role', message: 'would leave nobody who may do everything' },
        ]);
      await tx.query('UPDATE person SET role = $2, disabled_at = $3 WHERE id = $1', [id, role, disabledAt]);
      if (role !== before.role) await told('person.role-changed', { from: before.role, to: role });
      let ended: string[] = [];
      if (disabledAt !== null && before.disabled_at === null) {
        ended = await sessions.endOf(tx, id);
        await tx.query('DELETE FROM password_link WHERE person_id = $1 OR made_by = $1', [id]);
        await told('person.disabled');
      }
      if (disabledAt === null && before.disabled_at !== null) await told('person.enabled');
      return { person: await this.#view(tx, id), ended };
    });
    sessions.tellEnded(ended);
    return person;
  }

  async #withLink(tx: Tx, id: string, caller: Caller, address: string): Promise<MadePasswordLink> {
    const { token, expiresAt } = await newLink(tx, { personId: id, madeBy: caller.id, now: this.deps.clock.date() });
    await this.deps.audit.write(tx, {
      actor: actorOf(caller),
      action: 'person.link-made',
      subject: { kind: 'person', id },
      address,
      detail: { expiresAt: expiresAt.toISOString() },
    });
    return { person: await this.#view(tx, id), token, expiresAt: expiresAt.toISOString() };
  }

  async #locked(tx: Tx, id: string): Promise<{ name: string; role: Role; disabled_at: Date | null }> {
    const { rows } = await tx.query<{ name: string; role: Role; disabled_at: Date | null }>(
      'SELECT name, role, disabled_at FROM person WHERE id = $1 FOR UPDATE',
      [id],
    );
    if (!rows[0]) throw new ProblemError(404, 'not-found', 'There is no such person.');
    return rows[0];
  }

  async #view(tx: Tx, id: string): Promise<PersonView> {
    const { rows } = await tx.query<Row>(`${PEOPLE} WHERE p.id = $2`, [this.deps.clock.date(), id]);
    if (!rows[0]) throw new ProblemError(404, 'not-found', 'There is no such person.');
    return view(rows[0]);
  }
}
