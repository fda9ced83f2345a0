import type { BACKUP_ENTRIES, CFGUTIL_ENTRIES, USBMUX_ENTRIES } from '../services.js';
import type { CodeWords } from '../shapes.js';

/** Results of the multiplexer. */
export const USBMUX_ENGLISH: Record<keyof typeof USBMUX_ENTRIES, CodeWords> = {
  'bad-command': {
    title: 'Unknown request',
    meaning: 'The service that talks to phones does not know the request.',
    next: 'Update the program that asked, or the service.',
  },
  'bad-device': {
    title: 'No such phone, or no such record',
    meaning: 'The phone has just left; for a pair record: there is none.',
    next: 'Replug the phone. If the record is missing, ask for trust.',
  },
  refused: {
    title: 'Phone refused the connection',
    meaning: 'The phone does not listen on that port, as while it starts.',
    next: 'Wait 90 seconds and replug the phone. If it stays, restart the phone service.',
  },
  'bad-version': {
    title: 'Other version of the protocol',
    meaning: 'The program and the service speak different versions.',
    next: 'Update both.',
  },
  'bad-request': {
    title: 'Incomplete request',
    meaning: 'The request for a pair record was incomplete.',
    next: 'Nothing to do on the phone: the program that asked has to be mended or updated.',
  },
};

/** The phone's backup service. Backups are never renamed, moved or removed to mend one of these. */
export const BACKUP_ENGLISH: Record<keyof typeof BACKUP_ENTRIES, CodeWords> = {
  'not-uploaded': {
    title: 'Some files were not sent',
    meaning: 'The phone could not send some of its files, as when it locks or its link breaks during the backup.',
    next: 'Keep the phone unlocked and on its cable, and back up again. Leave the backups on the disk as they are.',
  },
  'host-disk': {
    title: 'Computer’s disk is full',
    meaning: 'The disk of this computer has too little free space for the backup.',
    next: 'Free space on the computer, without touching backups. Then back up again.',
  },
  'bad-properties': {
    title: 'Unfinished backup found',
    meaning: 'The backup on the disk is incomplete, so that it cannot be continued.',
    next: 'Ask IT to let the next backup start fresh in another place. Leave the backups on the disk as they are.',
  },
  'wrong-password': {
    title: 'Wrong backup password',
    meaning: 'The password for the encrypted backup is wrong.',
    next: 'Try the password set with the first encrypted backup; it is not the passcode. Without it only a settings reset on the phone helps.',
  },
  locked: {
    title: 'Phone is locked',
    meaning: 'The phone is locked, so that it does not start the backup.',
    next: 'The holder enters the passcode on the phone when it asks, and keeps it unlocked until the backup runs.',
  },
  'link-lost': {
    title: 'Connection broke during the backup',
    meaning: 'The connection broke while the backup ran.',
    next: 'Use another cable and a direct port, and back up again.',
  },
};

/** Configurator's command line. */
export const CFGUTIL_ENGLISH: Record<keyof typeof CFGUTIL_ENTRIES, CodeWords> = {
  one: {
    title: 'Nothing found, or no error at all',
    meaning: 'cfgutil ends with 1 when it finds no phone, and also after a command that worked. Its output decides.',
    next: 'Read the output: with a result and empty Errors it worked. With “No devices found”, plug in a phone.',
  },
  'needs-the-holder': {
    title: 'Somebody has to act on the phone',
    meaning: 'The phone is not supervised, so that its holder has to confirm on its screen.',
    next: 'The holder unlocks the phone and follows its screen.',
  },
};
