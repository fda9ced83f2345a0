import type { CauseId } from '../../health/index.js';
import type { SignalName } from '../signals/index.js';
import { HOST_RULES } from './host.js';
import { MODE_RULES } from './modes.js';
import { MUX_RULES } from './mux.js';
import { NETWORK_RULES } from './network.js';
import type { Rule } from './rule.js';
import { SERVICES_RULES, SYNC_RULES } from './services.js';
import { SOFTWARE_RULES } from './software.js';
import { TRUST_RULES } from './trust.js';
import { USB_RULES } from './usb.js';
import { USB_SILENCE_RULES } from './usb-silence.js';

export type { Ask, Rule } from './rule.js';

/**
 * The rules, lowest layer first. Sources: lockdownd's words and numbers from libimobiledevice's lockdown.h, the daemon's habits from
 * usbmuxd's preflight.c and its udev rules, problem codes from learn.microsoft.com, what dialogs and settings do from Apple's support pages
 * and its Platform Security guide. Where sources disagree docs/decisions says which one was followed.
 */
export const RULES: readonly Rule[] = [
  ...HOST_RULES,
  ...MODE_RULES,
  ...USB_RULES,
  ...USB_SILENCE_RULES,
  ...MUX_RULES,
  ...TRUST_RULES,
  ...SOFTWARE_RULES,
  ...NETWORK_RULES,
  ...SERVICES_RULES,
  ...SYNC_RULES,
];

/** Causes that end only when a person acts, for judging a fix that was tried against them. */
export const WAITING_CAUSES: readonly CauseId[] = [...new Set(RULES.filter((r) => r.health === 'waiting').map((r) => r.id))];

/** What one signal settles: the rules, by number, that cannot hold while it is no, or while it is yes. */
interface Settles {
  signal: SignalName;
  no: readonly number[];
  yes: readonly number[];
}

/**
 * Signals that rule rules out by themselves, those that settle most first. A rule is built of three-valued and, or and not, so what one
 * signal settles while the others are unknown stays settled: asking these first saves asking the rest. A test holds both ways against each
 * other.
 */
export const SETTLES: readonly Settles[] = settles();

function settles(): Settles[] {
  const bySignal = new Map<SignalName, { no: number[]; yes: number[] }>();
  RULES.forEach(({ holds }, n) => {
    for (const signal of askedBy(holds)) {
      for (const value of ['no', 'yes'] as const) {
        if (!(['unknown', 'yes', 'no'] as const).every((rest) => holds((name) => (name === signal ? value : rest)) === 'no')) continue;
        const row = bySignal.get(signal) ?? { no: [], yes: [] };
        row[value].push(n);
        bySignal.set(signal, row);
      }
    }
  });
  return [...bySignal].map(([signal, row]) => ({ signal, ...row })).sort((a, b) => b.no.length + b.yes.length - a.no.length - a.yes.length);
}

function askedBy(holds: Rule['holds']): Set<SignalName> {
  const asked = new Set<SignalName>();
  holds((name) => {
    asked.add(name);
    return 'unknown';
  });
  return asked;
}

const BY_KEY = new Map(RULES.map((r) => [`${r.scope} ${r.id}`, r]));

/** The row of a cause; a host's row first. Undefined for an id without a rule. */
export function ruleOf(cause: CauseId, scope?: 'host' | 'pair'): Rule | undefined {
  if (scope !== undefined) return BY_KEY.get(`${scope} ${cause}`);
  return BY_KEY.get(`host ${cause}`) ?? BY_KEY.get(`pair ${cause}`);
}
