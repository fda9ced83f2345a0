import type { HostProbe } from '../probe.js';
import { hidingPreferencesRow } from './macos/index.js';

/** Preferences that make a healthy phone invisible. */
export const hidingPreferences: HostProbe = {
  id: 'hiding-preferences',
  kinds: ['hiding-preferences'],
  cost: 'moderate',
  cadenceMs: 30 * 60_000,
  deadlineMs: 20_000,
  rows: { macos: hidingPreferencesRow },
};
