import type { FixId } from '../fixes/index.js';
import type { CauseId, HealthEffect, Layer } from '../health/index.js';
import { all, any, not, type SignalName, type Tri } from './signals.js';

/** Asks a signal of the pair at hand. */
export type Ask = (name: SignalName) => Tri;

/** One cause. Adding a cause is adding a row and its tests. */
export interface Rule {
  id: CauseId;
  /** The cause's name, as the lab's faults and the tests call it. */
  name: string;
  scope: 'host' | 'pair';
  layer: Layer;
  health: HealthEffect;
  /** Whether it holds now. */
  holds: (ask: Ask) => Tri;
  /** Positive proof that it is gone. Nothing else closes a finding: not silence, not an unplugged phone, not time. */
  gone: (ask: Ask) => Tri;
  /** Silent while one of these is open: it is a consequence, not a cause of its own. */
  explainedBy: readonly CauseId[];
  /** It has to hold this long without a break before it is shown, in ms. */
  patienceMs: number;
  /** How sure it is when it holds: 0.95 direct proof, 0.85 two signals, 0.7 one strong signal with negatives checked. */
  confidence: (ask: Ask) => number;
  evidence: readonly SignalName[];
  /** Least risk first. */
  fixes: readonly FixId[];
  /** Whom it waits for, when `health` is `waiting` or only a person can end it. */
  waitsFor: 'holder' | 'staff' | 'it' | null;
}

const sure = (n: number) => () => n;
const trusted = (ask: Ask) => ask('session.accepted');

/**
 * The rules, lowest layer first. Sources: lockdownd's words and numbers from libimobiledevice's lockdown.h, the daemon's habits from
 * usbmuxd's preflight.c and its udev rules, what the Trust dialog does from Apple's support pages and Platform Security guide.
 */
