import type { CurrentFact, FactKind, FactSet, Reading, Tri } from '../health/index.js';
import type { Condition } from './shapes.js';

/** What is known of a computer and its phones. Give facts that still count only: an old reading shows nothing about now. */
export interface ConditionFacts {
  /** The computer's own. */
  host: FactSet;
  /** The phone that the fix is of; null for a fix of the computer. */
  phone: FactSet | null;
  /** Every phone that is on this computer's bus or in its list, the one above included. */
  phones: readonly FactSet[];
  /** By the clock of whoever asks, ms since 1970. */
  now: number;
}

interface ConditionRow {
  /** What has to be read to tell. */
  kinds: readonly FactKind[];
  holds(facts: ConditionFacts): Tri;
  /** The word of a run that is refused because it does not hold, and because it cannot be shown. */
  no: string | ((facts: ConditionFacts) => string);
  unknown: string | ((facts: ConditionFacts) => string);
}

/** What lockdownd calls itself on a phone that is up (libimobiledevice lockdown.c); one that is being restored says otherwise. */
const UP = 'com.apple.mobile.lockdown';
/** A restore's log that was written to within two minutes is a restore under way. */
const LOG_MOVES_S = 120;
/** Words by which lockdownd refuses a record that it does not know (libimobiledevice lockdown.h: -21, -31). */
const NOT_KNOWN: ReadonlySet<string> = new Set(['InvalidHostID', 'InvalidPairRecord']);
/** Certificates are made for years: minutes of skew never end one, a day is far from every rounding of a clock. */
const SKEW_S = 86_400;

const tri = (b: boolean): Tri => (b ? 'yes' : 'no');
const not = (t: Tri): Tri => (t === 'yes' ? 'no' : t === 'no' ? 'yes' : 'unknown');
const any = (...all: readonly Tri[]): Tri => (all.includes('yes') ? 'yes' : all.includes('unknown') ? 'unknown' : 'no');

type Seen<K extends FactKind> = Extract<CurrentFact<K>, { state: 'seen' }>;

/** What a fact says; unread is unknown. */
function ask<K extends FactKind>(set: FactSet | null, kind: K, test: (reading: Reading<K>) => Tri, absent: Tri = 'no'): Tri {
  const fact = set?.[kind] as CurrentFact<K> | undefined;
  if (!fact || fact.state === 'failed') return 'unknown';
  return fact.state === 'absent' ? absent : test((fact as Seen<K>).reading);
}

/** Some program on the computer updates or restores a phone. macOS's own updater of its support for phones only watches. */
const updaterBusy = (host: FactSet) =>
  ask(host, 'updater-activity', (u) =>
    tri(u.programs.some((p) => p !== 'mobile-device-updater') || (u.logAgeS !== null && u.logAgeS < LOG_MOVES_S)),
  );

/** The phone says itself that it is being restored. One that does not answer has not said so: other readings decide. */
const saysRestoring = (phone: FactSet | null): Tri =>
  any(
    ask(phone, 'lockdown', (l) => tri(l.type !== UP)) === 'yes' ? 'yes' : 'no',
    ask(phone, 'usb-device', (d) => tri(d.mode === 'restore')) === 'yes' ? 'yes' : 'no',
  );

const inMode = (f: ConditionFacts, ...modes: Reading<'usb-device'>['mode'][]) =>
  ask(f.phone, 'usb-device', (d) => tri(modes.includes(d.mode)));

const clockOff = (host: FactSet) => ask(host, 'clock', (c) => tri(Math.abs(c.skewS) > SKEW_S));

function recordRefused({ host, phone, now }: ConditionFacts): Tri {
  return ask(phone, 'trust-session', (session) => {
    if (session.outcome === 'refused') return tri(NOT_KNOWN.has(session.error ?? ''));
    if (session.outcome !== 'tls-failed') return 'no';
    // A handshake also fails when a clock is outside the dates of the certificates: then the clock is to be put right, not the record.
    const off = clockOff(host);
    if (off === 'yes') return 'no';
    const inside = ask(phone, 'pair-record', (r) => (r.endsAt == null ? 'unknown' : tri(Date.parse(r.endsAt) > now)));
    return inside === 'yes' ? 'yes' : not(off);
  });
}

function whyNotRefused({ host, phone }: ConditionFacts): string {
  const fact = phone?.['trust-session'];
  if (fact?.state === 'absent') return 'no-record';
  if (fact?.state !== 'seen') return 'record-not-refused';
  const { outcome, error } = fact.reading;
  if (outcome === 'accepted') return 'session-works';
  if (outcome === 'impostor') return 'impostor';
  return outcome === 'tls-failed' && clockOff(host) === 'yes' ? 'clock-wrong' : (error ?? 'session-refused');
}

