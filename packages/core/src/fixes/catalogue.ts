import type { CauseId } from '../health/index.js';

/** Who has to do something for the fix to go through. */
export type Actor = 'agent' | 'holder' | 'staff' | 'it';

/** `disruptive`: people notice it (phones drop for seconds, a prompt appears). `destructive`: data may be lost; two people. */
export type Risk = 'safe' | 'disruptive' | 'destructive';

export interface FixRow {
  id: FixId;
  /** What it acts on: the computer as a whole or one pair. */
  scope: 'host' | 'pair';
  risk: Risk;
  actors: readonly Actor[];
  platforms: readonly ('linux' | 'macos' | 'windows')[];
  /** The agent needs root or an elevated token. */
  privileged: boolean;
  reversible: boolean;
  idempotent: boolean;
  /** Causes for which this fix may be asked. */
  treats: readonly CauseId[];
  /** How long the agent may work on it, the wait for a person included, in seconds. */
  deadlineS: number;
  /** How long the agent waits after acting before the verifying probes run, in seconds. */
  settleS: number;
  /** The same fix on the same pair or host not again within this time, in seconds. */
  cooldownS: number;
  /** The fact kinds whose fresh reading decides whether it helped. */
  verify: readonly string[];
}

export type FixId = 'F08' | 'F11' | 'F12';

/**
 * Every fix this system can order. Source of each row: field guide section J with its errata (3 and 4 for F12 and F11, 9 and 17 for F08).
 */
export const FIXES: Record<FixId, FixRow> = {
  /** Restart the multiplexer. All phones of the computer drop for 2-5 s (J.F08: T 45 s, settle until a new pid and equal counts). */
  F08: {
    id: 'F08', scope: 'host', risk: 'disruptive', actors: ['agent'], platforms: ['linux'], privileged: true, reversible: true, idempotent: true,
    treats: ['C30', 'C39'], deadlineS: 45, settleS: 5, cooldownS: 600, verify: ['mux-daemon', 'mux-list', 'mux-device'],
  },
  /** Ask the holder for trust (J.F11: T 120 s). Repeats one PairRecord about once a second while the dialog is open. */
  F11: {
    id: 'F11', scope: 'pair', risk: 'safe', actors: ['agent', 'holder'], platforms: ['linux', 'macos', 'windows'], privileged: false, reversible: true, idempotent: true,
    treats: ['C40', 'C42', 'C43'], deadlineS: 150, settleS: 2, cooldownS: 60, verify: ['pair-record', 'trust-session', 'service-start'],
  },
  /** Renew this pair's record (J.F12 as corrected by erratum 3): session again, Pair, the new record over the old, removal last. */
  F12: {
    id: 'F12', scope: 'pair', risk: 'disruptive', actors: ['agent', 'holder'], platforms: ['linux'], privileged: true, reversible: true, idempotent: true,
    treats: ['C44'], deadlineS: 180, settleS: 2, cooldownS: 60, verify: ['pair-record', 'trust-session', 'service-start'],
  },
};

export const FIX_IDS = Object.keys(FIXES) as [FixId, ...FixId[]];
