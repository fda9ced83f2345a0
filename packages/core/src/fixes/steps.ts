import type { CurrentFact, FactKind, FactSet, Reading, Tri } from '../health/index.js';
import { compareVersions } from '../software/index.js';

/** What is known of the pair and its host, now and when the run began. */
export interface StepFacts {
  now: FactSet;
  atStart: FactSet;
  /** When the run began, ms. */
  startedAt: number;
}

interface Step {
  who: 'holder' | 'staff' | 'it' | 'vendor';
  /** Whether facts show that it was done; null where only the person can say so. */
  done: ((f: StepFacts) => Tri) | null;
  /** The kind of which the reading at the start is compared with the one now. */
  compares?: FactKind;
}

const tri = (b: boolean): Tri => (b ? 'yes' : 'no');

/** The fact if it was looked at after the run began: an older reading shows nothing about what was done since. */
function fresh<K extends FactKind>(f: StepFacts, kind: K): CurrentFact<K> | null {
  const fact = f.now[kind] as CurrentFact<K> | undefined;
  return fact && fact.seenAt >= f.startedAt ? fact : null;
}

function seen<K extends FactKind>(f: StepFacts, kind: K, test: (fact: Extract<CurrentFact<K>, { state: 'seen' }>) => boolean): Tri {
  const fact = fresh(f, kind);
  if (!fact || fact.state === 'failed') return 'unknown';
  return fact.state === 'absent' ? 'no' : tri(test(fact as Extract<CurrentFact<K>, { state: 'seen' }>));
}

const inMode = (f: StepFacts, ...modes: string[]) => seen(f, 'usb-device', (d) => modes.includes(d.reading.mode));

/** The reading differs from the one at the start. */
function changed<K extends FactKind>(f: StepFacts, kind: K, part: (reading: never) => unknown): Tri {
  const now = fresh(f, kind);
  const was = f.atStart[kind];
  if (now?.state !== 'seen' || was?.state !== 'seen') return 'unknown';
  return tri(part(now.reading as never) !== part(was.reading as never));
}

/** A Mac's support for phones is newer than at the start: what the system would ask for says nothing about what was installed. */
function supportRaised(f: StepFacts): Tri {
  const now = fresh(f, 'apple-software');
  const was = f.atStart['apple-software'];
  if (now?.state !== 'seen' || was?.state !== 'seen') return 'unknown';
  const versionIn = (r: Reading<'apple-software'>) => r.items.find((i) => i.id === 'mobile-device-framework')?.version ?? null;
  const [old, newest] = [versionIn((was as CurrentFact<'apple-software'> & { state: 'seen' }).reading), versionIn(now.reading)];
  if (old === null || newest === null) return 'unknown';
  const order = compareVersions(newest, old);
  return order === null ? 'unknown' : tri(order > 0);
}

/**
 * The steps of guided fixes, each with the one who does it and the proof that ticks it off. A person may tick off a step without a proof;
 * nobody can tick off one that has a proof: the facts do.
 */
