import type { CauseId, Os } from '../health/index.js';
import { FIXES } from './catalogue/index.js';
import { type Approval, approvalOf, type Role } from './may-run.js';
import { type FixId, isAgentFix } from './shapes.js';

/** The pair or host, as far as starting a guided run goes. */
export interface GuideTarget {
  os: Os;
  revoked: boolean;
  /** Causes open on the pair and on its host, guesses too: steps may settle what it is. */
  openCauses: readonly CauseId[];
  /** Some phone on this computer syncs, backs up, updates or restores, as far as the facts tell. */
  busy?: boolean | null | undefined;
}

/** Why a guided run may not be started, as a word the API returns. */
export type GuideRefusal = 'role' | 'revoked' | 'ordered' | 'platform' | 'cause-not-open' | 'busy';

/** `needs` says whose yes it waits for before anybody may begin with the first step, and `note` tells that; null when nobody's. */
export type MayGuide = { ok: true; needs: Approval; note: string | null } | { ok: false; code: GuideRefusal; sentence: string };

/** Whether people carry out this fix on such a computer, step by step. */
export function isGuidedOn(fix: FixId, os: Os): boolean {
  return !isAgentFix(fix) && FIXES[fix].platforms.includes(os) && FIXES[fix].steps.length > 0;
}

/** Whether somebody of this role may start a guided run. One table of reasons for the button and for the API's refusal. */
export function mayGuide(fix: FixId, target: GuideTarget, role: Role): MayGuide {
  const row = FIXES[fix];
  const no = (code: GuideRefusal, sentence: string): MayGuide => ({ ok: false, code, sentence });
  if (role === 'viewer') return no('role', 'Your role can look but not repair. Ask a technician.');
  if (target.revoked) return no('revoked', 'This computer was revoked. Enrol it again first.');
  if (isAgentFix(fix)) return no('ordered', 'The agent has a part in this. Order it instead.');
  if (!isGuidedOn(fix, target.os)) return no('platform', 'There are no steps for this on such a computer.');
  if (!row.treats.some((c) => target.openCauses.includes(c)))
    return no('cause-not-open', 'Nothing that this fix treats is wrong here now.');
  if (target.busy && row.requires.some((c) => c === 'quiet' || c === 'not-restoring'))
    return no('busy', 'A phone on this computer syncs, backs up or updates right now. Wait until it has finished.');
  const needs = approvalOf(fix, role, target.os);
  return { ok: true, needs, note: NOTES[needs] };
}

const NOTES: Record<Approval, string | null> = {
  none: null,
  admin: 'An admin has to approve it before the first step.',
  'second-person': 'It may destroy data: an admin who is not you has to approve it before the first step.',
};
