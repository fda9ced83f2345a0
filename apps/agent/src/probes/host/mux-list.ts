import type { Fact, Udid } from '@lockstep/core/health';
import type { MuxDevice, MuxListing } from '../../device/index.js';
import type { DraftFact } from '../../machine/index.js';
import { draft, everywhere, type HostProbe } from '../probe.js';

/** More phones than one computer serves: the fact's own limit. */
const MAX_DEVICES = 64;

/** The listing of the latest asking, device ids included: they are needed to reach the phones and are no part of any fact. */
export interface MuxView {
  /** Null when the multiplexer could not be asked. */
  listing: MuxListing | null;
}

/** The multiplexer's list of phones. `view` receives it whole. */
export function muxList(view: MuxView): HostProbe {
  return {
    id: 'mux-list',
    kinds: ['mux-list'],
    cost: 'cheap',
    deadlineMs: 8_000,
    cadenceMs: 30_000,
    rows: everywhere({
      asks: ['mux'],
      privilege: 'user',
      async ask({ mux }, signal) {
        view.listing = null;
        const listing = await mux.listDevices({ signal });
        if (listing.devices.length > MAX_DEVICES) return [draft.failed('mux-list', 'host', 'too-large')];
        view.listing = listing;
        const devices = listing.devices.map(({ udid, connection }) => ({ udid, connection }));
        return [draft.seen('mux-list', 'host', { devices, unreadable: listing.unreadable })];
      },
    }),
  };
}

/** One phone's share of the list. */
export function muxDeviceFact(list: Fact | undefined, device: MuxDevice | undefined, udid: Udid): DraftFact {
  const subject = { udid };
  if (!list || list.state === 'absent') return draft.failed('mux-device', subject, 'crashed');
  if (list.state === 'failed') return draft.failed('mux-device', subject, list.reason);
  if (!device) return draft.absent('mux-device', subject);
  const { connection, alsoNetwork, locationId } = device;
  return { kind: 'mux-device', subject, state: 'seen', reading: { connection, alsoNetwork, locationId } };
}
