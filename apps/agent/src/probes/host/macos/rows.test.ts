import { describe, expect, it } from '@jest/globals';
import { type FileStat, ReadFailed, writePlist } from '../../../machine/index.js';
import { ask, entry, NOW, OTHER, PROCESSES, SIGNED_IN, said, settings, UDID } from './asked.js';

const CAME = '_AMMuxedVersion2DeviceConnected (thread 0x16f0f3000): Device is attached over USB';
const TOO_NEW = 'AMDeviceConnect (thread 0x16f0f3000): could not connect: 0xE800006A';
const stampOf = (at: number) => `${new Date(at).toISOString().replace('T', ' ').replace('Z', '')}000+0000`;

describe('the bus of a Mac', () => {
  const nothing = { 'ioreg-usb': { stdout: '' } };
  it('is read from the registry alone where that answers', async () => {
    const commands = { 'ioreg-usb': { stdout: said('macos-26/usb-iphone-direct', 'ioreg-usb') } };
    expect(await ask('usb-bus', { commands, restMissing: false })).toMatchObject([{ devices: [{ udid: UDID }] }]);
  });
  it('is asked of System Information when the registry prints nothing', async () => {
    const now = { ...nothing, 'profiler-usb': { stdout: said('macos-26/profiler-no-phone', 'profiler-usb') } };
    expect(await ask('usb-bus', { commands: now })).toEqual([{ devices: [] }]);
    const before = { ...nothing, 'profiler-usb-legacy': { stdout: said('macos-14/profiler-legacy-hub', 'profiler-usb-legacy') } };
    expect(await ask('usb-bus', { commands: before })).toMatchObject([{ devices: [{ udid: UDID, hubDepth: 1 }] }]);
  });
  it('is unknown, never empty, when all three give nothing', async () => {
    const empty = {
      ...nothing,
      'profiler-usb': { stdout: said('macos-26/profiler-empty', 'profiler-usb') },
      'profiler-usb-legacy': { stdout: said('macos-26/profiler-legacy-empty', 'profiler-usb-legacy') },
    };
    expect(await ask('usb-bus', { commands: empty })).toEqual(['garbage']);
  });
});

describe('the kernel’s log of a Mac', () => {
  const log = { stdout: said('macos-26/log-phone-comes-and-goes', 'log-usb') };
  const churn = { windowS: 1_800, attaches: 2, detaches: 1, shortestS: 10, places: 1, afterIdle: 0, withSiblings: 0 };
  it('is the only phone’s, wherever it hangs', async () => {
    expect(await ask('usb-churn', { commands: { 'log-usb': log } })).toEqual([churn]);
  });
  it('is told apart by place with two phones, and unknown for one that is away', async () => {
    const commands = { 'log-usb': log, 'ioreg-usb': { stdout: said('macos-26/usb-iphone-direct', 'ioreg-usb') } };
    expect(await ask('usb-churn', { commands }, [UDID, OTHER])).toMatchObject([{ attaches: 2 }, 'unsupported']);
  });
  it('leaves out what the computer did when it woke', async () => {
    const woke = Date.parse('2026-11-24T08:00:05Z') / 1_000;
    const times = { stdout: `kern.boottime: { sec = 1795420800, usec = 0 } x\nkern.waketime: { sec = ${woke}, usec = 0 } x\n` };
    expect(await ask('usb-churn', { commands: { 'log-usb': log, 'sysctl-times': times } })).toMatchObject([{ attaches: 0, detaches: 0 }]);
  });
  it('is denied to those who may not read it', async () => {
    expect(await ask('usb-churn', { commands: { 'log-usb': { exit: 77 } } })).toEqual(['denied']);
  });
});

describe('whether accessories may connect', () => {
  const ports = { 'ioreg-ports': { stdout: said('macos-26/ports-accessory-waits', 'ioreg-ports') } };
  it('is read where something is connected', async () => {
    expect(await ask('accessory-policy', { commands: ports })).toEqual([{ policy: 'ask-every-time', managed: false }]);
    const phone = { 'ioreg-ports': { stdout: said('macos-26/ports-phone', 'ioreg-ports') } };
    expect(await ask('accessory-policy', { commands: phone })).toEqual([{ policy: 'ask-new', managed: false }]);
  });
  it('is always, when a profile turns the restriction off', async () => {
    const files = { 'mac-managed-restrictions': settings({ allowUSBRestrictedMode: false }) };
    expect(await ask('accessory-policy', { commands: ports, files })).toEqual([{ policy: 'always', managed: true }]);
  });
  it('does not exist on Intel, and is unknown without an answer', async () => {
    expect(await ask('accessory-policy', { commands: { 'ioreg-ports': { stdout: '' } } })).toEqual(['absent']);
    expect(await ask('accessory-policy', {})).toEqual(['missing-tool']);
  });
});

