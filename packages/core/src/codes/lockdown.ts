import type { CodeEntry, CodeMeaning } from './shapes.js';

interface LockdownErrorRow extends CodeMeaning {
  /** libimobiledevice's number (include/libimobiledevice/lockdown.h). */
  code: number;
  /** The twin in Apple's MobileDevice framework, which Finder, iTunes and their logs show; null where none is known. */
  twin: number | null;
  /** The twin's name where it is not `kAMD`, the word, `Error`. */
  twinName?: string;
  /** Other spellings: the tools' own text where it is not the word with spaces. */
  also?: readonly string[];
}

const nothing = { layer: null, causes: [], fixes: [] } as const satisfies CodeMeaning;

/**
 * Errors by lockdownd's word. Rules match by word or number, never by a tool's English: those texts differ between tools and
 * versions, and some tools print one text for two errors. Twins have the same name in the MobileDevice framework (ios-deploy errors.h).
 *
 * A phone that restarted and was never unlocked since answers like one that lost its trust: before a verdict from -5, -17, -19 or -21 the
 * passcode is entered once, hence F10 first and C48 among their causes.
 */
export const LOCKDOWN_ERRORS = {
  InvalidResponse: { code: -10, twin: 0xe8000013, layer: 'mux', causes: ['C32', 'C63'], fixes: ['F08', 'F22'] },
  MissingKey: { code: -11, twin: 0xe8000014, ...nothing },
  MissingValue: { code: -12, twin: 0xe8000015, ...nothing, harmless: true },
  GetProhibited: {
    code: -13,
    twin: 0xe8000016,
    layer: 'trust',
    causes: ['C40', 'C49'],
    fixes: ['F11'],
    also: ['Get value prohibited'],
  },
  SetProhibited: { code: -14, twin: 0xe8000017, ...nothing, also: ['Set value prohibited'] },
  RemoveProhibited: { code: -15, twin: 0xe8000018, ...nothing, also: ['Remove value prohibited'] },
  ImmutableValue: { code: -16, twin: 0xe8000019, ...nothing },
  PasswordProtected: { code: -17, twin: 0xe800001a, layer: 'trust', causes: ['C41', 'C48'], fixes: ['F10'] },
  UserDeniedPairing: { code: -18, twin: 0xe8000095, layer: 'trust', causes: ['C43'], fixes: ['F11', 'F13'] },
  PairingDialogResponsePending: { code: -19, twin: 0xe8000096, layer: 'trust', causes: ['C42', 'C48', 'C53'], fixes: ['F10', 'F11'] },
  MissingHostID: { code: -20, twin: 0xe800001b, layer: 'trust', causes: ['C40'], fixes: ['F11'] },
  InvalidHostID: { code: -21, twin: 0xe800001c, layer: 'trust', causes: ['C44', 'C45', 'C48'], fixes: ['F10', 'F12'] },
  SessionActive: { code: -22, twin: 0xe800001d, ...nothing, harmless: true },
  SessionInactive: { code: -23, twin: 0xe800001e, ...nothing, harmless: true },
  MissingSessionID: { code: -24, twin: 0xe800001f, ...nothing },
  InvalidSessionID: { code: -25, twin: 0xe8000020, ...nothing },
  MissingService: { code: -26, twin: 0xe8000021, ...nothing },
  InvalidService: { code: -27, twin: 0xe8000022, layer: 'software', causes: ['C62'], fixes: ['F20', 'F21'] },
  ServiceLimit: { code: -28, twin: 0xe800005b, layer: 'services', causes: [], fixes: [], also: ['Service limit reached'] },
  MissingPairRecord: { code: -29, twin: 0xe8000025, layer: 'trust', causes: ['C40'], fixes: ['F11'] },
  SavePairRecordFailed: {
    code: -30,
    twin: 0xe8000068,
    layer: 'trust',
    causes: ['C46'],
    fixes: ['F15', 'F38'],
    also: ['Saving pair record failed'],
  },
  InvalidPairRecord: { code: -31, twin: 0xe800005c, layer: 'trust', causes: ['C44'], fixes: ['F10', 'F12'] },
  InvalidActivationRecord: { code: -32, twin: 0xe8000026, layer: 'trust', causes: ['C59'], fixes: [] },
  MissingActivationRecord: { code: -33, twin: 0xe8000027, layer: 'trust', causes: ['C59'], fixes: [] },
  ServiceProhibited: { code: -34, twin: 0xe800005d, layer: 'trust', causes: ['C52', 'C55'], fixes: ['F10', 'F16'] },
  // The tools' own text is spelled "Escrow lockded".
  EscrowLocked: { code: -35, twin: 0xe8000081, layer: 'trust', causes: ['C48'], fixes: ['F10'], also: ['Escrow lockded'] },
  PairingProhibitedOverThisConnection: {
    code: -36,
    twin: 0xe8000082,
    twinName: 'kAMDPairingProhibitedError',
    layer: 'trust',
    causes: ['C49'],
    fixes: ['F11'],
  },
  FMiPProtected: {
    code: -37,
    twin: 0xe8000099,
    layer: 'trust',
    causes: ['C54'],
    fixes: ['F16'],
    also: ['Find My iPhone/iPod/iPad protected'],
  },
  MCProtected: { code: -38, twin: 0xe800009a, twinName: 'kAMDMCProtected', layer: 'trust', causes: ['C52'], fixes: ['F16'] },
  MCChallengeRequired: {
    code: -39,
    twin: 0xe800009b,
    twinName: 'kAMDMCChallengeRequired',
    layer: 'trust',
    causes: ['C52'],
    fixes: ['F16'],
  },
} as const satisfies Record<string, LockdownErrorRow>;

