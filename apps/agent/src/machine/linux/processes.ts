import type { FailReason, Reading } from '@lockstep/core/health';
import { linesOf } from '../decode.js';
import type { DraftFact } from '../draft.js';
import type { Ran } from '../port.js';
import { failedEnd } from './journal.js';

/** One running program. */
export interface Process {
  pid: number;
  /** Effective user id. */
  uid: number;
  /** ps's letter, such as S, R, T (held stopped), Z. */
  state: string;
  /** The kernel's name for it: at most 15 characters. */
  name: string;
}

export type Processes = { read: true; processes: Process[] } | { read: false; reason: FailReason };

/** Reads `ps -eo pid=,euid=,state=,comm=`. Names alone: arguments of other people's programs are nobody's business. */
export function readProcesses(ran: Ran): Processes {
  const failed = failedEnd(ran);
  if (failed) return { read: false, reason: failed };
  const processes: Process[] = [];
  let bad = 0;
  for (const { line, whole } of linesOf(ran.stdout)) {
    const m = /^\s*(\d{1,9})\s+(\d{1,10})\s+([A-Za-z])\s+(.+?)\s*$/.exec(line);
    if (m?.[3] && m[4]) processes.push({ pid: Number(m[1]), uid: Number(m[2]), state: m[3], name: m[4] });
    else if (whole && line.trim() !== '') bad++;
  }
  // Every computer runs something: no line at all is no answer.
  if (ran.exit !== 0 || processes.length === 0 || bad > processes.length) return { read: false, reason: 'garbage' };
  return { read: true, processes };
}

type Program = Reading<'claimants'>['programs'][number];

/** Programs by the beginning of the kernel's name. Names from the projects' own packages. */
const CLAIMANTS: readonly (readonly [RegExp, Program['kind'], string])[] = [
  [/^qemu-system/, 'virtual-machine', 'QEMU'],
  [/^(VirtualBoxVM|VBoxHeadless|VBoxSVC)/, 'virtual-machine', 'VirtualBox'],
  [/^(vmware-vmx|vmware-usbarbit)/, 'virtual-machine', 'VMware'],
  [/^usbipd/, 'usb-redirector', 'usbip'],
  [/^(vhusbd|vhclient|vhui)/, 'usb-redirector', 'VirtualHere'],
  [/^(spicy|remote-viewer|virt-viewer)/, 'usb-redirector', 'SPICE'],
  [/^(checkra1n|palera1n)/, 'phone-manager', 'jailbreak tool'],
  [/^(usbguard-daemon|usbguard-dbus)/, 'security', 'usbguard'],
];

const UPDATERS: readonly (readonly [RegExp, Reading<'updater-activity'>['programs'][number]])[] = [[/^idevicerestore/, 'idevicerestore']];

/** Programs among these that take phones away or do something to them. */
export function claimantsAmong(processes: readonly Process[]): Program[] {
  return CLAIMANTS.filter(([name]) => processes.some((p) => name.test(p.name))).map(([, kind, name]) => ({ kind, name, holdsPhone: null }));
}

/** Programs among these that update or restore a phone. */
export function updatersAmong(processes: readonly Process[]): Reading<'updater-activity'>['programs'] {
  return UPDATERS.filter(([name]) => processes.some((p) => name.test(p.name))).map(([, id]) => id);
}

/** Whether a backup by libimobiledevice's tool is under way. The kernel cuts its name to 15 characters. */
export function isBackingUp(processes: readonly Process[]): boolean {
  return processes.some((p) => p.name === 'idevicebackup2' || p.name === 'idevicebackup');
}

/** The facts in the list of processes. */
export function parseProcesses(ran: Ran): DraftFact[] {
  const list = readProcesses(ran);
  if (!list.read) {
    return (['claimants', 'updater-activity'] as const).map((kind) => ({ kind, subject: 'host', state: 'failed', reason: list.reason }));
  }
  return [
    { kind: 'claimants', subject: 'host', state: 'seen', reading: { programs: claimantsAmong(list.processes) } },
    { kind: 'updater-activity', subject: 'host', state: 'seen', reading: updaterReading(list.processes) },
  ];
}

/** idevicerestore writes to its terminal: there is no log whose age or last error could be read. */
export function updaterReading(processes: readonly Process[]): Reading<'updater-activity'> {
  return { programs: updatersAmong(processes), logAgeS: null, lastError: null, lastErrorAt: null };
}
