import { byConfigurator, byIdevicerestore, type FirmwareFix } from './write-firmware.js';

/**
 * F45: erases the phone and installs it anew. The order carries its clearance, which was looked at before these steps. Update and Revive,
 * which keep the data, come first: this computer has to have tried one of them on this phone within a day.
 */
const RESTORE = { fix: 'F45', mayLose: true, after: ['F43', 'F44'], done: 'restored' } as const satisfies FirmwareFix;

export const restorePhoneMac = byConfigurator(RESTORE, 'restore');
export const restorePhoneLinux = byIdevicerestore(RESTORE, 'idevicerestore-erase');
