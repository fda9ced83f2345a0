import type { FactKind, FailReason } from '../health/index.js';
import { contest, current, DIALOG_MS } from './current.js';
import type { DiagnosisInput } from './shapes.js';

/** Three-valued: `unknown` (not probed, failed, stale) is never read as `no`. */
export type Tri = 'yes' | 'no' | 'unknown';

interface Signal {
  /** The fact it is read from: what evidence points to; null for what the server counts itself. */
  kind: FactKind | null;
  read: (input: DiagnosisInput) => Tri;
}

const tri = (b: boolean): Tri => (b ? 'yes' : 'no');

/** All of them yes: yes; one no: no; else unknown. */
export function all(...values: Tri[]): Tri {
  if (values.includes('no')) return 'no';
  return values.includes('unknown') ? 'unknown' : 'yes';
}

/** One of them yes: yes; all no: no; else unknown. */
export function any(...values: Tri[]): Tri {
  if (values.includes('yes')) return 'yes';
  return values.includes('unknown') ? 'unknown' : 'no';
}

export function not(value: Tri): Tri {
  return value === 'yes' ? 'no' : value === 'no' ? 'yes' : 'unknown';
}

/**
 * Reasons for which a probe cannot see whatever the phone does: rights, tools, the system. `garbage` and `timeout` are readings of
 * a sick counterpart, not blindness.
 */
const BLIND: ReadonlySet<FailReason> = new Set(['denied', 'missing-tool', 'unsupported', 'io', 'crashed']);

/** Words by which lockdownd refuses a host it does not know (libimobiledevice lockdown.h: -21, -31). */
const NOT_KNOWN: ReadonlySet<string> = new Set(['InvalidHostID', 'InvalidPairRecord']);

function attempt(input: DiagnosisInput, outcome: 'pending' | 'denied' | 'locked'): Tri {
  const f = current(input, 'pairing-attempt');
  if (!f) return 'no';
  if (f.state !== 'seen') return 'unknown';
  if (f.reading.outcome !== outcome) return 'no';
  if (outcome === 'pending' && f.at + DIALOG_MS <= input.now) return 'unknown';
  return 'yes';
}

function blind(input: DiagnosisInput, kind: FactKind): Tri {
  const f = current(input, kind);
  if (!f) return 'unknown';
  return tri(f.state === 'failed' && BLIND.has(f.reason));
}

/**
 * Every signal a rule may ask, each read from one fact kind. A signal without its fact is `unknown`; only events that never
 * happened (nobody asked for trust) are `no`.
 */
