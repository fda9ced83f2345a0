import { LAN_METRIC, recordAcl, TUNNEL_INDEX as TUNNEL } from './acts/index.js';
import type { ComputerView } from './condition.js';
import { events, rows, type Section } from './windows-document.js';
import { instanceId } from './windows-nodes.js';

/** Versions of Apple's programs as its installers and the Store carried them. */
const VERSIONS = {
  current: {
    itunes: '12.13.7.1',
    support: '18.0.0.32',
    bonjour: '3.1.0.1',
    devices: '1.1071.20.0',
    driver: { inf: 'appleusb.inf', version: '538.0.0.0' },
  },
  old: {
    itunes: '12.9.0.167',
    support: '12.0.0.1039',
    bonjour: '3.1.0.1',
    devices: '1.0.12.0',
    driver: { inf: 'usbaapl64.inf', version: '6.0.9999.69' },
  },
} as const;

/** What changes rarely on a Windows computer, section by section; its services are told elsewhere. */
export function slowSections(view: ComputerView): Record<string, Section> {
  const { condition } = view;
  const { windows, restart } = condition;
  return {
    system: rows({
      ...buildOf(view.osVersion),
      edition: windows.edition,
      release: '2009',
      type: 'Client',
      arch: 'AMD64',
      media: windows.mediaFeatures,
    }),
    restart: rows({
      servicing: restart?.reasons.includes('servicing') ?? false,
      update: restart?.reasons.includes('update') ?? false,
      renames: restart?.reasons.includes('renames') ? ['\\??\\C:\\Program Files\\Common Files\\Apple\\Mobile Device Support\\new.dll'] : [],
    }),
    ...software(view),
    policies: rows(
      ...(condition.keepsPhonesOut
        ? [
            { rule: 'DenyDeviceIDs', value: '1', list: false },
            { rule: 'DenyDeviceIDs', value: 'USB\\VID_05AC&PID_12A8', list: true },
          ]
        : []),
    ),
    refusals: refusals(view),
    setupapi: rows(),
    suspend: rows(
      'Power Setting GUID: 48e6b7a6-50f5-4782-a5d4-53bb8f07e226  (USB selective suspend setting)',
      `    Current AC Power Setting Index: 0x0000000${condition.suspendsIdle ? 1 : 0}`,
      `    Current DC Power Setting Index: 0x0000000${condition.suspendsIdle ? 1 : 0}`,
    ),
    hubs: rows({ InstanceName: 'USB\\ROOT_HUB30\\4&1a2b3c4d&0&0_0', Enable: condition.suspendsIdle }),
    batteries: rows({ status: condition.onBattery ? 1 : 2 }),
    store: rows(recordAcl(condition)),
  };
}

/** `Windows 11 Pro 25H2 (26200.7171)` in its parts. */
function buildOf(osVersion: string): { build: string; ubr: number; shown: string } {
  const m = /(\d\dH\d)?\s*\((\d{5})\.(\d+)\)/.exec(osVersion);
  return { build: m?.[2] ?? '26200', ubr: Number(m?.[3] ?? 7_171), shown: m?.[1] ?? '25H2' };
}

/** Registry, list of programs, Store apps and driver store. */
function software({ condition }: ComputerView): Record<string, Section> {
  const { stack, stackAge, removed } = condition.windows;
  const isThere = (name: string) => !removed.includes(name);
  const v = VERSIONS[stackAge];
  const classic = stack === 'classic' || stack === 'both';
  const store = stack === 'store' || stack === 'both';
  const apps = store ? [{ name: 'AppleInc.AppleDevices', version: v.devices, arch: 'X64' }] : [];
  return {
    keys: rows(
      ...(classic
        ? [
            { key: 'Apple Computer, Inc.\\iTunes', wow: false, version: v.itunes },
            { key: 'Apple Inc.\\Apple Mobile Device Support', wow: false, version: v.support },
          ].filter((k) => isThere(k.key.slice(k.key.indexOf('\\') + 1)))
        : []),
    ),
    programs: rows(
      ...(classic
        ? [
            { name: 'iTunes', version: v.itunes, wow: false },
            { name: 'Apple Mobile Device Support', version: v.support, wow: false },
            { name: 'Bonjour', version: v.bonjour, wow: false },
          ].filter((p) => isThere(p.name))
        : []),
    ),
    apps: rows(...apps),
    ownapps: rows(...apps),
    drivers: rows(...(stack === 'none' ? [] : [v.driver])),
  };
}

const LAN = 7;

/** Routes, adapters and the system's own firewall, in numbers. */
export function networkSections({ condition }: ComputerView): Record<string, Section> {
  const { tunnel, firewall } = condition;
  const lan = {
    index: LAN,
    name: 'Ethernet',
    says: 'Intel(R) Ethernet Connection I219-LM',
    up: !tunnel?.only,
    type: 6,
    medium: 14,
    hardware: true,
    pnp: 'PCI\\VEN_8086&DEV_15FB',
  };
  const vpn = {
    index: TUNNEL,
    name: 'Company VPN',
    says: 'WireGuard Tunnel',
    up: true,
    type: 53,
    medium: 0,
    hardware: false,
    pnp: 'SWD\\WireGuard\\{1}',
  };
  return {
    routes: rows(
      ...(tunnel && !tunnel.split ? [{ index: TUNNEL, alias: 'Company VPN', metric: 5 }] : []),
      ...(tunnel?.only ? [] : [{ index: LAN, alias: 'Ethernet', metric: LAN_METRIC }]),
    ),
    adapters: rows(lan, ...(tunnel ? [vpn] : [])),
    vpns: rows(...(tunnel?.split?.managed ? ['Company VPN'] : [])),
    walls: rows(
      ...['Domain', 'Private', 'Public'].map((name) => ({ name, enabled: 1, inbound: firewall === 'blocks-all' ? 0 : 1, rest: 4 })),
    ),
    rules: rows(
      ...['Domain', 'Private'].map((name) => ({
        name: `MDNS-In-UDP-${name}-Active`,
        enabled: firewall === 'blocks-names' ? 2 : 1,
        action: 2,
      })),
    ),
    named: rows(...(condition.namesLetIn ? [{ name: 'Lockstep-mDNS-In', enabled: 1, action: 2, profiles: 3 }] : [])),
    metrics: rows(
      { index: LAN, metric: LAN_METRIC, automatic: 1 },
      ...(tunnel?.split ? [{ index: TUNNEL, metric: tunnel.split.metric, automatic: tunnel.split.automatic ? 1 : 0 }] : []),
    ),
    networks: rows({ index: LAN, category: firewall === 'public' ? 0 : 1 }),
  };
}

/** Event 6423: an installation that a policy forbade. */
function refusals(view: ComputerView): Section {
  if (!view.condition.keepsPhonesOut) return events([]);
  return events(
    view.phones.map((p) => ({
      id: 6_423,
      source: 'Microsoft-Windows-Security-Auditing',
      at: new Date(p.since).toISOString(),
      of: instanceId(p.device),
    })),
  );
}
