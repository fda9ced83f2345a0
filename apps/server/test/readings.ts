import type { Fact, FactKind, FailReason, Reading } from '@lockstep/core/health';

export const UDID = '00008110-0011223344556677';
export const OTHER = '00008110-00AA223344556677';

const USB = {
  mode: 'normal',
  vendorId: 0x5ac,
  productId: 0x12a8,
  speedMbps: 480,
  location: '1-2',
  hubDepth: 0,
  address: 5,
  muxInterface: true,
  modelHint: null,
} as const;

export const SELF: Reading<'agent-self'> = {
  agent: '0.1.0',
  os: 'linux',
  osVersion: 'Debian 12',
  arch: 'x64',
  hostname: 'lnx-0231',
  privileged: true,
  lab: true,
  uptimeS: 9000,
  outbox: { waiting: 0, dropped: 0 },
};

type Change = { [K in FactKind]?: Reading<K> | 'absent' | 'gone' | { failed: FailReason } };

/** Facts of a computer on which everything works with these phones, some readings changed; `gone` leaves a fact out. */
export function facts(change: Change = {}, options: { at?: Date; udids?: readonly string[] } = {}): Fact[] {
  const udids = options.udids ?? [UDID];
  const at = (options.at ?? new Date()).toISOString();
  const host: Change = {
    'agent-self': SELF,
    'usb-bus': { devices: udids.map((udid) => ({ ...USB, udid, ecid: null })) },
    'mux-daemon': { state: 'running', pid: 41, restarts: 0, socket: 'answering', latencyMs: 1 },
    'mux-list': { devices: udids.map((udid) => ({ udid, connection: 'usb' as const })), unreadable: 0 },
  };
  const device: Change = {
    'usb-device': USB,
    'mux-device': { connection: 'usb', alsoNetwork: false, locationId: 65541 },
    lockdown: { type: 'com.apple.mobile.lockdown', latencyMs: 3 },
    'pair-record': { keys: ['HostID', 'SystemBUID'], bytes: 9000, sameBuid: true, complete: true },
    'trust-session': { outcome: 'accepted', error: null, code: null },
    'device-values': {
      name: 'Jun’s iPhone',
      productType: 'iPhone14,5',
      productVersion: '26.6.1',
      buildVersion: '23G83',
      deviceClass: 'iPhone',
    },
    'passcode-lock': { locked: false },
    'service-start': { service: 'com.apple.mobile.notification_proxy', outcome: 'started', error: null, code: null },
  };
  const HOST_KINDS = new Set(Object.keys(host));
  const one = (kind: string, value: Change[FactKind], subject: unknown): unknown[] => {
    if (value === undefined || value === 'gone') return [];
    const base = { kind, subject, at, probe: 'test', tookMs: 1 };
    if (value === 'absent') return [{ ...base, state: 'absent' }];
    return 'failed' in value ? [{ ...base, state: 'failed', reason: value.failed }] : [{ ...base, state: 'seen', reading: value }];
  };
  const changes = Object.entries(change);
  const hosts = { ...host, ...Object.fromEntries(changes.filter(([k]) => HOST_KINDS.has(k))) };
  const devices = { ...device, ...Object.fromEntries(changes.filter(([k]) => !HOST_KINDS.has(k))) };
  return [
    ...Object.entries(hosts).flatMap(([kind, value]) => one(kind, value, 'host')),
    ...udids.flatMap((udid) => Object.entries(devices).flatMap(([kind, value]) => one(kind, value, { udid }))),
  ] as Fact[];
}

/** The phone has no record of this computer: cause C40. */
export const UNPAIRED: Change = { 'pair-record': 'absent', 'trust-session': 'absent', 'service-start': 'absent' };
/** The phone does not know this computer's record: cause C44. */
export const REJECTED: Change = { 'trust-session': { outcome: 'refused', error: 'InvalidHostID', code: -21 }, 'service-start': 'absent' };
/** Nobody listens on the multiplexer's socket: cause C30. */
export const MUX_DOWN: Change = {
  'mux-daemon': { state: 'stopped', pid: null, restarts: 0, socket: 'refused', latencyMs: null },
  'mux-list': { failed: 'refused' },
  'mux-device': { failed: 'refused' },
  lockdown: { failed: 'unreachable' },
  'trust-session': { failed: 'unreachable' },
  'service-start': { failed: 'unreachable' },
};
/** The phone hangs in recovery: cause C01, once its half minute of patience is over and no program is known to restore it. */
export const RECOVERY: Change = {
  'usb-device': {
    mode: 'recovery',
    vendorId: 0x5ac,
    productId: 0x1281,
    speedMbps: 480,
    location: '1-2',
    hubDepth: 0,
    address: 6,
    muxInterface: false,
    modelHint: null,
  },
  'mux-device': 'absent',
  lockdown: 'gone',
  'pair-record': 'gone',
  'trust-session': 'gone',
  'service-start': 'gone',
  'passcode-lock': 'gone',
};
