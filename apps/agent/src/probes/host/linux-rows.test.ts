import { describe, expect, it } from '@jest/globals';
import type { Fact, FactKind } from '@lockstep/core/health';
import { MuxClient } from '../../device/index.js';
import { type DiskSpace, type FileStat, ReadFailed, RecordedMachine, type Recording } from '../../machine/index.js';
import { askHost, type HostProbe, type ProbeContext } from '../probe.js';
import { HOST_QUESTIONS } from './questions.js';
import { isReadOnly } from './record-store.js';

const UDID = '00008110-0011223344556677';
const OTHER = '00008101-0099887766554433';
const NOW = Date.parse('2026-11-24T09:00:00Z');
const entry = (at: number, message: string) => JSON.stringify({ __REALTIME_TIMESTAMP: String(at * 1_000), MESSAGE: message });
const folder = (more: Partial<FileStat> = {}): FileStat => ({
  kind: 'folder',
  bytes: 4_096,
  mode: 0o755,
  uid: 110,
  gid: 46,
  modifiedAt: NOW,
  ...more,
});

function probeOf(kind: FactKind): HostProbe {
  const probe = HOST_QUESTIONS.find((p) => p.kinds.includes(kind));
  if (!probe) throw new Error(`nobody asks ${kind}`);
  return probe;
}

/** Asks one question of a recorded Linux computer, on which there is nothing but what is written down. */
async function ask(kind: FactKind, recording: Partial<Recording>, phones: string[] = [UDID], more: Partial<ProbeContext> = {}) {
  const machine = new RecordedMachine({
    os: 'linux',
    restMissing: true,
    sysfs: {},
    now: () => NOW,
    openMux: async () => Promise.reject(Object.assign(new Error(), { code: 'ENOENT' })),
    ...recording,
  });
  const ctx: ProbeContext = {
    machine,
    mux: new MuxClient({ open: () => machine.openMux() }),
    agent: '0.1.0',
    outbox: () => ({ waiting: 0, dropped: 0 }),
    onCrash: (probe, error) => {
      throw new Error(`${probe} died`, { cause: error });
    },
    ...more,
  };
  const facts = await askHost(probeOf(kind), ctx, phones, undefined);
  return facts.filter((f) => f.kind === kind).map(short);
}
const short = (f: Fact) => (f.state === 'seen' ? f.reading : f.state === 'failed' ? f.reason : 'absent');

describe('who sits in front', () => {
  const session = (lines: string) => ({ stdout: lines });
  it('is the session of the seat; others of the same seat are counted', async () => {
    const said: Record<string, string> = {
      '2': 'Type=wayland\nClass=user\nRemote=no\nLockedHint=yes\n',
      c1: 'Type=wayland\nClass=greeter\nRemote=no\nLockedHint=no\n',
      '5': 'Type=x11\nClass=user\nRemote=no\nLockedHint=no\n',
    };
    const commands = {
      'seat-show': { stdout: 'ActiveSession=2\nSessions=2 c1 5 gone1\n' },
      'session-show': ({ session: id = '' }) =>
        said[id] === undefined ? { exit: 1, stderr: 'No session known' } : session(said[id] ?? ''),
    };
    expect(await ask('user-session', { commands })).toEqual([{ console: 'locked', sessions: 2 }]);
  });
  it('is unknown when the session in front cannot be looked at, and nobody at a server', async () => {
    const denied = {
      'seat-show': { stdout: 'ActiveSession=2\nSessions=2\n' },
      'session-show': { exit: 1, stderr: 'Access denied' },
    };
    expect(await ask('user-session', { commands: denied })).toEqual(['denied']);
    const none = { 'seat-show': { stdout: 'ActiveSession=\nSessions=\n' } };
    expect(await ask('user-session', { commands: none })).toEqual([{ console: 'none', sessions: 0 }]);
  });
});

