import { z } from 'zod';

/** The numbers of a version, most significant first: `26.6.1` is `[26, 6, 1]`. */
export type VersionNumbers = readonly number[];

/** Up to six numbers of up to nine digits, and the letter of a Background Security Improvement: `26.3.1 (a)`, `19.4.0.10`. */
const VERSION = /^(\d{1,9}(?:\.\d{1,9}){0,5})(?:\s*\(([a-z])\))?$/;

/**
 * Reads a version. The letter of a Background Security Improvement (once Rapid Security Response) is stripped: `26.3.1 (a)` is 26.3.1,
 * improved. Null for anything else.
 */
export function versionOf(text: string): VersionNumbers | null {
  const numbers = VERSION.exec(text.trim())?.[1];
  return numbers === undefined ? null : numbers.split('.').map(Number);
}

/** The letter of a Background Security Improvement, as in `26.3.1 (a)`; null without one. */
export function improvementOf(text: string): string | null {
  return VERSION.exec(text.trim())?.[2] ?? null;
}

/** Compares numbers one by one; what is missing counts as zero, so 26 equals 26.0.0. */
export function compareNumbers(a: VersionNumbers, b: VersionNumbers): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return Math.sign(difference);
  }
  return 0;
}

/** -1, 0 or 1 as `a` is older than, equal to or newer than `b`; null when one of them is no version. Never compares text. */
export function compareVersions(a: string, b: string): number | null {
  const [one, other] = [versionOf(a), versionOf(b)];
  return one === null || other === null ? null : compareNumbers(one, other);
}

/** A version from a feed or from our own tables. */
export const Version = z
  .string()
  .max(64)
  .refine((s) => versionOf(s) !== null, 'must be a version such as 26.6.1');

/** A build of an Apple system: digits, the letter of the minor version, digits, perhaps a letter: `23G83`, `24A5430a`, `23D771330a`. */
const BUILD = /^(\d{1,3})([A-Z])(\d{1,8})([a-z])?$/;

/** A build from a feed. */
export const Build = z.string().regex(BUILD, 'must be a build such as 23G83');

/**
 * Whether a build is one that Apple gives to testers: a number of four digits that begins with 5, and a small letter (`24A5430a`). Builds
 * of the public have no letter; the alternative builds of the same release are 6000 higher (`23G6083` beside `23G83`).
 */
export function isBetaBuild(build: string): boolean {
  const [, , , number = '', letter] = BUILD.exec(build) ?? [];
  return letter !== undefined && /^5\d{3}$/.test(number);
}

/** Whether a build is that of a Background Security Improvement: six digits that begin with 77, and a small letter (`23D771330a`, `20E772520a`). */
export function isImprovementBuild(build: string): boolean {
  const [, , , number = '', letter] = BUILD.exec(build) ?? [];
  return letter !== undefined && /^77\d{4,}$/.test(number);
}