/** How each condition is told from facts. A condition that is left out here does not compile. */
const ROWS: Record<Condition, ConditionRow> = {
  quiet: {
    kinds: ['updater-activity', 'usb-bus', 'backup-activity', 'lockdown', 'usb-device'],
    holds: ({ host, phones }) =>
      not(
        any(
          updaterBusy(host),
          ask(host, 'usb-bus', (b) => tri(b.devices.some((d) => d.mode === 'restore'))),
          ...phones.map((p) =>
            any(
              saysRestoring(p),
              ask(p, 'backup-activity', () => 'yes'),
            ),
          ),
        ),
      ),
    no: ({ host, phones }) =>
      phones.some((p) => saysRestoring(p) === 'yes') ||
      ask(host, 'usb-bus', (b) => tri(b.devices.some((d) => d.mode === 'restore'))) === 'yes'
        ? 'restore-in-progress'
        : 'busy',
    unknown: 'not-quiet-known',
  },
  'not-restoring': {
    kinds: ['updater-activity', 'lockdown', 'usb-device'],
    // Which phone a program works on cannot be told: none is touched while one runs.
    holds: ({ host, phone }) => not(any(saysRestoring(phone), updaterBusy(host))),
    no: ({ phone }) => (saysRestoring(phone) === 'yes' ? 'restore-in-progress' : 'busy'),
    unknown: 'not-quiet-known',
  },
  'on-bus': {
    kinds: ['usb-device'],
    holds: (f) => inMode(f, 'normal'),
    no: 'not-on-usb',
    unknown: 'bus-unreadable',
  },
  'any-on-bus': {
    kinds: ['usb-bus'],
    // What else Apple makes hangs in nearly every Mac.
    holds: ({ host }) => ask(host, 'usb-bus', (b) => tri(b.devices.some((d) => d.mode !== 'other'))),
    no: 'no-phone',
    unknown: 'bus-unreadable',
  },
  'in-recovery': {
    kinds: ['usb-device'],
    holds: (f) => inMode(f, 'recovery'),
    no: 'not-in-recovery',
    unknown: 'bus-unreadable',
  },
  'in-recovery-or-dfu': {
    kinds: ['usb-device'],
    holds: (f) => inMode(f, 'recovery', 'dfu'),
    no: 'not-in-recovery',
    unknown: 'bus-unreadable',
  },
  session: {
    kinds: ['trust-session'],
    holds: ({ phone }) => ask(phone, 'trust-session', (s) => tri(s.outcome === 'accepted')),
    no: 'no-session',
    unknown: 'session-not-tried',
  },
  'record-refused': {
    kinds: ['trust-session', 'pair-record', 'clock'],
    holds: recordRefused,
    no: whyNotRefused,
    unknown: 'refusal-not-shown',
  },
  'not-disabled': {
    kinds: ['mux-daemon'],
    // What is not installed was not switched off either: whoever starts it finds that out.
    holds: ({ host }) => ask(host, 'mux-daemon', (d) => (d.state === null ? 'unknown' : tri(d.state !== 'disabled')), 'yes'),
    no: 'disabled-by-admin',
    unknown: ({ host }) => (host['mux-daemon']?.state === 'seen' ? 'no-service-manager' : 'mux-unreadable'),
  },
  'person-in-front': {
    kinds: ['user-session'],
    holds: ({ host }) => ask(host, 'user-session', (s) => tri(s.console !== 'none')),
    no: 'nobody-in-front',
    unknown: 'session-unreadable',
  },
  'own-route-elsewhere': {
    kinds: ['own-route'],
    holds: ({ host }) =>
      ask(host, 'own-route', (r) => {
        if (r.via === 'phone') return 'no';
        if (r.via === 'wired' || r.via === 'wifi') return 'yes';
        // A tunnel or a bridge says nothing about what carries it: then any phone with a route of its own may.
        return r.phoneRoute == null ? 'unknown' : tri(!r.phoneRoute);
      }),
    no: 'route-is-this-phone',
    unknown: 'route-unknown',
  },
  'apple-driver-in-store': {
    kinds: ['apple-software'],
    holds: ({ host }) => ask(host, 'apple-software', (s) => (s.driver !== null ? 'yes' : s.whole ? 'no' : 'unknown')),
    no: 'no-apple-driver',
    unknown: 'driver-store-unreadable',
  },
  'mains-power': {
    kinds: ['power-source'],
    holds: ({ host }) => ask(host, 'power-source', (p) => tri(p.mains)),
    no: 'on-battery',
    unknown: 'power-unknown',
  },
};

/**
 * Whether a condition holds, as far as these facts tell. The server asks what it knows of; the agent asks its own probes anew and acts on
 * `yes` alone.
 */
export function conditionHolds(condition: Condition, facts: ConditionFacts): Tri {
  return ROWS[condition].holds(facts);
}

/** The fact kinds that tell about these conditions, each once. */
export function conditionKinds(conditions: readonly Condition[]): FactKind[] {
  return [...new Set(conditions.flatMap((c) => ROWS[c].kinds))];
}

/** The first condition that is not shown to hold, as the word that a refused run carries; null when all hold. */
export function conditionLacks(conditions: readonly Condition[], facts: ConditionFacts): { condition: Condition; word: string } | null {
  for (const condition of conditions) {
    const row = ROWS[condition];
    const holds = row.holds(facts);
    if (holds === 'yes') continue;
    const word = holds === 'no' ? row.no : row.unknown;
    return { condition, word: typeof word === 'string' ? word : word(facts) };
  }
  return null;
}
