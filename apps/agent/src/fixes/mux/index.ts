import type { AgentFixId } from '@lockstep/core/fixes';
import type { Os } from '../../machine/index.js';
import type { Steps } from '../fix.js';
import { freePort } from './free-port.js';
import { keepPhonesListed } from './no-preflight.js';
import { restartMuxLinux } from './restart-mux.js';
import { restartMuxMacos } from './restart-mux-macos.js';
import { restartMuxWindows } from './restart-mux-windows.js';
import { startAppleService } from './start-service.js';
import { startStoreApp } from './start-store-app.js';

export { comeBack, daemonOf } from './called-for.js';
export { whyNot } from './restart-mux.js';
export { restartUsbmuxd } from './restart-mux-macos.js';
export { restartWhicheverThereIs } from './restart-mux-windows.js';

export { openStoreApp } from './store-app.js';

/** Fixes of the service that talks to phones. */
export const MUX_STEPS = {
  F08: { linux: restartMuxLinux, macos: restartMuxMacos, windows: restartMuxWindows },
  F09: { linux: 'unsupported', macos: 'unsupported', windows: startAppleService },
  F09b: { linux: 'unsupported', macos: 'unsupported', windows: startStoreApp },
  F50: { linux: 'unsupported', macos: 'unsupported', windows: freePort },
  F54: { linux: keepPhonesListed, macos: 'unsupported', windows: 'unsupported' },
} as const satisfies Partial<Record<AgentFixId, Record<Os, Steps | 'unsupported'>>>;
