import type { Os } from '../../machine/index.js';
import type { Steps } from '../fix.js';
import { moveCaches } from './move-caches.js';
import { restartSyncAgents } from './restart-agents.js';
import { unhidePhones } from './unhide.js';

/** Fixes of the programs that show and sync phones. */
export const SERVICES_STEPS = {
  F17: restartSyncAgents,
  F18: unhidePhones,
  F19: moveCaches,
} satisfies Record<string, Record<Os, Steps | 'unsupported'>>;
