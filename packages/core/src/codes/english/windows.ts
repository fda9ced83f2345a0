import type { CodeWords } from '../shapes.js';
import type { INSTALLER_ENTRIES, WINDOWS_ENTRIES } from '../windows.js';

const REPAIR = 'Repair the Apple driver; if it stays, restart the computer and reinstall the Apple software.';

/** Device Manager's codes, read for a phone. */
export const WINDOWS_ENGLISH: Record<keyof typeof WINDOWS_ENTRIES, CodeWords> = {
  'not-configured': { title: 'Device not set up', meaning: 'Windows has not set up a driver for the phone.', next: REPAIR },
  'driver-corrupt': { title: 'Driver damaged', meaning: 'The phone’s driver is damaged, or memory is short.', next: REPAIR },
  'cannot-start': {
    title: 'Device cannot start',
    meaning: 'Windows could not start the phone’s driver.',
    next: 'Replug the phone. If it stays, repair the Apple driver.',
  },
  'no-resources': {
    title: 'Too many USB devices',
    meaning: 'The USB controller has no room left for the phone.',
    next: 'Unplug other USB devices, or use another port of the computer itself.',
  },
  'needs-restart': {
    title: 'Restart needed',
    meaning: 'The driver works only after a restart.',
    next: 'Restart the computer when its user agrees.',
  },
  reinstall: { title: 'Driver must be reinstalled', meaning: 'Windows asks for the driver to be installed again.', next: REPAIR },
  registry: { title: 'Registry damaged', meaning: 'What the registry says about the driver is damaged.', next: REPAIR },
  'being-removed': {
    title: 'Device is being removed',
    meaning: 'Windows is just removing the phone.',
    next: 'Wait a few seconds and replug it. If it stays, restart the computer.',
  },
  disabled: {
    title: 'Device is disabled',
    meaning: 'Somebody, or a policy, disabled the phone in Windows.',
    next: 'Enable it. If it is disabled again, ask IT which policy does it.',
  },
  'not-there': {
    title: 'Device is not there',
    meaning: 'Windows knows the phone and does not find it, or it fails.',
    next: 'Plug it straight into the computer with another cable.',
  },
  'no-driver': {
    title: 'No driver',
    meaning: 'No driver is installed for the phone’s part that sync and backup need. Photos may work all the same.',
    next: 'Repair the Apple driver, or install Apple Devices. If a policy forbids it, ask IT.',
  },
  'off-in-firmware': {
    title: 'Switched off in the firmware',
    meaning: 'The computer’s firmware keeps the device switched off.',
    next: 'Ask IT to look into the BIOS settings for USB.',
  },
  'driver-not-loaded': { title: 'Driver not loaded', meaning: 'Windows could not load the phone’s driver.', next: REPAIR },
  'driver-disabled': { title: 'Driver is switched off', meaning: 'The start of the phone’s driver is switched off.', next: REPAIR },
  'driver-init': { title: 'Driver failed at its start', meaning: 'The phone’s driver gave up while it started.', next: REPAIR },
  'old-driver-loaded': {
    title: 'Old driver still loaded',
    meaning: 'An earlier copy of the driver is still in memory.',
    next: 'Restart the computer when its user agrees.',
  },
  'driver-missing': {
    title: 'Driver damaged or missing',
    meaning: 'The driver’s file is damaged or missing, or memory integrity keeps it out.',
    next: 'Install the newest Apple software and restart. Leave memory integrity on.',
  },
  'device-failed': {
    title: 'Device reported a failure',
    meaning: 'The phone could not be started up over USB. At USB\\VID_0000 that is the cable, the port or a hub, never a driver.',
    next: 'Use another cable and a port of the computer itself, and clean the phone’s socket. Then reconnect the device.',
  },
  halted: {
    title: 'Shut down by a program',
    meaning: 'A program or service shut the device down.',
    next: 'Close third-party phone managers and replug the phone.',
  },
  ghost: {
    title: 'Not connected now',
    meaning: 'The row is a phone that was connected earlier. Every phone leaves one behind.',
    next: 'Nothing to do.',
  },
  'held-for-removal': {
    title: 'Ready to be removed',
    meaning: 'Somebody chose “Safely remove”, so that Windows does not use the phone.',
    next: 'Replug the phone.',
  },
  'driver-blocked': {
    title: 'Driver is blocked',
    meaning: 'Windows keeps this driver out because it is known to cause trouble.',
    next: 'Install the newest Apple software, which brings a newer driver.',
  },
  'driver-unsigned': {
    title: 'Driver is not signed',
    meaning: 'Windows cannot verify who signed the driver, as with one that a tool like Zadig put there.',
    next: 'Repair the Apple driver, so that Apple’s own is used.',
  },
  resetting: {
    title: 'Device is resetting',
    meaning: 'The phone is being reset by Windows.',
    next: 'Wait a minute. If it stays, replug the phone.',
  },
  'install-blocked': {
    title: 'A policy forbids this device',
    meaning: 'A policy of the company forbids Windows to install this device.',
    next: 'Ask IT to allow Apple’s devices (USB\\VID_05AC).',
  },
  'photos-locked': {
    title: 'Photos stopped being readable',
    meaning: 'The phone locked, or changed a setting, while Windows was reading its photos.',
    next: 'Unlock the phone, keep its screen on, and begin again.',
  },
};

/** Exit codes of installers. */
export const INSTALLER_ENGLISH: Record<keyof typeof INSTALLER_ENTRIES, CodeWords> = {
  'restart-needed': {
    title: 'Installed, restart needed',
    meaning: 'The installation went through and needs a restart to count.',
    next: 'Restart the computer when its user agrees.',
  },
  busy: {
    title: 'Another installation is running',
    meaning: 'Windows installs one thing at a time, and is installing another.',
    next: 'Wait until it has ended, then try again.',
  },
  failed: {
    title: 'Installation failed',
    meaning: 'The installer stopped with a fatal error and undid what it had done.',
    next: 'Close iTunes, restart the computer, and install again; the installer’s log names the step.',
  },
  cancelled: {
    title: 'Installation cancelled',
    meaning: 'Somebody cancelled the installation.',
    next: 'Agree on a time with the user and install again.',
  },
  'other-version': {
    title: 'Another version is installed',
    meaning: 'Another version of the same software is there, often from the other source (Microsoft Store or Apple).',
    next: 'Have IT decide for one of the two.',
  },
  'nothing-newer': {
    title: 'Nothing newer to install',
    meaning: 'The driver in place is at least as new.',
    next: 'Nothing to do: this counts as success.',
  },
  'up-to-date': {
    title: 'Up to date',
    meaning: 'winget found no newer version.',
    next: 'Nothing to do: this counts as success.',
  },
  'no-package': {
    title: 'No such package',
    meaning: 'winget does not find the package on this computer or in its sources.',
    next: 'Install Apple Devices from the Microsoft Store, or iTunes from Apple.',
  },
  'download-failed': {
    title: 'Download failed',
    meaning: 'winget could not download the installer.',
    next: 'Check the network and the proxy, then try again.',
  },
};
