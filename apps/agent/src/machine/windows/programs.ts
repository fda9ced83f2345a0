import type { FailReason, Reading } from '@lockstep/core/health';
import { z } from 'zod';
import { readRestoreLog } from '../macos/index.js';
import { readNodes, takenBy } from './bus.js';
import { crashesOf } from './daemon.js';
import { field, rowsOr, type WindowsDocument } from './document.js';
import { type Process, processesOf } from './sessions.js';

type Claimant = Reading<'claimants'>['programs'][number];
type SyncAgent = Reading<'sync-agents'>['agents'][number];
type Updater = Reading<'updater-activity'>['programs'][number];
type Read<T> = { read: true; reading: T } | { read: false; reason: FailReason };

/** Programs by their own names, from the makers' packages. Security software only where it is known to hold back USB devices. */
const CLAIMANTS: readonly (readonly [RegExp, Claimant['kind'], string])[] = [
  [/^(VirtualBoxVM|VBoxHeadless)$/i, 'virtual-machine', 'VirtualBox'],
  [/^vmware-vmx(-debug)?$/i, 'virtual-machine', 'VMware'],
  [/^qemu-system-/i, 'virtual-machine', 'QEMU'],
  [/^usbipd$/i, 'usb-redirector', 'usbipd'],
  [/^(vhusbdwin64|vhusbdwin|vhui64|vhui32)$/i, 'usb-redirector', 'VirtualHere'],
  [/^(UsbService64|UsbService|usb-over-ethernet)/i, 'usb-redirector', 'USB over network'],
  [/^3uTools/i, 'phone-manager', '3uTools'],
  [/^i4Tools/i, 'phone-manager', 'i4Tools'],
  [/^iMazing/i, 'phone-manager', 'iMazing'],
  [/^(AnyTrans|iMobie)/i, 'phone-manager', 'AnyTrans'],
  [/^(DrFone|Dr\.Fone|drfonetoolkit)/i, 'phone-manager', 'Dr.Fone'],
  [/^(ReiBoot|Tenorshare|iCareFone)/i, 'phone-manager', 'Tenorshare'],
  [/^(iTools|iToolsDaemon)/i, 'phone-manager', 'iTools'],
  [/^(AltServer|Sideloadly|sideloadlydaemon)$/i, 'phone-manager', 'sideloading tool'],
  [/^(edpa|wdp)$/i, 'security', 'Symantec DLP'],
  [/^(fcag|fcags|fcagswd)$/i, 'security', 'Trellix DLP'],
  [/^(DLService|DLTray)$/i, 'security', 'DeviceLock'],
  [/^(EPPService|EPPNotifier|cssguard)$/i, 'security', 'Endpoint Protector'],
  [/^(ekrn|eamonm)$/i, 'security', 'ESET'],
  [/^(avp|avpui|kavfswp)$/i, 'security', 'Kaspersky'],
  [/^(SentinelAgent|SentinelServiceHost)$/i, 'security', 'SentinelOne'],
  [/^CSFalconService$/i, 'security', 'CrowdStrike Falcon'],
  [/^(SSPService|SAVService|SophosDeviceControl|sdcservice)$/i, 'security', 'Sophos'],
];

/** Who has a phone can be told where its node carries that program's driver; usbipd-win hands phones on by VirtualBox's. */
const HOLDERS: Readonly<Record<string, readonly string[]>> = { VirtualBox: ['VirtualBox', 'usbipd'], VMware: ['VMware'] };

/** Programs that take phones away or do something to them. */
export function readClaimants(document: WindowsDocument): Read<Reading<'claimants'>> {
  const processes = processesOf(document);
  if (!processes.read) return processes;
  const bus = readNodes(document);
  const taken = bus.read ? takenBy(bus.devices) : [];
  const programs = CLAIMANTS.filter(([name]) => processes.rows.some((p) => name.test(p.name))).map(([, kind, name]): Claimant => {
    const holds = taken.some((t) => HOLDERS[t]?.includes(name));
    return { kind, name, holdsPhone: holds ? true : null };
  });
  return { read: true, reading: { programs: programs.slice(0, 32) } };
}

/** The programs that show and sync phones, and the one that iTunes' installer lets start with each session. */
const AGENTS = [
  'iTunesHelper',
  'AMPDevicesAgent',
  'AppleDevices',
  'iTunes',
  'AppleMobileDeviceHelper',
  'AppleMobileDeviceProcess',
] as const;

/**
 * The agents that run, or that crashed within a day. Which of them ought to run depends on what is installed, which is not asked here: the
 * others are not named. A helper that somebody took out of the programs that start with a session hinders no phone, and is no fault.
 */
export function readSyncAgents(document: WindowsDocument): Read<Reading<'sync-agents'>> {
  const processes = processesOf(document);
  if (!processes.read) return processes;
  const agents = AGENTS.flatMap((name): SyncAgent[] => {
    const running = processes.rows.find((p) => p.name.toLowerCase() === name.toLowerCase());
    const crashes24h = crashesOf(document, [name]);
    if (!running && !crashes24h) return [];
    return [{ name, state: running ? 'running' : 'idle', pid: running?.pid ?? null, managed: false, crashes24h, sawPhone: null }];
  });
  return { read: true, reading: { agents } };
}

/** Programs that can update or restore a phone. An open iTunes is no restore: the log tells whether it is one. */
const UPDATERS: readonly (readonly [RegExp, Updater])[] = [
  [/^iTunes$/i, 'itunes'],
  [/^AppleDevices$/i, 'apple-devices'],
  [/^idevicerestore/i, 'idevicerestore'],
];

export function updatersIn(processes: readonly Process[]): Updater[] {
  return UPDATERS.filter(([name]) => processes.some((p) => name.test(p.name))).map(([, id]) => id);
}

const Restore = z.object({ at: field.instant, lines: field.texts });

/** The end of the youngest restore log of this computer, and when it was written to last; null without one. */
export function readRestores(document: WindowsDocument): { at: number; lastError: number | null } | null {
  const logs = rowsOr(document.section('restores', Restore)).flatMap((r) => (r.at === null ? [] : [{ ...r, at: r.at }]));
  const [last] = logs.sort((a, b) => b.at - a.at);
  if (!last) return null;
  const stdout = last.lines.map((l) => `${l}\n`).join('');
  return { at: last.at, lastError: readRestoreLog({ exit: 0, stdout, stderr: '', failure: null })?.lastError ?? null };
}

/** Whether Apple's backup engine works: iTunes and Apple Devices start it for each backup and end it with it. */
export function isBackingUpHere(processes: readonly Process[]): boolean {
  return processes.some((p) => /^(AppleMobileBackup|idevicebackup2?)$/i.test(p.name));
}

const Home = z.object({ LocalPath: field.text, Loaded: field.flag });

/** Home folders of people, of those who are signed in first. */
export function homesOf(document: WindowsDocument): string[] {
  const homes = rowsOr(document.section('homes', Home));
  const paths = [...homes].sort((a, b) => Number(b.Loaded === true) - Number(a.Loaded === true)).flatMap((h) => h.LocalPath ?? []);
  return [...new Set(paths.map((p) => p.replace(/^[a-z]:/, (d) => d.toUpperCase())))];
}
