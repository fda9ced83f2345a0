import type { FailReason } from '@lockstep/core/health';
import { failedEnd } from '../linux/index.js';
import { isDict, type PlistDict, PlistError, type PlistValue, parsePlist } from '../plist/index.js';
import type { Ran } from '../port.js';

/** What `ioreg -a` printed: the entries it found, each with those below it. */
export type Registry = { read: true; entries: PlistDict[] } | { read: false; reason: FailReason };

/**
 * A Mac full of docks has some hundred drivers below its USB ports, each with some thirty properties; a registry level takes two levels of
 * the list. More than this is no answer.
 */
const LIMITS = { depth: 200, values: 1_000_000 };

/**
 * Reads the property list that `ioreg -a` prints (ioreg(8)): one entry, or a list of them with `-r`. Without a match it prints nothing and
 * ends well: no entries. What it says on stderr is noise. A list that was cut is no list.
 */
export function readRegistry(ran: Ran): Registry {
  const failed = failedEnd(ran);
  if (failed) return { read: false, reason: failed };
  if (ran.exit !== 0) return { read: false, reason: 'garbage' };
  if (ran.stdout.trim() === '') return { read: true, entries: [] };
  const value = plistOf(ran.stdout);
  if (value === null) return { read: false, reason: 'garbage' };
  if (isDict(value)) return { read: true, entries: [value] };
  if (Array.isArray(value) && value.every((v) => isDict(v))) return { read: true, entries: value };
  return { read: false, reason: 'garbage' };
}

/** A property list as a tool printed it or a file holds it; null when it is none. */
export function plistOf(list: string | Uint8Array): PlistValue | null {
  try {
    return parsePlist(typeof list === 'string' ? Buffer.from(list.replace(/^\ufeff/, ''), 'utf8') : list, LIMITS);
  } catch (e) {
    if (e instanceof PlistError) return null;
    throw e;
  }
}

/** The entries right below one. */
export function below(entry: PlistDict): PlistDict[] {
  const children = entry.IORegistryEntryChildren;
  return Array.isArray(children) ? children.filter((c) => isDict(c)) : [];
}

/** A whole number that is not negative; null for anything else. */
export function whole(value: PlistValue | undefined): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null;
}

/** A number of 32 bits, which the registry may hand out as a negative one. */
export function word32(value: PlistValue | undefined): number | null {
  return typeof value === 'number' && Number.isInteger(value) && value >= -0x8000_0000 && value <= 0xffff_ffff ? value >>> 0 : null;
}

/** Text; null for anything else. */
export function words(value: PlistValue | undefined): string | null {
  return typeof value === 'string' ? value : null;
}

/** A truth, which some drivers write as 0 or 1; null for anything else. */
export function truth(value: PlistValue | undefined): boolean | null {
  if (typeof value === 'boolean') return value;
  return value === 0 || value === 1 ? value === 1 : null;
}

/** Texts of a list; null when it is none. */
export function listOfWords(value: PlistValue | undefined): string[] | null {
  return Array.isArray(value) ? value.filter((v) => typeof v === 'string') : null;
}
