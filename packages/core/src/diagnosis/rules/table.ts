import type { CauseId } from '../../health/index.js';
import { HOST_RULES } from './host.js';
import { MODE_RULES } from './modes.js';
import { MUX_RULES } from './mux.js';
import { NETWORK_RULES } from './network.js';
import type { Rule } from './rule.js';
import { SERVICES_RULES, SYNC_RULES } from './services.js';
import { SOFTWARE_RULES } from './software.js';
import { TRUST_RULES } from './trust.js';
import { unknownRule } from './unknown.js';
import { USB_RULES } from './usb.js';
import { USB_SILENCE_RULES } from './usb-silence.js';

/**
 * The rules, lowest layer first. Sources: lockdownd's words and numbers from libimobiledevice's lockdown.h, the daemon's habits from
 * usbmuxd's preflight.c and its udev rules, problem codes from learn.microsoft.com, what dialogs and settings do from Apple's support pages
 * and its Platform Security guide. Where sources disagree docs/decisions says which one was followed.
 */
const KNOWN: readonly Rule[] = [
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

export const RULES: readonly Rule[] = [...KNOWN, unknownRule(KNOWN)];

/** Causes that end only when a person acts, for judging a fix that was tried against them. */
export const WAITING_CAUSES: readonly CauseId[] = [...new Set(RULES.filter((r) => r.health === 'waiting').map((r) => r.id))];

const HOST_ROWS = new Map(RULES.flatMap((r) => (r.scope === 'host' ? [[r.id, r] as const] : [])));
const PAIR_ROWS = new Map(RULES.flatMap((r) => (r.scope === 'pair' ? [[r.id, r] as const] : [])));

/** The row of a cause; a host's row first. Undefined for an id without a rule. */
export function ruleOf(cause: CauseId, scope?: 'host' | 'pair'): Rule | undefined {
  if (scope !== undefined) return (scope === 'host' ? HOST_ROWS : PAIR_ROWS).get(cause);
  return HOST_ROWS.get(cause) ?? PAIR_ROWS.get(cause);
}
