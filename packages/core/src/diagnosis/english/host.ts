import type { CauseWords } from '../words.js';

/** The agent, the phone's mode, and the bus. */
export const HOST_AND_USB_ENGLISH: Readonly<Record<string, CauseWords>> = {
  L01: {
    title: 'Two computers use one key',
    plain: 'Two running agents sign on as this computer, as after a disk image was copied, so what is told here mixes both.',
    next: 'Revoke this computer, then enrol each of the two again with a key of its own.',
  },
  C97: {
    title: 'Agent cannot see',
    plain: 'The agent on this computer lacks the rights or tools to look, so nothing can be said.',
    next: 'Give the agent the rights it needs.',
  },
  C98: { title: 'Nothing plugged in', plain: 'No phone was plugged in for a day.', next: 'Nothing to do.' },
  C99: {
    title: 'Cause not known',
    plain: 'A rung failed and no rule explains it.',
    next: 'Collect the evidence and look at the ladder.',
  },
  C103: {
    title: 'Computer is online through this phone',
    plain: 'The computer reaches the network through the phone’s hotspot, so restarting the phone’s link would cut it off.',
    next: 'Join another network before anything is restarted.',
  },
  C05: {
    title: 'Not a phone',
    plain: 'The only Apple device on the bus is no phone or pad.',
    next: 'Plug in the phone.',
  },
  C03: {
    title: 'Phone is being updated',
    plain: 'The phone is being updated or restored right now.',
    next: 'Do not unplug it. Wait until it has finished.',
  },
  C01: {
    title: 'Phone is in recovery mode',
    plain: 'The phone shows the cable picture and waits for an update or restore.',
    next: 'Let it leave recovery mode; this erases nothing.',
  },
  C02: {
    title: 'Phone is in DFU mode',
    plain: 'The phone’s screen is black and it waits for firmware.',
    next: 'Have the holder force a restart.',
  },
  C04: {
    title: 'Phone returns to recovery mode',
    plain: 'The phone left recovery mode and came back to it, so its system does not start.',
    next: 'Update it through recovery and keep the data; restore only if that fails.',
  },
  C08: {
    title: 'Phone offers no sync interface',
    plain: 'The phone is on the bus but in a configuration that only charges, shares photos or shares the network.',
    next: 'Replug the phone unlocked; restart it if that does not help.',
  },
  C10: {
    title: 'Cable carries no data',
    plain: 'The phone charges but the computer sees nothing, although it is unlocked.',
    next: 'Use a data cable, straight into the computer.',
  },
  C10b: {
    title: 'Phone neither charges nor shows up',
    plain: 'The phone does not charge and the computer sees nothing.',
    next: 'Try another cable and port, then clean the phone’s socket.',
  },
  C11: {
    title: 'Connection comes and goes',
    plain: 'The phone drops off the bus and comes back within seconds, again and again.',
    next: 'Reseat both plugs with another data cable.',
  },
  C12: {
    title: 'Phone’s socket is dirty or worn',
    plain: 'The phone fails with more than one cable or computer, so its own socket is suspect.',
    next: 'Clean the phone’s socket with a wooden or plastic pick.',
  },
  C13: {
    title: 'Computer’s port is faulty',
    plain: 'Only one port of this computer fails.',
    next: 'Use another port and label this one.',
  },
  C14: {
    title: 'Hub or dock is faulty',
    plain: 'The phone drops while it hangs behind a hub or dock.',
    next: 'Plug the phone into the computer itself.',
  },
  C15: {
    title: 'Port gives too little power',
    plain: 'The port cannot feed the phone, so it drops.',
    next: 'Plug the phone into the computer itself, or use a powered hub.',
  },
  C16: {
    title: 'Phone cannot be recognised',
    plain: 'Something was plugged in that the computer could not read, which is the cable, the port or the socket.',
    next: 'Try another data cable straight into another port.',
  },
  C17: {
    title: 'USB controller drops out',
    plain: 'The computer’s USB controller loses its devices, not the phone alone.',
    next: 'Use a port of another controller and update the computer’s firmware and chipset driver.',
  },
  C18: {
    title: 'Liquid in the socket',
    plain: 'The phone warns of liquid and accepts no cable until it is dry.',
    next: 'Unplug it and let it dry for at least half an hour.',
  },
  C19: {
    title: 'Phone holds its USB port back',
    plain: 'A phone that was locked for long gives no data until it is unlocked.',
    next: 'The holder unlocks the phone and keeps the screen on.',
  },
  C20: {
    title: 'Mac has not approved the phone',
    plain: 'This Mac asks before an accessory may connect, and nobody has answered.',
    next: 'Unlock the Mac and click Allow.',
  },
  C21: {
    title: 'Policy keeps phones out',
    plain: 'A device policy of this computer refuses the phone.',
    next: 'IT adds Apple phones to the exceptions.',
  },
  C22: {
    title: 'Idle USB ports are switched off',
    plain: 'The phone drops only after minutes without traffic, because the computer saves power.',
    next: 'Switch USB power saving off.',
  },
  C23: {
    title: 'Virtual machine holds the phone',
    plain: 'A virtual machine or USB redirector has taken the phone.',
    next: 'Release the phone in the virtual machine.',
  },
  C24: {
    title: 'Link is slow',
    plain: 'The phone is connected slower than it can be.',
    next: 'Try another cable; at 12 Mb/s also another port.',
  },
  C73: {
    title: 'Security software keeps the phone off',
    plain: 'Security software runs here and the phone service cannot reach the phone.',
    next: 'IT allows Apple phones in the security software.',
  },
  C92: {
    title: 'Restore lost the phone',
    plain: 'The last update or restore lost the phone on the cable.',
    next: 'Repeat it with another cable straight into another port or computer.',
  },
  C93: {
    title: 'Apple refused the restore',
    plain: 'The last update or restore did not get through to Apple’s servers, or was refused by them.',
    next: 'Check clock, hosts file and the way to Apple’s servers, then repeat it with the current iOS.',
  },
  C95: {
    title: 'Hardware is suspect',
    plain: 'The phone fails with several cables at several computers, whatever was tried.',
    next: 'Send it to repair and give the holder a loan.',
  },
  C100: {
    title: 'Phone asks about the accessory',
    plain: 'The phone asks whether the accessory may connect.',
    next: 'The holder taps Allow.',
  },
};
