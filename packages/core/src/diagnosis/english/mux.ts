import type { CauseWords } from '../words.js';

/** The service that talks to phones, and trust. */
export const MUX_AND_TRUST_ENGLISH: Readonly<Record<string, CauseWords>> = {
  C25: {
    title: 'Apple’s USB driver is missing',
    plain: 'Windows has no driver for the part of the phone that syncs. Photos may still work.',
    next: 'Repair the Apple USB driver.',
  },
  C26: {
    title: 'Apple’s USB driver does not work',
    plain: 'The driver for the phone is broken, blocked, or replaced by another program’s.',
    next: 'Reconnect the device, then repair the Apple USB driver.',
  },
  C27: { title: 'Device is disabled', plain: 'Somebody disabled the phone’s device in Windows.', next: 'Enable the device.' },
  C28: {
    title: 'No Apple software',
    plain: 'Neither iTunes nor Apple Devices is installed, so Windows can only see photos.',
    next: 'Install Apple Devices or iTunes, one of them.',
  },
  C29: {
    title: 'Apple’s service is stopped',
    plain: 'Apple Mobile Device Service is installed and not running.',
    next: 'Start the service.',
  },
  C30: {
    title: 'Phone service is down',
    plain: 'The service that talks to phones (usbmuxd) is not running, so no phone on this computer can be reached.',
    next: 'Restart the phone service.',
  },
  C31: {
    title: 'Apple Devices is not started',
    plain: 'The Store app’s background process runs only after it was opened once in this session.',
    next: 'Open Apple Devices once.',
  },
  C32: {
    title: 'Phone does not answer',
    plain: 'The phone is listed, but nothing answers on it.',
    next: 'Wait half a minute, then restart the phone service or replug the phone.',
  },
  C33: {
    title: 'Computer has to restart',
    plain: 'An installation waits for a restart, and until then the phone’s driver or service may not work.',
    next: 'Restart the computer when it suits.',
  },
  C34: {
    title: 'Another program took Apple’s port',
    plain: 'Port 27015 belongs to another program, so Apple’s service cannot be reached.',
    next: 'Free the port.',
  },
  C35: {
    title: 'Two Apple stacks are installed',
    plain: 'iTunes and Apple Devices, or two widths of Apple’s service, are installed beside each other.',
    next: 'Keep one of them.',
  },
  C39: {
    title: 'Phone service does not see the phone',
    plain: 'The phone is on the USB bus, but the service that talks to phones does not list it.',
    next: 'Restart the phone service.',
  },
  C56: {
    title: 'Phone service gave the phone up',
    plain: 'usbmuxd dropped the phone after its first talk failed and no longer lists it.',
    next: 'Replug the phone unlocked, or ask for trust.',
  },
  C58: {
    title: 'Another session owns the phone',
    plain: 'Somebody else is signed in on this computer, and their session holds the phone.',
    next: 'Sign the other person out.',
  },
  C71: {
    title: 'Windows edition lacks a part',
    plain: 'This edition of Windows lacks media features, or runs on a processor that Apple’s driver does not support.',
    next: 'Install the Media Feature Pack, or use another computer.',
  },
  C72: {
    title: 'Another phone manager interferes',
    plain: 'A third-party phone manager has taken over Apple’s service or driver.',
    next: 'Close or remove that program.',
  },
  C74: {
    title: 'Lost since the computer woke',
    plain: 'The phone worked until the computer slept and was not found again after it woke.',
    next: 'Restart the phone service or replug the phone.',
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
  C45: {
    title: 'Trust has expired',
    plain: 'The phone forgets a computer it has not met for a month, and this one is forgotten.',
    next: 'Ask for trust again.',
  },
  C46: {
    title: 'Pair record cannot be saved',
    plain: 'The folder of the pair records cannot be written to, so trust is not kept.',
    next: 'Repair the folder or free disk space.',
  },
  C47: {
    title: 'Computer has a new identity',
    plain: 'This computer’s own identity changed, as after it was reinstalled, so its pair records no longer fit.',
    next: 'Ask each phone for trust again.',
  },
  C48: {
    title: 'Phone was not unlocked since it started',
    plain: 'After a restart the phone opens its keys only once the passcode was entered.',
    next: 'The holder enters the passcode once; a face or finger is not enough.',
  },
  C49: {
    title: 'Pairing needs the cable',
    plain: 'The phone pairs for the first time by cable only.',
    next: 'Plug the phone in by cable and ask for trust.',
  },
  C50: {
    title: 'Trust question does not appear',
    plain: 'The phone was asked and is unlocked, but shows no “Trust This Computer?”.',
    next: 'Replug the phone, then restart it; clean its socket if that does not help.',
  },
  C51: {
    title: 'Phone asks at every backup',
    plain: 'Since iOS 16 the phone asks for its passcode at each backup; this is by design.',
    next: 'Explain it, or switch automatic backups off.',
  },
  C52: {
    title: 'Management blocks pairing',
    plain: 'The phone is managed and may not pair with this computer.',
    next: 'IT allows pairing, or uses the supervising computer.',
  },
  C53: {
    title: 'Theft protection asks the owner',
    plain: 'The phone’s theft protection wants its owner’s face or finger before it trusts a computer.',
    next: 'The owner confirms in person, best at the usual workplace.',
  },
  C54: {
    title: 'Phone is in Lost Mode',
    plain: 'The phone was marked as lost and pairs with no computer.',
    next: 'IT and security settle whose phone it is, then end Lost Mode.',
  },
  C55: {
    title: 'Lockdown Mode',
    plain: 'A phone in Lockdown Mode accepts cables only while it is unlocked.',
    next: 'The holder unlocks the phone before plugging it in.',
  },
  C57: {
    title: 'Clock is wrong',
    plain: 'A clock stands outside the dates of the pair record’s certificates, so the session fails.',
    next: 'Set the clock of computer and phone.',
  },
  C59: {
    title: 'Phone is not set up',
    plain: 'The phone is disabled, not activated, or still in its setup assistant.',
    next: 'Finish the setup, or have IT unlock or activate it.',
  },
  C101: {
    title: 'Finder waits for Trust',
    plain: 'Finder shows a Trust button on the phone’s page and asks the phone only after it is clicked.',
    next: 'Click Trust in Finder, then tap Trust on the phone.',
  },
};
