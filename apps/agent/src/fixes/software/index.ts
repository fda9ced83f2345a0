import type { Os } from '../../machine/index.js';
import type { Steps } from '../fix.js';
import { installDeviceSupport } from './device-support.js';
import { unmixStacks } from './unmix-stacks.js';
import { updateApple } from './update-apple.js';

/** Fixes of Apple's programs and of what they need to know of newer phones. */
export const SOFTWARE_STEPS = {
  F21: installDeviceSupport,
  F22: updateApple,
  F25: unmixStacks,
} satisfies Record<string, Record<Os, Steps | 'unsupported'>>;
