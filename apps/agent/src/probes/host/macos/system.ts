import type { Reading } from '@lockstep/core/health';
import {
  interfaceKinds,
  isDict,
  type Machine,
  parseApplicationFirewall,
  parseConsole,
  parsePowerTimes,
  parseSnapshots,
  ReadFailed,
  readDefaultRoute,
  readHardware,
  readNwi,
  readSntp,
  readSwVers,
  readTunnels,
  routeReading,
} from '../../../machine/index.js';
import { type Asking, draft, type Row } from '../../probe.js';
import { settingsOf } from './person.js';

export const userSessionRow: Row = {
  asks: ['ioreg-root'],
  privilege: 'user',
  ask: async ({ machine }, signal) => parseConsole(await machine.run('ioreg-root', signal)),
};

export const pendingRestartRow: Row = {
  asks: ['system-snapshots'],
  privilege: 'user',
  ask: async ({ machine }, signal) => parseSnapshots(await machine.run('system-snapshots', signal)),
};

export const powerEventsRow: Row = {
  asks: ['sysctl-times'],
  privilege: 'user',
  ask: async ({ machine }, signal) => parsePowerTimes(await machine.run('sysctl-times', signal)),
};

export const firewallRow: Row = {
  asks: ['firewall-state'],
  privilege: 'user',
  ask: async ({ machine }, signal) => parseApplicationFirewall(await machine.run('firewall-state', signal)),
};

/** Apple's time server, which is asked by the system's own tool; not asked where nobody may be contacted (labs, tests). */
export async function timeServer({ machine, network }: Asking, signal: AbortSignal) {
  return network ? readSntp(await machine.run('time-server', signal)) : { read: false as const, reason: 'unsupported' as const };
}

/** Model and architecture from the kernel; the version with its letter from sw_vers. */
export const hostOsRow: Row = {
  asks: ['sysctl-hardware', 'sw-vers'],
  privilege: 'user',
  async ask({ machine }, signal) {
    const [hardware, version] = await Promise.all([
      machine.run('sysctl-hardware', signal).then(readHardware),
      machine.run('sw-vers', signal).then(readSwVers),
    ]);
    if (!hardware.read) return [draft.failed('host-os', 'host', hardware.reason)];
    return [draft.seen('host-os', 'host', { ...hardware.reading, ...(version ?? {}) })];
  },
};

/** The interface of the default route, the ones that the system uses, and tunnels that it does not know of itself. */
export const ownRouteRow: Row = {
  asks: ['network-order', 'route-default', 'interfaces-up', 'mac-network-interfaces'],
  privilege: 'user',
  async ask({ machine }, signal) {
    const [order, own, tunnels, kinds] = await Promise.all([
      machine.run('network-order', signal).then(readNwi),
      machine.run('route-default', signal).then(readDefaultRoute),
      machine.run('interfaces-up', signal).then(readTunnels),
      kindsOf(machine),
    ]);
    const first = own ?? (order.read ? order.interfaces[0] : undefined);
    if (first === undefined) return [draft.failed('own-route', 'host', order.read ? 'unreachable' : order.reason)];
    return [draft.seen('own-route', 'host', routeReading(first, order.read ? order.interfaces : [first], tunnels ?? [], kinds))];
  },
};

async function kindsOf(machine: Machine): Promise<ReturnType<typeof interfaceKinds>> {
  try {
    return interfaceKinds(await machine.readBytes('mac-network-interfaces'));
  } catch (e) {
    if (e instanceof ReadFailed) return new Map();
    throw e;
  }
}

type Blocks = Reading<'device-control'>['blocks'];

/** Rules of a profile for external media. No profile keeps phones themselves from a Mac. */
export const deviceControlRow: Row = {
  asks: ['mac-managed-media'],
  privilege: 'user',
  async ask({ machine }) {
    const media = await settingsOf(machine, 'mac-managed-media');
    if (!media.read && media.reason !== 'missing') return [draft.failed('device-control', 'host', media.reason)];
    const controls = media.read ? media.values['mount-controls'] : undefined;
    const rules = isDict(controls) ? controls['harddisk-external'] : undefined;
    const shut = Array.isArray(rules) && rules.some((r) => r === 'deny' || r === 'eject');
    const blocks: Blocks = shut ? [{ by: 'profile', rule: 'mount-controls harddisk-external', covers: 'removable' }] : [];
    return [draft.seen('device-control', 'host', { blocks, refused: 0 })];
  },
};
