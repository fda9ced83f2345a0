import type { FailReason, Reading } from '@lockstep/core/health';
import { z } from 'zod';
import { isResume } from './bus-log.js';
import { eventsOf, serviceOf } from './daemon.js';
import { field, rowsOr, type WindowsDocument } from './document.js';

type Read<T> = { read: true; reading: T } | { read: false; reason: FailReason };

const System = z.object({
  build: field.text,
  ubr: field.number,
  edition: field.text,
  shown: field.text,
  release: field.text,
  type: field.text,
  arch: field.text,
  media: field.flag,
});

/** The first build of Windows 11 (learn.microsoft.com, "Windows 11 release information"). ProductName still says 10 there. */
const ELEVEN = 22_000;
const ARCH: Readonly<Record<string, string>> = { AMD64: 'x64', ARM64: 'arm64', x86: 'ia32' };

/** The computer's system, from the registry: nothing in it is translated. */
export function readSystem(document: WindowsDocument): Read<Reading<'host-os'>> {
  const system = document.section('system', System);
  if (!system.read) return system;
  const [row] = system.rows;
  if (!row || row.build === null || !/^\d{4,6}$/.test(row.build)) return { read: false, reason: 'garbage' };
  const name = row.type === 'Server' ? 'Windows Server' : Number(row.build) >= ELEVEN ? 'Windows 11' : 'Windows 10';
  return {
    read: true,
    reading: {
      name,
      version: (row.shown ?? row.release ?? `10.0.${row.build}`).slice(0, 32),
      build: row.ubr === null ? row.build : `${row.build}.${row.ubr}`,
      model: null,
      edition: row.edition?.slice(0, 64) ?? null,
      arch: (ARCH[row.arch ?? ''] ?? row.arch ?? 'unknown').slice(0, 16),
      // Media Foundation's platform library comes with the media features; editions called N lack it until their feature pack is installed.
      mediaFeatures: row.media,
    },
  };
}

const Restart = z.object({ servicing: field.flag, update: field.flag, renames: field.texts });

/**
 * Whether Windows waits for a restart. Renames at the next start are common (updaters of browsers leave them all the time): they count only
 * where they are Apple's or of the bus's drivers.
 */
export function readRestart(document: WindowsDocument): Read<Reading<'pending-restart'>> {
  const restart = document.section('restart', Restart);
  if (!restart.read) return restart;
  const [row] = restart.rows;
  if (!row || row.servicing === null || row.update === null) return { read: false, reason: 'garbage' };
  const reasons: Reading<'pending-restart'>['reasons'] = [];
  if (row.servicing) reasons.push('component-servicing');
  if (row.update) reasons.push('windows-update');
  if (row.renames.some((r) => /\\(Apple|iTunes|Bonjour|Mobile Device Support|appleusb|usbaapl)/i.test(r))) reasons.push('file-rename');
  return { read: true, reading: { pending: reasons.length > 0, reasons, sinceS: null } };
}

/** When the computer woke last within a day; null: not. Undefined: the log could not be read. */
export function resumedIn(document: WindowsDocument): Read<{ at: number | null }> {
  const events = eventsOf(document, 'events');
  if (!events.read) return events;
  const times = events.rows.flatMap((e) => (isResume(e) && e.at !== null ? [e.at] : []));
  return { read: true, reading: { at: times.length > 0 ? Math.max(...times) : null } };
}

const Hub = z.object({ InstanceName: z.string(), Enable: field.flag });

/**
 * Whether idle ports are switched off: the power plan's "USB selective suspend" with mains and battery, whose values powercfg prints last
 * and as numbers; and how many root hubs may be turned off (MSPower_DeviceEnable).
 */
export function readUsbPower(document: WindowsDocument): Read<Reading<'usb-power'>> {
  const suspend = document.section('suspend', z.string());
  const hubs = document.section('hubs', Hub);
  const values = rowsOr(suspend)
    .flatMap((l) => /\b0x([0-9a-f]{8})\b/i.exec(l)?.[1] ?? [])
    .slice(-2);
  const suspendsIdle = values.length < 2 ? null : values.some((v) => Number.parseInt(v, 16) !== 0);
  const hubsMayTurnOff = hubs.read ? hubs.rows.filter((h) => /^USB\\ROOT_HUB/i.test(h.InstanceName) && h.Enable === true).length : null;
  if (suspendsIdle === null && hubsMayTurnOff === null) return { read: false, reason: suspend.read ? 'garbage' : suspend.reason };
  return { read: true, reading: { suspendsIdle, hubsMayTurnOff } };
}

/** The geolocation service: it is started when somebody asks where the computer is. `null` reading: not installed. */
export function readLocation(document: WindowsDocument): Read<Reading<'location-daemon'> | null> {
  const service = serviceOf(document, 'lfsvc');
  if (!service.read) return service;
  const [row] = service.rows;
  return { read: true, reading: row ? { cpuPercent: null, crashes24h: null, running: row.state === 'running' } : null };
}

/** Apple's responder where it is installed; without it Windows' own resolver answers local names (since Windows 10 1703). */
export function readResponder(document: WindowsDocument): Read<Reading<'mdns-responder'>['state']> {
  const bonjour = serviceOf(document, 'Bonjour Service');
  if (!bonjour.read) return bonjour;
  const row = bonjour.rows[0] ?? rowsOr(serviceOf(document, 'Dnscache'))[0];
  if (!row) return { read: true, reading: null };
  return { read: true, reading: row.state === 'starting' ? 'stopped' : row.state };
}

/** Everybody, the signed-in ones, the interactive ones, users and guests (learn.microsoft.com, "SID strings"). */
const PEOPLE = /^(WD|AU|IU|BU|BG)$/;
/** DELETE, WRITE_DAC, WRITE_OWNER and FILE_DELETE_CHILD: what the folder of the records never grants to people. */
const TAKES_OVER = 0x1_0000 | 0x4_0000 | 0x8_0000 | 0x40;

/**
 * The folder's access list (Get-Acl's SDDL, whose words are no language's). Apple's service is the system (SY); people may read there and
 * put new files down, as everywhere below ProgramData, and nothing more.
 */
export function readStoreAcl(document: WindowsDocument): Pick<Reading<'record-store'>, 'writable' | 'asShipped'> {
  const sddl = rowsOr(document.section('store', z.string()))[0];
  const list = sddl === undefined ? undefined : /D:[A-Z]*((?:\([^()]*\))*)/.exec(sddl)?.[1];
  if (list === undefined) return { writable: null, asShipped: null };
  const entries = [...list.matchAll(/\(([^()]*)\)/g)].map((m) => {
    const [type, , rights, , , who] = (m[1] ?? '').split(';');
    return { type, rights: rights ?? '', who: who ?? '' };
  });
  const system = entries.filter((e) => e.who === 'SY');
  return {
    writable: system.some((e) => e.type === 'D') ? false : system.some((e) => e.type === 'A' && isFull(e.rights)),
    asShipped: !entries.some((e) => e.type === 'A' && PEOPLE.test(e.who) && takesOver(e.rights)),
  };
}

function isFull(rights: string): boolean {
  return /^(FA|GA)$/.test(rights) || (/^0x/i.test(rights) && (Number.parseInt(rights, 16) & 0x1f_01ff) === 0x1f_01ff);
}

function takesOver(rights: string): boolean {
  if (/^0x/i.test(rights)) return (Number.parseInt(rights, 16) & TAKES_OVER) !== 0;
  const words = rights.match(/../g) ?? [];
  return words.some((w) => ['FA', 'GA', 'GW', 'FW', 'SD', 'WD', 'WO', 'DT'].includes(w));
}
