import { FIXES, type FixId } from '../fixes/index.js';
import type { CauseId, Health, Presence } from '../health/index.js';

/** What a person reads about a cause. Keys are cause ids; another language is another table of this shape. */
interface CauseWords {
  /** Short, for a column. */
  title: string;
  /** What is wrong, in one plain sentence. */
  plain: string;
  /** The next step. */
  next: string;
}

const CAUSES: Record<string, CauseWords> = {
  L01: {
    title: 'Two computers use one key',
    plain: 'Two running agents sign on as this computer, as after a disk image was copied, so what is told here mixes both.',
    next: 'Revoke this computer, then enrol each of the two again with a key of its own.',
  },
  C30: {
    title: 'Phone service is down',
    plain: 'The service that talks to phones (usbmuxd) is not running, so no phone on this computer can be reached.',
    next: 'Restart the phone service.',
  },
  C39: {
    title: 'Phone service does not see the phone',
    plain: 'The phone is on the USB bus, but the service that talks to phones does not list it.',
    next: 'Restart the phone service.',
  },
  C40: {
    title: 'Not paired',
    plain: 'The phone does not trust this computer yet: there is no pair record. Only asking the phone will tell more.',
    next: 'Ask for trust; the holder taps Trust and enters the passcode.',
  },
  C41: {
    title: 'Phone is locked',
    plain: 'The phone refused because it is locked with its passcode.',
    next: 'The holder unlocks the phone with the passcode and keeps the screen on.',
  },
  C42: {
    title: 'Waiting for Trust',
    plain: 'The phone shows “Trust This Computer?” and waits for an answer.',
    next: 'The holder taps Trust and enters the passcode.',
  },
  C43: {
    title: 'Trust was denied',
    plain: 'Somebody tapped Don’t Trust on the phone.',
    next: 'Talk to the holder, replug the phone, then ask for trust again.',
  },
  C44: {
    title: 'Phone no longer trusts this computer',
    plain: 'The phone does not accept the pair record that this computer holds.',
    next: 'Have the holder unlock the phone once; if it stays, ask for trust again.',
  },
  C97: {
    title: 'Agent cannot see',
    plain: 'The agent on this computer lacks the rights or tools to look, so nothing can be said.',
    next: 'Give the agent the rights it needs.',
  },
  C98: {
    title: 'Nothing plugged in',
    plain: 'No phone was plugged in for a day.',
    next: 'Nothing to do.',
  },
};

/** The words of a cause; an id without a row is shown as itself. */
export function causeWords(cause: CauseId | string): CauseWords {
  return CAUSES[cause] ?? { title: cause, plain: `Cause ${cause}.`, next: 'Look at the evidence.' };
}

export function causeTitle(cause: CauseId | string): string {
  return causeWords(cause).title;
}

/** What a person reads about a fix before pressing it. */
export interface FixWords {
  label: string;
  /** What people will notice. */
  notice: string;
  /** Who has to act, besides the agent. */
  who: string;
  /** For the awaited person, while it runs. */
  holder: string | null;
}

const FIX_WORDS: Record<FixId, FixWords> = {
  F08: {
    label: 'Restart the phone service',
    notice: 'All phones on this computer drop for a few seconds.',
    who: 'Nobody has to act.',
    holder: null,
  },
  F11: {
    label: 'Ask for trust',
    notice: 'The phone asks “Trust This Computer?”.',
    who: 'The holder taps Trust and enters the passcode.',
    holder: 'Look at the phone: tap Trust and enter the passcode.',
  },
  F12: {
    label: 'Ask for trust again',
    notice: 'The saved pair record is renewed and the phone asks “Trust This Computer?” again. Data stays untouched.',
    who: 'The holder taps Trust and enters the passcode.',
    holder: 'Look at the phone: tap Trust and enter the passcode.',
  },
};

export function fixWords(fix: FixId): FixWords & { seconds: number } {
  return { ...FIX_WORDS[fix], seconds: FIXES[fix].deadlineS };
}

/**
 * One sentence of subject, state, since when, why and next step. `{since}` stands where the reader's page writes the age
 * ("for 14 min"), so that a stored sentence never tells an old age.
 */
export function pairSentence(p: {
  deviceName: string;
  hostName: string;
  health: Health;
  presence: Presence;
  hostHeard: boolean;
  primary: CauseId | string | null;
}): string {
  const subject = `${p.deviceName} on ${p.hostName}`;
  if (p.presence === 'never-seen') return `${subject}: never seen here.`;
  if (p.presence === 'away') {
    const was = p.primary ? ` Last known: ${lower(causeTitle(p.primary))}.` : p.health === 'healthy' ? ' It was healthy then.' : '';
    return `${subject}: unplugged {since}.${was} Nothing was repaired by that.`.replace(
      p.primary ? '' : ' Nothing was repaired by that.',
      '',
    );
  }
  if (!p.hostHeard) return `${subject}: unknown {since}. The computer has not been heard from. Check that it is on and online.`;
  if (p.health === 'healthy') return `${subject}: healthy {since}.`;
  if (p.primary) {
    const w = causeWords(p.primary);
    const kept = p.health === 'unknown' && p.primary !== 'C97' && p.primary !== 'L01' ? ' It cannot be looked at right now.' : '';
    return `${subject}: ${p.health} {since}. ${w.plain}${kept} ${w.next}`;
  }
  if (p.health === 'broken') return `${subject}: broken {since}. A rung failed for a reason without a rule. Look at the ladder.`;
  return `${subject}: unknown {since}. Some rungs have not been proven yet. Wait for the next look.`;
}

function lower(s: string): string {
  return s.charAt(0).toLowerCase() + s.slice(1);
}
