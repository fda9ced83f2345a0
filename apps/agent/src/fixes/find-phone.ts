import type { Udid } from '@lockstep/core/health';
import type { MuxDevice } from '../device/index.js';
import { isExpected } from '../probes/index.js';
import type { FixTools } from './fix.js';

/** The phone's entry in the list now; null when it is not there (it drops off the bus for a moment after the tap). */
export async function findPhone({ ctx, signal }: FixTools, udid: Udid): Promise<MuxDevice | null> {
  try {
    return (await ctx.mux.listDevices({ signal })).devices.find((d) => d.udid === udid) ?? null;
  } catch (e) {
    if (!isExpected(e) || signal.aborted) throw e;
    return null;
  }
}
