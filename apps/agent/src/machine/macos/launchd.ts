import type { FailReason, Reading } from '@lockstep/core/health';
import { linesOf } from '../decode.js';
import type { DraftFact } from '../draft.js';
import { failedEnd, type Service } from '../linux/index.js';
import type { Ran } from '../port.js';

/** launchd's number for "no such service in this domain" (launchctl error 113). */
const NO_SERVICE = 113;
/** 112: no such domain (nobody of that number is signed in graphically); 125: the domain does not do that. */
const NO_DOMAIN: ReadonlySet<number> = new Set([112, 125]);
/** EPERM, which launchctl hands on as its exit code. */
const NOT_PERMITTED = 1;

/** What launchd says of a job: as {@link Service}, and how it ended last. */
export type Job = Service & { lastExit?: number | null };

/**
 * Reads `launchctl print DOMAIN/LABEL`. Its own lines stand one tab deep; deeper ones belong to endpoints and resources, some of which have
 * a `state` too. launchd starts most daemons when they are needed: "not running" after a clean end is at rest.
 */
export function readJob(ran: Ran): Job {
  const failed = (reason: FailReason): Job => ({ known: false, reason });
  const end = ran.failure ? ran.failure : ran.exit === 126 || ran.exit === 127 ? failedEnd(ran) : null;
  if (end) return failed(end);
  if (ran.exit === NO_SERVICE) return { known: false, reason: null };
  if (ran.exit !== null && NO_DOMAIN.has(ran.exit)) return failed('no-session');
  if (ran.exit === NOT_PERMITTED) return failed('denied');
  if (ran.exit !== 0) return failed('garbage');
  const values = propertiesOf(ran.stdout);
  const state = values.get('state');
  if (state === undefined) return failed('garbage');
  const exit = /^(-?\d{1,5})\b/.exec(values.get('last exit code') ?? '')?.[1];
  const runs = count(values.get('runs'));
  return {
    known: true,
    state: stateOf(state),
    pid: count(values.get('pid')),
    restarts: runs === null ? null : Math.max(0, runs - 1),
    lastExit: exit === undefined ? null : Number(exit),
  };
}

function stateOf(state: string): 'running' | 'stopped' | 'starting' | 'failed' {
  if (state === 'running') return 'running';
  if (state === 'spawn failed' || state === 'exited with error') return 'failed';
  return /^(spawning|spawn scheduled|waiting to spawn|starting|xpcproxy)/.test(state) ? 'starting' : 'stopped';
}

/** `key = value` lines of the job itself, each key's first. A last line without its end is not believed. */
function propertiesOf(stdout: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const { line, whole } of linesOf(stdout)) {
    const m = /^\t([a-z][a-z ]{0,40}) = (.*)$/.exec(line);
    if (m?.[1] && m[2] !== undefined && whole && !m[2].endsWith('{') && !found.has(m[1])) found.set(m[1], m[2].trim());
  }
  return found;
}

function count(raw: string | undefined): number | null {
  return raw !== undefined && /^\d{1,9}$/.test(raw) ? Number(raw) : null;
}

/** Labels that are switched off, or why they are not known. */
export type Disabled = { read: true; labels: Set<string> } | { read: false; reason: FailReason };

/** Reads `launchctl print-disabled DOMAIN`: `"label" => disabled`, in releases before 13 `"label" => true`. */
export function readDisabled(ran: Ran): Disabled {
  const end = ran.failure ?? (ran.exit === 126 || ran.exit === 127 ? failedEnd(ran) : null);
  if (end) return { read: false, reason: end };
  if (ran.exit !== null && NO_DOMAIN.has(ran.exit)) return { read: false, reason: 'no-session' };
  if (ran.exit === NOT_PERMITTED) return { read: false, reason: 'denied' };
  if (ran.exit !== 0 || !/^\s*(disabled services|login item associations) = \{/m.test(ran.stdout))
    return { read: false, reason: 'garbage' };
  const labels = new Set<string>();
  for (const { line } of linesOf(ran.stdout)) {
    const m = /^\s*"([^"]{1,200})" => (disabled|true)\s*$/.exec(line);
    if (m?.[1]) labels.add(m[1]);
  }
  return { read: true, labels };
}

/** The fact in `launchctl print system/com.apple.usbmuxd`: launchd's half of `mux-daemon`; nobody asked the socket. */
export function parseMuxJob(ran: Ran): DraftFact[] {
  const job = readJob(ran);
  if (!job.known && job.reason === null) return [{ kind: 'mux-daemon', subject: 'host', state: 'absent' }];
  if (!job.known) return [{ kind: 'mux-daemon', subject: 'host', state: 'failed', reason: job.reason ?? 'garbage' }];
  const { state, pid, restarts } = job;
  return [
    {
      kind: 'mux-daemon',
      subject: 'host',
      state: 'seen',
      reading: { state, pid, restarts, socket: null, latencyMs: null, flavour: 'launchd' },
    },
  ];
}

/** The fact in `launchctl print system/com.apple.mDNSResponder`; nobody listened on the network. */
export function parseResponderJob(ran: Ran): DraftFact[] {
  const job = readJob(ran);
  if (!job.known && job.reason === null) return [{ kind: 'mdns-responder', subject: 'host', state: 'absent' }];
  if (!job.known) return [{ kind: 'mdns-responder', subject: 'host', state: 'failed', reason: job.reason ?? 'garbage' }];
  const state = job.state === 'running' || job.state === 'disabled' ? job.state : 'stopped';
  return [{ kind: 'mdns-responder', subject: 'host', state: 'seen', reading: { state, hearsOthers: null } }];
}

type Agent = Reading<'sync-agents'>['agents'][number];

/** Agents of the signed-in person by launchd's labels. */
export const SYNC_AGENTS = {
  'com.apple.AMPDeviceDiscoveryAgent': 'AMPDeviceDiscoveryAgent',
  'com.apple.AMPDevicesAgent': 'AMPDevicesAgent',
  'com.apple.mobiledeviceupdater': 'MobileDeviceUpdater',
} as const;
export type SyncAgentLabel = keyof typeof SYNC_AGENTS;

/** One agent as launchd shows it, or why it is not known. At rest it is `idle`: it is started when a phone comes. */
export function agentOf(label: SyncAgentLabel, ran: Ran): { read: true; agent: Agent } | { read: false; reason: FailReason } {
  const job = readJob(ran);
  if (!job.known && job.reason !== null) return { read: false, reason: job.reason };
  return {
    read: true,
    agent: {
      name: SYNC_AGENTS[label],
      state: !job.known ? 'missing' : job.state === 'running' || job.state === 'starting' ? 'running' : 'idle',
      pid: job.known ? job.pid : null,
      managed: false,
      crashes24h: null,
      sawPhone: null,
    },
  };
}

/** The fact in one agent's job, as if it were the only one. */
export function parseAgentJob(label: SyncAgentLabel): (ran: Ran) => DraftFact[] {
  return (ran) => {
    const found = agentOf(label, ran);
    if (!found.read) return [{ kind: 'sync-agents', subject: 'host', state: 'failed', reason: found.reason }];
    return [{ kind: 'sync-agents', subject: 'host', state: 'seen', reading: { agents: [found.agent] } }];
  };
}
