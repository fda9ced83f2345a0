import type { AgentFixId } from '@lockstep/core/fixes';
import type { Os } from '../../machine/index.js';
import type { Steps } from '../fix.js';
import { restartPhone } from './restart-phone.js';
import { turnOnWifiSync } from './wifi-sync.js';

/** Fixes that a trusted phone carries out itself when it is asked inside a session. */
export const PHONE_STEPS = {
  F30: { linux: turnOnWifiSync, macos: turnOnWifiSync, windows: turnOnWifiSync },
  F47: { linux: restartPhone, macos: restartPhone, windows: restartPhone },
} as const satisfies Partial<Record<AgentFixId, Record<Os, Steps | 'unsupported'>>>;