describe('the clock', () => {
  it('is held against a time server, else against the agent’s own server, else nothing is said', async () => {
    const chrony = 'C0A80101,192.168.1.1,3,1795510800.1,-301.7,0,0,0,0,0,0,0,64,Normal\n';
    expect(await ask('clock', { commands: { 'chrony-tracking': { stdout: chrony } } })).toEqual([{ skewS: 302, against: 'time-server' }]);
    const offset = { serverOffsetMs: () => -5_400 };
    expect(await ask('clock', {}, [], offset)).toEqual([{ skewS: 5, against: 'lockstep-server' }]);
    expect(await ask('clock', {}, [], { serverOffsetMs: () => null })).toEqual(['missing-tool']);
  });
});

describe('a pending restart', () => {
  it('is noted by Debian, whole days ago, with its reasons', async () => {
    const files = {
      'restart-note': { ...folder(), kind: 'file' as const, modifiedAt: NOW - 2.5 * 86_400_000 },
      'restart-packages': 'linux-image-6.1.0-19-amd64\ndbus\n',
    };
    expect(await ask('pending-restart', { files })).toEqual([{ pending: true, reasons: ['kernel', 'installer'], sinceS: 172_800 }]);
  });
  it('is denied only where somebody would have noted it', async () => {
    expect(await ask('pending-restart', { files: { 'restart-hook': folder() } })).toEqual([{ pending: false, reasons: [], sinceS: null }]);
    expect(await ask('pending-restart', {})).toEqual(['missing-tool']);
  });
});

describe('the kernel’s log', () => {
  const lines = [
    entry(NOW, 'usb 1-2: new high-speed USB device number 7 using xhci_hcd'),
    entry(NOW + 100, 'usb 1-2: New USB device found, idVendor=05ac, idProduct=12a8, bcdDevice=14.05'),
    entry(NOW + 100, 'usb 1-2: SerialNumber: 000081100011223344556677'),
  ].join('\n');
  it('answers for each phone, also for one that it does not name', async () => {
    const commands = { 'journal-kernel': { stdout: `${lines}\n` } };
    expect(await ask('usb-churn', { commands }, [UDID, OTHER])).toMatchObject([
      { attaches: 1, places: 1 },
      { attaches: 0, shortestS: null, places: 0 },
    ]);
  });
  it('that is empty is quiet only where there is a log', async () => {
    const silent = { 'journal-kernel': { stdout: '' }, 'journal-usbmuxd': { stdout: '' } };
    const some = { ...silent, 'journal-any': { stdout: `${entry(NOW, 'Linux version 6.1')}\n` } };
    expect(await ask('usb-failures', { commands: some })).toMatchObject([{ enumeration: 0 }]);
    expect(await ask('usb-failures', { commands: { ...silent, 'journal-any': { stdout: '' } } })).toEqual(['unreachable']);
    expect(await ask('mux-history', { commands: some })).toEqual(['absent']);
    expect(await ask('mux-history', { commands: { ...silent, 'journal-any': { stdout: '' } } })).toEqual(['unreachable']);
  });
  it('that may not be read fails for every phone', async () => {
    const denied = { exit: 1, stderr: 'No journal files were opened due to insufficient permissions.' };
    expect(await ask('usb-churn', { commands: { 'journal-kernel': denied } }, [UDID, OTHER])).toEqual(['denied', 'denied']);
  });
});

describe('the daemon’s log', () => {
  it('that names a bus address alone is given to the phone that has it now', async () => {
    const commands = { 'journal-usbmuxd': { stdout: `${entry(NOW, 'Could not claim interface 1 for device 1-7: LIBUSB_ERROR_BUSY')}\n` } };
    const at = 'bus/usb/devices/1-2';
    const sysfs = {
      [`${at}/idVendor`]: '05ac',
      [`${at}/idProduct`]: '12a8',
      [`${at}/serial`]: '000081100011223344556677',
      [`${at}/devnum`]: '7',
    };
    expect(await ask('mux-history', { commands, sysfs }, [UDID, OTHER])).toMatchObject([{ claimFailed: true, code: null }, 'absent']);
  });
});

