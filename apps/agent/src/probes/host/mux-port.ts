import type { HostProbe } from '../probe.js';
import * as windows from './windows/index.js';

/** Windows: who listens on 127.0.0.1:27015? */
export const muxPort: HostProbe = {
  id: 'mux-port',
  kinds: ['mux-port'],
  cost: 'moderate',
  cadenceMs: 30_000,
  deadlineMs: 10_000,
  rows: { windows: windows.muxPortRow },
};
