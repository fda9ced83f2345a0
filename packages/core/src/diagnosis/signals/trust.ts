import { current, DIALOG_MS } from '../current.js';
import type { DiagnosisInput } from '../shapes.js';
import { any, type Tri, tri } from '../tri.js';
import { blind, from, type Signal } from './signal.js';

/** Numbers of libimobiledevice's lockdown.h by which a session, a pairing or a service is refused. Words are localised; numbers are not. */
const LOCKED = -17;
const NOT_KNOWN: ReadonlySet<number> = new Set([-21, -31]);
const NO_RECORD: ReadonlySet<number> = new Set([-2, -20, -29]);
const BEFORE_FIRST_UNLOCK = -35;
const NEEDS_CABLE: ReadonlySet<number> = new Set([-13, -36]);
const LOST = -37;
/** Management says no: MCProtected, MCChallengeRequired; and MobileDevice's ProhibitedBySupervision. */
const SUPERVISED: ReadonlySet<number> = new Set([-38, -39, 0xe8000083, 0xe8000083 - 2 ** 32]);
const PROHIBITED = -34;
const UNSAVED: ReadonlySet<number> = new Set([-30, 0xe8000068, 0xe8000068 - 2 ** 32]);
const TLS = -5;
const PENDING = -19;
const DENIED = -18;

/** Apple: a record that was not used for 30 days is forgotten by the phone (iOS 11 and later). */
const FORGOTTEN_MS = 30 * 86_400_000;
/** A computer that got a new identity shows it at once; a week leaves out old reinstallations. */
const IDENTITY_MS = 7 * 86_400_000;

/** A record has about 10 kB; with less than this no file of it is safe. */
const RECORD_BYTES = 1_000_000;

/** lockdownd's own words where it gave no number; they are no language's. */
const SUPERVISED_WORDS: ReadonlySet<string> = new Set([
  'MCProtected',
  'MCChallengeRequired',
  'ProhibitedBySupervision',
  'PairingProhibitedBySupervision',
]);

type Coded = { code: number | null; error: string | null };
const has = (codes: ReadonlySet<number>, r: Coded) => r.code !== null && codes.has(r.code);

/** A session, a service or a pairing was refused with one of these numbers; a later session that was accepted overrules all. */
function refused(input: DiagnosisInput, test: (r: Coded) => boolean): Tri {
  const session = current(input, 'trust-session');
  if (session?.state === 'seen' && session.reading.outcome === 'accepted') {
    const service = current(input, 'service-start');
    if (service?.state !== 'seen') return 'no';
    return tri(service.reading.outcome === 'refused' && test(service.reading));
  }
  if (session?.state === 'seen' && test(session.reading)) return 'yes';
  const attempt = current(input, 'pairing-attempt');
  if (attempt?.state === 'seen' && test(attempt.reading)) return 'yes';
  return session === null || session.state === 'failed' ? 'unknown' : 'no';
}

function attempt(input: DiagnosisInput, outcome: 'pending' | 'denied' | 'locked' | 'no-answer' | 'refused'): Tri {
  const f = current(input, 'pairing-attempt');
  if (!f) return 'no';
  if (f.state !== 'seen') return 'unknown';
  if (f.reading.outcome !== outcome) return 'no';
  if (outcome === 'pending' && f.at + DIALOG_MS <= input.now) return 'unknown';
  return 'yes';
}

/** The session itself was refused with this number. No session to ask in is no such refusal. */
function sessionSaid(input: DiagnosisInput, code: number): Tri {
  const f = current(input, 'trust-session');
  if (f?.state === 'seen') return tri(f.reading.code === code);
  return f?.state === 'failed' ? 'unknown' : 'no';
}

const codes = (test: (r: Coded) => boolean): Signal => ({ kind: 'trust-session', read: (i) => refused(i, test) });

/** Whether the last good session is older than a phone remembers. Nobody remembers one: the record's own age. */
function unused(input: DiagnosisInput): Tri {
  const last = input.history?.lastSessionAt;
  if (typeof last === 'number') return tri(input.now - last > FORGOTTEN_MS);
  const record = current(input, 'pair-record');
  if (record?.state !== 'seen' || !record.reading.writtenAt) return 'unknown';
  return tri(input.now - Date.parse(record.reading.writtenAt) > FORGOTTEN_MS);
}

