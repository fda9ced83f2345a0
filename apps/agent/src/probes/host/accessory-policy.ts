import type { HostProbe } from '../probe.js';
import { accessoryPolicyRow } from './macos/index.js';

/** "Allow accessories to connect" of a Mac laptop. */
export const accessoryPolicy: HostProbe = {
  id: 'accessory-policy',
  kinds: ['accessory-policy'],
  cost: 'moderate',
  cadenceMs: 30 * 60_000,
  deadlineMs: 10_000,
  rows: { macos: accessoryPolicyRow },
};
