import { describe, expect, it } from '@jest/globals';
import { conditionHolds } from '@lockstep/core/fixes';
import { type CurrentFact, FACT_KINDS } from '@lockstep/core/health';
import { MuxClient } from '../device/index.js';
import { ReadFailed, RecordedMachine, type Recording } from '../machine/index.js';
import { askHost, HOST_QUESTIONS } from '../probes/index.js';

const HEADER = 'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n';
const viaDefault = (name: string) => `${name}\t00000000\t0101A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n`;
const viaNet = (name: string) => `${name}\t0000A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0\n`;
const LO6 = `${'0'.repeat(32)} 00 ${'0'.repeat(32)} 00 ${'0'.repeat(32)} ffffffff 00000001 00000000 00200200       lo\n`;

const linux = (routes: string, sysfs: Recording['sysfs'] = {}, six = LO6) =>
  new RecordedMachine({ os: 'linux', files: { 'routes-4': HEADER + routes, 'routes-6': six }, ...(sysfs && { sysfs }) });

async function ownRoute(machine: RecordedMachine) {
  const ctx = {
    machine,
    mux: new MuxClient({ open: () => Promise.reject(new Error('no multiplexer here')) }),
    agent: '0.1.0',
    outbox: () => ({ waiting: 0, dropped: 0 }),
    onCrash: (_probe: string, error: unknown) => {
      throw error;
    },
  };
  const probes = HOST_QUESTIONS.filter((p) => p.kinds.includes('own-route'));
  const [fact] = (await Promise.all(probes.map((p) => askHost(p, ctx, [], undefined)))).flat();
  if (fact?.kind !== 'own-route') throw new Error('nobody answers for own-route');
  const host = { 'own-route': { ...fact, at: 0, seenAt: 0 } as CurrentFact<'own-route'> };
  return conditionHolds('own-route-elsewhere', { host, phone: null, phones: [], now: 0 });
}

const ETHERNET = { 'class/net/eth0/device': { link: '../../../0000:00:1f.6' } };
const PHONE = { 'class/net/usb0/device': { link: '../../../1-2:4.2' }, 'bus/usb/devices/1-2/idVendor': '05ac' };
const DONGLE = { 'class/net/usb0/device': { link: '../../../1-2:1.0' }, 'bus/usb/devices/1-2/idVendor': '0bda' };

