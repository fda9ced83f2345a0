import type { RESTORE_ENTRIES } from '../restore.js';
import type { CodeWords } from '../shapes.js';

/** What updating and restoring says. */
export const RESTORE_ENGLISH: Record<keyof typeof RESTORE_ENTRIES, CodeWords> = {
  'phone-lost': {
    title: 'Phone lost during update or restore',
    meaning: 'The computer lost the phone in the middle of the work.',
    next: 'Use a direct port and Apple’s cable, then another computer. Only after two computers and two cables suspect the phone itself.',
  },
  'usb-transfer': {
    title: 'USB transfer failed',
    meaning: 'Data to the phone did not get through over USB.',
    next: 'Remove hubs and docks and try another port and cable. On Windows repair the Apple driver if it stays.',
  },
  'bad-firmware-file': {
    title: 'Damaged iOS file or bad link',
    meaning: 'The downloaded iOS file is damaged, or arrived damaged on the phone.',
    next: 'Delete the downloaded .ipsw file, use another cable and port, and let it download again.',
  },
  'parts-disagree': {
    title: 'Parts do not fit each other',
    meaning: 'The update found a part of the phone (modem, security chip, sensor) that does not answer as it should.',
    next: 'Try once on another computer with another cable. If it stays, have the phone repaired.',
  },
  baseband: {
    title: 'Modem firmware not installed',
    meaning: 'The firmware of the phone’s modem could not be written: a bad link, or the modem.',
    next: 'Use a direct port and Apple’s cable. If it stays on a second computer, have the phone repaired.',
  },
  redirected: {
    title: 'Apple’s signing server is redirected',
    meaning: 'The computer asks somebody else than Apple whether this iOS may be installed, often through a line in its hosts file.',
    next: 'Remove lines with apple.com from the hosts file, then install the current iOS.',
  },
  'signing-server': {
    title: 'Apple’s servers refused or not reached',
    meaning: 'Apple’s signing server (gs.apple.com) could not be reached, could not be trusted, or does not sign this iOS any more.',
    next: 'Set the clock, check the hosts file and the proxy, and choose the current iOS.',
  },
  network: {
    title: 'Download blocked',
    meaning: 'The network, a firewall or a proxy stopped the download from Apple.',
    next: 'Try another network, and have IT let Apple’s servers through.',
  },
  'wrong-mode': {
    title: 'Phone in the wrong mode',
    meaning: 'The phone was in another mode (recovery or DFU) than the computer expected, or security software or a hub came between.',
    next: 'Use a port of the computer itself, pause what inspects USB with IT’s consent, and put the phone into recovery mode again.',
  },
  'boot-hand-off': {
    title: 'Phone did not start its update',
    meaning: 'The phone did not come back when it had to restart for the update.',
    next: 'Use a direct port and Apple’s cable and begin again.',
  },
  'security-software': {
    title: 'Security software, or the phone',
    meaning: 'Security software on the computer stopped the update, or the phone failed.',
    next: 'Try a computer without that software. If it stays there with another cable, have the phone looked at.',
  },
  hardware: {
    title: 'Hardware, or something in between',
    meaning: 'A part of the phone failed while updating, or something on the computer disturbed it.',
    next: 'Use a direct port and Apple’s cable, then a second computer. If it stays, have the phone repaired.',
  },
};
