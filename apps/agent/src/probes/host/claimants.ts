import { claimantsAmong, type DraftFact, type Machine, ReadFailed, readProcesses, type Sysfs } from '../../machine/index.js';
import { draft, type HostProbe } from '../probe.js';
import { claimantsRow } from './macos/index.js';
import * as windows from './windows/index.js';

/** Programs that take phones away from the multiplexer, or do something to it. */
export const claimants: HostProbe = {
  id: 'claimants',
  kinds: ['claimants'],
  cost: 'moderate',
  cadenceMs: 5 * 60_000,
  deadlineMs: 15_000,
  nudged: true,
  rows: {
    linux: { asks: ['process-names', 'sysfs'], privilege: 'user', ask: ({ machine }, signal) => askLinux(machine, signal) },
    macos: claimantsRow,
    windows: windows.claimantsRow,
  },
};

/** Running programs by name; and usbip, which shows in the kernel: a phone that it hands on is bound to the driver `usbip-host`. */
async function askLinux(machine: Machine, signal: AbortSignal): Promise<DraftFact[]> {
  const [list, handedOn] = await Promise.all([readProcesses(await machine.run('process-names', signal)), handedOnByUsbip(machine.sysfs)]);
  if (!list.read) return [draft.failed('claimants', 'host', list.reason)];
  const programs = claimantsAmong(list.processes).filter((p) => p.name !== 'usbip');
  const usbip = claimantsAmong(list.processes).find((p) => p.name === 'usbip');
  if (handedOn || usbip) programs.push({ kind: 'usb-redirector', name: 'usbip', holdsPhone: handedOn });
  return [draft.seen('claimants', 'host', { programs })];
}

async function handedOnByUsbip(sysfs: Sysfs): Promise<boolean> {
  const names = (await sysfs.list('bus/usb/devices')).filter((n) => /^\d+-\d+(\.\d+)*$/.test(n));
  for (const name of names) {
    try {
      if ((await sysfs.readText(`bus/usb/devices/${name}/idVendor`)).trim() !== '05ac') continue;
      if (/(^|\/)usbip-host$/.test(await sysfs.readLink(`bus/usb/devices/${name}/driver`))) return true;
    } catch (e) {
      if (!(e instanceof ReadFailed)) throw e;
    }
  }
  return false;
}
