import {
  type Machine,
  ReadFailed,
  readDaemon,
  readFirewall,
  readLocation,
  readPower,
  readRestart,
  readRoute,
  readSessions,
  readSoftware,
  readStoreAcl,
  readSystem,
  readWindowsTime,
  type Skew,
  windowsPortDraft,
  windowsResponderDraft,
} from '../../../machine/index.js';
import { type Asking, draft, type Row } from '../../probe.js';
import type { Responder } from '../mdns.js';
import type { DaemonReport } from '../mux-daemon.js';
import { documentOf, documentRow, patience, scriptRow } from './reports.js';

export const userSessionRow = scriptRow('user-session', 'windows-now', readSessions);
export const muxPortRow = documentRow('mux-port', 'windows-now', windowsPortDraft);
export const hostOsRow = scriptRow('host-os', 'windows-slow', readSystem);
export const pendingRestartRow = scriptRow('pending-restart', 'windows-slow', readRestart);
export const appleSoftwareRow = scriptRow('apple-software', 'windows-slow', readSoftware, { privilege: 'admin' });
export const locationDaemonRow = scriptRow('location-daemon', 'windows-slow', readLocation);
export const ownRouteRow = scriptRow('own-route', 'windows-network', readRoute, { cadenceMs: 15 * 60_000 });
export const powerSourceRow = scriptRow('power-source', 'windows-slow', readPower);
export const firewallRow = scriptRow('firewall', 'windows-network', readFirewall);

/** Apple's service or the process of its Store apps, beside what the socket says. */
export async function windowsDaemon(machine: Machine, signal: AbortSignal): Promise<DaemonReport> {
  const doc = await documentOf(machine, 'windows-now', signal);
  return doc.read ? readDaemon(doc.document) : { service: { known: false, reason: doc.reason } };
}

/** What a time server says. An agent that is given no network (a lab, a single look) asks nobody. */
export async function windowsTime(ctx: Asking, signal: AbortSignal): Promise<Skew> {
  if (!ctx.network) return { read: false, reason: 'unsupported' };
  return readWindowsTime(await ctx.machine.run('windows-time', signal));
}

/** Bonjour's service, else Windows' own resolver. */
export const windowsResponder: Responder = async ({ machine }, signal) => {
  const doc = await documentOf(machine, 'windows-slow', signal);
  return doc.read ? windowsResponderDraft(doc.document) : draft.failed('mdns-responder', 'host', doc.reason);
};

/** `recordsIn`: what every system says of the records themselves. */
type RecordsIn = (
  ctx: Asking,
  signal: AbortSignal,
) => Promise<{
  freeBytes: number | null;
  records: number | null;
  otherBuid: number | null;
  identityAt: string | null;
}>;

/** The folder of the records, by its access list: Windows has no mode bits. */
export const recordStoreRow = (recordsIn: RecordsIn): Row => ({
  asks: ['record-folder', 'record-files', 'record-space', 'windows-slow', 'mux'],
  privilege: 'user',
  deadlineMs: patience('windows-slow'),
  cadenceMs: 30 * 60_000,
  async ask(ctx, signal) {
    const kind = await kindOf(ctx.machine);
    if (kind === null) return [draft.absent('record-store', 'host')];
    const doc = await documentOf(ctx.machine, 'windows-slow', signal);
    const acl = doc.read ? readStoreAcl(doc.document) : { writable: null, asShipped: null };
    return [
      draft.seen('record-store', 'host', {
        ...(kind === 'folder' ? acl : { writable: false, asShipped: false }),
        ...(await recordsIn(ctx, signal)),
      }),
    ];
  },
});

async function kindOf(machine: Machine) {
  try {
    return (await machine.stat('record-folder')).kind;
  } catch (e) {
    if (e instanceof ReadFailed && e.reason === 'missing') return null;
    throw e;
  }
}
