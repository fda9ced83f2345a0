import type { Base, HostFacts } from './case.js';
import { ago, DAY, HOUR } from './moments.js';
import { type BusEntry, UDID } from './phones.js';

/** 200 GB free of 500 GB: enough for every backup of the corpus. */
const STORAGE = { freeBytes: 200_000_000_000, totalBytes: 500_000_000_000 };

export const OS_OF: Record<Base, 'linux' | 'macos' | 'windows'> = {
  linux: 'linux',
  macos15: 'macos',
  macos26: 'macos',
  'windows-itunes': 'windows',
  'windows-store': 'windows',
};

const OS_VERSION: Record<Base, string> = {
  linux: 'Debian 12',
  macos15: '15.7.9',
  macos26: '26.6.2',
  'windows-itunes': '10.0.26100',
  'windows-store': '10.0.26100',
};

const appleHost = (host: string) => ({
  host,
  outcome: 'ok' as const,
  issuer: host === 'gs.apple.com' ? ('public' as const) : ('apple' as const),
});

/** What every healthy computer has in common, with one phone at its own port. */
function everywhere(base: Base, bus: BusEntry): HostFacts {
  return {
    'agent-self': {
      agent: '0.1.0',
      os: OS_OF[base],
      osVersion: OS_VERSION[base],
      arch: base === 'macos26' ? 'arm64' : 'x64',
      hostname: 'desk-0231',
      privileged: true,
      lab: false,
      uptimeS: 8 * HOUR,
      outbox: { waiting: 0, dropped: 0, disk: 'ok' },
    },
    'agent-limits': { mode: 'all', because: null, rssMb: 62, cpuPercent: 0.2, paused: [] },
    'user-session': { console: 'active', sessions: 1 },
    clock: { skewS: 0.4, against: 'time-server' },
    'pending-restart': { pending: false, reasons: [], sinceS: null },
    'usb-bus': { devices: [{ ...bus, udid: UDID, ecid: null }] },
    'usb-failures': { windowS: 600, enumeration: 0, overCurrent: 0, controllerDied: 0, surpriseRemovals: 0, places: [] },
    'device-control': { blocks: [], refused: 0 },
    claimants: { programs: [] },
    'power-events': { resumedAt: ago(2 * DAY), startedAt: ago(9 * DAY) },
    'mux-list': { devices: [{ udid: UDID, connection: 'usb' }], unreadable: 0 },
    'record-store': { writable: true, asShipped: true, freeBytes: STORAGE.freeBytes, records: 3, otherBuid: 0, identityAt: ago(200 * DAY) },
    'mdns-responder': { state: 'running', hearsOthers: true },
    'own-route': { interface: 'en0', via: 'wired', tunnels: [], tunnelTakesLocal: false },
    firewall: { blocksAll: false, publicNetwork: false, mdnsAllowed: true },
    'hosts-file': { appleLines: 0, names: [] },
    'apple-hosts': {
      hosts: ['gs.apple.com', 'albert.apple.com', 'gdmf.apple.com', 'mesu.apple.com', 'swcdn.apple.com'].map(appleHost),
      othersReachable: true,
      captive: false,
    },
    'updater-activity': { programs: [], logAgeS: null, lastError: null, lastErrorAt: null },
    'host-storage': STORAGE,
  };
}

const agent = (name: string, pid: number | null) => ({
  name,
  state: pid === null ? ('idle' as const) : ('running' as const),
  pid,
  managed: false,
  crashes24h: 0,
  sawPhone: true,
});

function mac(version: string, build: string, model: string, arch: string): HostFacts {
  return {
    'mux-daemon': {
      state: 'running',
      pid: 301,
      restarts: 0,
      socket: 'answering',
      latencyMs: 1,
      flavour: 'launchd',
      suspended: false,
      crashes24h: 0,
    },
    'host-os': { name: 'macOS', version, build, model, edition: null, arch, mediaFeatures: null },
    'apple-software': { items: [{ id: 'mobile-device-framework', version: '1830.0.1', bits: null }], driver: null, whole: true },
    'device-support': { required: false, offered: false, blockedBy: [] },
    'location-daemon': { cpuPercent: 0.1, crashes24h: 0, running: true },
    'sync-agents': {
      agents: [agent('AMPDeviceDiscoveryAgent', 611), agent('AMPDevicesAgent', 612), agent('MobileDeviceUpdater', 613)],
    },
    'hiding-preferences': { preferences: [], sidebar: true },
    configurator: 'absent',
  };
}

