import { z } from 'zod';
import type { Os } from '../health/index.js';
import type { FixRow } from './shapes.js';

/** A person of this system, by id: orders carry no names. */
const PersonId = z.uuid();
const Instant = z.iso.datetime();

/**
 * What a destructive order proves about itself, inside the signed bytes. Erasing somebody's phone takes two people who are not the same
 * one, the holder's consent, and either a backup that was proven or the loss accepted by somebody who answers for it.
 */
export const Clearance = z.strictObject({
  /** Who approved, oldest first. */
  approvedBy: z.array(PersonId).max(8),
  /** The holder's yes: who wrote it down, and when it was given. */
  consent: z.strictObject({ recordedBy: PersonId, at: Instant }).optional(),
  /** When the backup that was proven finished. */
  backupProvenAt: Instant.optional(),
  /** Who accepted, for the holder, that what is on the phone is lost. */
  lossAcceptedBy: PersonId.optional(),
  /**
   * The ECID that the second person confirmed, sixteen digits in capitals as facts spell it. Needed for phones whose UDID does not hold
   * it (those before A12).
   */
  ecid: z
    .string()
    .regex(/^[0-9A-F]{16}$/, 'must be 16 hex digits in capitals')
    .optional(),
});
export type Clearance = z.infer<typeof Clearance>;

/** What is missing, as the word that a refused run carries. */
export type ClearanceLack = 'needs-clearance' | 'needs-two-people' | 'needs-consent' | 'needs-backup-or-loss-accepted';

/** Whether a fix of this row takes a clearance on this system: data of a phone may be lost by it. */
export function needsClearance(row: Pick<FixRow, 'risk' | 'mayLoseDataOn'>, os?: Os): boolean {
  return row.risk === 'destructive' || (os !== undefined && (row.mayLoseDataOn?.includes(os) ?? false));
}

/**
 * What a clearance lacks for a fix of this row on this system, or null when it may go ahead. Asked by the server before it signs and by the
 * agent before it acts. How fresh a consent or a backup has to be is the server's to judge: it has the clock and the record.
 */
export function clearanceLacks(
  row: Pick<FixRow, 'risk' | 'mayLoseDataOn'>,
  clearance: Clearance | null | undefined,
  os?: Os,
): ClearanceLack | null {
  if (!needsClearance(row, os)) return null;
  if (!clearance) return 'needs-clearance';
  // One person under two spellings of an id is one person.
  if (new Set(clearance.approvedBy.map((id) => id.toLowerCase())).size < 2) return 'needs-two-people';
  if (!clearance.consent) return 'needs-consent';
  if (!clearance.backupProvenAt && !clearance.lossAcceptedBy) return 'needs-backup-or-loss-accepted';
  return null;
}