export const SIGNALS = {
  /** At least one phone in normal mode hangs on the computer's bus. */
  'bus.phone': {
    kind: 'usb-bus',
    read: (i) => {
      const f = current(i, 'usb-bus');
      return f?.state === 'seen' ? tri(f.reading.devices.some((d) => d.mode === 'normal')) : 'unknown';
    },
  },
  'bus.blind': { kind: 'usb-bus', read: (i) => blind(i, 'usb-bus') },
  /** Any Apple phone in any mode hangs on the bus. */
  'bus.any': {
    kind: 'usb-bus',
    read: (i) => {
      const f = current(i, 'usb-bus');
      return f?.state === 'seen' ? tri(f.reading.devices.length > 0) : 'unknown';
    },
  },
  /** Nobody listens on the multiplexer's socket. */
  'mux.closed': {
    kind: 'mux-daemon',
    read: (i) => {
      const f = current(i, 'mux-daemon');
      if (f?.state === 'absent') return 'yes';
      return f?.state === 'seen' && f.reading.socket !== null
        ? tri(f.reading.socket === 'missing' || f.reading.socket === 'refused')
        : 'unknown';
    },
  },
  'mux.answers': {
    kind: 'mux-daemon',
    read: (i) => {
      const f = current(i, 'mux-daemon');
      if (f?.state === 'absent') return 'no';
      return f?.state === 'seen' && f.reading.socket !== null ? tri(f.reading.socket === 'answering') : 'unknown';
    },
  },
  /** The list was read. */
  'list.read': {
    kind: 'mux-list',
    read: (i) => {
      const f = current(i, 'mux-list');
      return f ? tri(f.state === 'seen') : 'unknown';
    },
  },
  'list.any': {
    kind: 'mux-list',
    read: (i) => {
      const f = current(i, 'mux-list');
      return f?.state === 'seen' ? tri(f.reading.devices.length > 0) : 'unknown';
    },
  },
  /** This phone hangs on the bus, booted. */
  'phone.on-bus': {
    kind: 'usb-device',
    read: (i) => {
      const f = current(i, 'usb-device');
      if (f?.state === 'seen') return tri(f.reading.mode === 'normal');
      return f?.state === 'absent' ? 'no' : 'unknown';
    },
  },
  /** It offers the interface that the multiplexer needs (255/254/2). */
  'phone.mux-interface': {
    kind: 'usb-device',
    read: (i) => {
      const f = current(i, 'usb-device');
      if (f?.state !== 'seen' || f.reading.muxInterface === null) return 'unknown';
      return tri(f.reading.muxInterface);
    },
  },
  'phone.listed': {
    kind: 'mux-device',
    read: (i) => {
      const f = current(i, 'mux-device');
      if (f?.state === 'seen') return 'yes';
      return f?.state === 'absent' ? 'no' : 'unknown';
    },
  },
  /** lockdownd answered QueryType as a booted phone. */
  'lockdown.answers': {
    kind: 'lockdown',
    read: (i) => {
      const f = current(i, 'lockdown');
      return f?.state === 'seen' ? tri(f.reading.type === 'com.apple.mobile.lockdown') : 'unknown';
    },
  },
  'record.present': {
    kind: 'pair-record',
    read: (i) => {
      const f = current(i, 'pair-record');
      if (f?.state === 'seen') return 'yes';
      return f?.state === 'absent' ? 'no' : 'unknown';
    },
  },
  'record.blind': { kind: 'pair-record', read: (i) => blind(i, 'pair-record') },
  'session.accepted': {
    kind: 'trust-session',
    read: (i) => {
      const f = current(i, 'trust-session');
      if (f?.state === 'seen') return tri(f.reading.outcome === 'accepted');
      return f?.state === 'absent' ? 'no' : 'unknown';
    },
  },
  /** The phone does not know this computer's record: InvalidHostID, InvalidPairRecord, or TLS with the stored keys fails. */
  'session.not-known': {
    kind: 'trust-session',
    read: (i) => {
      const f = current(i, 'trust-session');
      if (f?.state === 'absent') return 'no';
      if (f?.state !== 'seen') return 'unknown';
      return tri(f.reading.outcome === 'tls-failed' || (f.reading.error !== null && NOT_KNOWN.has(f.reading.error)));
    },
  },
  'session.locked': {
    kind: 'trust-session',
    read: (i) => {
      const f = current(i, 'trust-session');
      if (f?.state === 'absent') return 'no';
      return f?.state === 'seen' ? tri(f.reading.error === 'PasswordProtected') : 'unknown';
    },
  },
  'service.started': {
    kind: 'service-start',
    read: (i) => {
      const f = current(i, 'service-start');
      if (f?.state === 'absent') return 'no';
      return f?.state === 'seen' ? tri(f.reading.outcome === 'started') : 'unknown';
    },
  },
  'service.refused': {
    kind: 'service-start',
    read: (i) => {
      const f = current(i, 'service-start');
      if (f?.state === 'absent') return 'no';
      return f?.state === 'seen' ? tri(f.reading.outcome === 'refused') : 'unknown';
    },
  },
  'service.locked': {
    kind: 'service-start',
    read: (i) => {
      const f = current(i, 'service-start');
      if (f?.state === 'absent') return 'no';
      return f?.state === 'seen' ? tri(f.reading.error === 'PasswordProtected') : 'unknown';
    },
  },
  /** PasswordProtected as the phone itself gives it. Many phones refuse it without a session: then unknown. */
  'phone.locked': {
    kind: 'passcode-lock',
    read: (i) => {
      const f = current(i, 'passcode-lock');
      return f?.state === 'seen' ? tri(f.reading.locked) : 'unknown';
    },
  },
  'attempt.pending': { kind: 'pairing-attempt', read: (i) => attempt(i, 'pending') },
  'attempt.denied': { kind: 'pairing-attempt', read: (i) => attempt(i, 'denied') },
  'attempt.locked': { kind: 'pairing-attempt', read: (i) => attempt(i, 'locked') },
  /** Connections of living agents take each other's place: one key, two computers. */
  'key.contested': {
    kind: null,
    read: (i) => {
      const c = contest(i);
      return c ? tri(c.contested) : 'unknown';
    },
  },
  /** No connection was taken over for an hour. */
  'key.quiet': {
    kind: null,
    read: (i) => {
      const c = contest(i);
      return c ? tri(c.quietAt <= i.now) : 'unknown';
    },
  },
} as const satisfies Record<string, Signal>;

export type SignalName = keyof typeof SIGNALS;

/** Asks one signal. */
export function read(input: DiagnosisInput, name: SignalName): Tri {
  return SIGNALS[name].read(input);
}
