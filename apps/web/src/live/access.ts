import { page } from '@lockstep/core/protocol';
import { z } from 'zod';

/** An enrolment token as it is listed: never the token itself. */
export const TokenView = z.object({
  id: z.string(),
  note: z.string(),
  uses: z.number(),
  usesLeft: z.number(),
  createdBy: z.string().nullable(),
  createdAt: z.string(),
  expiresAt: z.string(),
  lastUsedAt: z.string().nullable(),
  revokedAt: z.string().nullable(),
  state: z.enum(['usable', 'used-up', 'expired', 'revoked']),
});
export type TokenView = z.infer<typeof TokenView>;
export const TokenPage = page(TokenView);

/** The one answer that holds the token: to the request that made it. */
export const MadeToken = TokenView.extend({ token: z.string() });
export type MadeToken = z.infer<typeof MadeToken>;

/** Whether the first admin is still to be set up. */
export const SetupState = z.object({ needed: z.boolean() });
