import type { Os } from '../../machine/index.js';
import type { Steps } from '../fix.js';
import { clearHosts } from './clear-hosts.js';
import { letNamesIn } from './let-names-in.js';
import { passTunnel } from './pass-tunnel.js';
import { restartLocation } from './restart-location.js';
import { setClock } from './set-clock.js';
import { wakeNames } from './wake-names.js';

export { tunnelMetric } from './pass-tunnel.js';

/** Fixes of names on the local network, the clock, the hosts file, tunnels and location. */
export const NETWORK_STEPS = {
  F31: wakeNames,
  F32: letNamesIn,
  F34: setClock,
  F35: clearHosts,
  F36: passTunnel,
  F37b: restartLocation,
} satisfies Record<string, Record<Os, Steps | 'unsupported'>>;
