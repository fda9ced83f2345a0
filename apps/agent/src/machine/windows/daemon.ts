import type { Reading } from '@lockstep/core/health';
import { z } from 'zod';
import type { Service } from '../linux/index.js';
import { countOf, field, rowsOr, type Section, type WindowsDocument } from './document.js';
import { frontSession, processesOf } from './sessions.js';

/** The service of Apple's installer, by its key's name. Its shown name may be translated. */
const SERVICE = 'Apple Mobile Device Service';
/** What the Store apps start instead, in the session of whoever opened them. */
const STORE_PROCESS = 'AppleMobileDeviceProcess';

const ServiceRow = z.object({ Name: z.string(), State: field.text, StartMode: field.text, ProcessId: field.number });
const EventRow = z.object({ id: z.number(), source: field.text, at: field.instant, of: field.text });
export type EventRow = z.infer<typeof EventRow>;

/** Events of a section, newest first as the log gives them. */
export function eventsOf(document: WindowsDocument, name: string): Section<EventRow> {
  return document.section(name, EventRow);
}

export interface ServiceState {
  state: 'running' | 'stopped' | 'starting' | 'disabled';
  pid: number | null;
}

/** Win32_Service's words (learn.microsoft.com): they are the same in every language. */
export function serviceOf(document: WindowsDocument, name: string): Section<ServiceState> {
  const services = document.section('services', ServiceRow);
  if (!services.read) return services;
  const row = services.rows.find((s) => s.Name === name);
  if (!row) return { read: true, rows: [] };
  const state =
    row.State === 'Running'
      ? 'running'
      : row.State === 'Start Pending' || row.State === 'Continue Pending'
        ? 'starting'
        : row.State === null
          ? null
          : row.StartMode === 'Disabled'
            ? 'disabled'
            : 'stopped';
  if (state === null) return { read: false, reason: 'garbage' };
  return { read: true, rows: [{ state, pid: row.ProcessId === 0 ? null : countOf(row.ProcessId) }] };
}

/** The multiplexer as service manager, processes and event log show it: Apple's service, else the process of its Store apps. */
export function readDaemon(document: WindowsDocument): { service: Service } & Pick<Reading<'mux-daemon'>, 'flavour' | 'crashes24h'> {
  const classic = serviceOf(document, SERVICE);
  if (!classic.read) return { service: { known: false, reason: classic.reason } };
  const [service] = classic.rows;
  if (service?.state !== 'running') {
    const processes = processesOf(document);
    if (!processes.read) return { service: { known: false, reason: processes.reason } };
    const store = processes.rows.find((p) => p.name === STORE_PROCESS);
    if (store) {
      return {
        service: { known: true, state: 'running', pid: store.pid, restarts: null },
        flavour: 'store-process',
        crashes24h: crashesOf(document, [STORE_PROCESS]),
      };
    }
  }
  if (!service) return { service: { known: false, reason: null } };
  return {
    service: { known: true, ...service, restarts: null },
    flavour: 'windows-service',
    crashes24h: crashesOf(document, ['AppleMobileDeviceService', SERVICE]),
  };
}

/**
 * How often these ended unexpectedly within a day: a service's end (7031, 7034) and the same program's crash (1000) within a minute are
 * one. Null when the log could not be read.
 */
export function crashesOf(document: WindowsDocument, names: readonly string[]): number | null {
  const events = eventsOf(document, 'events');
  if (!events.read) return null;
  const mine = events.rows.filter(
    (e) => [1000, 7031, 7034].includes(e.id) && e.of !== null && names.includes(e.of.replace(/\.exe$/i, '')) && e.at !== null,
  );
  const times = mine.map((e) => e.at ?? 0).sort((a, b) => a - b);
  return times.filter((at, i) => i === 0 || at - (times[i - 1] ?? 0) > 60_000).length;
}

