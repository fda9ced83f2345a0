import type { Reading } from '@lockstep/core/health';
import { type DraftFact, type Machine, ReadFailed, readUsbguard, type Sysfs } from '../../machine/index.js';
import { draft, type HostProbe } from '../probe.js';
import { deviceControlRow } from './macos/index.js';
import * as windows from './windows/index.js';

type Blocks = Reading<'device-control'>['blocks'];

const DEVICES = 'bus/usb/devices';

/** Policies that keep phones or removable devices out. */
export const deviceControl: HostProbe = {
  id: 'device-control',
  kinds: ['device-control'],
  cost: 'moderate',
  cadenceMs: 15 * 60_000,
  deadlineMs: 10_000,
  rows: {
    linux: { asks: ['usbguard-blocked', 'sysfs'], privilege: 'admin', ask: ({ machine }, signal) => askLinux(machine, signal) },
    macos: deviceControlRow,
    windows: windows.deviceControlRow,
  },
};

/**
 * usbguard where it is installed, and the kernel's own switch: a root hub whose `authorized_default` is 0 lets no new device in by itself
 * (kernel documentation, "Authorizing USB devices"), whoever set it.
 */
async function askLinux(machine: Machine, signal: AbortSignal): Promise<DraftFact[]> {
  const [guard, hubs] = await Promise.all([machine.run('usbguard-blocked', signal), closedHubs(machine.sysfs)]);
  const guarded = guard.failure === 'missing-tool' ? { read: true as const, blocks: [] } : readUsbguard(guard);
  // A tool that is installed and does not answer may keep phones out unseen, unless the kernel says that nothing is kept out.
  if (!guarded.read && (guarded.reason !== 'unreachable' || hubs.length > 0))
    return [draft.failed('device-control', 'host', guarded.reason)];
  const blocks: Blocks = [
    ...(guarded.read ? guarded.blocks : []),
    ...hubs.map((hub) => ({ by: 'profile' as const, rule: `${hub} authorized_default=0`, covers: 'all' as const })),
  ];
  return [draft.seen('device-control', 'host', { blocks: blocks.slice(0, 32), refused: await unauthorized(machine.sysfs) })];
}

async function closedHubs(sysfs: Sysfs): Promise<string[]> {
  const roots = (await sysfs.list(DEVICES)).filter((n) => /^usb\d+$/.test(n));
  const read = await Promise.all(roots.map(async (n) => ((await attribute(sysfs, n, 'authorized_default')) === '0' ? n : null)));
  return read.filter((n) => n !== null);
}

/** Apple devices that hang on the bus now and may not be used. */
async function unauthorized(sysfs: Sysfs): Promise<number> {
  const names = (await sysfs.list(DEVICES)).filter((n) => /^\d+-\d+(\.\d+)*$/.test(n));
  const shut = await Promise.all(
    names.map(async (n) => (await attribute(sysfs, n, 'idVendor')) === '05ac' && (await attribute(sysfs, n, 'authorized')) === '0'),
  );
  return shut.filter(Boolean).length;
}

async function attribute(sysfs: Sysfs, name: string, file: string): Promise<string | null> {
  try {
    return (await sysfs.readText(`${DEVICES}/${name}/${file}`)).trim();
  } catch (e) {
    if (e instanceof ReadFailed) return null;
    throw e;
  }
}
