import {
  type AppleService,
  processesOf,
  type Ran,
  readAppleService,
  readDocument,
  type WindowsDocument,
  type WindowsProcess,
} from '../../machine/index.js';
import { pause } from '../../probes/index.js';
import type { FixTools } from '../fix.js';

/** ERROR_SERVICE_ALREADY_RUNNING, ERROR_SERVICE_NOT_ACTIVE and ERROR_SERVICE_DISABLED (winerror.h), which sc.exe hands on as its exit code. */
const ALREADY_RUNNING = 1056;
const NOT_ACTIVE = 1062;
const DISABLED = 1058;
const ACCESS_DENIED = 5;
/** A stopping service has twenty seconds, as Windows itself gives one at shutdown; what works is done in one. */
const STOPS_MS = 20_000;

/** Apple's service on Windows as it is now; null when it cannot be read, `service` null when it is not installed. */
export interface ServiceLook {
  document: WindowsDocument;
  service: AppleService | null;
}

export async function lookAtService({ ctx, signal }: FixTools): Promise<ServiceLook | null> {
  const read = readDocument(await ctx.machine.run('windows-service', signal));
  if (!read.read) return null;
  const service = readAppleService(read.document);
  return service.read ? { document: read.document, service: service.rows[0] ?? null } : null;
}

/** Every running program; empty when the list could not be read. */
export function programsIn(document: WindowsDocument): readonly WindowsProcess[] {
  const list = processesOf(document);
  return list.read ? list.rows : [];
}

/** Starts the service. Null when it runs or is about to, else a word for why not. */
export async function startService({ ctx, signal }: FixTools): Promise<string | null> {
  const ran = await ctx.machine.run('service-start', signal);
  return ran.failure === null && (ran.exit === 0 || ran.exit === ALREADY_RUNNING) ? null : why('start', ran);
}

/**
 * Stops the service: asks it to, waits, and ends its process when it does not stop, that one alone and only while its number is still the
 * service's. Null when it is stopped, else a word for why not.
 */
export async function stopService(tools: FixTools): Promise<string | null> {
  const { ctx, waits, signal } = tools;
  const ran = await ctx.machine.run('service-stop', signal);
  if (ran.failure !== null || (ran.exit !== 0 && ran.exit !== NOT_ACTIVE)) return why('stop', ran);
  const until = performance.now() + Math.min(STOPS_MS, waits.relist, tools.timeLeft() / 2);
  let look = await lookAtService(tools);
  while (look?.service && (look.service.running || look.service.between) && performance.now() < until) {
    await pause(waits.look, signal);
    look = await lookAtService(tools);
  }
  if (look === null) return 'service-unreadable';
  const { service, document } = look;
  if (!service || !(service.running || service.between)) return null;
  const process = programsIn(document).find((p) => p.pid === service.pid && p.name === 'AppleMobileDeviceService');
  if (!process) return 'pid-unknown';
  const killed = await ctx.machine.run('process-end', signal, { pid: String(process.pid) });
  return killed.failure === null && killed.exit === 0 ? null : why('end', killed);
}

function why(what: string, ran: Ran): string {
  if (ran.failure !== null) return `${what}-${ran.failure}`;
  if (ran.exit === DISABLED) return 'disabled-by-admin';
  return ran.exit === ACCESS_DENIED ? `${what}-denied` : `${what}-failed`;
}
