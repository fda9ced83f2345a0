import type { CauseId, FactKind, Os } from '../health/index.js';
import type { StepId } from './steps.js';

/** Who has to do something for the fix to go through. `vendor`: Apple or a repair shop. */
export type Actor = 'agent' | 'holder' | 'staff' | 'it' | 'mdm' | 'vendor';

/** `disruptive`: people notice it (phones drop for seconds, a prompt appears). `destructive`: data may be lost; two people. */
export type Risk = 'safe' | 'disruptive' | 'destructive';

/** The rights under which the agent's part runs. `session`: inside the signed-in person's session; `none`: the agent has no part. */
export type Privilege = 'none' | 'user' | 'session' | 'admin';

/**
 * What has to be true before anything is touched. The server asks what its facts tell; the agent asks its own probes again right before
 * acting, and refuses when one of them cannot be shown.
 */
export const CONDITIONS = [
  /** No phone on this computer syncs, backs up, updates or restores. */
  'quiet',
  /** This phone is not being updated or restored. */
  'not-restoring',
  /** The phone is on the bus, booted. */
  'on-bus',
  /** Some Apple phone is on the bus. */
  'any-on-bus',
  /** The phone is in recovery mode. */
  'in-recovery',
  /** The phone is in recovery or DFU mode. */
  'in-recovery-or-dfu',
  /** A session with the phone can be opened. */
  'session',
  /** The stored pair record was just refused, and not because a clock is off. */
  'record-refused',
  /** The service was not disabled by an administrator. */
  'not-disabled',
  /** A person is signed in in front. */
  'person-in-front',
  /** The agent does not reach its server through what is about to be cut. */
  'own-route-elsewhere',
  /** A driver of Apple is in the driver store. */
  'apple-driver-in-store',
  /** The computer runs on mains power. */
  'mains-power',
] as const;
export type Condition = (typeof CONDITIONS)[number];

export interface FixRow {
  id: FixId;
  /** What it acts on: the computer as a whole or one pair. */
  scope: 'host' | 'pair';
  risk: Risk;
  /**
   * Systems on which the tool that carries it out may lose data although it is told to keep it: there it takes the same clearance as a
   * destructive fix.
   */
  mayLoseDataOn?: readonly Os[];
  /** Everybody who has a part, the agent first if it has one. */
  actors: readonly Actor[];
  /** Systems of the computer: for the agent's part those on which this version's agent carries it out, else those on which it makes sense. */
  platforms: readonly Os[];
  privilege: Privilege;
  requires: readonly Condition[];
  /** An admin has to say yes before it may be ordered. A destructive fix needs a second person besides. */
  approval: boolean;
  /** How it is taken back; null when it cannot or need not be. */
  rollback: 'by-itself' | 'kept-copy' | 'old-value' | 'by-hand' | null;
  reversible: boolean;
  idempotent: boolean;
  /** Causes for which this fix may be asked. */
  treats: readonly CauseId[];
  /** How long it may take, the wait for a person included, in seconds. */
  deadlineS: number;
  /** How long is waited after acting before the verifying probes run, in seconds. */
  settleS: number;
  /** The same fix on the same pair or host not again within this time, in seconds. */
  cooldownS: number;
  /** The fact kinds whose fresh reading decides whether it helped. */
  verify: readonly FactKind[];
  /** What people do, in order. A step ticks itself off when facts show it; one without a proof is ticked by hand. */
  steps: readonly StepId[];
}

/** Fixes with a part that the agent carries out: what a signed order may name. */
export const AGENT_FIX_IDS = [
  'F05',
  'F06',
  'F07',
  'F08',
  'F09',
  'F09b',
  'F11',
  'F12',
  'F14',
  'F15',
  'F17',
  'F18',
  'F19',
  'F21',
  'F22',
  'F25',
  'F30',
  'F31',
  'F32',
  'F34',
  'F35',
  'F36',
  'F37b',
  'F42',
  'F43',
  'F44',
  'F45',
  'F47',
  'F48',
  'F49',
  'F50',
  'F54',
] as const;
export type AgentFixId = (typeof AGENT_FIX_IDS)[number];

/** Fixes that people carry out, led step by step. */
export const GUIDED_FIX_IDS = [
  'F01',
  'F02',
  'F03',
  'F04',
  'F10',
  'F10b',
  'F11b',
  'F13',
  'F16',
  'F16b',
  'F20',
  'F23',
  'F24',
  'F26',
  'F30b',
  'F33',
  'F33b',
  'F37a',
  'F37c',
  'F38',
  'F39',
  'F40',
  'F41',
  'F41b',
  'F42b',
  'F46',
  'F51',
  'F52',
  'F53',
] as const;
export type GuidedFixId = (typeof GUIDED_FIX_IDS)[number];

export type FixId = AgentFixId | GuidedFixId;

/** Whether the agent has a part in it. */
export function isAgentFix(id: string): id is AgentFixId {
  return (AGENT_FIX_IDS as readonly string[]).includes(id);
}