const PortRow = z.object({
  address: field.text,
  pid: field.number,
  name: field.text,
  session: field.number,
  path: field.text,
  signed: field.number,
  signer: field.text,
});
export type PortRow = z.infer<typeof PortRow>;

/** Apple's own, as certificates name it; the place of Store apps, which the system alone may write to. */
const SIGNER = /(^|,\s*)O="?Apple,? Inc\.?"?(,|$)/i;
const STORE_PATH = /^[A-Z]:\\Program Files\\WindowsApps\\AppleInc\.[A-Za-z]+_[0-9.]+_[A-Za-z0-9]+_[^\\]*_nzyj5cx40ttqa\\/i;
const PROGRAM_FILES = /^[A-Z]:\\Program Files( \(x86\))?\\/i;

/** Whether a program that listens is Apple's: signed by it, or out of its Store package. Null when neither could be looked at. */
export function isApple(row: Pick<PortRow, 'path' | 'signed' | 'signer'>): boolean | null {
  if (row.path === null) return null;
  if (STORE_PATH.test(row.path)) return true;
  if (row.signed === null) return null;
  return row.signed === 0 && row.signer !== null && SIGNER.test(row.signer);
}

/** Who listens where the agent connects to: 127.0.0.1. A socket bound to the address itself goes before one bound to all. */
function listeners(rows: readonly PortRow[]): PortRow[] {
  const own = rows.filter((r) => r.address === '127.0.0.1');
  return own.length > 0 ? own : rows.filter((r) => r.address === '0.0.0.0' || r.address === '::');
}

/** A rule of the port proxy that takes 27015 on this computer. */
function isForwarded(document: WindowsDocument): boolean | null {
  const rules = document.section('proxy', z.string());
  if (!rules.read) return null;
  return rules.rows.some((r) => /^(127\.0\.0\.1|0\.0\.0\.0|\*|localhost)\/27015$/i.test(r.trim()));
}

/** Who listens on 127.0.0.1:27015. `rows` is empty when nobody does. */
export function readPort(document: WindowsDocument): Section<Reading<'mux-port'>> {
  const port = document.section('port', PortRow);
  if (!port.read) return port;
  const [owner] = listeners(port.rows);
  const forwarded = isForwarded(document);
  if (!owner) return { read: true, rows: [] };
  const pid = countOf(owner.pid);
  if (pid === null) return { read: false, reason: 'garbage' };
  const classic = rowsOr(serviceOf(document, SERVICE))[0];
  const front = frontSession(document);
  return {
    read: true,
    rows: [
      {
        owner: {
          pid,
          program: (owner.name ?? 'unknown').slice(0, 255),
          // The service manager started it as Apple's service: whoever may change that is an administrator.
          apple: isApple(owner) ?? (classic?.pid === pid ? true : null),
          inFront: owner.session === null ? null : owner.session === 0 ? true : front === null ? null : front === owner.session,
        },
        forwarded,
      },
    ],
  };
}

/**
 * Whether every program that may answer on 127.0.0.1:27015 is Apple's beyond doubt: signed by Apple and in a folder that only
 * administrators change, or out of its Store package; and no port proxy stands in front. A signed program elsewhere may be made to load
 * somebody's library, and does not count.
 */
export function provesListener(document: WindowsDocument): 'apple' | 'nobody' | 'foreign' | 'unknown' {
  const port = document.section('port', PortRow);
  const forwarded = isForwarded(document);
  if (!port.read || forwarded === null) return 'unknown';
  if (forwarded) return 'foreign';
  const all = port.rows.filter((r) => r.address === '127.0.0.1' || r.address === '0.0.0.0' || r.address === '::');
  if (all.length === 0) return 'nobody';
  if (all.some((r) => isApple(r) === false)) return 'foreign';
  if (all.some((r) => isApple(r) === null || !PROGRAM_FILES.test(r.path ?? ''))) return 'unknown';
  return 'apple';
}