describe('power and policy of the bus', () => {
  const at = (name: string, files: Record<string, string>) =>
    Object.fromEntries(Object.entries(files).map(([f, v]) => [`bus/usb/devices/${name}/${f}`, v]));
  it('tells whether phones are let sleep, and how many hubs are', async () => {
    const sysfs = {
      ...at('1-1', { idVendor: '05e3', bDeviceClass: '09', 'power/control': 'auto', 'power/autosuspend_delay_ms': '0' }),
      ...at('1-1.2', { idVendor: '05ac', bDeviceClass: '00', 'power/control': 'auto', 'power/autosuspend_delay_ms': '2000' }),
    };
    expect(await ask('usb-power', { sysfs })).toEqual([{ suspendsIdle: true, hubsMayTurnOff: 1 }]);
    const off = { ...sysfs, 'bus/usb/devices/1-1.2/power/autosuspend_delay_ms': '-1000' };
    expect(await ask('usb-power', { sysfs: off })).toMatchObject([{ suspendsIdle: false }]);
    expect(await ask('usb-power', { sysfs: at('1-3', { idVendor: '046d', 'power/control': 'on' }) })).toEqual([
      { suspendsIdle: null, hubsMayTurnOff: 0 },
    ]);
  });
  it('tells who keeps devices out: the kernel’s own switch and usbguard', async () => {
    const sysfs = { ...at('usb1', { authorized_default: '0' }), ...at('1-2', { idVendor: '05ac', authorized: '0' }) };
    expect(await ask('device-control', { sysfs })).toEqual([
      { blocks: [{ by: 'profile', rule: 'usb1 authorized_default=0', covers: 'all' }], refused: 1 },
    ]);
    const open = at('usb1', { authorized_default: '1' });
    expect(await ask('device-control', { sysfs: open })).toEqual([{ blocks: [], refused: 0 }]);
    const denied = { 'usbguard-blocked': { exit: 1, stderr: 'Permission denied' } };
    expect(await ask('device-control', { sysfs: open, commands: denied })).toEqual(['denied']);
  });
  it('tells that a phone was handed on by usbip', async () => {
    const sysfs = { ...at('1-2', { idVendor: '05ac' }), 'bus/usb/devices/1-2/driver': { link: '../../../bus/usb/drivers/usbip-host' } };
    const commands = { 'process-names': { stdout: '    1     0 S systemd\n    9     0 S qemu-system-x86\n' } };
    expect(await ask('claimants', { sysfs, commands })).toEqual([
      {
        programs: [
          { kind: 'virtual-machine', name: 'QEMU', holdsPhone: null },
          { kind: 'usb-redirector', name: 'usbip', holdsPhone: true },
        ],
      },
    ]);
  });
});

describe('the folder of the records', () => {
  const running = { 'process-names': { stdout: ' 1432   110 S usbmuxd\n' } };
  const files = {
    'record-folder': folder(),
    'record-files': [
      { name: 'SystemConfiguration.plist', ...folder(), kind: 'file' as const, modifiedAt: NOW },
      { name: `${UDID}.plist`, ...folder(), kind: 'file' as const },
      { name: 'notes.txt', ...folder(), kind: 'file' as const },
    ],
    'record-space': { freeBytes: 1_234_567_890, totalBytes: 5e11 } satisfies DiskSpace,
    mounts: '/dev/sda1 / ext4 rw 0 0\n',
  };
  it('is told without what is in it', async () => {
    expect(await ask('record-store', { commands: running, files })).toEqual([
      { writable: true, asShipped: true, freeBytes: 1_153_433_600, records: 1, otherBuid: null, identityAt: '2026-11-24T09:00:00.000Z' },
    ]);
  });
  it.each([
    [folder({ uid: 0, mode: 0o755 }), false, true],
    [folder({ mode: 0o500 }), false, true],
    [folder({ uid: 1_000, mode: 0o777 }), true, false],
    [folder({ uid: 1_000, mode: 0o775 }), null, false],
    [{ ...folder(), kind: 'link' as const }, false, false],
  ])('owner and mode decide: %#', async (stat, writable, asShipped) => {
    expect(await ask('record-store', { commands: running, files: { ...files, 'record-folder': stat } })).toMatchObject([
      { writable, asShipped },
    ]);
  });
  it('on a file system that takes no writes is not writable; without the account nobody knows; and it may not be there', async () => {
    const ro = { ...files, mounts: '/dev/sda1 / ext4 rw 0 0\n/dev/sdb1 /var ext4 ro,noatime 0 0\n' };
    expect(await ask('record-store', { commands: running, files: ro })).toMatchObject([{ writable: false }]);
    const nobody = { 'process-names': { stdout: '    1     0 S systemd\n' } };
    expect(await ask('record-store', { commands: nobody, files })).toMatchObject([{ writable: null, asShipped: null }]);
    expect(await ask('record-store', { commands: nobody, files: { ...files, accounts: 'usbmux:x:110:46::/:/bin/false\n' } })).toMatchObject(
      [{ writable: true }],
    );
    expect(await ask('record-store', { files: { 'record-folder': new ReadFailed('missing', 'x') } })).toEqual(['absent']);
    expect(await ask('record-store', { files: { 'record-folder': new ReadFailed('denied', 'x') } })).toEqual(['denied']);
  });
  it('finds the mount that holds a path', () => {
    const mounts = 'a / ext4 rw 0 0\nb /var/lib/lock ext4 ro 0 0\nc /var/lib/lock\\040down ext4 ro 0 0\n';
    expect(isReadOnly(mounts, '/var/lib/lockdown')).toBe(false);
    expect(isReadOnly(mounts, '/var/lib/lock down')).toBe(true);
    expect(isReadOnly('garbage\n\n', '/x')).toBe(false);
  });
});

