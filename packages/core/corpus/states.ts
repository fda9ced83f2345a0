import type { FailReason, Reading } from '../src/health/index.js';
import type { DeviceFacts, Facts } from './case.js';
import { type Change, type Delta, d, h } from './given.js';
import { type APPLE_MUX_NODE, type BusEntry, ECID, phoneOnBus, UDID } from './phones.js';

/** Pictures that many cases share, as an agent would send them. */

/** Facts that need a session: without one they are `failed`. */
const IN_SESSION = ['supervision', 'wifi-sync', 'backup-policy', 'device-storage', 'battery', 'device-clock'] as const;
/** Everything that needs lockdownd's ear. */
const TALKING = ['device-values', 'passcode-lock', 'activation', ...IN_SESSION] as const;

function failed(kinds: readonly (keyof DeviceFacts)[], reason: FailReason): DeviceFacts {
  return Object.fromEntries(kinds.map((kind) => [kind, { failed: reason }])) as DeviceFacts;
}

/** Other fields of the phone's entry on the bus, for the computer and for the phone. */
export function usb(fields: Partial<BusEntry>): Change {
  return (so) => {
    const bus = so.host['usb-bus'] as Reading<'usb-bus'>;
    const own = so.device?.['usb-device'] as BusEntry | undefined;
    const devices = bus.devices.map((entry) => (entry.udid === UDID ? { ...entry, ...fields } : entry));
    return { host: { 'usb-bus': { devices } }, ...(own && { device: { 'usb-device': { ...own, ...fields } } }) };
  };
}

/** One more phone or other Apple device on the bus. */
export function besides(fields: Partial<BusEntry>, udid: string | null, ecid: string | null = null): Change {
  return (so, base) => {
    const bus = so.host['usb-bus'] as Reading<'usb-bus'>;
    const entry = { ...phoneOnBus(base), location: 'elsewhere', address: 9, ...fields, udid, ecid };
    return { host: { 'usb-bus': { devices: [...bus.devices, entry] } } };
  };
}

/** The bus and the multiplexer list nothing. Linux' usbmuxd goes home then. */
export const busEmpty: Change = (so, base) => ({
  host: {
    'usb-bus': { devices: [] },
    ...(base === 'linux'
      ? {
          'mux-daemon': {
            ...(so.host['mux-daemon'] as Reading<'mux-daemon'>),
            state: 'stopped',
            pid: null,
            socket: 'missing',
            latencyMs: null,
          },
          'mux-list': { failed: 'unreachable' },
        }
      : { 'mux-list': { devices: [], unreadable: 0 } }),
  },
  device: {
    'usb-device': 'absent',
    'mux-device': base === 'linux' ? { failed: 'unreachable' } : 'absent',
    lockdown: { failed: 'unreachable' },
    'pair-record': { failed: 'unreachable' },
    'trust-session': { failed: 'unreachable' },
    'service-start': { failed: 'unreachable' },
    ...failed(TALKING, 'unreachable'),
  },
});

/** The multiplexer answers and does not list this phone, so nobody can talk to it. */
export const notListed: Change = {
  host: { 'mux-list': { devices: [], unreadable: 0 } },
  device: {
    'mux-device': 'absent',
    lockdown: { failed: 'unreachable' },
    'pair-record': { failed: 'unreachable' },
    'trust-session': { failed: 'unreachable' },
    'service-start': { failed: 'unreachable' },
    ...failed(TALKING, 'unreachable'),
  },
};

/** The multiplexer cannot be asked. */
export function noMux(fields: Partial<Reading<'mux-daemon'>>, reason: FailReason = 'unreachable'): Change {
  return (so) => ({
    host: {
      'mux-daemon': { ...(so.host['mux-daemon'] as Reading<'mux-daemon'>), pid: null, latencyMs: null, ...fields },
      'mux-list': { failed: reason },
    },
    device: {
      'mux-device': { failed: reason },
      lockdown: { failed: reason },
      'pair-record': { failed: reason },
      'trust-session': { failed: reason },
      'service-start': { failed: reason },
      ...failed(TALKING, reason),
    },
  });
}

/** The phone is listed and lockdownd gives no answer. The record is the multiplexer's to show. */
export function silent(reason: FailReason = 'timeout'): Change {
  return {
    device: {
      lockdown: { failed: reason },
      'trust-session': { failed: reason },
      'service-start': { failed: reason },
      ...failed(TALKING, reason),
    },
  };
}

/** The phone refuses the session with lockdownd's word and libimobiledevice's number. */
export function refuses(code: number | null, error: string | null): Change {
  return {
    device: { 'trust-session': { outcome: 'refused', error, code }, 'service-start': 'absent', ...failed(IN_SESSION, 'no-session') },
  };
}

export const INVALID_HOST = refuses(-21, 'InvalidHostID');

/** The handshake fails, twice. */
export const tlsFails: Change = {
  device: {
    'trust-session': { outcome: 'tls-failed', error: null, code: -5 },
    'service-start': 'absent',
    ...failed(IN_SESSION, 'no-session'),
  },
};

