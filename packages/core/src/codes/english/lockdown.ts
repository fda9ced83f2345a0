import type { ClientErrorWord, LockdownWord } from '../lockdown.js';
import type { CodeWords } from '../shapes.js';

const PROGRAM = 'Nothing to do on the phone: the program that asked has to be mended or updated.';

/** lockdown's errors and their twins in the MobileDevice framework. */
export const LOCKDOWN_ENGLISH: Record<LockdownWord | ClientErrorWord, CodeWords> = {
  success: { title: 'No error', meaning: 'The request went through.', next: 'Nothing to do.' },
  argument: { title: 'Bad argument', meaning: 'The program called the library wrongly; the phone was not asked.', next: PROGRAM },
  configuration: {
    title: 'Not paired',
    meaning: 'This computer has no usable pair record for the phone.',
    next: 'Ask for trust: the holder taps Trust and enters the passcode.',
  },
  plist: {
    title: 'Garbled reply',
    meaning: 'The reply could not be read, as happens when old software on the computer meets a newer iOS.',
    next: 'Update the Apple software or the tools on this computer, then try again.',
  },
  pairingFailed: {
    title: 'Pairing failed',
    meaning: 'The phone did not pair with this computer and gave no reason of its own.',
    next: 'Unlock the phone, plug it in again, and ask for trust once more.',
  },
  tls: {
    title: 'Encryption failed',
    meaning:
      'The encrypted session with the phone did not come about: the pair record is not the phone’s, or a date lies outside the certificate.',
    next: 'Have the holder enter the passcode once. If it stays, compare both clocks, then ask for trust again.',
  },
  dictionary: { title: 'Bad request', meaning: 'The program built a request that cannot be sent.', next: PROGRAM },
  timeout: {
    title: 'No answer',
    meaning: 'The phone is listed and does not answer.',
    next: 'Wait half a minute, as it may be starting. Then replug it; if it stays, restart the phone service.',
  },
  mux: {
    title: 'No connection through the phone service',
    meaning: 'The service that talks to phones could not connect to the phone: it restarts, its socket is dirty, or the service is stuck.',
    next: 'Wait 90 seconds and replug with another cable. If it stays, restart the phone service.',
  },
  noSession: { title: 'No session', meaning: 'The program asked for something without opening a session first.', next: PROGRAM },
  unknown: {
    title: 'Unknown error',
    meaning: 'The phone answered an error that the tool has no name for.',
    next: 'Look at the tool’s log for the phone’s own word and look that up.',
  },
  InvalidResponse: {
    title: 'Answer not understood',
    meaning: 'The phone and the computer do not understand each other’s answer.',
    next: 'Restart the phone service. If it began with an iOS update, update the Apple software on this computer.',
  },
  MissingKey: { title: 'Incomplete request', meaning: 'The request lacks a key the phone needs.', next: PROGRAM },
  MissingValue: {
    title: 'No such value',
    meaning: 'The phone does not have the value that was asked for, as with the IMEI of a Wi-Fi iPad.',
    next: 'Ignore it. Only when a dialog shows it while connecting, check whether the phone still trusts this computer.',
  },
  GetProhibited: {
    title: 'Not readable without trust',
    meaning: 'The phone does not give this value to a computer it does not trust, or not over Wi-Fi.',
    next: 'Plug the phone in by cable and ask for trust.',
  },
  SetProhibited: { title: 'Not changeable', meaning: 'The phone does not let this value be changed.', next: PROGRAM },
  RemoveProhibited: { title: 'Not removable', meaning: 'The phone does not let this value be removed.', next: PROGRAM },
  ImmutableValue: { title: 'Fixed value', meaning: 'This value of the phone never changes.', next: PROGRAM },
  PasswordProtected: {
    title: 'Phone is locked',
    meaning: 'The phone refused because it is locked with its passcode.',
    next: 'The holder enters the passcode and keeps the screen on. After a restart Face ID is not enough.',
  },
  UserDeniedPairing: {
    title: 'Trust was denied',
    meaning: 'Somebody tapped Don’t Trust on the phone.',
    next: 'Talk to the holder, replug the phone, then ask for trust again.',
  },
  PairingDialogResponsePending: {
    title: 'Waiting for Trust',
    meaning: 'The phone shows “Trust This Computer?” and waits for an answer.',
    next: 'The holder unlocks the phone, taps Trust and enters the passcode. If nothing is shown, replug the phone.',
  },
  MissingHostID: {
    title: 'Host not named',
    meaning: 'The request did not say which computer asks, as without a pair record.',
    next: 'Ask for trust. If it stays, the program that asked is at fault.',
  },
  InvalidHostID: {
    title: 'Phone does not know this computer',
    meaning:
      'The phone does not know the pair record of this computer: trust was reset, has expired, or the record belongs to another phone.',
    next: 'Have the holder enter the passcode once: a phone that restarted looks the same. If it stays, ask for trust again.',
  },
  SessionActive: {
    title: 'Session already open',
    meaning: 'A session is open already on this connection.',
    next: 'Nothing to do: the program closes and opens it again.',
  },
  SessionInactive: {
    title: 'Session is closed',
    meaning: 'The session ended before the request came.',
    next: 'Nothing to do: the program opens it again.',
  },
  MissingSessionID: { title: 'Session not named', meaning: 'The request did not say which session it belongs to.', next: PROGRAM },
  InvalidSessionID: { title: 'Wrong session', meaning: 'The request named a session that is not the open one.', next: PROGRAM },
  MissingService: { title: 'Service not named', meaning: 'The request did not say which service to start.', next: PROGRAM },
  InvalidService: {
    title: 'Service not on this phone',
    meaning: 'This iOS does not offer the service, or only in developer mode.',
    next: 'If it is a tool of developers, ignore it. Otherwise bring iOS and the computer’s software to versions that fit.',
  },
  ServiceLimit: {
    title: 'Too many sessions',
    meaning: 'Too many programs use the same service of the phone at once.',
    next: 'Close other programs that talk to the phone, wait a minute, then try again.',
  },
  MissingPairRecord: {
    title: 'No pair record',
    meaning: 'The pair record is missing.',
    next: 'Ask for trust: the holder taps Trust and enters the passcode.',
  },
  SavePairRecordFailed: {
    title: 'Pair record not saved',
    meaning: 'The pairing went through and could not be stored: the folder is not writable, or a disk is full.',
    next: 'Check the rights of the computer’s Lockdown folder and the free space, then ask for trust again.',
  },
  InvalidPairRecord: {
    title: 'Pair record refused',
    meaning: 'The phone finds this computer’s pair record malformed.',
    next: 'Have the holder enter the passcode once. If it stays, ask for trust again.',
  },
  InvalidActivationRecord: {
    title: 'Not activated',
    meaning: 'The phone’s activation is not valid.',
    next: 'Finish setting up the phone with a network, or sign in with its Apple Account.',
  },
  MissingActivationRecord: {
    title: 'Not activated',
    meaning: 'The phone was never activated, or is still being set up.',
    next: 'Finish the setup on the phone’s screen with a network.',
  },
  ServiceProhibited: {
    title: 'Service is forbidden',
    meaning: 'A policy, or Lockdown Mode on a locked phone, forbids this service.',
    next: 'Unlock the phone before plugging it in. If it stays, ask IT whether a profile forbids pairing with computers.',
  },
  EscrowLocked: {
    title: 'Not unlocked since the restart',
    meaning: 'The phone restarted and its passcode was not entered since.',
    next: 'The holder enters the passcode; Face ID is not enough.',
  },
  PairingProhibitedOverThisConnection: {
    title: 'Pairing needs a cable',
    meaning: 'The phone does not pair over Wi-Fi.',
    next: 'Plug the phone in by cable and ask for trust.',
  },
  FMiPProtected: {
    title: 'Lost Mode or Find My',
    meaning: 'Lost Mode or Find My protects the phone.',
    next: 'Stop, and ask IT: the phone may have been reported lost.',
  },
  MCProtected: {
    title: 'Forbidden by management',
    meaning: 'A profile of the company’s device management forbids pairing with this computer.',
    next: 'Ask IT to allow pairing with computers for this phone.',
  },
  MCChallengeRequired: {
    title: 'Supervision identity needed',
    meaning: 'The phone is supervised and pairs only with a computer that holds its organisation’s supervision identity.',
    next: 'Ask IT to export the supervision identity to this computer, or to allow pairing with others.',
  },
};
