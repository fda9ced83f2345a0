import type { MOBILE_DEVICE_ENTRIES } from '../mobile-device.js';
import type { CodeWords } from '../shapes.js';

/** Errors of the MobileDevice framework that have no twin in lockdown. */
export const MOBILE_DEVICE_ENGLISH: Record<keyof typeof MOBILE_DEVICE_ENTRIES, CodeWords> = {
  undefined: {
    title: 'Unspecified error',
    meaning: 'Apple’s software gave no reason.',
    next: 'Replug the phone and look at the ladder. If nothing is wrong there, restart the phone service.',
  },
  'no-resources': {
    title: 'Computer is out of resources',
    meaning: 'Apple’s software on this computer ran out of memory or handles.',
    next: 'Close what is not needed and restart the phone service; restart the computer if it stays.',
  },
  'not-found': {
    title: 'File or app not found',
    meaning: 'The phone does not have the file or app that was asked for.',
    next: 'Nothing is wrong with the connection. Look for the file or app on the phone.',
  },
  permission: {
    title: 'No permission',
    meaning: 'The phone did not allow it: it is locked, does not trust this computer, or the Apple software is older than its iOS.',
    next: 'Unlock the phone and tap Trust. If it began with an iOS update, update the Apple software on this computer.',
  },
  'not-connected': {
    title: 'Phone went away',
    meaning: 'The phone was unplugged, or its connection dropped.',
    next: 'Plug it straight into the computer with another cable.',
  },
  busy: {
    title: 'Phone is busy',
    meaning: 'The phone is still at work on something else, such as a sync, a backup or an update.',
    next: 'Wait until that has ended; do not unplug. Then try again.',
  },
  'in-recovery': {
    title: 'Phone is in recovery mode',
    meaning: 'The phone on the cable is not running iOS: it is in recovery mode.',
    next: 'If no update is running, let the phone leave recovery mode. This erases nothing.',
  },
  'send-message': {
    title: 'Connection broke while sending',
    meaning: 'The connection to the phone broke while the computer was sending.',
    next: 'Replug with another cable. If it stays, restart the phone service.',
  },
  'receive-message': {
    title: 'Connection broke while waiting',
    meaning: 'The connection to the phone broke before the answer came.',
    next: 'Replug with another cable. If it stays, restart the phone service.',
  },
  'mux-failed': {
    title: 'Phone service failed',
    meaning: 'The service that talks to phones did not do its work.',
    next: 'Restart the phone service.',
  },
  listener: {
    title: 'Phone service is not running',
    meaning: 'Apple’s software could not reach the service that talks to phones.',
    next: 'Start the phone service. On Windows open Apple Devices or iTunes once.',
  },
  internal: {
    title: 'Apple’s software failed inside',
    meaning: 'A helper of Finder or iTunes failed on its own.',
    next: 'Restart Apple’s helpers on this computer, then replug the phone.',
  },
  'device-too-new': {
    title: 'Computer too old for this iOS',
    meaning: 'The phone’s iOS is newer than what this computer’s Apple software can talk to.',
    next: 'Keep the phone plugged in and unlocked and install the update the computer offers; then update the computer.',
  },
  'device-gone': {
    title: 'Old handle of a phone',
    meaning: 'The program holds on to a phone that was unplugged or has restarted.',
    next: 'Replug the phone. If it stays, restart Apple’s helpers on this computer.',
  },
  'ios-too-old': {
    title: 'iOS too old',
    meaning: 'The phone’s iOS is older than what was asked of it needs.',
    next: 'Update iOS on the phone.',
  },
  'no-wifi-sync': {
    title: 'Wi-Fi sync not supported',
    meaning: 'What was asked does not work over Wi-Fi with this phone. It is not switched off: it is not supported.',
    next: 'Use the cable.',
  },
  supervision: {
    title: 'Supervised by another organisation',
    meaning: 'The phone is supervised and may not pair with other computers.',
    next: 'Ask IT to allow pairing for this phone, or to export its supervision identity to this computer.',
  },
  disconnected: {
    title: 'Connection dropped',
    meaning: 'The phone disappeared in the middle of the work.',
    next: 'Plug it straight into the computer with another cable and clean the phone’s socket.',
  },
  'no-space': {
    title: 'Phone is full',
    meaning: 'The phone has no free storage for this.',
    next: 'Free some space: Settings > General > iPhone Storage.',
  },
  'wireless-pairing': {
    title: 'Wireless pairing needs a code',
    meaning: 'Pairing without a cable needs a code or a password that was not given.',
    next: 'Plug the phone in by cable and ask for trust.',
  },
  'password-required': {
    title: 'Passcode needed',
    meaning: 'The phone wants its passcode first.',
    next: 'The holder enters the passcode on the phone and keeps the screen on.',
  },
  'developer-image': {
    title: 'Developer image not mounted',
    meaning: 'A tool of developers could not mount its disk image. Sync, backup and update do not need it.',
    next: 'If nobody develops apps here, ignore it. Otherwise unlock the phone and update Xcode.',
  },
  app: {
    title: 'App not installed',
    meaning: 'An app could not be installed or removed. The connection itself worked.',
    next: 'Look at the app and its package, not at the cable.',
  },
  'app-signing': {
    title: 'App’s signature refused',
    meaning: 'The phone refused an app’s signature or provisioning profile. The connection itself worked.',
    next: 'Ask whoever built the app.',
  },
};