describe('what the computer is', () => {
  it('its system, and its packages, whichever manager knows them', async () => {
    const files = { 'os-release': 'NAME="Arch Linux"\nID=arch\nBUILD_ID=rolling\n', 'kernel-release': '6.11.2-arch1-1\n' };
    expect(await ask('host-os', { files })).toMatchObject([
      { name: 'Arch Linux', version: 'rolling', build: '6.11.2-arch1-1', arch: 'x64' },
    ]);
    expect(await ask('host-os', { files: { 'os-release': 'nothing' } })).toEqual(['garbage']);
    const pacman = { 'pacman-versions': { stdout: 'usbmuxd 1.1.1-4\n' } };
    expect(await ask('apple-software', { commands: pacman })).toMatchObject([
      { items: [{ id: 'usbmuxd', version: '1.1.1' }], whole: true },
    ]);
    const byHand = {
      'dpkg-versions': { exit: 1, stderr: 'dpkg-query: no packages found matching usbmuxd' },
      'usbmuxd-version': { stdout: 'usbmuxd 1.2.0\n' },
    };
    expect(await ask('apple-software', { commands: byHand })).toMatchObject([
      { items: [{ id: 'usbmuxd', version: '1.2.0' }], whole: false },
    ]);
    expect(await ask('apple-software', {})).toEqual(['missing-tool']);
  });
  it('when it started and woke', async () => {
    const commands = { 'journal-resume': { stdout: `${entry(NOW - 60_000, 'System returned from sleep')}\n` } };
    expect(await ask('power-events', { commands, identity: { uptimeS: 7_200 } })).toEqual([
      { resumedAt: '2026-11-24T08:59:00.000Z', startedAt: '2026-11-24T07:00:00.000Z' },
    ]);
    expect(await ask('power-events', {})).toMatchObject([{ resumedAt: null }]);
  });
  it('its room, in steps', async () => {
    expect(await ask('host-storage', { files: { 'home-space': { freeBytes: 1_073_741_825, totalBytes: 2e9 } } })).toEqual([
      { freeBytes: 1_073_741_824, totalBytes: 2e9 },
    ]);
  });
});

