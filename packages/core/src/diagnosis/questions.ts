/**
 * What only a person can see. Each answer is a signal with its own time: asked one at a time, believed for a while, never taken for a
 * reading. No probe can prove a charge-only cable, a phone that restricts its USB port, or what stands on its screen.
 */
interface Question {
  /** What a person may answer; "don't know" is not among them: whoever does not know does not answer. */
  answers: readonly string[];
  /** How long an answer is believed, ms: what is on a screen changes in minutes, what happened last week does not. */
  freshMs: number;
}

const MIN = 60_000;
const DAY = 86_400_000;

export const QUESTIONS = {
  /** Is the phone charging now (a flash next to the battery)? */
  charging: { answers: ['yes', 'no'], freshMs: 15 * MIN },
  /** Unlock the phone and keep it on. Did anything new appear on phone or computer? */
  'unlock-effect': { answers: ['appeared', 'nothing'], freshMs: 15 * MIN },
  /** Do you see "Trust This Computer?", and what did you tap? */
  'trust-dialog': { answers: ['yes', 'no', 'tapped-trust', 'tapped-dont-trust', 'face-id-asked'], freshMs: 15 * MIN },
  /** Does the phone show a warning? */
  alert: { answers: ['none', 'liquid', 'not-supported', 'too-much-power', 'allow-accessory'], freshMs: 60 * MIN },
  /** What is on the phone's screen? */
  screen: { answers: ['normal', 'logo', 'cable-picture', 'black', 'restore-address', 'setup', 'disabled'], freshMs: 15 * MIN },
  /** Was the phone reset, restored or swapped, or its passcode changed, within days? */
  'recent-reset': { answers: ['no', 'network-reset', 'location-reset', 'restored', 'new-phone', 'passcode-changed'], freshMs: 7 * DAY },
  /** Does moving the plug make the phone come and go? */
  wiggle: { answers: ['yes', 'no'], freshMs: DAY },
  /** Is another cable or another computer at hand? */
  spare: { answers: ['cable', 'computer', 'both', 'none'], freshMs: DAY },
  /** With another cable that is known to carry data: */
  'cable-swap': { answers: ['works', 'same'], freshMs: DAY },
  /** At another port of this computer, without a hub: */
  'port-swap': { answers: ['works', 'same'], freshMs: DAY },
  /** This phone with this cable at another computer: */
  'computer-swap': { answers: ['works', 'same'], freshMs: DAY },
  /** Another phone with this cable at this port: */
  'phone-swap': { answers: ['works', 'same'], freshMs: DAY },
  /** Is Lockdown Mode on (Settings > Privacy & Security)? */
  'lockdown-mode': { answers: ['on', 'off'], freshMs: 7 * DAY },
  /** Does Finder's page of the phone show a Trust button? */
  'trust-button': { answers: ['yes', 'no'], freshMs: 60 * MIN },
  /** Is the sync switch grey because iCloud Photos or Music has the data? */
  'cloud-sync': { answers: ['yes', 'no'], freshMs: 7 * DAY },
  /** Does Finder, iTunes or Apple Devices show the phone, and as it is? */
  'shown-in-app': { answers: ['yes', 'no', 'wrong-name-or-version'], freshMs: 60 * MIN },
  /** Does the phone ask to be trusted at every plug or backup? */
  'trust-each-time': { answers: ['yes', 'no'], freshMs: 7 * DAY },
  /** What does the computer's dialog say? */
  'computer-dialog': {
    answers: ['none', 'update-required', 'not-available-now', 'accessory-question', 'wrong-backup-password'],
    freshMs: 60 * MIN,
  },
} as const satisfies Record<string, Question>;

export type QuestionId = keyof typeof QUESTIONS;
export const QUESTION_IDS = Object.keys(QUESTIONS) as [QuestionId, ...QuestionId[]];

/** What people answered about a pair, the newest of each question; `at` in ms. */
export type Answers = { [Q in QuestionId]?: { answer: (typeof QUESTIONS)[Q]['answers'][number]; at: number } };

/** Whether a word is one of a question's answers. */
export function isAnswer(question: QuestionId, word: string): boolean {
  return (QUESTIONS[question].answers as readonly string[]).includes(word);
}