describe('the agent’s own way to the network is none of the phones', () => {
  it.each([
    ['an ordinary card', viaDefault('eth0'), ETHERNET, 'yes'],
    ['a phone’s hotspot', viaDefault('usb0'), PHONE, 'no'],
    ['a USB network adapter', viaDefault('usb0'), DONGLE, 'yes'],
    ['a card, with a phone beside it', viaDefault('eth0') + viaNet('usb0'), { ...ETHERNET, ...PHONE }, 'yes'],
    ['a tunnel over a card', viaDefault('tun0') + viaNet('eth0'), ETHERNET, 'yes'],
    ['a tunnel, with a phone that carries a route', viaDefault('tun0') + viaNet('usb0'), PHONE, 'no'],
    ['nothing at all', '', {}, 'unknown'],
  ])('%s on Linux', async (_name, routes, sysfs, expected) => {
    expect(await ownRoute(linux(routes, sysfs))).toBe(expected);
  });

  it('also over IPv6', async () => {
    const six = `${'0'.repeat(32)} 00 ${'0'.repeat(32)} 00 fe800000000000000000000000000001 00000400 00000001 00000000 00000003     usb0\n`;
    expect(await ownRoute(linux('', PHONE, six))).toBe('no');
  });

  it('is unknown where it cannot be read', async () => {
    const m = new RecordedMachine({ os: 'linux' });
    m.readFile = async (id) => {
      throw new ReadFailed('denied', id);
    };
    expect(await ownRoute(m)).toBe('unknown');
  });

  const interfaces = (...of: [string, string, string][]) =>
    `<?xml version="1.0"?><plist version="1.0"><dict><key>Interfaces</key><array>${of
      .map(
        ([name, type, path]) =>
          `<dict><key>BSD Name</key><string>${name}</string><key>SCNetworkInterfaceType</key><string>${type}</string><key>IOPathMatch</key><string>${path}</string></dict>`,
      )
      .join('')}</array></dict></plist>`;
  const WIFI: [string, string, string] = ['en0', 'IEEE80211', 'IOService:/arm-io/en0'];
  const HOTSPOT: [string, string, string] = ['en7', 'Ethernet', 'IOService:/AppleARMPE/iPhone@00120000/en7'];
  const mac = (own: string, used: string, list: string) =>
    new RecordedMachine({
      os: 'macos',
      commands: {
        'network-order': { stdout: `Network interfaces: ${used}\n` },
        'route-default': { stdout: `  interface: ${own}\n` },
        'interfaces-up': { stdout: 'en0: flags=8863<UP>\n' },
      },
      files: { 'mac-network-interfaces': list },
    });
  it.each([
    ['Wi-Fi', mac('en0', 'en0', interfaces(WIFI, HOTSPOT)), 'yes'],
    ['a phone’s hotspot', mac('en7', 'en7', interfaces(WIFI, HOTSPOT)), 'no'],
    ['a tunnel over Wi-Fi', mac('utun4', 'utun4 en0', interfaces(WIFI, HOTSPOT)), 'yes'],
    ['a tunnel over a hotspot', mac('utun4', 'utun4 en7', interfaces(WIFI, HOTSPOT)), 'no'],
    ['a tunnel, over nobody knows what', mac('utun4', 'utun4 en0', 'torn'), 'unknown'],
  ])('%s on macOS', async (_name, machine, expected) => {
    expect(await ownRoute(machine)).toBe(expected);
  });

  const LAN = { index: 7, name: 'Ethernet', says: 'Intel', up: true, type: 6, medium: 14, hardware: true, pnp: 'PCI\\VEN_8086' };
  const APPLE = {
    ...LAN,
    index: 9,
    name: 'Ethernet 2',
    says: 'Apple Mobile Device Ethernet',
    pnp: 'USB\\VID_05AC&PID_12A8&MI_02\\1',
  };
  const VPN = { index: 21, name: 'VPN', says: 'WireGuard Tunnel', up: true, type: 53, medium: 0, hardware: false, pnp: 'SWD\\1' };
  const route = (index: number, metric: number) => ({ index, alias: 'x', metric });
  const windows = (routes: object[], adapters: object[]) =>
    new RecordedMachine({
      os: 'windows',
      commands: {
        'windows-network': {
          stdout: JSON.stringify({
            v: 1,
            at: '2026-11-24T09:00:00.0000000Z',
            routes: { ok: routes },
            adapters: { ok: adapters },
            vpns: { ok: [] },
          }),
        },
      },
    });
  it.each([
    ['a card', windows([route(7, 25)], [LAN]), 'yes'],
    ['a phone’s hotspot', windows([route(9, 25)], [LAN, APPLE]), 'no'],
    ['a tunnel over a card', windows([route(21, 5), route(7, 25)], [LAN, VPN]), 'yes'],
    ['a tunnel, with a phone beside it', windows([route(21, 5), route(9, 25)], [VPN, APPLE]), 'no'],
    ['no routes to be read', windows([], [LAN]), 'unknown'],
  ])('%s on Windows', async (_name, machine, expected) => {
    expect(await ownRoute(machine)).toBe(expected);
  });
});

it('asks a probe for every kind that tells of the computer', () => {
  const asked = new Set(HOST_QUESTIONS.flatMap((p) => p.kinds));
  for (const kind of [
    'updater-activity',
    'backup-activity',
    'user-session',
    'own-route',
    'apple-software',
    'power-source',
    'clock',
  ] as const)
    expect([kind, asked.has(kind), kind in FACT_KINDS]).toEqual([kind, true, true]);
});
