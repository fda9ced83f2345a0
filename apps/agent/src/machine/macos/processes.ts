import type { FailReason, Reading } from '@lockstep/core/health';
import { linesOf } from '../decode.js';
import type { DraftFact } from '../draft.js';
import { failedEnd } from '../linux/index.js';
import type { Ran } from '../port.js';

/** One running program of a Mac. */
export interface MacProcess {
  pid: number;
  uid: number;
  /** ps's letters, the first of which is S, R, I, U, Z or T (held stopped). */
  state: string;
  /** Of one core, within the last minute. */
  cpuPercent: number;
  /** Since it was started, s. */
  ageS: number;
  /** The program's file name. */
  name: string;
}

export type MacProcesses = { read: true; processes: MacProcess[] } | { read: false; reason: FailReason };

/** Reads `ps -axww` with the columns pid, uid, state, %cpu, etime and comm (ps(1)): the command is a whole path. Never arguments. */
export function readMacProcesses(ran: Ran): MacProcesses {
  const failed = failedEnd(ran);
  if (failed) return { read: false, reason: failed };
  const processes: MacProcess[] = [];
  let bad = 0;
  for (const { line, whole } of linesOf(ran.stdout)) {
    const m = /^\s*(\d{1,9})\s+(-?\d{1,10})\s+(\S{1,12})\s+(\d{1,5}[.,]\d)\s+([\d:-]{4,12})\s+(.+?)\s*$/.exec(line);
    const ageS = secondsOf(m?.[5] ?? '');
    if (m?.[3] && m[4] && m[6] && ageS !== null) {
      processes.push({
        pid: Number(m[1]),
        uid: Number(m[2]),
        state: m[3],
        cpuPercent: Number(m[4].replace(',', '.')),
        ageS,
        name: m[6].slice(m[6].lastIndexOf('/') + 1),
      });
    } else if (whole && line.trim() !== '') bad++;
  }
  // Every computer runs something: no line at all is no answer.
  if (ran.exit !== 0 || processes.length === 0 || bad > processes.length) return { read: false, reason: 'garbage' };
  return { read: true, processes };
}

/** `[[dd-]hh:]mm:ss` */
function secondsOf(raw: string): number | null {
  const m = /^(?:(?:(\d{1,5})-)?(\d{1,2}):)?(\d{1,2}):(\d{2})$/.exec(raw);
  return m ? Number(m[1] ?? 0) * 86_400 + Number(m[2] ?? 0) * 3_600 + Number(m[3]) * 60 + Number(m[4]) : null;
}

/** Whether a tool holds a program stopped. */
export function isHeld(process: MacProcess): boolean {
  return process.state.startsWith('T');
}

type Program = Reading<'claimants'>['programs'][number];

/** Programs by the name of their file, as their makers' packages install them. */
const CLAIMANTS: readonly (readonly [RegExp, Program['kind'], string])[] = [
  // Its dispatcher runs always; a virtual machine only in this one.
  [/^prl_vm_app$/, 'virtual-machine', 'Parallels Desktop'],
  [/^vmware-vmx/, 'virtual-machine', 'VMware Fusion'],
  [/^(VirtualBoxVM|VBoxHeadless)$/, 'virtual-machine', 'VirtualBox'],
  [/^(UTM|QEMULauncher)$/, 'virtual-machine', 'UTM'],
  [/^qemu-system-/, 'virtual-machine', 'QEMU'],
  [/^(ankahv|anka\.hv|Anka)$/i, 'virtual-machine', 'Anka'],
  [/^com\.apple\.Virtualization\.VirtualMachine$/, 'virtual-machine', 'Virtualization'],
  [/^(vhusbd|VirtualHere)/i, 'usb-redirector', 'VirtualHere'],
  [/^(flexihub|USB Network Gate|eveusbd?)/i, 'usb-redirector', 'USB Network Gate'],
  [/^iMazing/, 'phone-manager', 'iMazing'],
  [/^3uTools/i, 'phone-manager', '3uTools'],
  [/^AnyTrans/, 'phone-manager', 'AnyTrans'],
  [/^(iExplorer|iFunBox|PhoneView)/, 'phone-manager', 'phone browser'],
  [/^(Dr\.?Fone|UltData|ReiBoot|4uKey)/i, 'phone-manager', 'phone repair tool'],
  [/^(checkra1n|palera1n)/, 'phone-manager', 'jailbreak tool'],
  [/^(falcond|com\.crowdstrike\.falcon\.Agent)$/, 'security', 'CrowdStrike Falcon'],
  [/^(JamfProtect|com\.jamf\.protect\.daemon)$/, 'security', 'Jamf Protect'],
  [/^(sentineld|SentinelAgent)$/, 'security', 'SentinelOne'],
  [/^wdavdaemon/, 'security', 'Microsoft Defender'],
  [/^(com\.google\.santa\.daemon|santad)$/, 'security', 'Santa'],
];

/** Programs among these that take phones away or do something to them. */
export function macClaimants(processes: readonly MacProcess[]): Program[] {
  return CLAIMANTS.filter(([name]) => processes.some((p) => name.test(p.name))).map(([, kind, name]) => ({ kind, name, holdsPhone: null }));
}

/** This agent asks cfgutil for its list now and then, which takes seconds: one that runs longer does something to a phone, s. */
const CFGUTIL_S = 30;

/** Programs among these that update or restore a phone. Configurator that is merely open does neither. */
export function macUpdaters(processes: readonly MacProcess[]): Reading<'updater-activity'>['programs'] {
  const programs: Reading<'updater-activity'>['programs'] = [];
  if (processes.some((p) => p.name === 'cfgutil' && p.ageS > CFGUTIL_S)) programs.push('cfgutil');
  if (processes.some((p) => p.name === 'idevicerestore')) programs.push('idevicerestore');
  if (processes.some((p) => p.name === 'MobileDeviceUpdater')) programs.push('mobile-device-updater');
  return programs;
}

/** Whether a backup by Apple's program is under way: MobileDevice.framework starts it for each one. */
export function isMacBackingUp(processes: readonly MacProcess[]): boolean {
  return processes.some((p) => p.name === 'AppleMobileBackup' || p.name === 'idevicebackup2');
}

/** The service that tells where the computer is, as its process shows it. */
export function locationReading(processes: readonly MacProcess[]): Pick<Reading<'location-daemon'>, 'cpuPercent' | 'running'> {
  const daemon = processes.find((p) => p.name === 'locationd');
  // To ten: it breathes, and only a runaway matters.
  return { running: daemon !== undefined, cpuPercent: daemon ? Math.min(100, Math.round(daemon.cpuPercent / 10) * 10) : null };
}

/** The facts in the list of processes. */
export function parseMacProcesses(ran: Ran): DraftFact[] {
  const list = readMacProcesses(ran);
  if (!list.read) {
    return (['claimants', 'updater-activity', 'location-daemon'] as const).map((kind) => ({
      kind,
      subject: 'host',
      state: 'failed',
      reason: list.reason,
    }));
  }
  const { processes } = list;
  return [
    { kind: 'claimants', subject: 'host', state: 'seen', reading: { programs: macClaimants(processes) } },
    {
      kind: 'updater-activity',
      subject: 'host',
      state: 'seen',
      reading: { programs: macUpdaters(processes), logAgeS: null, lastError: null, lastErrorAt: null },
    },
    { kind: 'location-daemon', subject: 'host', state: 'seen', reading: { ...locationReading(processes), crashes24h: null } },
  ];
}
