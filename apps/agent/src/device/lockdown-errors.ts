import { printable } from '@lockstep/core/health';

interface LockdownErrorRow {
  /** libimobiledevice's number (include/libimobiledevice/lockdown.h). */
  code: number;
  /** The twin in Apple's MobileDevice framework, which Finder, iTunes and their logs show; null where none is known. */
  twin: number | null;
}

/**
 * Errors by lockdownd's word. Rules match by word or number, never by a tool's English: those texts differ between tools and
 * versions, and some tools print one text for two errors.
 */
export const LOCKDOWN_ERRORS = {
  InvalidResponse: { code: -10, twin: 0xe8000013 },
  MissingKey: { code: -11, twin: null },
  MissingValue: { code: -12, twin: 0xe8000015 },
  GetProhibited: { code: -13, twin: null },
  SetProhibited: { code: -14, twin: null },
  RemoveProhibited: { code: -15, twin: null },
  ImmutableValue: { code: -16, twin: null },
  PasswordProtected: { code: -17, twin: 0xe800001a },
  UserDeniedPairing: { code: -18, twin: 0xe8000095 },
  PairingDialogResponsePending: { code: -19, twin: 0xe8000096 },
  MissingHostID: { code: -20, twin: 0xe800001b },
  InvalidHostID: { code: -21, twin: 0xe800001c },
  SessionActive: { code: -22, twin: 0xe800001d },
  SessionInactive: { code: -23, twin: 0xe800001e },
  MissingSessionID: { code: -24, twin: null },
  InvalidSessionID: { code: -25, twin: null },
  MissingService: { code: -26, twin: null },
  InvalidService: { code: -27, twin: 0xe8000022 },
  ServiceLimit: { code: -28, twin: 0xe800005b },
  MissingPairRecord: { code: -29, twin: 0xe8000025 },
  SavePairRecordFailed: { code: -30, twin: 0xe8000068 },
  InvalidPairRecord: { code: -31, twin: 0xe800005c },
  InvalidActivationRecord: { code: -32, twin: null },
  MissingActivationRecord: { code: -33, twin: null },
  ServiceProhibited: { code: -34, twin: 0xe800005d },
  EscrowLocked: { code: -35, twin: 0xe8000081 },
  PairingProhibitedOverThisConnection: { code: -36, twin: 0xe8000082 },
  FMiPProtected: { code: -37, twin: 0xe8000099 },
  MCProtected: { code: -38, twin: 0xe800009a },
  MCChallengeRequired: { code: -39, twin: 0xe800009b },
} as const satisfies Record<string, LockdownErrorRow>;

export type LockdownWord = keyof typeof LOCKDOWN_ERRORS;

/** Longest word that is passed on: the longest known one has 35 characters, and facts hold 64. */
const WORD_LENGTH = 64;

/** Whether the word is one of the table. */
export function isLockdownWord(word: string): word is LockdownWord {
  return Object.hasOwn(LOCKDOWN_ERRORS, word);
}

/** libimobiledevice's number of a word; null for a word that is not in the table. */
export function lockdownCode(word: string): number | null {
  return isLockdownWord(word) ? LOCKDOWN_ERRORS[word].code : null;
}

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

/** Numbers of the same enum for what the client itself finds, before or without lockdownd's word. */
export const CLIENT_ERRORS = {
  argument: { code: -1, twin: null },
  /** The host has no usable record: not paired. */
  configuration: { code: -2, twin: null },
  plist: { code: -3, twin: null },
  pairingFailed: { code: -4, twin: null },
  tls: { code: -5, twin: 0xe8000012 },
  timeout: { code: -7, twin: 0xe800000c },
  mux: { code: -8, twin: 0xe8000065 },
  noSession: { code: -9, twin: null },
  unknown: { code: -256, twin: null },
} as const satisfies Record<string, LockdownErrorRow>;
