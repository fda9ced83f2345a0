import type { QUESTIONS, QuestionId } from '../questions.js';

/** What a person is asked, and how each answer reads on its button. */
export interface QuestionWords<A extends string = string> {
  ask: string;
  /** Why it is asked, in a few words. */
  why: string;
  answers: Record<A, string>;
}

/** English, by question. Another language is another table of this shape. */
export const QUESTION_ENGLISH: { [Q in QuestionId]: QuestionWords<(typeof QUESTIONS)[Q]['answers'][number]> } = {
  charging: {
    ask: 'Is the phone charging now? A flash stands next to its battery.',
    why: 'It tells a dead cable from one that only carries power.',
    answers: { yes: 'Yes, it charges', no: 'No' },
  },
  'unlock-effect': {
    ask: 'Unlock the phone and keep it on. Did anything new appear on the phone or the computer?',
    why: 'A locked phone may keep its data lines shut.',
    answers: { appeared: 'Yes, something appeared', nothing: 'No, nothing' },
  },
  'trust-dialog': {
    ask: 'Does the phone show “Trust This Computer?”, and what was tapped?',
    why: 'Only the person in front of the phone sees it.',
    answers: {
      yes: 'It shows, nothing tapped',
      no: 'It does not show',
      'tapped-trust': 'Tapped Trust',
      'tapped-dont-trust': 'Tapped Don’t Trust',
      'face-id-asked': 'It asks for the owner’s face or finger',
    },
  },
  alert: {
    ask: 'Does the phone show a warning?',
    why: 'A phone that warns shuts its socket by itself.',
    answers: {
      none: 'No warning',
      liquid: 'Liquid detected',
      'not-supported': 'Accessory not supported',
      'too-much-power': 'Accessory uses too much power',
      'allow-accessory': 'Allow accessory to connect?',
    },
  },
  screen: {
    ask: 'What is on the phone’s screen?',
    why: 'Recovery and Setup look like nothing from here.',
    answers: {
      normal: 'The usual screen',
      logo: 'The Apple logo',
      'cable-picture': 'A cable and a computer',
      black: 'It stays black',
      'restore-address': 'support.apple.com/…/restore',
      setup: 'Hello, or Setup Assistant',
      disabled: 'It is disabled or unavailable',
    },
  },
  'recent-reset': {
    ask: 'Was the phone reset, restored or swapped, or its passcode changed, in the last days?',
    why: 'Each of them makes the phone forget its computers.',
    answers: {
      no: 'No',
      'network-reset': 'Network settings were reset',
      'location-reset': 'Location & Privacy was reset',
      restored: 'It was restored',
      'new-phone': 'It is a new phone',
      'passcode-changed': 'The passcode was changed',
    },
  },
  wiggle: {
    ask: 'Does the phone come and go when the plug is moved?',
    why: 'A worn socket or plug does that.',
    answers: { yes: 'Yes', no: 'No' },
  },
  spare: {
    ask: 'Is another cable or another computer at hand?',
    why: 'Swapping one thing at a time finds the culprit.',
    answers: { cable: 'Another cable', computer: 'Another computer', both: 'Both', none: 'Neither' },
  },
  'cable-swap': {
    ask: 'Try another cable that is known to carry data. Does the phone work with it?',
    why: 'It tells the cable from everything else.',
    answers: { works: 'It works', same: 'The same trouble' },
  },
  'port-swap': {
    ask: 'Try another port of this computer, without a hub. Does the phone work there?',
    why: 'It tells the port from everything else.',
    answers: { works: 'It works', same: 'The same trouble' },
  },
  'computer-swap': {
    ask: 'Try this phone with this cable at another computer. Does it work there?',
    why: 'It tells the computer from the phone and the cable.',
    answers: { works: 'It works', same: 'The same trouble' },
  },
  'phone-swap': {
    ask: 'Try another phone with this cable at this port. Does it work?',
    why: 'It tells the phone from cable and port.',
    answers: { works: 'It works', same: 'The same trouble' },
  },
  'lockdown-mode': {
    ask: 'Is Lockdown Mode on? The phone tells in Settings > Privacy & Security.',
    why: 'It keeps a locked phone from all computers.',
    answers: { on: 'It is on', off: 'It is off' },
  },
  'trust-button': {
    ask: 'Does the phone’s page in Finder show a Trust button?',
    why: 'Finder waits for that click before the phone asks.',
    answers: { yes: 'Yes', no: 'No' },
  },
  'cloud-sync': {
    ask: 'Is the sync switch grey because iCloud Photos or Music has the data?',
    why: 'Then the cloud syncs, and the cable does not have to.',
    answers: { yes: 'Yes', no: 'No' },
  },
  'shown-in-app': {
    ask: 'Does Finder, iTunes or Apple Devices show the phone, and as it is?',
    why: 'No probe sees what such a window shows.',
    answers: { yes: 'Yes, as it is', no: 'It does not show', 'wrong-name-or-version': 'With a wrong name or version' },
  },
  'trust-each-time': {
    ask: 'Does the phone ask to be trusted at every plug or backup?',
    why: 'A record that is not kept asks again and again.',
    answers: { yes: 'Yes, each time', no: 'No' },
  },
  'computer-dialog': {
    ask: 'What does the computer’s dialog say?',
    why: 'Only the person in front of the computer sees it.',
    answers: {
      none: 'There is none',
      'update-required': 'A software update is required',
      'not-available-now': 'The software is not available now',
      'accessory-question': 'It asks to allow an accessory',
      'wrong-backup-password': 'The backup password is wrong',
    },
  },
};
