import type { FactKind, FailReason, Reading, Udid } from '@lockstep/core/health';
import type { DraftFact } from '../draft.js';
import type { Ran } from '../port.js';
import { readNodes, udidOfInstance } from './bus.js';
import { churnIn, readBusLog } from './bus-log.js';
import { readDaemon, readPort } from './daemon.js';
import { readDocument, type WindowsDocument } from './document.js';
import { readFirewall, readRoute } from './network.js';
import { readPolicies } from './policies.js';
import { readClaimants, readSyncAgents } from './programs.js';
import { readSessions } from './sessions.js';
import { readSoftware } from './software.js';
import { readLocation, readResponder, readRestart, readSystem, readUsbPower, resumedIn } from './system.js';

const failed = (kind: FactKind, reason: FailReason): DraftFact => ({ kind, subject: 'host', state: 'failed', reason });

/** What a reader says about the computer as a draft. A null reading is a thing that is not there. */
export function hostDraft<K extends FactKind>(
  kind: K,
  read: { read: true; reading: Reading<K> | null } | { read: false; reason: FailReason },
): DraftFact {
  if (!read.read) return failed(kind, read.reason);
  if (read.reading === null) return { kind, subject: 'host', state: 'absent' };
  return { kind, subject: 'host', state: 'seen', reading: read.reading } as DraftFact;
}

/** The bus as a draft. */
export function windowsBusDraft(document: WindowsDocument): DraftFact {
  const bus = readNodes(document);
  return hostDraft('usb-bus', bus.read ? { read: true, reading: { devices: bus.devices } } : bus);
}

/** Who listens on the multiplexer's port as a draft. */
export function windowsPortDraft(document: WindowsDocument): DraftFact {
  const port = readPort(document);
  return hostDraft('mux-port', port.read ? { read: true, reading: port.rows[0] ?? null } : port);
}

function daemonDraft(document: WindowsDocument): DraftFact {
  const { service, ...more } = readDaemon(document);
  if (service.known) {
    const { state, pid, restarts } = service;
    return hostDraft('mux-daemon', { read: true, reading: { state, pid, restarts, socket: null, latencyMs: null, ...more } });
  }
  return service.reason === null ? hostDraft('mux-daemon', { read: true, reading: null }) : failed('mux-daemon', service.reason);
}

function powerDraft(document: WindowsDocument): DraftFact {
  const resumed = resumedIn(document);
  if (!resumed.read) return failed('power-events', resumed.reason);
  const { at } = resumed.reading;
  return hostDraft('power-events', {
    read: true,
    reading: { resumedAt: at === null ? null : new Date(at).toISOString(), startedAt: null },
  });
}

/** The facts of one script: every kind of it fails when the script gave no answer. */
function report(ran: Ran, kinds: Partial<Record<FactKind, (document: WindowsDocument) => DraftFact>>): DraftFact[] {
  const doc = readDocument(ran);
  return Object.entries(kinds).map(([kind, draft]) => (doc.read ? draft(doc.document) : failed(kind as FactKind, doc.reason)));
}

/** The facts in what is asked about once a minute; nobody asked the multiplexer's socket. */
export function parseWindowsNow(ran: Ran): DraftFact[] {
  return report(ran, {
    'usb-bus': windowsBusDraft,
    'mux-daemon': daemonDraft,
    'mux-port': windowsPortDraft,
    'user-session': (d) => hostDraft('user-session', readSessions(d)),
    claimants: (d) => hostDraft('claimants', readClaimants(d)),
    'sync-agents': (d) => hostDraft('sync-agents', readSyncAgents(d)),
    'power-events': powerDraft,
  });
}

/** The facts in the bus's history: what failed, and the comings and goings of each phone it names. */
export function parseWindowsLog(ran: Ran): DraftFact[] {
  const doc = readDocument(ran);
  const read = doc.read ? readBusLog(doc.document) : doc;
  if (!read.read) return [failed('usb-failures', read.reason)];
  const udids = new Set(read.log.marks.flatMap((m) => udidOfInstance(m.id) ?? []));
  return [
    hostDraft('usb-failures', { read: true, reading: read.log.failures }),
    ...[...udids].map(
      (udid): DraftFact => ({
        kind: 'usb-churn',
        subject: { udid: udid as Udid },
        state: 'seen',
        reading: churnIn(read.log, udid as Udid),
      }),
    ),
  ];
}

/** The facts in what is asked about rarely. */
export function parseWindowsSlow(ran: Ran): DraftFact[] {
  return report(ran, {
    'host-os': (d) => hostDraft('host-os', readSystem(d)),
    'pending-restart': (d) => hostDraft('pending-restart', readRestart(d)),
    'apple-software': (d) => hostDraft('apple-software', readSoftware(d)),
    'device-control': (d) => hostDraft('device-control', readPolicies(d)),
    'usb-power': (d) => hostDraft('usb-power', readUsbPower(d)),
    'location-daemon': (d) => hostDraft('location-daemon', readLocation(d)),
    'mdns-responder': windowsResponderDraft,
  });
}

/** The facts in the way to the server and the firewall. */
export function parseWindowsNetwork(ran: Ran): DraftFact[] {
  return report(ran, {
    'own-route': (d) => hostDraft('own-route', readRoute(d)),
    firewall: (d) => hostDraft('firewall', readFirewall(d)),
  });
}

/** The responder's state as a draft; who is heard is asked elsewhere. */
export function windowsResponderDraft(document: WindowsDocument): DraftFact {
  const responder = readResponder(document);
  if (!responder.read) return failed('mdns-responder', responder.reason);
  return hostDraft('mdns-responder', { read: true, reading: { state: responder.reading, hearsOthers: null } });
}

/** The fact in the proof of who listens. */
export function parseWindowsListener(ran: Ran): DraftFact[] {
  return report(ran, { 'mux-port': windowsPortDraft });
}