/** There is no record for this phone. */
export const noRecord: Change = {
  device: { 'pair-record': 'absent', 'trust-session': 'absent', 'service-start': 'absent', ...failed(IN_SESSION, 'no-session') },
};

export const lockedNow: Change = { device: { 'passcode-lock': { locked: true } } };
/** Many phones refuse to tell without a session. */
export const lockUnknown: Change = { device: { 'passcode-lock': { failed: 'prohibited' } } };

/** What the phone answered when a fix asked it to pair. */
export function asked(outcome: Reading<'pairing-attempt'>['outcome'], code: number | null, error: string | null, agoS: number): Change {
  return { device: { 'pairing-attempt': { read: { outcome, error, code }, atAgoS: agoS, seenAgoS: agoS } } };
}

/** The phone is in one of its other modes: the bus knows it by its ECID, the multiplexer not at all. */
export function inMode(mode: 'recovery' | 'dfu', productId: number): Change {
  return (so) => {
    const own = so.device?.['usb-device'] as BusEntry;
    const { muxNode: _, ...rest } = own;
    const entry = { ...rest, mode, productId, muxInterface: false, modelHint: null };
    const delta = notListed as Delta;
    return {
      host: { ...delta.host, 'usb-bus': { devices: [{ ...entry, udid: null, ecid: ECID }] } },
      device: { ...delta.device, 'usb-device': entry },
    };
  };
}

/** The phone is listed, and what answers is the program that restores it. */
export const restored: Change = {
  device: {
    lockdown: { type: 'com.apple.mobile.restored', latencyMs: 6 },
    'trust-session': { failed: 'unsupported' },
    'service-start': { failed: 'unsupported' },
    ...failed(TALKING, 'unsupported'),
  },
};

/** Reached over Wi-Fi only: nothing on the cable. */
export const wifiOnly: Change = {
  host: { 'usb-bus': { devices: [] }, 'mux-list': { devices: [{ udid: UDID, connection: 'network' }], unreadable: 0 } },
  device: { 'usb-device': 'absent', 'mux-device': { connection: 'network', alsoNetwork: true, locationId: null } },
};

/** Windows: the node of the multiplexer's interface is in trouble, so the phone is on the bus and not in the list. */
export function muxNode(state: 'missing' | 'problem', code: number | null, driver: typeof APPLE_MUX_NODE | null = null): Change {
  return (so, base) => merge(so, base, usb({ muxNode: { state, code, driver } }), notListed);
}

/** Windows: the phone's own node has a problem code. */
export function phoneNode(code: number, driver: BusEntry['driver'] = null): Change {
  return (so, base) =>
    merge(
      so,
      base,
      usb({ problemCode: code, driver, muxInterface: null, muxNode: { state: 'missing', code: null, driver: null } }),
      notListed,
    );
}

/** One change after the other, as one. */
export function merge(so: Facts, base: Parameters<Exclude<Change, Delta>>[1], ...changes: readonly Change[]): Delta {
  let facts = so;
  for (const change of changes) {
    const { host, device } = typeof change === 'function' ? change(facts, base) : change;
    facts = { host: { ...facts.host, ...host }, device: facts.device && { ...facts.device, ...device } };
  }
  return { host: facts.host, ...(facts.device && { device: facts.device }) };
}

/** It came and went. */
export const churn = (fields: Partial<Reading<'usb-churn'>>): Change => d('usb-churn', fields);
/** Things on the bus that never became a device. */
export const failures = (fields: Partial<Reading<'usb-failures'>>): Change => h('usb-failures', fields);
/** The phone flaps at one place: eight attaches, the closest two seconds apart. */
export const flapping: Change = churn({ windowS: 600, attaches: 8, detaches: 8, shortestS: 2, places: 1 });

/** A program that takes phones. */
export function claimant(kind: Reading<'claimants'>['programs'][number]['kind'], name: string, holdsPhone: boolean | null): Change {
  return { host: { claimants: { programs: [{ kind, name, holdsPhone }] } } };
}

/** One of a Mac's agents, changed. */
export function syncAgent(name: string, fields: Partial<Reading<'sync-agents'>['agents'][number]>): Change {
  return (so) => {
    const { agents } = so.host['sync-agents'] as Reading<'sync-agents'>;
    return { host: { 'sync-agents': { agents: agents.map((a) => (a.name === name ? { ...a, ...fields } : a)) } } };
  };
}

/** Behind one hub, as most docks and monitors are. */
export const behindHub: Change = usb({ hubDepth: 1, hubs: ['2109:2817'] });

/** Apple's programs on a PC, instead of the base's. */
export function programs(items: Reading<'apple-software'>['items'], driver?: Reading<'apple-software'>['driver']): Change {
  return h('apple-software', { items, ...(driver !== undefined && { driver }) });
}

/** The phone's model and system. */
export const values = (fields: Partial<Reading<'device-values'>>): Change => d('device-values', fields);

/** The phone is not heard on the network, while others are. */
export const unheard: Change = { device: { 'wifi-advert': 'absent' } };
export const noWifi: Change = d('mux-device', { alsoNetwork: false });
/** Windows: nobody has the port of Apple's service. */
export const nobodyListens: Change = { host: { 'mux-port': 'absent' } };