/** What a Mac laptop with Apple silicon has besides: sockets that tell, and the question for new accessories. */
const LAPTOP: HostFacts = {
  'usb-ports': {
    ports: [
      { place: 'Port-USB-C@1', connected: true, data: true, power: true, restricted: false },
      { place: 'Port-USB-C@2', connected: false, data: false, power: false, restricted: false },
    ],
  },
  'accessory-policy': { policy: 'ask-new', managed: false },
};

function windows(): HostFacts {
  return {
    'usb-power': { suspendsIdle: false, hubsMayTurnOff: 0 },
    'host-os': {
      name: 'Windows 11',
      version: '10.0.26100',
      build: '26100.4061',
      model: null,
      edition: 'Professional',
      arch: 'x64',
      mediaFeatures: true,
    },
    'location-daemon': { cpuPercent: 0, crashes24h: 0, running: false },
  };
}

/** Apple's newest driver package for phones in a PC's driver store. */
export const APPLE_DRIVER = { inf: 'appleusb.inf', version: '538.0.0.0' };

const ITUNES: HostFacts = {
  'mux-daemon': {
    state: 'running',
    pid: 3120,
    restarts: 0,
    socket: 'answering',
    latencyMs: 2,
    flavour: 'windows-service',
    suspended: null,
    crashes24h: 0,
  },
  'mux-port': { owner: { pid: 3120, program: 'AppleMobileDeviceService.exe', apple: true }, forwarded: false },
  'apple-software': {
    items: [
      { id: 'itunes', version: '12.13.11.1', bits: 64 },
      { id: 'mobile-device-support', version: '19.4.0.10', bits: 64 },
      { id: 'bonjour', version: '3.1.0.1', bits: 64 },
    ],
    driver: APPLE_DRIVER,
    whole: true,
  },
  'sync-agents': { agents: [{ ...agent('iTunesHelper', 4410), sawPhone: null }] },
};

const STORE: HostFacts = {
  'mux-daemon': {
    state: 'running',
    pid: 7012,
    restarts: null,
    socket: 'answering',
    latencyMs: 2,
    flavour: 'store-process',
    suspended: null,
    crashes24h: 0,
  },
  'mux-port': { owner: { pid: 7012, program: 'AppleMobileDeviceProcess.exe', apple: true }, forwarded: false },
  'apple-software': { items: [{ id: 'apple-devices', version: '1.1540.24088.0', bits: 64 }], driver: APPLE_DRIVER, whole: true },
  'sync-agents': { agents: [{ ...agent('AMPDevicesAgent', 7030), sawPhone: null }] },
};

const LINUX: HostFacts = {
  'mux-daemon': {
    state: 'running',
    pid: 812,
    restarts: 0,
    socket: 'answering',
    latencyMs: 1,
    flavour: 'systemd',
    suspended: false,
    crashes24h: 0,
  },
  'usb-power': { suspendsIdle: false, hubsMayTurnOff: null },
  'host-os': { name: 'Debian GNU/Linux', version: '12', build: null, model: null, edition: null, arch: 'x64', mediaFeatures: null },
  'apple-software': {
    items: [
      { id: 'usbmuxd', version: '1.1.1', bits: 64 },
      { id: 'libimobiledevice', version: '1.3.0', bits: 64 },
    ],
    driver: null,
    whole: true,
  },
};

/** Everything a healthy computer tells. */
export function healthyHost(base: Base, bus: BusEntry): HostFacts {
  const common = everywhere(base, bus);
  switch (base) {
    case 'linux':
      return { ...common, ...LINUX };
    case 'macos15':
      // An Intel iMac: no question for new accessories, no sockets that tell.
      return { ...common, ...mac('15.7.9', '24G830', 'Mac-CFF7D910A743CAAF', 'x64'), 'accessory-policy': 'absent', 'usb-ports': 'absent' };
    case 'macos26':
      return { ...common, ...mac('26.6.2', '25G83', 'J314sAP', 'arm64'), ...LAPTOP };
    case 'windows-itunes':
      return { ...common, ...windows(), ...ITUNES };
    case 'windows-store':
      return { ...common, ...windows(), ...STORE };
  }
}