/** The fourth rung's signals. */
export const TRUST_SIGNALS = {
  'record.present': from('pair-record', () => true, 'no'),
  'record.read': from('pair-record', () => true, 'yes'),
  'record.blind': blind('pair-record'),
  'record.other-buid': from('pair-record', (r) => (r.sameBuid === null ? null : !r.sameBuid), 'no'),
  'record.unused': { kind: 'pair-record', read: unused },
  /** The multiplexer cannot write records: rights, flags, or a full disk. */
  'store.unwritable': from('record-store', (r) => {
    if (r.writable === false || (r.freeBytes !== null && r.freeBytes < RECORD_BYTES)) return true;
    return r.writable === null ? null : false;
  }),
  /** Records of this computer carry another identity than it has now, several of them. */
  'store.other-identity': from('record-store', (r) => (r.otherBuid === null ? null : r.otherBuid > 0)),
  'store.new-identity': from('record-store', (r, i) => (r.identityAt === null ? null : i.now - Date.parse(r.identityAt) < IDENTITY_MS)),
  'session.accepted': from('trust-session', (r) => r.outcome === 'accepted', 'no'),
  'session.read': from('trust-session', () => true, 'yes'),
  'session.blind': blind('trust-session'),
  /** The phone does not know this computer's record: InvalidHostID, InvalidPairRecord. */
  'session.not-known': from('trust-session', (r) => has(NOT_KNOWN, r), 'no'),
  /** TLS with the stored keys fails, or the phone does not hold the keys of the record. */
  'session.tls-failed': from('trust-session', (r) => r.outcome === 'tls-failed' || r.code === TLS, 'no'),
  'session.no-record': from('trust-session', (r) => has(NO_RECORD, r), 'no'),
  'session.locked': from('trust-session', (r) => r.code === LOCKED || r.error === 'PasswordProtected', 'no'),
  'refused.before-first-unlock': codes((r) => r.code === BEFORE_FIRST_UNLOCK),
  'refused.lost': codes((r) => r.code === LOST),
  'refused.supervised': codes((r) => has(SUPERVISED, r) || (r.error !== null && SUPERVISED_WORDS.has(r.error))),
  'refused.prohibited': codes((r) => r.code === PROHIBITED),
  'refused.needs-cable': codes((r) => has(NEEDS_CABLE, r)),
  'refused.unsaved': codes((r) => has(UNSAVED, r)),
  'service.started': from('service-start', (r) => r.outcome === 'started', 'no'),
  'service.refused': from('service-start', (r) => r.outcome === 'refused', 'no'),
  'service.locked': from('service-start', (r) => r.outcome === 'refused' && (r.code === LOCKED || r.error === 'PasswordProtected'), 'no'),
  /** PasswordProtected as the phone itself gives it. Many phones refuse it without a session: then unknown. */
  'phone.locked': from('passcode-lock', (r) => r.locked),
  'attempt.pending': { kind: 'pairing-attempt', read: (i) => any(attempt(i, 'pending'), sessionSaid(i, PENDING)) },
  'attempt.denied': { kind: 'pairing-attempt', read: (i) => any(attempt(i, 'denied'), sessionSaid(i, DENIED)) },
  'attempt.locked': { kind: 'pairing-attempt', read: (i) => attempt(i, 'locked') },
  /** It was asked, and neither dialog nor answer came. */
  'attempt.unanswered': {
    kind: 'pairing-attempt',
    read: (i): Tri => {
      const f = current(i, 'pairing-attempt');
      if (f?.state !== 'seen') return f ? 'unknown' : 'no';
      if (f.reading.outcome === 'no-answer') return 'yes';
      if (f.reading.outcome === 'pending') return tri(f.at + PROMPT_MS <= i.now);
      return tri(f.reading.outcome === 'refused' && has(NOT_KNOWN, f.reading));
    },
  },
  'attempt.long': {
    kind: 'pairing-attempt',
    read: (i): Tri => {
      const f = current(i, 'pairing-attempt');
      if (f?.state !== 'seen') return f ? 'unknown' : 'no';
      return tri((f.reading.outcome === 'pending' || f.reading.outcome === 'denied') && i.now - f.at > LONG_MS);
    },
  },
  'phone.activated': from('activation', (r) => r.activated),
  'phone.supervised': from('supervision', (r) => r.supervised),
  'phone.pairing-restricted': from('supervision', (r) => r.pairingRestricted),
} as const satisfies Record<string, Signal>;

/** A phone that is unlocked shows the dialog within seconds, 30 s at the worst; 45 s without is "not shown". */
const PROMPT_MS = 45_000;
/** Three minutes of tapping Trust without an end is not impatience. */
const LONG_MS = 180_000;
