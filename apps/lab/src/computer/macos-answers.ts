import type { CommandId, Params, Ran } from '@lockstep/agent/machine';
import { type ComputerView, PERSON, restoreLog } from './condition.js';
import { busLine, profiler, registryOfBus, sockets, text } from './macos-usb.js';

const SAID = (stdout: string): Partial<Ran> => ({ stdout });
const lines = (...l: string[]): Partial<Ran> => ({ stdout: l.map((line) => `${line}\n`).join('') });
const MISSING: Partial<Ran> = { exit: null, failure: 'missing-tool' };

/** `macOS 26.1 (25B78)` in its parts. */
export function macVersion(osVersion: string): { version: string; build: string } {
  const m = /(\d+(?:\.\d+)*)(?:\s*\((\w+)\))?/.exec(osVersion);
  return { version: m?.[1] ?? '26.1', build: m?.[2] ?? '25B78' };
}

const HALF_HOUR_MS = 1_800_000;

/** What the tools of a MacBook with Apple silicon answer. Null: a command that this simulation does not know, which ends the test by name. */
export function macosAnswer(id: CommandId, params: Params, view: ComputerView): Partial<Ran> | null {
  const { condition } = view;
  switch (id) {
    case 'ioreg-usb':
      return SAID(registryOfBus(view));
    case 'profiler-usb':
      // Before macOS 26 there was no such question: System Information prints an empty object.
      return SAID(Number.parseInt(macVersion(view.osVersion).version, 10) >= 26 ? profiler('SPUSBHostDataType', view) : '{}\n');
    case 'profiler-usb-legacy':
      return SAID(
        Number.parseInt(macVersion(view.osVersion).version, 10) >= 26 ? '{"SPUSBDataType":[]}\n' : profiler('SPUSBDataType', view),
      );
    case 'ioreg-ports':
      return SAID(sockets(view));
    case 'ioreg-root':
      return SAID(sessions(view));
    case 'account-of':
      return params.uid === String(PERSON.uid)
        ? lines(
            `name: ${PERSON.account}`,
            'password: ********',
            `uid: ${PERSON.uid}`,
            'gid: 20',
            `dir: /Users/${PERSON.account}`,
            'shell: /bin/zsh',
            'gecos: Anna',
          )
        : SAID('');
    case 'log-usb':
      return log(
        view.busLog.map((e) => ({ at: e.at, process: '/kernel', message: busLine(e) })),
        view,
      );
    case 'log-devices':
      return log(deviceLog(view), view);
    case 'launchctl-usbmuxd':
      return job(
        'com.apple.usbmuxd',
        view.muxPid === null ? null : view.muxPid,
        '/System/Library/PrivateFrameworks/MobileDevice.framework/Versions/A/Resources/usbmuxd',
      );
    case 'launchctl-responder':
      return condition.responder === 'missing'
        ? noService('com.apple.mDNSResponder')
        : job('com.apple.mDNSResponder', condition.responder === 'running' ? 351 : null, '/usr/sbin/mDNSResponder');
    case 'launchctl-discovery-agent':
      return agent('com.apple.AMPDeviceDiscoveryAgent', condition.mac.agents.discovery, view);
    case 'launchctl-devices-agent':
      return agent('com.apple.AMPDevicesAgent', condition.mac.agents.devices, view);
    case 'launchctl-updater-agent':
      return agent('com.apple.mobiledeviceupdater', null, view);
    case 'launchctl-disabled':
      return lines(
        '\tdisabled services = {',
        ...condition.mac.disabled.map((l) => `\t\t"${l}" => disabled`),
        '\t\t"com.apple.Siri.agent" => enabled',
        '\t}',
        '\tlogin item associations = {',
        '\t}',
      );
    case 'process-list':
      return processes(view);
    case 'sysctl-times':
      return lines(
        `kern.boottime: { sec = ${Math.floor(view.startedAt / 1_000)}, usec = 0 } ${new Date(view.startedAt).toUTCString()}`,
        'kern.waketime: { sec = 0, usec = 0 } Thu Jan  1 00:00:00 1970',
      );
    case 'power-now':
      return lines(
        `Now drawing from '${condition.onBattery ? 'Battery' : 'AC'} Power'`,
        ` -InternalBattery-0 (id=4653155)\t83%; ${condition.onBattery ? 'discharging; 4:12 remaining' : 'AC attached; not charging'} present: true`,
      );
    case 'sysctl-hardware':
      return hardware(view);
    case 'sw-vers':
      return lines(
        'ProductName:\t\tmacOS',
        `ProductVersion:\t\t${macVersion(view.osVersion).version}`,
        `BuildVersion:\t\t${macVersion(view.osVersion).build}`,
      );
    case 'network-order':
      return networkOrder(view);
    case 'route-default':
      return lines(
        '   route to: default',
        'destination: default',
        '       mask: default',
        '    gateway: 192.168.0.1',
        `  interface: ${condition.tunnel ? TUNNEL : 'en0'}`,
        '      flags: <UP,GATEWAY,DONE,STATIC,PRCLONING,GLOBAL>',
      );
    case 'interfaces-up':
      return interfaces(view);
    case 'firewall-state':
      return SAID(
        condition.firewall === 'blocks-all'
          ? 'Firewall is blocking all non-essential incoming connections. (State = 2)\n'
          : condition.firewall === 'open'
            ? 'Firewall is disabled. (State = 0)\n'
            : 'Firewall is enabled. (State = 1)\n',
      );
    case 'time-server':
      return SAID(`${signed(-condition.clockAheadS)} +/- 0.012345 time.apple.com 17.253.52.125\n`);
    case 'cfgutil-list':
    case 'cfgutil-list-own':
      return cfgutil(view);
    case 'system-snapshots':
      return SAID(snapshots(view));
    case 'restore-log-end':
      return condition.restoring || condition.restoreError !== null
        ? lines(...restoreLog(condition))
        : { exit: 1, stderr: 'tail: No such file or directory\n' };
    default:
      return null;
  }
}