describe('the multiplexer of a Mac', () => {
  it('is launchd’s job, and held stopped or crashed as others tell', async () => {
    const commands = {
      'launchctl-usbmuxd': { stdout: said('macos-26/usbmuxd-restarted', 'launchctl-usbmuxd') },
      'process-list': { stdout: PROCESSES.stdout.replace('213 Ss ', '213 T  ') },
    };
    const files = {
      'mac-crashes': [entry('usbmuxd-2026-11-24-081213.ips'), entry('usbmuxd-2026-11-20-081213.ips', { modifiedAt: 0 }), entry('x.ips')],
    };
    expect(await ask('mux-daemon', { commands, files })).toEqual([
      { state: 'running', pid: 9120, restarts: 3, socket: 'missing', latencyMs: null, flavour: 'launchd', suspended: true, crashes24h: 1 },
    ]);
  });
  it('tells of each phone what its log tells', async () => {
    const commands = { 'log-devices': { stdout: said('macos-26/devices-mux-error', 'log-devices') } };
    expect(await ask('mux-history', { commands }, [UDID, OTHER])).toMatchObject([{ code: -8 }, 'absent']);
    expect(await ask('mux-history', { commands: { 'log-devices': { exit: 77 } } })).toEqual(['denied']);
  });
});

describe('the folder of pair records', () => {
  const folder = (more: Partial<FileStat> = {}) => entry('lockdown', { kind: 'folder', mode: 0o700, uid: 213, gid: 213, ...more });
  const files = (f: FileStat) => ({
    'record-folder': f,
    'record-files': [entry(`${UDID}.plist`), entry('SystemConfiguration.plist')],
    'record-space': { freeBytes: 5e9, totalBytes: 1e11 },
  });
  it('is the daemon’s alone', async () => {
    const buid = { records: 1, otherBuid: null, identityAt: '2026-11-24T08:00:00.000Z', freeBytes: 4_928_307_200 };
    expect(await ask('record-store', { files: files(folder()) })).toEqual([{ writable: true, asShipped: true, ...buid }]);
    expect(await ask('record-store', { files: files(folder({ uid: 0, mode: 0o755 })) })).toEqual([
      { writable: false, asShipped: false, ...buid },
    ]);
  });
  it('is unknown to whoever is refused, and absent only where it is not', async () => {
    expect(await ask('record-store', { files: { 'record-folder': new ReadFailed('denied', '/x') } })).toEqual(['denied']);
    const shut = { ...files(folder()), 'record-files': new ReadFailed('denied', '/x') };
    expect(await ask('record-store', { files: shut })).toEqual(['denied']);
    expect(await ask('record-store', {})).toEqual(['absent']);
  });
});

describe('the way out', () => {
  const order = { stdout: said('macos-26/network-vpn', 'network-order') };
  const up = {
    stdout: 'utun0: flags=8051<UP> mtu 1380\n\tinet6 fe80::1%utun0 prefixlen 64\nutun7: flags=8051<UP>\n\tinet 10.9.0.2 --> 10.9.0.1\n',
  };
  it('names the default route’s interface, what it is, and tunnels beside it', async () => {
    const files = {
      'mac-network-interfaces': writePlist({
        Interfaces: [
          { 'BSD Name': 'en0', SCNetworkInterfaceType: 'IEEE80211' },
          { 'BSD Name': 'en7', SCNetworkInterfaceType: 'Ethernet', IOPathMatch: 'IOService:/x/usb-drd1@2280000/iPhone@01100000/y/en7' },
        ],
      }),
    };
    const via = (name: string) => ({
      'network-order': order,
      'route-default': { stdout: `  gateway: 192.0.2.1\n  interface: ${name}\n` },
      'interfaces-up': up,
    });
    expect(await ask('own-route', { commands: via('en0'), files })).toEqual([
      { interface: 'en0', via: 'wifi', tunnels: ['utun4', 'utun7'], phoneRoute: false, tunnelTakesLocal: null },
    ]);
    expect(await ask('own-route', { commands: via('en7'), files })).toMatchObject([{ interface: 'en7', via: 'phone' }]);
    expect(await ask('own-route', { commands: via('utun4'), files })).toMatchObject([{ interface: 'utun4', via: 'tunnel' }]);
  });
  it('is unknown without any', async () => {
    const none = { 'network-order': { stdout: said('macos-15/network-none', 'network-order') } };
    expect(await ask('own-route', { commands: none })).toEqual(['unreachable']);
  });
});