export const STEPS = {
  // The cable, the port, the socket.
  unplug: {
    who: 'staff',
    done: (f) => {
      const fact = fresh(f, 'usb-device');
      return fact ? (fact.state === 'failed' ? 'unknown' : tri(fact.state === 'absent')) : 'unknown';
    },
  },
  'inspect-cable': { who: 'staff', done: null },
  'plug-data-cable': { who: 'staff', done: (f) => inMode(f, 'normal', 'recovery', 'dfu') },
  'plug-direct': { who: 'staff', done: (f) => seen(f, 'usb-device', (d) => d.reading.hubDepth === 0) },
  'swap-cable': { who: 'staff', done: null },
  'swap-port': { who: 'staff', compares: 'usb-device', done: (f) => changed(f, 'usb-device', (r: { location: string }) => r.location) },
  'try-other-computer': { who: 'staff', done: null },
  'switch-phone-off': { who: 'holder', done: null },
  'clean-socket': { who: 'holder', done: null },
  'dry-socket': { who: 'holder', done: null },
  'wait-attached': { who: 'staff', done: (f) => inMode(f, 'normal') },
  'wait-answering': { who: 'staff', done: (f) => seen(f, 'lockdown', (l) => l.reading.type === 'com.apple.mobile.lockdown') },
  // The phone in the holder's hand.
  unlock: {
    who: 'holder',
    done: (f) => {
      const lock = seen(f, 'passcode-lock', (l) => !l.reading.locked);
      return lock === 'unknown' ? seen(f, 'service-start', (s) => s.reading.outcome === 'started') : lock;
    },
  },
  'tap-trust': { who: 'holder', done: (f) => seen(f, 'trust-session', (s) => s.reading.outcome === 'accepted') },
  'confirm-face': { who: 'holder', done: (f) => seen(f, 'trust-session', (s) => s.reading.outcome === 'accepted') },
  'allow-accessory-phone': { who: 'holder', done: (f) => inMode(f, 'normal') },
  'restart-phone': { who: 'holder', done: null },
  'force-restart': { who: 'holder', done: (f) => inMode(f, 'normal') },
  'enter-recovery': { who: 'holder', done: (f) => inMode(f, 'recovery') },
  'enter-dfu': { who: 'holder', done: (f) => inMode(f, 'dfu') },
  'enter-backup-passcode': { who: 'holder', done: (f) => seen(f, 'backup-activity', (b) => b.reading.waitsForPasscode === false) },
  'reset-location-privacy': { who: 'holder', done: null },
  'reset-network': { who: 'holder', done: null },
  'join-wifi': { who: 'holder', done: null },
  'toggle-location': { who: 'holder', done: null },
  'private-address-off': { who: 'holder', done: (f) => seen(f, 'wifi-advert', (w) => w.reading.addressMatches === true) },
  'set-phone-clock': { who: 'holder', done: (f) => seen(f, 'device-clock', (c) => Math.abs(c.reading.skewS) < 60) },
  'free-phone-space': { who: 'holder', done: (f) => seen(f, 'device-storage', (s) => s.reading.freeBytes > 5e9) },
  'update-phone': {
    who: 'holder',
    compares: 'device-values',
    done: (f) => changed(f, 'device-values', (r: { productVersion: string }) => r.productVersion),
  },
  // The computer in front of staff.
  'approve-accessory': { who: 'staff', done: (f) => inMode(f, 'normal') },
  'click-trust-in-finder': { who: 'staff', done: null },
  'install-device-support': { who: 'staff', compares: 'apple-software', done: supportRaised },
  'update-computer': {
    who: 'staff',
    compares: 'host-os',
    done: (f) => changed(f, 'host-os', (r: { version: string; build: string | null }) => `${r.version} ${r.build}`),
  },
  'save-work': { who: 'staff', done: null },
  'restart-computer': {
    who: 'staff',
    done: (f) => seen(f, 'power-events', (p) => p.reading.startedAt !== null && Date.parse(p.reading.startedAt) >= f.startedAt),
  },
  'free-computer-space': {
    who: 'staff',
    compares: 'host-storage',
    done: (f) => changed(f, 'host-storage', (r: { freeBytes: number }) => r.freeBytes > 10e9),
  },
  'start-backup': { who: 'staff', done: (f) => tri(fresh(f, 'backup-activity')?.state === 'seen') },
  'wait-backup': {
    who: 'staff',
    done: (f) =>
      seen(f, 'backup', (b) => b.reading.snapshot === 'finished' && b.reading.at !== null && Date.parse(b.reading.at) >= f.startedAt),
  },
  'plug-ten-seconds': { who: 'staff', done: (f) => inMode(f, 'normal') },
  'wait-wifi': { who: 'staff', done: (f) => seen(f, 'mux-device', (m) => m.reading.connection === 'network' || m.reading.alsoNetwork) },
  'stop-virtual-machine': { who: 'staff', done: (f) => seen(f, 'mux-device', () => true) },
  // IT.
  'prove-backup': { who: 'it', done: null },
  'activation-lock-known': { who: 'it', done: null },
  'lift-restriction': { who: 'it', done: (f) => seen(f, 'trust-session', (s) => s.reading.outcome === 'accepted') },
  'end-lost-mode': { who: 'it', done: (f) => seen(f, 'trust-session', (s) => s.reading.outcome === 'accepted') },
  'allow-usb-device': { who: 'it', done: (f) => inMode(f, 'normal') },
  'allow-updates': { who: 'it', done: (f) => seen(f, 'device-support', (d) => d.reading.blockedBy.length === 0) },
  'open-apple-hosts': {
    who: 'it',
    done: (f) => seen(f, 'apple-hosts', (a) => a.reading.hosts.every((h) => h.outcome === 'ok' && h.issuer !== 'private')),
  },
  'open-local-names': { who: 'it', done: (f) => seen(f, 'wifi-advert', () => true) },
  'give-agent-rights': { who: 'it', done: null },
  'restore-phone': { who: 'it', done: (f) => inMode(f, 'normal') },
  'collect-evidence': { who: 'it', done: null },
  'send-to-repair': { who: 'vendor', done: null },
} as const satisfies Record<string, Step>;

export type StepId = keyof typeof STEPS;

/** Whether facts show that the step was done; `null` for one that only the person can tick off. */
export function stepDone(step: StepId, facts: StepFacts): Tri | null {
  const { done } = STEPS[step] as Step;
  return done ? done(facts) : null;
}

/** The kind of which the reading at the start has to be kept for it; null when it needs none. */
export function stepCompares(step: StepId): FactKind | null {
  return (STEPS[step] as Step).compares ?? null;
}

/** Whether facts tick it off: then nobody else can. */
export function stepHasProof(step: StepId): boolean {
  return (STEPS[step] as Step).done !== null;
}

/** Who does it. */
export function stepActor(step: StepId): Step['who'] {
  return STEPS[step].who;
}