/** A company's VPN client. */
const TUNNEL = 'utun4';

const signed = (s: number) => `${s < 0 ? '-' : '+'}${Math.abs(s).toFixed(6)}`;

/** `log show --style ndjson`: an object a line, and one that says how many there were. */
function log(entries: readonly { at: number; process: string; message: string }[], view: ComputerView): Partial<Ran> {
  const shown = entries.filter((e) => e.at > view.now - HALF_HOUR_MS);
  const written = shown.map((e) => ({
    timestamp: `${new Date(e.at).toISOString().replace('T', ' ').replace('Z', '')}000+0000`,
    eventMessage: e.message,
    processImagePath: e.process,
    messageType: 'Default',
  }));
  return lines(...[...written, { count: shown.length, finished: 1 }].map((o) => JSON.stringify(o)));
}

/** Each program writes that a phone came, within a second; a wedged one does not. */
function deviceLog(view: ComputerView): { at: number; process: string; message: string }[] {
  const message = '_AMMuxedVersion2DeviceConnected (thread 0x16f0f3000): Device is attached over USB';
  return view.phones
    .filter((p) => p.look === 'served')
    .flatMap((p) => [
      { at: p.since + 400, process: '/System/Library/PrivateFrameworks/AMPDevices.framework/Versions/A/Support/AMPDevicesAgent', message },
      ...(view.condition.mac.sawPhone
        ? [
            {
              at: p.since + 500,
              process: '/System/Library/PrivateFrameworks/AMPDevices.framework/Versions/A/Support/AMPDeviceDiscoveryAgent',
              message,
            },
          ]
        : []),
      ...(knowsNewPhones(view)
        ? []
        : [
            {
              at: p.since + 600,
              process: '/System/Library/PrivateFrameworks/AMPDevices.framework/Versions/A/Support/AMPDevicesAgent',
              message: 'AMDeviceConnect (thread 0x16f0f3000): could not connect to the device: 0xe800006a',
            },
          ]),
    ]);
}

