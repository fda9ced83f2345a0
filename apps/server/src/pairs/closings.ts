import { isOwnDoing, UNSTABLE } from '@lockstep/core/diagnosis';
import type { CauseId } from '@lockstep/core/health';
import { HOST, type Picture } from './picture.js';

/** Remembers that a finding closes now. @returns whether it does because of what we did ourselves: that counts for nothing */
export function closedNow(picture: Picture, subject: string, cause: CauseId, now: number): boolean {
  const tried = picture.tried.get(subject) ?? picture.tried.get(HOST) ?? [];
  if (isOwnDoing({ tried, settledAt: picture.settledAt, tappedAt: tappedAt(picture, subject) }, now)) return true;
  const closings = picture.closingsOf(subject, cause);
  // What is older than an hour says nothing any more; nothing else takes it out.
  closings.splice(0, closings.length, ...closings.filter((at) => now - at < UNSTABLE.withinMs), now);
  return false;
}

/** When the phone accepted a pairing last, or somebody said that Trust was tapped, ms; null when neither is known. */
function tappedAt(picture: Picture, subject: string): number | null {
  const attempt = picture.facts.get(subject)?.get('pairing-attempt')?.fact;
  const isAccepted = attempt?.state === 'seen' && (attempt.reading as { outcome: string }).outcome === 'accepted';
  const told = picture.answers.get(subject)?.['trust-dialog'];
  const times = [isAccepted ? attempt.at : null, told?.answer === 'tapped-trust' ? told.at : null].filter((at) => at !== null);
  return times.length > 0 ? Math.max(...times) : null;
}
