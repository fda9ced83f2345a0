import type { Os } from '@lockstep/agent/machine';
import type { CauseId } from '@lockstep/core/health';
import type { SimulatedComputer } from './computer.js';

/** A trouble of a whole computer, or of everything plugged into it. */
export interface HostFaultRow {
  /** The systems that can have it. */
  on: readonly Os[];
  /** What somebody at the computer, or its tools, would see. */
  shows: string;
  /** The cause it should lead to. */
  cause: CauseId;
  /** It is what is wrong with the computer, or with the phones on it; `remark`: it is named beside, as possible or as advice. */
  told: 'host' | 'pair' | 'remark';
  bring(computer: SimulatedComputer): void | Promise<void>;
}

/** Every system. */
export const ALL = ['linux', 'macos', 'windows'] as const;
/** One trouble. */
export const row = (
  on: readonly Os[],
  cause: CauseId,
  told: HostFaultRow['told'],
  shows: string,
  bring: HostFaultRow['bring'],
): HostFaultRow => ({
  on,
  cause,
  told,
  shows,
  bring,
});

/** What brings it. */
export type Change = (computer: SimulatedComputer) => void;
/** Changes the computer's condition. */
export const be =
  (change: (c: SimulatedComputer['condition']) => void): Change =>
  ({ condition }) =>
    change(condition);
