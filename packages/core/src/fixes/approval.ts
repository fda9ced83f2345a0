import type { Approval, Role } from './may-run.js';

/** How long a run waits for somebody's yes before it expires: a day, the longest between two working days of whoever may give it. */
export const APPROVAL_WAIT_MS = 86_400_000;
/**
 * How old the holder's consent may be when the fix is asked for: a yes of last week was said about another day's data. It is not asked for
 * again while the run waits, because that wait ends after a day by itself.
 */
export const CONSENT_FRESH_MS = 86_400_000;
/** How old a backup may be that proves it: what is lost by it is a day of the phone's life at most. */
export const BACKUP_FRESH_MS = 86_400_000;
/** Clocks of the person who writes down a consent and of the server may differ by this much, ms. */
const CLOCKS_MS = 5 * 60_000;

/** How a holder said yes. */
export const CONSENT_WAYS = ['in-person', 'by-phone', 'in-writing'] as const;
export type ConsentWay = (typeof CONSENT_WAYS)[number];

/** What the one who asks for a fix that destroys data writes down about it. Times in ms. */
export interface ConsentRecord {
  /** When the holder said yes; null: nothing was written down. */
  consentAt: number | null;
  /** Somebody accepted that what is on the phone is lost. */
  lossAccepted: boolean;
  /** When the last backup finished that the facts show on that computer; null when they show none. */
  backupAt: number | null;
}

/** What is missing of it, as the word that a refusal carries. */
export type RecordLack = 'needs-consent' | 'consent-in-future' | 'consent-too-old' | 'needs-backup-or-loss-accepted';

/** What a record lacks at `now` (ms) for a fix of which the data of a phone may be lost, when it is asked for; null when nothing. */
export function recordLacks(record: ConsentRecord, now: number): RecordLack | null {
  if (record.consentAt === null) return 'needs-consent';
  if (record.consentAt > now + CLOCKS_MS) return 'consent-in-future';
  if (record.consentAt < now - CONSENT_FRESH_MS) return 'consent-too-old';
  if (!record.lossAccepted && !backupProves(record.backupAt, now)) return 'needs-backup-or-loss-accepted';
  return null;
}

/** Whether a backup that finished then (ms) is young enough to prove that nothing much is lost. One that ends in the future proves nothing. */
export function backupProves(finishedAt: number | null | undefined, now: number): boolean {
  return finishedAt !== null && finishedAt !== undefined && finishedAt <= now + CLOCKS_MS && finishedAt > now - BACKUP_FRESH_MS;
}

/** Who asks, or decides. */
export interface Who {
  /** A person with a session of their own, or a program with an API token. */
  kind: 'person' | 'token';
  id: string;
  role: Role;
}

/** A run that waits for a yes. */
export interface Waiting {
  needs: Exclude<Approval, 'none'>;
  askedBy: Pick<Who, 'kind' | 'id'>;
}

export type MayDecide = { ok: true } | { ok: false; code: 'role' | 'person-required' | 'same-person'; sentence: string };

/**
 * Whether somebody may approve or decline a run that waits. A program is never a second person, whoever made its token; nobody is the
 * second person of what they asked for themselves.
 */
export function mayDecide(waiting: Waiting, who: Who): MayDecide {
  const no = (code: Extract<MayDecide, { ok: false }>['code'], sentence: string): MayDecide => ({ ok: false, code, sentence });
  if (who.kind !== 'person') return no('person-required', 'Only a person who is signed in can decide this, not an API token.');
  if (who.role !== 'admin') return no('role', 'Only an admin can decide this.');
  if (waiting.askedBy.kind === 'person' && waiting.askedBy.id.toLowerCase() === who.id.toLowerCase())
    return no('same-person', 'You asked for it yourself. Another admin has to decide.');
  return { ok: true };
}

/** Why somebody may not ask for a fix that needs this yes, although they may order others; null when they may. */
export function mayAskFor(needs: Approval, who: Pick<Who, 'kind'>): Extract<MayDecide, { ok: false }> | null {
  if (needs !== 'second-person' || who.kind === 'person') return null;
  return {
    ok: false,
    code: 'person-required',
    sentence: 'It may destroy data, so a person who is signed in has to ask for it, not an API token.',
  };
}
