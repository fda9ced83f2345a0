import { CONSENT_WAYS, FIXES, type FixId, mayAskFor, needsClearance, type RecordLack, recordLacks } from '@lockstep/core/fixes';
import { OSES, text } from '@lockstep/core/health';
import { z } from 'zod';
import type { Caller } from '../access/index.js';
import { type FieldError, ProblemError } from '../platform/index.js';

const Name = text(100)
  .transform((s) => s.trim())
  .pipe(z.string().min(1, 'is required'));
/** The holder's yes to a fix that destroys data: whose, how, and when it was given. */
const Consent = z.strictObject({ holder: Name, how: z.enum(CONSENT_WAYS), at: z.iso.datetime() });

/** What is written down when a fix is asked for by which data may be lost; fields of a body. */
export const RECORD = { consent: Consent.optional(), lossAcceptedBy: Name.optional() };
export interface AskRecord {
  consent?: z.output<typeof Consent> | undefined;
  lossAcceptedBy?: z.output<typeof Name> | undefined;
}

/** Refuses a record about a fix that destroys nothing. */
export function checkAskedFor(body: AskRecord & { fix: FixId }, ctx: z.core.$RefinementCtx): void {
  for (const field of ['consent', 'lossAcceptedBy'] as const)
    if (body[field] !== undefined && !OSES.some((os) => needsClearance(FIXES[body.fix], os)))
      ctx.addIssue({
        code: 'custom',
        path: [field],
        message: `is only asked for where data may be lost, and ${body.fix} destroys none`,
        input: body,
      });
}

const LACKS: Record<RecordLack, FieldError> = {
  'needs-consent': { field: 'consent', message: 'is required: the holder of the phone has to say yes first' },
  'consent-in-future': { field: 'consent.at', message: 'is in the future' },
  'consent-too-old': { field: 'consent.at', message: 'is more than a day ago: ask the holder again' },
  'needs-backup-or-loss-accepted': {
    field: 'lossAcceptedBy',
    message: 'is required: no backup of this phone finished on this computer within a day',
  },
};

/**
 * What has to be written down before anybody is asked to approve a fix that destroys data.
 * @param backupAt when the last backup finished, from the facts, ms
 * @throws ProblemError 400 naming the field, 403 `person-required`
 */
export function checkRecord(record: AskRecord, caller: Caller, backupAt: number | null, now: number): void {
  const no = mayAskFor('second-person', caller);
  if (no !== null) throw new ProblemError(403, no.code, no.sentence);
  const consentAt = record.consent === undefined ? null : Date.parse(record.consent.at);
  const lack = recordLacks({ consentAt, lossAccepted: record.lossAcceptedBy !== undefined, backupAt }, now);
  if (lack === null) return;
  const { field, message } = LACKS[lack];
  throw new ProblemError(400, 'invalid-input', `${field}: ${message}`, [{ field, message }]);
}