export type LockdownWord = keyof typeof LOCKDOWN_ERRORS;

/** Whether the word is one of the table. */
export function isLockdownWord(word: string): word is LockdownWord {
  return Object.hasOwn(LOCKDOWN_ERRORS, word);
}

/** libimobiledevice's number of a word; null for a word that is not in the table. */
export function lockdownCode(word: string): number | null {
  return isLockdownWord(word) ? LOCKDOWN_ERRORS[word].code : null;
}

interface ClientErrorRow extends LockdownErrorRow {
  /** The name in lockdown.h without its prefix, and the text the tools print for it. */
  also: readonly [string, ...string[]];
}

/** Numbers of the same enum for what the client itself finds, before or without lockdownd's word. */
export const CLIENT_ERRORS = {
  success: { code: 0, twin: null, ...nothing, harmless: true, also: ['Success'] },
  argument: { code: -1, twin: null, ...nothing, also: ['InvalidArg', 'Invalid argument'] },
  /** The host has no usable record: not paired. */
  configuration: { code: -2, twin: null, layer: 'trust', causes: ['C40'], fixes: ['F11'], also: ['InvalidConf', 'Invalid configuration'] },
  plist: {
    code: -3,
    twin: null,
    layer: 'software',
    causes: ['C63'],
    fixes: ['F22'],
    lowConfidence: true,
    also: ['PlistError', 'PropertyList error'],
  },
  pairingFailed: { code: -4, twin: null, layer: 'trust', causes: ['C40'], fixes: ['F11'], also: ['PairingFailed'] },
  tls: {
    code: -5,
    twin: 0xe8000012,
    twinName: 'kAMDCryptoError',
    layer: 'trust',
    causes: ['C44', 'C57', 'C48'],
    fixes: ['F10', 'F12', 'F34'],
    also: ['SslError', 'SSL error'],
  },
  dictionary: { code: -6, twin: null, ...nothing, also: ['DictError', 'Invalid dictionary'] },
  timeout: {
    code: -7,
    twin: 0xe800000c,
    twinName: 'kAMDTimeOutError',
    layer: 'mux',
    causes: ['C32'],
    fixes: ['F01', 'F08'],
    also: ['ReceiveTimeout', 'Receive timeout'],
  },
  mux: {
    code: -8,
    twin: 0xe8000065,
    twinName: 'kAMDMuxConnectError',
    layer: 'mux',
    causes: ['C32', 'C12'],
    fixes: ['F01', 'F08'],
    also: ['MuxError', 'Mux error'],
  },
  noSession: { code: -9, twin: null, ...nothing, also: ['NoRunningSession'] },
  unknown: { code: -256, twin: null, layer: null, causes: ['C99'], fixes: ['F48'], also: ['UnknownError'] },
} as const satisfies Record<string, ClientErrorRow>;

export type ClientErrorWord = keyof typeof CLIENT_ERRORS;

export interface LockdownEntry extends CodeEntry {
  twin: number | null;
  twinName: string;
}

const entry = (names: readonly [string, ...string[]], row: LockdownErrorRow): LockdownEntry => {
  const { code, twin, twinName = `kAMD${names[0]}Error`, also: _, ...meaning } = row;
  return { ...meaning, numbers: [code], names, twin, twinName, source: 'lockdown.h' };
};

/** Both tables as rows, by the key under which their English stands. */
export const LOCKDOWN_ENTRIES = Object.fromEntries([
  ...Object.entries<ClientErrorRow>(CLIENT_ERRORS).map(([key, row]) => [key, entry([...row.also], row)] as const),
  ...Object.entries<LockdownErrorRow>(LOCKDOWN_ERRORS).map(([word, row]) => [word, entry([word, ...(row.also ?? [])], row)] as const),
]) as Record<LockdownWord | ClientErrorWord, LockdownEntry>;