/** Its framework for phones is of the season of iOS 26: that of macOS 26, or a package that was installed since. */
export function knowsNewPhones({ condition, osVersion }: ComputerView): boolean {
  return condition.mac.supportInstalledAt !== null || Number.parseInt(macVersion(osVersion).version, 10) >= 26;
}

function sessions({ condition }: ComputerView): string {
  const user = (uid: number, front: boolean, locked: boolean) => ({
    kCGSSessionUserIDKey: uid,
    kCGSSessionOnConsoleKey: front,
    kCGSessionLoginDoneKey: true,
    ...(locked ? { CGSSessionScreenIsLocked: true } : {}),
  });
  const people = [
    ...(condition.person === 'none' ? [] : [user(PERSON.uid, true, condition.person === 'locked')]),
    ...Array.from({ length: condition.otherPeople }, (_, n) => user(PERSON.uid + 1 + n, false, false)),
  ];
  return text({
    IOKitBuildVersion: 'Darwin Kernel Version 25.1.0: xnu-12377.41.6~2/RELEASE_ARM64_T6000',
    IORegistryEntryName: 'Root',
    IOConsoleLocked: condition.person === 'locked',
    IOConsoleUsers: people,
  });
}

function noService(label: string): Partial<Ran> {
  return { exit: 113, stderr: `Bad request.\nCould not find service "${label}" in domain for system\n` };
}

function job(label: string, pid: number | null, program: string): Partial<Ran> {
  return lines(
    `${label} = {`,
    `\tactive count = ${pid === null ? 0 : 2}`,
    `\tpath = /System/Library/LaunchDaemons/${label}.plist`,
    '\ttype = LaunchDaemon',
    `\tstate = ${pid === null ? 'not running' : 'running'}`,
    '',
    `\tprogram = ${program}`,
    '\tendpoints = {',
    `\t\t"${label}" = {`,
    '\t\t\tstate = active',
    '\t\t}',
    '\t}',
    '',
    '\truns = 1',
    ...(pid === null ? [] : [`\tpid = ${pid}`]),
    '\tlast exit code = (never exited)',
    '}',
  );
}

function agent(label: string, pid: number | null, { condition }: ComputerView): Partial<Ran> {
  return job(
    label,
    condition.mac.disabled.includes(label) ? null : pid,
    '/System/Library/PrivateFrameworks/AMPDevices.framework/Versions/A/Support/agent',
  );
}

/** Number, owner, state, use, age and path of each program. */
function processes({ condition, muxPid }: ComputerView): Partial<Ran> {
  const row = (pid: number, uid: number, state: string, path: string, use = '0.0') =>
    `${String(pid).padStart(5)} ${String(uid).padStart(5)} ${state.padEnd(4)} ${use} 01:02:03 ${path}`;
  const held = (name: string) => condition.programs.some((p) => p.name === name && p.held);
  const agents = [
    ['com.apple.AMPDeviceDiscoveryAgent', condition.mac.agents.discovery, 'AMPDeviceDiscoveryAgent'],
    ['com.apple.AMPDevicesAgent', condition.mac.agents.devices, 'AMPDevicesAgent'],
  ] as const;
  return lines(
    row(1, 0, 'Ss', '/sbin/launchd'),
    row(351, 65, 'Ss', '/usr/sbin/mDNSResponder'),
    row(condition.location.pid, 205, 'Ss', '/usr/libexec/locationd', condition.location.busy ? '97.3' : '0.0'),
    ...(muxPid === null
      ? []
      : [
          row(
            muxPid,
            213,
            held('usbmuxd') ? 'T' : 'Ss',
            '/System/Library/PrivateFrameworks/MobileDevice.framework/Versions/A/Resources/usbmuxd',
          ),
        ]),
    ...agents
      .filter(([label]) => !condition.mac.disabled.includes(label))
      .map(([, pid, name]) =>
        row(pid, PERSON.uid, held(name) ? 'T' : 'S', `/System/Library/PrivateFrameworks/AMPDevices.framework/Versions/A/Support/${name}`),
      ),
    ...(condition.restoring ? [row(3_000, PERSON.uid, 'S', '/Applications/Apple Configurator.app/Contents/MacOS/cfgutil')] : []),
    ...condition.programs
      .filter((p) => !p.held)
      .map((p, n) => row(2_000 + n, PERSON.uid, 'S', `/Applications/${p.name}.app/Contents/MacOS/${p.name}`)),
  );
}

