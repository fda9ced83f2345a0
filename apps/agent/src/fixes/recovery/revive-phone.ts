import { byConfigurator } from './write-firmware.js';

/** F44: the firmware anew, by Configurator alone; what is on the phone stays. */
export const revivePhoneMac = byConfigurator({ fix: 'F44', mayLose: false, done: 'revived' }, 'revive');
