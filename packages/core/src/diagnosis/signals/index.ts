import type { DiagnosisInput } from '../shapes.js';
import type { Tri } from '../tri.js';
import { HOST_SIGNALS } from './host.js';
import { MEMORY_SIGNALS } from './memory.js';
import { MUX_SIGNALS } from './mux.js';
import { NETWORK_SIGNALS } from './network.js';
import { PEOPLE_SIGNALS } from './people.js';
import { SERVICES_SIGNALS, SYNC_SIGNALS } from './services.js';
import type { Signal } from './signal.js';
import { SOFTWARE_SIGNALS } from './software.js';
import { TRUST_SIGNALS } from './trust.js';
import { USB_SIGNALS } from './usb.js';

/**
 * Every signal a rule may ask. A signal without its fact is `unknown`; only events that never happened (nobody asked for trust) are `no`.
 */
export const SIGNALS = {
  ...HOST_SIGNALS,
  ...USB_SIGNALS,
  ...MUX_SIGNALS,
  ...TRUST_SIGNALS,
  ...SOFTWARE_SIGNALS,
  ...NETWORK_SIGNALS,
  ...SERVICES_SIGNALS,
  ...SYNC_SIGNALS,
  ...MEMORY_SIGNALS,
  ...PEOPLE_SIGNALS,
} as const satisfies Record<string, Signal>;

export { answerOf, type Signal } from './signal.js';
export type SignalName = keyof typeof SIGNALS;

/** The signals' numbers, in the table's order. */
export const SIGNAL_SLOTS = Object.fromEntries(Object.keys(SIGNALS).map((name, slot) => [name, slot])) as Readonly<
  Record<SignalName, number>
>;
/** The signals by number. */
export const SIGNAL_LIST: readonly Signal[] = Object.values(SIGNALS);

/** Asks one signal. */
export function read(input: DiagnosisInput, name: SignalName): Tri {
  return SIGNALS[name].read(input);
}
