import type { CurrentFact, DiagnosisInput, FactSet } from '../src/diagnosis/index.js';
import type { FactKind, FailReason, Reading } from '../src/health/index.js';

/** The moment all examples are told at. */
export const NOW = Date.UTC(2026, 10, 24, 12, 0, 0);
export const UDID = '00008110-0011223344556677';

type Change = { [K in FactKind]?: Reading<K> | 'absent' | 'gone' | { failed: FailReason } };

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

/** Readings of a pair on which everything works. */
export const GOOD: { [K in FactKind]?: Reading<K> } = {
  'agent-self': {
    agent: '0.1.0',
    os: 'linux',
    osVersion: 'Debian 12',
    arch: 'x64',
    hostname: 'lnx-0231',
    privileged: true,
    lab: false,
    uptimeS: 9000,
    outbox: { waiting: 0, dropped: 0 },
  },
  'usb-bus': { devices: [{ ...USB, udid: UDID, ecid: null }] },
  'mux-daemon': { state: 'running', pid: 41, restarts: 0, socket: 'answering', latencyMs: 1 },
  'mux-list': { devices: [{ udid: UDID, connection: 'usb' }], unreadable: 0 },
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

const HOST: ReadonlySet<string> = new Set(['agent-self', 'usb-bus', 'mux-daemon', 'mux-list']);

/** A pair at hand: the good one with some readings changed. `gone` removes the fact altogether. */
export function pair(change: Change = {}, rest: Partial<DiagnosisInput> & { ageMs?: number } = {}): DiagnosisInput {
  const host: Record<string, CurrentFact> = {};
  const device: Record<string, CurrentFact> = {};
  const at = NOW - (rest.ageMs ?? 5_000);
  for (const kind of new Set([...Object.keys(GOOD), ...Object.keys(change)]) as Set<FactKind>) {
    const value = change[kind] ?? GOOD[kind];
    if (value === 'gone' || value === undefined) continue;
    const base = { kind, at, seenAt: at, probe: 'test' };
    const fact =
      value === 'absent'
        ? { ...base, state: 'absent' }
        : typeof value === 'object' && 'failed' in value
          ? { ...base, state: 'failed', reason: value.failed }
          : { ...base, state: 'seen', reading: value };
    (HOST.has(kind) ? host : device)[kind] = fact as CurrentFact;
  }
  const { ageMs: _, ...over } = rest;
  return {
    now: NOW,
    hostHeard: true,
    host: host as FactSet,
    device: device as FactSet,
    known: [],
    presence: 'attached',
    health: 'unknown',
    ...over,
  };
}

/** The same computer, diagnosed by itself. */
export function host(change: Change = {}, rest: Partial<DiagnosisInput> = {}): DiagnosisInput {
  return { ...pair(change, rest), device: null };
}
