import type { AgentFixId, Clearance, Mechanics } from '@lockstep/core/fixes';
import type { Fact, Udid } from '@lockstep/core/health';
import type { FIX_STAGES, FixProgress } from '@lockstep/core/protocol';
import type { ProbeContext } from '../probes/index.js';
import type { ActionCap } from './cap.js';
import type { KeptStore } from './kept.js';
import type { Rollbacks } from './rollbacks.js';
import type { UndoStore } from './undo.js';

/** What was ordered: a row of the catalogue, on this computer or on one phone. Nothing else can be said in an order. */
export interface FixOrder {
  fix: AgentFixId;
  /** The phone, exactly; null for a fix of the computer. */
  udid: Udid | null;
  /** Who approved it and what they made sure of; fixes by which data may be lost do nothing without it. */
  clearance?: Clearance | undefined;
}

/** How long a fix waits for what it cannot hasten, in ms. */
export interface Waits {
  /** For the holder to unlock the phone and tap (two minutes: finding it, unlocking it, reading the dialog). */
  holder: number;
  /** Between two Pair requests while the dialog is open; about a second, as pymobiledevice3 and idevice do. */
  pairEvery: number;
  /** For the restarted multiplexer to list its phones again (phones drop for 2 to 5 s; more with several). */
  relist: number;
  /** Between two looks while something comes back. */
  look: number;
  /** For a phone that drops off the bus after the tap to come back under a new address. */
  reattach: number;
}

export const WAITS: Waits = { holder: 120_000, pairEvery: 1_000, relist: 15_000, look: 1_000, reattach: 10_000 };

/** What a fix works with. */
export interface FixTools {
  ctx: ProbeContext;
  cap: ActionCap;
  undo: UndoStore;
  /** Takes out of lines of logs what says whose they are; the record room's, which stands to the right. */
  scrub(lines: readonly string[], known: { names: readonly string[]; udids: readonly string[] }): string[];
  /** Holds what a fix replaces, before it does. */
  kept: KeptStore;
  /** Takes back by time what a fix changes for a while only. */
  rollbacks: Rollbacks;
  waits: Waits;
  /** Ends the run: its deadline, or the agent stops. */
  signal: AbortSignal;
  /** How long until the deadline, ms. */
  timeLeft(): number;
  /** `acting` must be said before the first change: it is written to the journal, and when that throws nothing may be changed. */
  progress(stage: (typeof FIX_STAGES)[number], awaiting?: FixProgress['awaiting']): void;
  /** Facts worth knowing while the run goes on, such as that the dialog is open. */
  tell(facts: readonly Fact[]): void;
}

/** What a fix did. It never says whether that helped. `detail` is a word, never a sentence. */
export interface FixEnd {
  mechanics: Mechanics;
  detail: string | null;
  /** What was read only by acting, such as the phone's answer to Pair. */
  facts: readonly Fact[];
}

/** What a run came to: also everything read again afterwards. */
export type FixOutcome = FixEnd;

/** The steps of one fix on one system. */
export type Steps = (order: FixOrder, tools: FixTools) => Promise<FixEnd>;

/** Nothing was touched. */
export const refused = (detail: string, facts: readonly Fact[] = []): FixEnd => ({ mechanics: 'refused', detail, facts });
/** A step failed; what had been changed was put back. */
export const failed = (detail: string, facts: readonly Fact[] = []): FixEnd => ({ mechanics: 'failed', detail, facts });