export const RULES: readonly Rule[] = [
  {
    // Two computers made from one disk image: whatever either tells overwrites the other's, so nothing about this host can be believed.
    id: 'L01',
    name: 'KEY_USED_TWICE',
    scope: 'host',
    layer: 'host',
    health: 'unknown',
    holds: (ask) => ask('key.contested'),
    gone: (ask) => ask('key.quiet'),
    explainedBy: [],
    patienceMs: 0,
    confidence: sure(0.95),
    evidence: ['key.contested'],
    fixes: [],
    waitsFor: 'it',
  },
  {
    id: 'C97',
    name: 'AGENT_BLIND',
    scope: 'host',
    layer: 'host',
    health: 'unknown',
    holds: (ask) => all(ask('bus.blind'), not(ask('list.read'))),
    gone: (ask) => any(ask('list.read'), not(ask('bus.blind'))),
    explainedBy: [],
    patienceMs: 20_000,
    confidence: sure(0.95),
    evidence: ['bus.blind', 'list.read'],
    fixes: [],
    waitsFor: 'it',
  },
  {
    // Idle is a remark about a computer where nothing was plugged in for a day, not a fault.
    id: 'C98',
    name: 'NOTHING_PLUGGED',
    scope: 'host',
    layer: 'usb',
    health: 'advisory',
    holds: (ask) => all(not(ask('bus.any')), any(not(ask('list.any')), ask('mux.closed'))),
    gone: (ask) => any(ask('bus.any'), ask('list.any')),
    explainedBy: [],
    patienceMs: 86_400_000,
    confidence: sure(0.9),
    evidence: ['bus.any', 'list.any'],
    fixes: [],
    waitsFor: null,
  },
  {
    // udev starts the daemon when the first phone is plugged in: a stopped daemon without a phone is normal, and one
    // that starts gets ten seconds.
    id: 'C30',
    name: 'MUX_DOWN',
    scope: 'host',
    layer: 'mux',
    health: 'broken',
    holds: (ask) => all(ask('bus.phone'), ask('mux.closed')),
    gone: (ask) => ask('mux.answers'),
    explainedBy: [],
    patienceMs: 10_000,
    confidence: sure(0.95),
    evidence: ['bus.phone', 'mux.closed'],
    fixes: ['F08'],
    waitsFor: null,
  },
  {
    // Without the 255/254/2 interface the daemon is not to blame: the phone is in a configuration that cannot be served.
    id: 'C39',
    name: 'MUX_STALE',
    scope: 'pair',
    layer: 'mux',
    health: 'broken',
    holds: (ask) => all(ask('phone.on-bus'), ask('phone.mux-interface'), ask('mux.answers'), ask('list.read'), not(ask('phone.listed'))),
    gone: (ask) => ask('phone.listed'),
    explainedBy: ['C30'],
    patienceMs: 15_000,
    confidence: sure(0.85),
    evidence: ['phone.on-bus', 'phone.mux-interface', 'mux.answers', 'phone.listed'],
    fixes: ['F08'],
    waitsFor: null,
  },
  {
    id: 'C97',
    name: 'AGENT_BLIND',
    scope: 'pair',
    layer: 'trust',
    health: 'unknown',
    holds: (ask) => all(ask('record.blind'), not(trusted(ask))),
    gone: (ask) => any(trusted(ask), not(ask('record.blind'))),
    explainedBy: ['C30', 'C39'],
    patienceMs: 20_000,
    confidence: sure(0.95),
    evidence: ['record.blind', 'session.accepted'],
    fixes: [],
    waitsFor: 'it',
  },
  {
    id: 'C43',
    name: 'TRUST_DENIED',
    scope: 'pair',
    layer: 'trust',
    health: 'broken',
    holds: (ask) => all(ask('attempt.denied'), not(trusted(ask))),
    gone: (ask) => any(trusted(ask), not(ask('attempt.denied'))),
    explainedBy: [],
    patienceMs: 0,
    confidence: sure(0.97),
    evidence: ['attempt.denied', 'session.accepted'],
    fixes: ['F11'],
    waitsFor: 'holder',
  },
  {
    id: 'C42',
    name: 'TRUST_PENDING',
    scope: 'pair',
    layer: 'trust',
    health: 'waiting',
    holds: (ask) => all(ask('attempt.pending'), not(trusted(ask))),
    gone: (ask) => any(trusted(ask), not(ask('attempt.pending'))),
    explainedBy: [],
    patienceMs: 0,
    confidence: sure(0.97),
    evidence: ['attempt.pending', 'session.accepted'],
    fixes: ['F11'],
    waitsFor: 'holder',
  },
  {
    // A locked phone alone is normal. It is a cause when something was refused because of it: a session, a service, a pairing;
    // or when a service was refused and the phone says that it is locked.
    id: 'C41',
    name: 'PHONE_LOCKED',
    scope: 'pair',
    layer: 'trust',
    health: 'waiting',
    holds: (ask) =>
      any(
        ask('session.locked'),
        ask('service.locked'),
        all(ask('attempt.locked'), not(trusted(ask))),
        all(ask('phone.locked'), ask('service.refused')),
      ),
    gone: (ask) =>
      any(
        ask('service.started'),
        all(not(ask('phone.locked')), not(ask('session.locked')), not(ask('service.locked'))),
        // It was asked again and got past the lock.
        all(any(ask('attempt.pending'), ask('attempt.denied')), not(ask('session.locked')), not(ask('service.locked'))),
      ),
    explainedBy: [],
    patienceMs: 0,
    confidence: sure(0.97),
    evidence: ['session.locked', 'service.locked', 'attempt.locked', 'phone.locked'],
    fixes: [],
    waitsFor: 'holder',
  },
  {
    // A phone that was never unlocked since it restarted imitates lost trust, so the verdict is less sure while the lock is not
    // known to be open.
    id: 'C44',
    name: 'PAIR_RECORD_REJECTED',
    scope: 'pair',
    layer: 'trust',
    health: 'broken',
    holds: (ask) => all(ask('record.present'), ask('session.not-known')),
    gone: (ask) => any(trusted(ask), all(not(ask('record.present')), ask('lockdown.answers'))),
    explainedBy: ['C43', 'C42'],
    patienceMs: 0,
    confidence: (ask) => (ask('phone.locked') === 'no' ? 0.9 : 0.75),
    evidence: ['record.present', 'session.not-known', 'phone.locked'],
    fixes: ['F12'],
    waitsFor: 'holder',
  },
  {
    id: 'C40',
    name: 'NOT_PAIRED',
    scope: 'pair',
    layer: 'trust',
    health: 'broken',
    holds: (ask) => all(ask('lockdown.answers'), not(ask('record.present'))),
    gone: (ask) => ask('record.present'),
    explainedBy: ['C43', 'C42', 'C41'],
    patienceMs: 0,
    confidence: sure(0.9),
    evidence: ['record.present', 'lockdown.answers'],
    fixes: ['F11'],
    waitsFor: 'holder',
  },
];

/** Causes that end only when a person acts, for judging a fix that was tried against them. */
export const WAITING_CAUSES: readonly CauseId[] = RULES.filter((r) => r.health === 'waiting').map((r) => r.id);

/** The row of a cause; a host's row first. Undefined for an id without a rule. */
export function ruleOf(cause: CauseId, scope?: 'host' | 'pair'): Rule | undefined {
  return RULES.find((r) => r.id === cause && (scope === undefined || r.scope === scope));
}