describe('the way to the server', () => {
  const HEADER = 'Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n';
  const route = (name: string, destination = '00000000') =>
    `${name}\t${destination}\t0100A8C0\t0003\t0\t0\t0\t${destination === '00000000' ? '00000000' : '00FFFFFF'}\t0\t0\t0\n`;
  const net = (name: string, files: NonNullable<Recording['sysfs']>) =>
    Object.fromEntries(Object.entries(files).map(([f, v]) => [`class/net/${name}/${f}`, v]));
  const sysfs = {
    ...net('eth0', { device: { link: '../../../0000:00:1f.6' } }),
    ...net('wlan0', { device: { link: '../../../0000:00:14.3' }, phy80211: { link: '../../ieee80211/phy0' } }),
    ...net('eth1', { device: { link: '../../../1-2:4.2' } }),
    ...net('wg0', { mtu: '1420' }),
    'bus/usb/devices/1-2/idVendor': '05ac',
  };
  it.each([
    [route('eth0'), { interface: 'eth0', via: 'wired', tunnels: [], tunnelTakesLocal: false }],
    [route('wlan0') + route('eth1', '0014A8C0'), { interface: 'wlan0', via: 'wifi', tunnels: [] }],
    [route('eth1'), { interface: 'eth1', via: 'phone' }],
    [route('eth0') + route('wg0'), { interface: 'wg0', via: 'tunnel', tunnels: ['wg0'], tunnelTakesLocal: null }],
    [route('wg0'), { interface: 'wg0', via: 'tunnel', tunnelTakesLocal: true }],
  ])('%#', async (routes, reading) => {
    expect(await ask('own-route', { files: { 'routes-4': HEADER + routes, 'routes-6': '' }, sysfs })).toMatchObject([reading]);
  });
  it('is not known without a default route', async () => {
    expect(await ask('own-route', { files: { 'routes-4': HEADER, 'routes-6': '' }, sysfs })).toEqual(['unreachable']);
  });
});

describe('what the computer runs on', () => {
  const supply = (name: string, files: Record<string, string>) =>
    Object.fromEntries(Object.entries(files).map(([file, text]) => [`class/power_supply/${name}/${file}`, text]));
  const battery = { type: 'Battery', scope: 'System' };
  it.each([
    ['no supply that the kernel knows', {}, true],
    [
      'mains, and a full battery',
      { ...supply('AC', { type: 'Mains', online: '1' }), ...supply('BAT0', { ...battery, status: 'Full' }) },
      true,
    ],
    ['a battery', { ...supply('AC', { type: 'Mains', online: '0' }), ...supply('BAT0', { ...battery, status: 'Discharging' }) }, false],
    ['a battery without a word of mains', supply('BAT0', { ...battery, status: 'Discharging' }), false],
    ['mains, and a mouse that is drained', supply('hidpp_battery_0', { type: 'Battery', scope: 'Device', status: 'Discharging' }), true],
  ])('%s', async (_name, sysfs, mains) => {
    expect(await ask('power-source', { sysfs })).toEqual([{ mains }]);
  });
});

describe('backups on Linux', () => {
  it('are nowhere that can be known', async () => {
    expect(await ask('backup', {}, [UDID, OTHER])).toEqual(['unsupported', 'unsupported']);
  });
  it('under way are this phone’s only when there is no other', async () => {
    const commands = { 'process-names': { stdout: '    9  1000 S idevicebackup2\n' } };
    expect(await ask('backup-activity', { commands })).toMatchObject([{ stalledS: null }]);
    expect(await ask('backup-activity', { commands }, [UDID, OTHER])).toEqual(['unsupported', 'unsupported']);
    expect(await ask('backup-activity', { commands: { 'process-names': { stdout: '    1     0 S systemd\n' } } })).toEqual(['absent']);
  });
});

describe('the hosts file', () => {
  it('names what is sent elsewhere, and nothing that only looks like it', async () => {
    const hosts =
      '127.0.0.1 localhost\r\n# 127.0.0.1 gs.apple.com\n74.208.105.171  GS.apple.com # cydia\n0.0.0.0 mesu.apple.com. appldnld.apple.com\n::1 notapple.com apple.com.evil.example\n';
    expect(await ask('hosts-file', { files: { hosts } })).toEqual([
      { appleLines: 2, names: ['appldnld.apple.com', 'gs.apple.com', 'mesu.apple.com'] },
    ]);
    expect(await ask('hosts-file', { files: { hosts: '' } })).toEqual([{ appleLines: 0, names: [] }]);
  });
});
