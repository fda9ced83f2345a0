import { z } from 'zod';
import { ROLES } from '../fixes/index.js';

/** People, tokens and the audit, as clients read them. Times are ISO 8601 UTC. */

const Instant = z.string().meta({ format: 'date-time' });
const Nullable = <T extends z.ZodType>(t: T) => t.nullable();

export const SessionView = z.object({
  person: z.object({ id: z.string(), name: z.string(), email: z.string(), role: z.enum(ROLES) }),
  expiresAt: Instant,
});
export type SessionView = z.infer<typeof SessionView>;

/** Somebody who may sign in, as admins see them. */
export const PersonView = z.object({
  id: z.string(),
  name: z.string(),
  email: z.string(),
  role: z.enum(ROLES),
  /** `invited`: has set no password yet. */
  state: z.enum(['active', 'invited', 'disabled']),
  createdAt: Instant,
  disabledAt: Nullable(Instant),
  /** The last time a session of theirs was used, of those that are kept. */
  lastSeenAt: Nullable(Instant),
  /** Until when a link that sets their password works; null while none does. */
  linkUntil: Nullable(Instant),
});
export type PersonView = z.infer<typeof PersonView>;
/** The one answer that holds the secret of a link by which a person sets their password. */
export const MadePasswordLink = z.object({ person: PersonView, token: z.string(), expiresAt: Instant });
export type MadePasswordLink = z.infer<typeof MadePasswordLink>;

/** Whether the first admin is still to be set up. */
export const SetupState = z.object({ needed: z.boolean() });

/** A program's token as it is listed: never the token itself. */
export const ApiTokenView = z.object({
  id: z.string(),
  name: z.string(),
  role: z.enum(ROLES),
  createdBy: Nullable(z.string()),
  createdAt: Instant,
  expiresAt: Nullable(Instant),
  lastUsedAt: Nullable(Instant),
  revokedAt: Nullable(Instant),
});
export type ApiTokenView = z.infer<typeof ApiTokenView>;
/** The one answer that holds the token. */
export const MadeApiToken = ApiTokenView.extend({ secret: z.string() });
export type MadeApiToken = z.infer<typeof MadeApiToken>;

/** An enrolment token as it is listed: never the token itself. */
export const EnrolmentTokenView = z.object({
  id: z.string(),
  note: z.string(),
  uses: z.number(),
  usesLeft: z.number(),
  createdBy: Nullable(z.string()),
  createdAt: Instant,
  expiresAt: Instant,
  lastUsedAt: Nullable(Instant),
  revokedAt: Nullable(Instant),
  /** What it is worth now. */
  state: z.enum(['usable', 'used-up', 'expired', 'revoked']),
});
export type EnrolmentTokenView = z.infer<typeof EnrolmentTokenView>;
/** The one answer that holds the token. */
export const MadeEnrolmentToken = EnrolmentTokenView.extend({ token: z.string() });
export type MadeEnrolmentToken = z.infer<typeof MadeEnrolmentToken>;

/** Who did what, to what, from where. */
export const AuditView = z.object({
  id: z.string(),
  at: Instant,
  actor: z.object({ kind: z.enum(['person', 'token', 'host', 'server', 'anonymous']), id: Nullable(z.string()), name: z.string() }),
  /** Subject and what happened to it: `session.created`. */
  action: z.string(),
  subject: Nullable(z.object({ kind: z.string(), id: z.string() })),
  address: Nullable(z.string()),
  detail: z.record(z.string(), z.unknown()),
});
export type AuditView = z.infer<typeof AuditView>;
