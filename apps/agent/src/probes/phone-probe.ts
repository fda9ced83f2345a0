import type { FactKind, Udid } from '@lockstep/core/health';
import type { DraftFact } from '../machine/index.js';
import type { PhoneTalk } from './phone-talk.js';

/** What was found out about a phone so far in this look, for the questions that build on it. */
export interface PhoneLook {
  udid: Udid;
  talk: PhoneTalk;
  /** The stored record as it was read in this look; null: there is none; undefined: it could not be read. Dropped with the look. */
  record: Uint8Array | null | undefined;
}

/** One question about a phone. Questions of one look are asked one after another, over one conversation. */
export interface PhoneProbe {
  id: string;
  kinds: readonly FactKind[];
  deadlineMs: number;
  ask(look: PhoneLook, signal: AbortSignal): Promise<DraftFact[]>;
}
