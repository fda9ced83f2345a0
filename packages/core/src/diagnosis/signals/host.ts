import { contest, current } from '../current.js';
import { takeoversRead } from '../readings.js';
import type { DiagnosisInput } from '../shapes.js';
import { type Tri, tri } from '../tri.js';
import { from, type Signal } from './signal.js';

const takeovers = (input: DiagnosisInput) => {
  const [at = null] = input.takeovers ?? [];
  return { at, reading: takeoversRead(input.takeovers ?? []) };
};

/** More than five minutes: less never broke a certificate, and time servers keep computers within a second. */
const SKEW_S = 300;

/** Whether a clock that is off stands outside the record's dates. */
function outside(input: DiagnosisInput, kind: 'clock' | 'device-clock'): Tri {
  const clock = current(input, kind);
  const record = current(input, 'pair-record');
  if (clock?.state !== 'seen' || record?.state !== 'seen') return 'unknown';
  const there = input.now + clock.reading.skewS * 1_000;
  const { writtenAt, endsAt } = record.reading;
  if (endsAt && there > Date.parse(endsAt)) return 'yes';
  if (writtenAt && there < Date.parse(writtenAt) - 86_400_000) return 'yes';
  return endsAt || writtenAt ? 'no' : 'unknown';
}

/** The lowest rung's signals, and those of the system around everything. */
export const HOST_SIGNALS = {
  /** Connections of living agents take each other's place: one key, two computers. */
  'key.contested': {
    kind: null,
    read: (i): Tri => {
      const c = contest(i);
      return c ? tri(c.contested) : 'unknown';
    },
    told: takeovers,
  },
  /** No connection was taken over for an hour. */
  'key.quiet': {
    kind: null,
    read: (i): Tri => {
      const c = contest(i);
      return c ? tri(c.quietAt <= i.now) : 'unknown';
    },
    told: takeovers,
  },
  'os.linux': from('agent-self', (r) => r.os === 'linux'),
  'os.macos': from('agent-self', (r) => r.os === 'macos'),
  'os.windows': from('agent-self', (r) => r.os === 'windows'),
  'session.front-active': from('user-session', (r) => r.console === 'active'),
  'session.front-locked': from('user-session', (r) => r.console === 'locked'),
  'session.nobody': from('user-session', (r) => r.console === 'none'),
  /** Two people are signed in, or somebody behind the login window: another session may own the phone. */
  'session.others': from('user-session', (r) => r.sessions > 1 || (r.console !== 'active' && r.sessions > 0)),
  'restart.pending': from('pending-restart', (r) => r.pending && r.reasons.some((reason) => reason !== 'staged-update')),
  /** A restart that a system update waits for, and nothing else. */
  'restart.staged': from(
    'pending-restart',
    (r) => r.pending && r.reasons.length > 0 && r.reasons.every((reason) => reason === 'staged-update'),
  ),
  /** The agent's own clock is far off. */
  'clock.off': from('clock', (r) => Math.abs(r.skewS) > SKEW_S),
  'clock.right': from('clock', (r) => Math.abs(r.skewS) < 60),
  'phone-clock.off': from('device-clock', (r) => Math.abs(r.skewS) > SKEW_S),
  'phone-clock.right': from('device-clock', (r) => Math.abs(r.skewS) < 60),
  /** The record's certificates have ended by this computer's clock. */
  'record.ended': from('pair-record', (r, i) => (r.endsAt ? Date.parse(r.endsAt) <= i.now : null)),
  /** The computer's clock stands outside the record's certificates: after their end, or before the record was written. */
  'clock.outside-record': { kind: 'clock', read: (i): Tri => outside(i, 'clock') },
  'phone-clock.outside-record': { kind: 'device-clock', read: (i): Tri => outside(i, 'device-clock') },
  /** Windows N without its media features, or an architecture that Apple's programs do not support. */
  'edition.unfit': from('host-os', (r) => {
    if (r.mediaFeatures === false) return true;
    if (/^arm/i.test(r.arch) && r.name.startsWith('Windows')) return true;
    return r.mediaFeatures === null && r.edition !== null && /N$/.test(r.edition) ? null : false;
  }),
} as const satisfies Record<string, Signal>;
