import { z } from 'zod';
import { CONSENT_WAYS } from '../fixes/index.js';

const Instant = z.string().meta({ format: 'date-time' });

/** Who has to approve a fix run or a guided run, what was written down for that, and what was decided. */
export const ApprovalView = z.object({
  needs: z.enum(['admin', 'second-person']),
  askedBy: z.object({ kind: z.enum(['person', 'token']), id: z.string() }),
  /** The holder's yes to a fix that destroys data. */
  consent: z.object({ holder: z.string(), how: z.enum(CONSENT_WAYS), at: Instant }).nullable(),
  /** Who accepted that what is on the phone is lost. */
  lossAcceptedBy: z.string().nullable(),
  /** When the last backup finished: as the facts show it while the run waits, as it was proven once it was approved. */
  backupAt: Instant.nullable(),
  decision: z.enum(['approved', 'declined']).nullable(),
  decidedBy: z.string().nullable(),
  decidedAt: Instant.nullable(),
  reason: z.string().nullable(),
});
export type ApprovalView = z.infer<typeof ApprovalView>;
