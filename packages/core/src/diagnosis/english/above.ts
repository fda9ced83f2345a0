import type { CauseWords } from '../words.js';

/** Software, network, services and sync. */
export const UPPER_ENGLISH: Readonly<Record<string, CauseWords>> = {
  C60: { title: 'iOS is outdated', plain: 'A newer iOS is offered for this phone.', next: 'Update iOS tonight, on power and Wi-Fi.' },
  C61: { title: 'Computer’s system is outdated', plain: 'A newer system is offered for this computer.', next: 'Update the computer.' },
  C62: {
    title: 'Computer is too old for this phone',
    plain: 'The phone’s iOS is newer than what this computer’s Apple software knows.',
    next: 'Install the device support or update the Apple software.',
  },
  C63: {
    title: 'Apple’s software is outdated',
    plain: 'The Apple software on this computer is older than the newest.',
    next: 'Update the Apple software.',
  },
  C64: {
    title: 'Update waits for a restart',
    plain: 'A system update is ready and waits for a restart.',
    next: 'Restart the computer when it suits.',
  },
  C65: {
    title: 'Apple’s driver is of the old kind',
    plain: 'The computer has only the old Apple USB driver, which newer phones do not get on with.',
    next: 'Repair or update the Apple USB driver.',
  },
  C66: {
    title: 'Device support is kept away',
    plain: 'This computer needs support for a newer phone, and a policy or the network keeps it away.',
    next: 'IT lets Apple’s component updates through.',
  },
  C67: {
    title: 'Computer gets no updates any more',
    plain: 'The updates for this system, or for every system that this model can run, have ended.',
    next: 'Move it to a system that gets updates, or plan its replacement; use the cable until then.',
  },
  C68: {
    title: 'Phone gets no newer iOS',
    plain: 'The phone runs the last iOS its model will get.',
    next: 'Nothing to update. Plan its replacement.',
  },
  C69: {
    title: 'Apple’s lists are old',
    plain: 'Nobody has read Apple’s lists of releases for three days, so no version is judged.',
    next: 'Let the server reach Apple’s feeds.',
  },
  C70: {
    title: 'Phone runs a beta',
    plain: 'The phone runs an iOS that is not released, so Apple’s software here may not know it.',
    next: 'Update the Apple software, or wait for the release.',
  },
  C75: {
    title: 'Wi-Fi sync is off',
    plain: 'The phone does not sync over Wi-Fi with this computer.',
    next: 'Switch Wi-Fi sync on if it is wanted.',
  },
  C76: {
    title: 'Phone is on another network',
    plain: 'Phone and computer are on different networks, so they cannot sync over Wi-Fi.',
    next: 'Join the same network.',
  },
  C77: {
    title: 'Local names are blocked',
    plain: 'A firewall or the wireless network keeps local names from getting through.',
    next: 'Let local names through.',
  },
  C78: {
    title: 'VPN swallows the local network',
    plain: 'A VPN takes what is meant for the local network, so the phone is not heard.',
    next: 'Put the local network before the VPN, or exempt it.',
  },
  C79: {
    title: 'Phone’s network settings are suspect',
    plain: 'Everything on the computer is fine and the phone still cannot be heard over Wi-Fi.',
    next: 'Restart the phone; reset its network settings only as the last step.',
  },
  C80: {
    title: 'Local names service is down',
    plain: 'The service for names on the local network is not running.',
    next: 'Restart it.',
  },
  C81: {
    title: 'Private Wi-Fi address hides the phone',
    plain: 'The phone uses a private address that this computer cannot match with its pair record.',
    next: 'Switch the private address off for this network, or update macOS.',
  },
  C82: {
    title: 'Apple’s servers are blocked',
    plain: 'Several of Apple’s servers cannot be reached from here, while others can.',
    next: 'IT opens Apple’s servers.',
  },
  C83: {
    title: 'Hosts file redirects Apple',
    plain: 'The hosts file sends Apple’s names elsewhere.',
    next: 'Remove those lines.',
  },
  C84: {
    title: 'Somebody inspects Apple’s traffic',
    plain: 'Certificates of Apple’s servers come from somebody in between, which Apple’s software refuses.',
    next: 'IT exempts Apple from inspection.',
  },
  C85: {
    title: 'Location service is suspect',
    plain: 'The service that tells where the computer is misbehaves.',
    next: 'Restart it, and switch location off and on at the phone.',
  },
  C86: {
    title: 'Way over Wi-Fi is lost',
    plain: 'The phone synced over Wi-Fi here before and is no longer found.',
    next: 'Plug it in for ten seconds.',
  },
  C36: {
    title: 'Finder does not notice the phone',
    plain: 'The phone is connected and trusted, but the agent that shows phones did not notice it.',
    next: 'Restart Apple’s phone agents.',
  },
  C37: {
    title: 'A setting hides phones',
    plain: 'A preference on this Mac keeps phones out of sight.',
    next: 'Show phones again.',
  },
  C38: {
    title: 'Apple’s agent is switched off',
    plain: 'An agent that phones need is disabled or held by a tool.',
    next: 'Enable it; a profile’s setting is for IT.',
  },
  C87: {
    title: 'Finder shows old data',
    plain: 'The phone is connected and trusted, but shown with an old name or iOS.',
    next: 'Restart Apple’s phone agents, then move their caches aside.',
  },
  C88: {
    title: 'Apple’s agent keeps crashing',
    plain: 'An agent that phones need crashed three times within a day.',
    next: 'Update the computer and restart it.',
  },
  C94: {
    title: 'Needs the bench',
    plain: 'Four different fixes did not help.',
    next: 'Collect the evidence and take the phone to IT’s bench.',
  },
  C102: {
    title: 'iCloud has this data',
    plain: 'Sync is grey because iCloud keeps photos or music.',
    next: 'Explain it; nothing is broken.',
  },
  C89: {
    title: 'Backup waits for the passcode',
    plain: 'A backup is under way and waits until the passcode is entered on the phone.',
    next: 'The holder enters the passcode.',
  },
  C90: {
    title: 'Backup broke off',
    plain: 'The last backup did not end.',
    next: 'Start the backup again and leave the phone plugged in.',
  },
  C91: {
    title: 'Storage is full',
    plain: 'Computer or phone has too little room for a backup.',
    next: 'Free space. Keep backups unless you are sure.',
  },
  C96: {
    title: 'Backup password does not fit',
    plain: 'The password of the encrypted backups is wrong or forgotten.',
    next: 'Find the password; resetting it on the phone resets other settings too.',
  },
};
