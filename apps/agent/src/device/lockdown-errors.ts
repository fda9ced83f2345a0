import { isLockdownWord, LOCKDOWN_ERRORS } from '@lockstep/core/codes';
import { printable } from '@lockstep/core/health';

// The numbers are core's: what this room prints is what `explain` and the console look up.
export { CLIENT_ERRORS, isLockdownWord, LOCKDOWN_ERRORS, type LockdownWord } from '@lockstep/core/codes';

/** Words that libimobiledevice has no number for, with their twins. */
export const UNNUMBERED_ERRORS = {
  /** A supervised phone that pairs with its organisation's computers only (MobileDevice's error table). */
  ProhibitedBySupervision: { twin: 0xe8000083 },
} as const;

/**
 * libimobiledevice's number of a word; for the few that it has none for, MobileDevice's, which is positive; null for a word that is in no
 * table.
 */
export function lockdownCode(word: string): number | null {
  if (isLockdownWord(word)) return LOCKDOWN_ERRORS[word].code;
  return Object.hasOwn(UNNUMBERED_ERRORS, word) ? UNNUMBERED_ERRORS[word as keyof typeof UNNUMBERED_ERRORS].twin : null;
}

/** How supervised phones refuse computers outside their organisation; none of these ever comes with a dialog. */
const SUPERVISION_WORDS: ReadonlySet<string> = new Set(['MCProtected', 'MCChallengeRequired', 'ProhibitedBySupervision']);

/** Whether the word says that the phone's organisation decides who pairs. */
export function isSupervisionWord(word: string): boolean {
  return SUPERVISION_WORDS.has(word);
}

/** Longest word that is passed on: the longest known one has 35 characters, and facts hold 64. */
const WORD_LENGTH = 64;

/** Unlisted words are passed on as the phone wrote them, cut to 64 characters and safe to print. */
export function lockdownWord(raw: string): string {
  let word = '';
  // By code point: half a surrogate pair cannot be stored.
  for (const char of printable(raw.slice(0, WORD_LENGTH * 2))) {
    if (word.length + char.length > WORD_LENGTH) break;
    word += char;
  }
  return word;
}