describe('versions', () => {
  it('carry the letter of a background security improvement', async () => {
    const commands = {
      'sysctl-hardware': { stdout: said('macos-26/hardware-apple-silicon', 'sysctl-hardware') },
      'sw-vers': { stdout: 'ProductName:\t\tmacOS\nProductVersion:\t\t26.1\nProductVersionExtra:\t(a)\nBuildVersion:\t\t25B771280a\n' },
    };
    expect(await ask('host-os', { commands })).toMatchObject([{ version: '26.1 (a)', build: '25B771280a', model: 'J414sAP' }]);
  });
  it('of Apple’s programs come from themselves', async () => {
    const files = {
      'mac-mobile-device': writePlist({ CFBundleVersion: '1853.0.1', CFBundleShortVersionString: '1.0' }),
      'mac-xcode': settings({ CFBundleShortVersionString: '26.1' }),
      'mac-libimobiledevice': [entry('1.3.0', { kind: 'folder' }), entry('1.10.0', { kind: 'folder' })],
    };
    expect(await ask('apple-software', { files })).toEqual([
      {
        items: [
          { id: 'mobile-device-framework', version: '1853.0.1', bits: 64 },
          { id: 'xcode', version: '26.1', bits: 64 },
          { id: 'libimobiledevice', version: '1.10.0', bits: 64 },
        ],
        driver: null,
        whole: true,
      },
    ]);
  });
  it('of the support for phones are kept away by preferences and profiles', async () => {
    const files = {
      'mac-update-preferences': settings({
        CatalogURL: 'http://updates.example/index.sucatalog',
        RecommendedUpdates: [{ Identifier: 'MobileDeviceSU', 'Display Name': 'x' }],
      }),
      'mac-managed-update': settings({ ConfigDataInstall: false }),
      'mac-managed-restrictions': settings({ forceDelayedSoftwareUpdates: true }),
      'mac-device-updater': settings({ Disabled: true }),
    };
    expect(await ask('device-support', { commands: SIGNED_IN, files })).toEqual([
      {
        required: null,
        offered: true,
        blockedBy: [
          'CatalogURL',
          'ConfigDataInstall (managed)',
          'forceDelayedSoftwareUpdates (managed)',
          'com.apple.MobileDeviceUpdater Disabled',
        ],
      },
    ]);
  });
  it.each([
    ['nobody wrote of any phone', [], null, null],
    ['a phone came, and nobody refused it', [CAME], null, false],
    ['a phone was refused as too new', [CAME, TOO_NEW], null, true],
    ['it was refused after the last support was installed', [CAME, TOO_NEW], -60_000, true],
    ['support was installed after it was refused', [CAME, TOO_NEW], 60_000, false],
  ] as const)('of the support for phones: %s', async (_name, lines, installed, required) => {
    const at = NOW - 600_000;
    const stdout = [
      ...lines.map((eventMessage) => ({ timestamp: stampOf(at), eventMessage, processImagePath: '/x/AMPDevicesAgent' })),
      { finished: 1 },
    ]
      .map((l) => `${JSON.stringify(l)}\n`)
      .join('');
    const install = (id: string, when: number) => ({ date: new Date(when), displayName: id, packageIdentifiers: [id] });
    const history = [
      install('com.apple.pkg.Safari', NOW),
      ...(installed === null ? [] : [install('com.apple.pkg.MobileDeviceUpdate', at + installed)]),
    ];
    const files = { 'mac-install-history': Buffer.from(writePlist(history)) };
    expect(await ask('device-support', { commands: { ...SIGNED_IN, 'log-devices': { stdout } }, files })).toEqual([
      { required, offered: null, blockedBy: [] },
    ]);
  });
});

describe('the rest of a Mac', () => {
  it('asks a time server only where the network may be used, and the agent’s own server otherwise', async () => {
    expect(await ask('clock', {}, [], { serverOffsetMs: () => -5_400 })).toEqual([{ skewS: 5, against: 'lockstep-server' }]);
    expect(await ask('clock', {}, [])).toEqual(['unsupported']);
  });
  it('tells of a profile that shuts out media', async () => {
    const files = { 'mac-managed-media': settings({ 'mount-controls': { 'harddisk-external': ['deny', 'eject'] } }) };
    expect(await ask('device-control', { files })).toEqual([
      { blocks: [{ by: 'profile', rule: 'mount-controls harddisk-external', covers: 'removable' }], refused: 0 },
    ]);
    expect(await ask('device-control', {})).toEqual([{ blocks: [], refused: 0 }]);
  });
  it('counts the crashes of the location daemon', async () => {
    const files = { 'mac-crashes': [entry('locationd-2026-11-24-081213.ips')] };
    expect(await ask('location-daemon', { commands: { 'process-list': PROCESSES }, files })).toEqual([
      { running: true, cpuPercent: 0, crashes24h: 1 },
    ]);
  });
  it('hears of its responder from launchd', async () => {
    const commands = { 'launchctl-responder': { stdout: said('macos-26/responder-running', 'launchctl-responder') } };
    expect(await ask('mdns-responder', { commands })).toEqual([{ state: 'running', hearsOthers: null }]);
  });
});
