import { byConfigurator, byIdevicerestore, type FirmwareFix } from './write-firmware.js';

/**
 * F43: the newest iOS on a phone in recovery or DFU mode; what is on it stays. idevicerestore without questions may lose data all the same
 * (core fixes: `mayLoseDataOn`), so on Linux it takes a clearance and guesses no phone.
 */
const UPDATE = { fix: 'F43', done: 'updated' } as const satisfies Partial<FirmwareFix>;

export const updatePhoneMac = byConfigurator({ ...UPDATE, mayLose: false }, 'update');
export const updatePhoneLinux = byIdevicerestore({ ...UPDATE, mayLose: true }, 'idevicerestore-update');
