import type { Os } from '@lockstep/agent/machine';
import type { SimulatedComputer } from './computer.js';
import type { BusEvent } from './condition.js';
import { ALL, be, type Change, type HostFaultRow, row } from './host-fault.js';
import { NETWORK_FAULTS } from './network-faults.js';

/** Each phone that is there. */
const phones = (computer: SimulatedComputer, act: (name: string) => void) => {
  for (const name of computer.bench.names) act(name);
};
/** A driver that does not do its work: the multiplexer never gets the phones. */
const driver =
  (state: SimulatedComputer['condition']['windows']['driver']): Change =>
  (computer) => {
    computer.condition.windows.driver = state;
    phones(computer, (name) => computer.bench.withhold(name, true));
  };
const stopped = async (computer: SimulatedComputer) => await computer.bench.setMuxFault('mux-stopped');

/** Each phone left and came back this often, this far apart, until a moment ago. */
function comings(computer: SimulatedComputer, times: number, apartMs: number): BusEvent[] {
  const now = computer.now();
  return computer.bench.onBus.flatMap(({ device, devnum }) =>
    Array.from({ length: times }, (_, n): BusEvent[] => {
      const { location, idVendor, idProduct, serial, product } = device;
      const event = { location, idVendor, idProduct, serial, product, devnum: Math.max(2, devnum - times + n) };
      // What the computer saw last is that they came for good, which is the bench's own doing.
      const at = now - (times - n) * apartMs;
      return [{ ...event, what: 'came', at } as const, { ...event, what: 'went', at: at + apartMs / 2 } as const];
    }).flat(),
  );
}

/** Somebody plugged something in at an empty port three times, and it never became a device. */
function failures(computer: SimulatedComputer): BusEvent[] {
  return [180_000, 120_000, 60_000].map((ago) => ({ what: 'failed', at: computer.now() - ago, location: '1-9' }));
}

