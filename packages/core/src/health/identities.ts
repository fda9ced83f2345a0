import { z } from 'zod';

/** Since A12: chip id, dash, ECID, capitals. Before: SHA-1 in small letters. One spelling everywhere. */
const UDID_NEW = /^[0-9A-F]{8}-[0-9A-F]{16}$/;
const UDID_OLD = /^[0-9a-f]{40}$/;

/** A device's UDID in its one spelling. It names a device; it never proves one. */
export const Udid = z.string().refine((s) => UDID_NEW.test(s) || UDID_OLD.test(s), {
  message: 'must be 8HEX-16HEX in capitals or 40 hex digits in small letters',
});
export type Udid = z.infer<typeof Udid>;

/**
 * The one spelling of a UDID as USB descriptors (24 digits, no dash), usbmux, backups (40 digits in capitals) and tools write it.
 * Returns null for anything else, truncated serials included: a UDID is never guessed.
 */
export function normaliseUdid(raw: string): Udid | null {
  const s = raw.trim();
  if (/^[0-9a-fA-F]{8}-[0-9a-fA-F]{16}$/.test(s)) return s.toUpperCase();
  if (/^[0-9a-fA-F]{24}$/.test(s)) return `${s.slice(0, 8)}-${s.slice(8)}`.toUpperCase();
  if (/^[0-9a-fA-F]{40}$/.test(s)) return s.toLowerCase();
  return null;
}

/** A host's id: a UUID made by the server at enrolment. */
export const HostId = z.uuid();

/** A host's epoch: 128 random bits in hex, new for every spool, re-enrolment or sign of a rollback. */
export const Epoch = z.string().regex(/^[0-9a-f]{32}$/, 'must be 32 hex digits');

/** A cause of the rules table: `C41` for what agents read, `L01` for what only the server sees, because it has both ends of every link. */
export const CauseId = z.string().regex(/^(C\d{2,3}[a-z]?|L\d{2})$/, 'must look like C41');
export type CauseId = `C${string}` | `L${string}`;

/** A fix of the catalogue, such as `F12`. */
export const FixId = z.string().regex(/^F\d{2}[a-z]?$/, 'must look like F12');
