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
 * Every fix this system can order. Times come from what the parties wait themselves: usbmuxd's preflight and libusbmuxd's 5 s for a reply,
 * the phone's dialog that is answered or gone within two minutes.
 */
export const FIXES: Record<FixId, FixRow> = {
  /** Restart the multiplexer. All phones of the computer drop for 2-5 s; it is back when there is a new pid and the list is whole again. */
  F08: {
    id: 'F08',
    scope: 'host',
    risk: 'disruptive',
    actors: ['agent'],
    platforms: ['linux'],
    privileged: true,
    reversible: true,
    idempotent: true,
    treats: ['C30', 'C39'],
    deadlineS: 45,
    settleS: 5,
    cooldownS: 600,
    verify: ['mux-daemon', 'mux-list', 'mux-device'],
  },
  /** Ask the holder for trust. The same PairRecord is repeated about once a second while the dialog is open: one Pair alone never completes. */
  F11: {
    id: 'F11',
    scope: 'pair',
    risk: 'safe',
    actors: ['agent', 'holder'],
    platforms: ['linux', 'macos', 'windows'],
    privileged: false,
    reversible: true,
    idempotent: true,
    treats: ['C40', 'C42', 'C43'],
    deadlineS: 150,
    settleS: 2,
    cooldownS: 60,
    verify: ['pair-record', 'trust-session', 'service-start'],
  },
  /** Renew this pair's record: session again, Pair, the new record over the old, removal last (docs/decisions/0007). */
  F12: {
    id: 'F12',
    scope: 'pair',
    risk: 'disruptive',
    actors: ['agent', 'holder'],
    platforms: ['linux'],
    privileged: true,
    reversible: true,
    idempotent: true,
    treats: ['C44'],
    deadlineS: 180,
    settleS: 2,
    cooldownS: 60,
    verify: ['pair-record', 'trust-session', 'service-start'],
  },
};

export const FIX_IDS = Object.keys(FIXES) as [FixId, ...FixId[]];