/** Every trouble a simulated computer can have beside those of its multiplexer and its phones. */
export const HOST_FAULTS = {
  recovery: row(ALL, 'C01', 'pair', 'the phones hang on the bus in recovery mode', (c) => phones(c, (n) => c.bench.force(n, 'recovery'))),
  dfu: row(ALL, 'C02', 'pair', 'the phones hang on the bus in DFU mode', (c) => phones(c, (n) => c.bench.force(n, 'dfu'))),
  'restore-under-way': row(ALL, 'C03', 'pair', 'a program restores the phone, which hangs on the bus in recovery mode meanwhile', (c) => {
    c.condition.restoring = true;
    if (c.os === 'linux') c.condition.programs.push({ name: 'idevicerestore' });
    phones(c, (n) => c.bench.force(n, 'recovery'));
  }),
  'loose-cable': row(ALL, 'C11', 'pair', 'the log tells of four departures and arrivals within a minute, at one port', (c) => {
    c.condition.busLog.push(...comings(c, 4, 15_000));
  }),
  'descriptor-failure': row(ALL, 'C16', 'host', 'something is plugged in that never becomes a device; no phone hangs on the bus', (c) => {
    c.condition.busLog.push(...failures(c));
    phones(c, (n) => c.bench.unplug(n));
  }),
  'accessory-held': row(['macos'], 'C20', 'host', 'the Mac holds a port back until somebody approves the accessory', (c) => {
    c.condition.mac.holdsPort = true;
    phones(c, (n) => c.bench.unplug(n));
  }),
  'device-control': row(
    ['linux', 'windows'],
    'C21',
    'host',
    'a policy keeps phones out: usbguard, or device installation restrictions',
    (c) => {
      c.condition.keepsPhonesOut = true;
      if (c.os === 'windows') driver('missing')(c);
      else {
        c.condition.programs.push({ name: 'usbguard-daemon' });
        phones(c, (n) => c.bench.force(n, 'unauthorised'));
      }
    },
  ),
  'ports-sleep': row(['linux', 'windows'], 'C22', 'remark', 'idle ports are switched off, and the phone goes now and then', (c) => {
    c.condition.suspendsIdle = true;
    c.condition.busLog.push(...comings(c, 2, 600_000));
  }),
  'taken-by-vm': row(ALL, 'C23', 'pair', 'a virtual machine runs and has the phone', (c) => {
    const program = { linux: 'qemu-system-x86_64', macos: 'prl_vm_app', windows: 'VirtualBoxVM' } as const;
    c.condition.programs.push({ name: program[c.os] });
    c.condition.takenBy = 'virtual-machine';
    phones(c, (n) => c.bench.withhold(n, true));
  }),
  'taken-by-wsl': row(['windows'], 'C23', 'pair', 'usbipd-win has handed the phone on to Linux in a virtual machine', (c) => {
    c.condition.programs.push({ name: 'usbipd' });
    c.condition.takenBy = 'usbipd';
    phones(c, (n) => c.bench.withhold(n, true));
  }),
  'full-speed': row(['linux', 'macos'], 'C24', 'pair', 'the cable carries 12 Mb/s', (c) => phones(c, (n) => c.bench.setSpeed(n, 12))),
  'driver-missing': row(['windows'], 'C25', 'pair', "no driver is bound to the multiplexer's interface (code 28)", driver('missing')),
  'driver-broken': row(['windows'], 'C26', 'pair', "the driver of the multiplexer's interface cannot start (code 10)", driver('broken')),
  'driver-foreign': row(['windows'], 'C26', 'pair', "somebody bound libusbK to the multiplexer's interface", driver('foreign')),
  'driver-disabled': row(['windows'], 'C27', 'pair', "somebody disabled the multiplexer's interface (code 22)", driver('disabled')),
  'no-apple-software': row(['windows'], 'C28', 'host', 'neither iTunes nor Apple Devices is installed', async (c) => {
    c.condition.windows.stack = 'none';
    await stopped(c);
  }),
  'service-stopped': row(['windows'], 'C29', 'host', 'Apple Mobile Device Service is stopped', stopped),
  'service-disabled': row(['windows'], 'C29', 'host', 'Apple Mobile Device Service is disabled', async (c) => {
    c.condition.windows.service = 'Disabled';
    await stopped(c);
  }),
  'store-not-started': row(['windows'], 'C31', 'host', 'Apple Devices is installed, and its process does not run', async (c) => {
    c.condition.windows.stack = 'store';
    await stopped(c);
  }),
  'restart-pending': row(['windows'], 'C33', 'host', 'the driver works after a restart (code 14), which Windows waits for', (c) => {
    c.condition.restart = { reasons: ['servicing', 'renames'], since: c.now() - 3 * 86_400_000 };
    driver('wants-restart')(c);
  }),
  'restart-wanted': row(['linux'], 'C33', 'remark', 'the system waits for a restart; everything works', (c) => {
    c.condition.restart = { reasons: ['kernel'], since: c.now() - 3 * 86_400_000 };
  }),
  'port-taken': row(['windows'], 'C34', 'host', 'another program listens on 127.0.0.1:27015', async (c) => {
    c.condition.windows.portOwner = { name: 'adbserver', path: 'C:\\Tools\\adbserver\\adbserver.exe', signer: null };
    await c.bench.setMuxFault('mux-garbage');
  }),
  'port-forwarded': row(['windows'], 'C34', 'host', 'a rule of the port proxy sends 127.0.0.1:27015 elsewhere', async (c) => {
    c.condition.windows.portProxy.push({ type: 'v4tov4', listen: '127.0.0.1/27015', to: '192.168.0.99/27015' });
    const signer = 'CN=Microsoft Windows, O=Microsoft Corporation, L=Redmond, S=Washington, C=US';
    c.condition.windows.portOwner = { name: 'svchost', path: 'C:\\Windows\\System32\\svchost.exe', signer };
    await c.bench.setMuxFault('mux-garbage');
  }),
  'mixed-stacks': row(['windows'], 'C35', 'remark', 'iTunes and Apple Devices are both installed, and no phone is listed', async (c) => {
    c.condition.windows.stack = 'both';
    await stopped(c);
  }),
  'agent-wedged': row(['macos'], 'C36', 'pair', 'AMPDeviceDiscoveryAgent did not notice the phone that the others saw', (c) => {
    c.condition.mac.sawPhone = false;
  }),
  'configurator-hangs': row(['macos'], 'C36', 'pair', 'cfgutil does not answer within its time', (c) => {
    c.condition.mac.configurator = 'hangs';
  }),
  'hidden-by-preference': row(
    ['macos'],
    'C37',
    'host',
    'the preference ignore-devices is set',
    be((c) => {
      c.mac.hides = true;
    }),
  ),
  'agent-disabled': row(
    ['macos'],
    'C38',
    'host',
    'somebody disabled AMPDeviceDiscoveryAgent',
    be((c) => {
      c.mac.disabled.push('com.apple.AMPDeviceDiscoveryAgent');
    }),
  ),
  'agent-held': row(
    ['macos'],
    'C38',
    'host',
    'a tool holds AMPDevicesAgent stopped (state T)',
    be((c) => {
      c.programs.push({ name: 'AMPDevicesAgent', held: true });
    }),
  ),
  'records-unwritable': row(
    ALL,
    'C46',
    'remark',
    "the multiplexer's account may not write its records; known phones work",
    be((c) => {
      c.recordsWritable = false;
    }),
  ),
  'identity-changed': row(
    ALL,
    'C47',
    'pair',
    "the computer's identity is new: the records carry another SystemBUID, and phones do not know it",
    (c) => {
      c.condition.identityAt = c.now() - 3_600_000;
      c.bench.mux.records.renew();
      phones(c, (n) => c.bench.setFault(n, 'forgets-host'));
    },
  ),
  'clock-behind': row(ALL, 'C57', 'pair', "the computer's clock is eleven years behind, and so are the certificates it made", async (c) => {
    for (const name of c.bench.names) await c.bench.prepare(name, 'certificates-ended');
    phones(c, (n) => c.bench.setFault(n, 'certificates-ended'));
    c.condition.clockAheadS = -11 * 365 * 86_400;
  }),
  'other-session': row(
    ['windows'],
    'C58',
    'host',
    "Apple's process was started in the session of another person who is still signed in",
    be((c) => {
      c.windows.stack = 'store';
      c.windows.elsewhere = true;
      c.otherPeople = 1;
    }),
  ),
  'other-person': row(
    ['macos'],
    'C58',
    'host',
    'another person is signed in behind, and the agent in front did not notice the phone',
    be((c) => {
      c.otherPeople = 1;
      c.mac.sawPhone = false;
    }),
  ),
  'system-outdated': row(
    ['macos'],
    'C61',
    'host',
    'macOS is some updates behind',
    be((c) => {
      c.osVersion = 'macOS 26.0 (25A354)';
    }),
  ),
  'system-too-old': row(
    ['macos'],
    'C62',
    'pair',
    'macOS and its support for phones are older than the phone asks for',
    be((c) => {
      c.osVersion = 'macOS 14.8.1 (23J30)';
    }),
  ),
  'programs-too-old': row(
    ['windows'],
    'C62',
    'pair',
    "Apple's programs are older than the phone asks for",
    be((c) => {
      c.windows.stackAge = 'old';
    }),
  ),
  'support-blocked': row(
    ['macos'],
    'C66',
    'pair',
    'macOS and its support for phones are older than the phone asks for, and it looks for updates at a server of the company',
    be((c) => {
      c.osVersion = 'macOS 14.8.1 (23J30)';
      c.mac.catalogueUrl = 'http://updates.example/index.sucatalog';
    }),
  ),
  'edition-without-media': row(
    ['windows'],
    'C71',
    'host',
    'an edition of Windows without media features; Apple Mobile Device Service does not start',
    async (c) => {
      c.condition.windows.edition = 'ProfessionalN';
      c.condition.windows.mediaFeatures = false;
      await stopped(c);
    },
  ),
  'phone-manager': row(['windows'], 'C72', 'host', '3uTools runs and has replaced the driver', (c) => {
    c.condition.programs.push({ name: '3uTools' });
    driver('foreign')(c);
  }),
  'restore-held-up': row(['macos', 'windows'], 'C73', 'pair', 'security software runs, and the last restore ended with error 35', (c) => {
    c.condition.programs.push({ name: c.os === 'macos' ? 'falcond' : 'CSFalconService' });
    c.condition.restoreError = 35;
  }),
  'restore-lost-usb': row(
    ['macos', 'windows'],
    'C92',
    'host',
    'the last restore lost the phone on its way (error 4013)',
    be((c) => {
      c.restoreError = 4013;
    }),
  ),
  'restore-refused': row(
    ['macos', 'windows'],
    'C93',
    'host',
    "Apple's servers refused the last restore (error 3194)",
    be((c) => {
      c.restoreError = 3194;
    }),
  ),
  'security-software': row(
    ['macos', 'windows'],
    'C73',
    'remark',
    'security software runs, and the phone is on the bus and not listed',
    (c) => {
      c.condition.programs.push({ name: c.os === 'macos' ? 'falcond' : 'CSFalconService' });
      phones(c, (n) => c.bench.withhold(n, true));
    },
  ),
  ...NETWORK_FAULTS,
  'agent-crashes': row(['macos', 'windows'], 'C88', 'host', 'the agents that show phones crashed four times today', (c) => {
    const program = c.os === 'macos' ? 'AMPDeviceDiscoveryAgent' : 'iTunes';
    c.condition.crashes.push(...[1, 3, 5, 7].map((h) => ({ program, at: c.now() - h * 3_600_000 })));
  }),
  'backup-interrupted': row(
    ['macos', 'windows'],
    'C90',
    'pair',
    'the last backup never ended: no manifest, and it says that it was copying',
    be((c) => {
      c.backups = 'interrupted';
    }),
  ),
  'disk-full': row(
    ALL,
    'C91',
    'pair',
    '1 GB is free on the computer',
    be((c) => {
      c.freeBytes = 1_000_000_000;
    }),
  ),
} as const satisfies Record<string, HostFaultRow>;

export type HostFaultId = keyof typeof HOST_FAULTS;
export const HOST_FAULT_IDS = Object.keys(HOST_FAULTS) as [HostFaultId, ...HostFaultId[]];

/** Whether computers of this system can have it. */
export function isFaultOf(fault: HostFaultId, os: Os): boolean {
  return (HOST_FAULTS[fault].on as readonly Os[]).includes(os);
}
