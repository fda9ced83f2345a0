import { type Fact, normaliseUdid, type Reading, type Udid } from '@lockstep/core/health';
import type { Bus, DraftFact } from '../../machine/index.js';
import { draft, type HostProbe } from '../probe.js';
import { readMacBus } from './macos/index.js';
import { readBus } from './usb-tree.js';
import * as windows from './windows/index.js';

/** Every Apple phone and pad on the bus, in whatever mode. */
export const usbBus: HostProbe = {
  id: 'usb',
  kinds: ['usb-bus'],
  cost: 'cheap',
  // Reading the kernel's tree takes milliseconds; a hub that is being reset may hold an attribute for a second or two.
  deadlineMs: 5_000,
  cadenceMs: 30_000,
  rows: {
    linux: { asks: ['sysfs'], privilege: 'user', ask: async (ctx) => [busDraft(await readBus(ctx.machine.sysfs))] },
    macos: {
      asks: ['ioreg-usb', 'profiler-usb', 'profiler-usb-legacy'],
      privilege: 'user',
      // Where it has to be asked twice, System Information takes up to four seconds.
      deadlineMs: 8_000,
      ask: async (ctx, signal) => [busDraft(await readMacBus(ctx.machine, signal))],
    },
    windows: windows.usbBusRow,
  },
};

/** What reading the bus came to, as a fact. */
export function busDraft(bus: Bus): DraftFact {
  return bus.read ? draft.seen('usb-bus', 'host', { devices: bus.devices }) : draft.failed('usb-bus', 'host', bus.reason);
}

/** One phone's share of what the bus showed. A phone in recovery or DFU is known by its ECID, which is the second half of a new UDID. */
export function usbDeviceFact(bus: Fact | undefined, udid: Udid): DraftFact {
  const subject = { udid };
  if (!bus || bus.state === 'absent') return draft.failed('usb-device', subject, 'crashed');
  if (bus.state === 'failed') return draft.failed('usb-device', subject, bus.reason);
  const { devices } = bus.reading as Reading<'usb-bus'>;
  const found = devices.find((d) => d.udid === udid) ?? devices.find((d) => d.ecid !== null && d.ecid === ecidOf(udid));
  if (!found) return draft.absent('usb-device', subject);
  const { udid: _udid, ecid: _ecid, ...reading } = found;
  return { kind: 'usb-device', subject, state: 'seen', reading };
}

/** UDIDs of the phones the bus shows. */
export function udidsOnBus(bus: Fact | undefined): Udid[] {
  if (bus?.state !== 'seen' || bus.kind !== 'usb-bus') return [];
  return bus.reading.devices.flatMap((d) => (d.udid !== null && normaliseUdid(d.udid) !== null ? [d.udid] : []));
}

function ecidOf(udid: Udid): string | null {
  return udid.length === 25 ? udid.slice(9) : null;
}
