import type { AgentFixId } from '@lockstep/core/fixes';
import type { Os } from '../../machine/index.js';
import type { Steps } from '../fix.js';
import { askForTrust } from './ask-for-trust.js';
import { mendFolderLinux, mendFolderMacos, mendFolderWindows } from './record-folder.js';
import { renewPairing } from './renew-pairing.js';
import { resetTrust } from './reset-trust.js';

/** Fixes by which phone and computer know each other again. Records go through the multiplexer, which is the same to ask on all systems. */
export const TRUST_STEPS = {
  F11: { linux: askForTrust, macos: askForTrust, windows: askForTrust },
  F12: { linux: renewPairing, macos: renewPairing, windows: renewPairing },
  F14: { linux: resetTrust, macos: resetTrust, windows: resetTrust },
  F15: { linux: mendFolderLinux, macos: mendFolderMacos, windows: mendFolderWindows },
} as const satisfies Partial<Record<AgentFixId, Record<Os, Steps | 'unsupported'>>>;