function hardware(view: ComputerView): Partial<Ran> {
  const { version, build } = macVersion(view.osVersion);
  return lines(
    'hw.model: Mac15,3',
    'hw.target: J504AP',
    'hw.optional.arm64: 1',
    `kern.osproductversion: ${version}`,
    `kern.osversion: ${build}`,
  );
}

function networkOrder({ condition }: ComputerView): Partial<Ran> {
  const used = condition.tunnel === null ? ['en0'] : condition.tunnel.only ? [TUNNEL] : [TUNNEL, 'en0'];
  return lines(
    'Network information',
    '',
    'IPv4 network interface information',
    ...used.map((n) => `   ${n} : flags      : 0x5 (IPv4,DNS)`),
    '',
    `Network interfaces: ${used.join(' ')}`,
  );
}

function interfaces({ condition }: ComputerView): Partial<Ran> {
  return lines(
    'lo0: flags=8049<UP,LOOPBACK,RUNNING,MULTICAST> mtu 16384',
    '\tinet 127.0.0.1 netmask 0xff000000',
    'en0: flags=8863<UP,BROADCAST,SMART,RUNNING,SIMPLEX,MULTICAST> mtu 1500',
    '\tinet 192.168.0.17 netmask 0xffffff00 broadcast 192.168.0.255',
    'utun0: flags=8051<UP,POINTOPOINT,RUNNING,MULTICAST> mtu 1380',
    '\tinet6 fe80::fc19:d5ee:3b09:c50c%utun0 prefixlen 64 scopeid 0x10',
    ...(condition.tunnel
      ? [`${TUNNEL}: flags=8051<UP,POINTOPOINT,RUNNING,MULTICAST> mtu 1400`, '\tinet 10.8.0.6 --> 10.8.0.6 netmask 0xffffffff']
      : []),
  );
}

function cfgutil({ condition, phones }: ComputerView): Partial<Ran> {
  if (condition.mac.configurator === 'none') return MISSING;
  if (condition.mac.configurator === 'hangs') return { exit: null, failure: 'timeout' };
  const listed = phones.map((p) => ({ ecid: `0x${ecidOf(p.device.serial)}`, mode: p.udid === null ? 'Recovery' : 'Booted' }));
  const Output = Object.fromEntries([...listed.map((l) => [l.ecid, { bootedState: l.mode }]), ['Errors', {}]]);
  return lines(JSON.stringify({ Command: 'list', Output, Type: 'CommandOutput', Devices: listed.map((l) => l.ecid) }));
}

/** Out of a serial number of 24 digits, of which the last 16 are the ECID, or the line of a phone in recovery. */
function ecidOf(serial: string): string {
  return /ECID:([0-9A-F]+)/.exec(serial)?.[1] ?? serial.slice(-16);
}

function snapshots({ condition }: ComputerView): string {
  const names = ['com.apple.os.update-9F2C4E1A', ...(condition.restart ? ['com.apple.os.update-MSUPrepareUpdate'] : [])];
  return text({ Snapshots: names.map((SnapshotName) => ({ SnapshotName, SnapshotUUID: '6D3C7B52-2F0B-4E0E-9B1D-0A4F1C2B3D4E' })) });
}
