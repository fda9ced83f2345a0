import type { FactKind, Udid } from '@lockstep/core/health';
import type { DraftFact, Machine } from '../machine/index.js';
import type { PhoneTalk } from './phone-talk.js';

/** What was found out about a phone so far in this look, for the questions that build on it. */
export interface PhoneLook {
  udid: Udid;
  machine: Machine;
  talk: PhoneTalk;
  /** The stored record as it was read in this look; null: there is none; undefined: it could not be read. Dropped with the look. */
  record: Uint8Array | null | undefined;
}

/**
 * One question about a phone. Questions of one look are asked one after another, over one conversation. Over lockdown all systems are
 * alike: such a question has no rows.
 */
export interface PhoneProbe {
  id: string;
  kinds: readonly FactKind[];
  /**
   * Where it is asked: `mux` of the multiplexer, without the phone; `open` of the phone without trust; `session` inside the one trusted
   * session of the look, and `failed: no-session` where there is none.
   */
  where: 'mux' | 'open' | 'session';
  deadlineMs: number;
  ask(look: PhoneLook, signal: AbortSignal): Promise<DraftFact[]>;
}
