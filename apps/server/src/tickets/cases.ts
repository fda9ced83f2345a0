import { CLAIMED } from '@lockstep/core/diagnosis';
import { FIXES, type FixId } from '@lockstep/core/fixes';
import type { CauseId, Health, HealthEffect, Layer, Presence, RungState } from '@lockstep/core/health';
import {
  type FamilyId,
  FLAP,
  familyOf,
  type Pace,
  type TicketFinding,
  type TicketInput,
  type TicketSubject,
  type TriedRun,
} from '@lockstep/core/tickets';
import { NOT_APPROVED } from '../fixes/index.js';
import { DEVICE_NAME, type Queryable } from '../pairs/index.js';
import { knownTicket, type TicketRecord } from './ticket-rows.js';

/** One cause family on one pair or host: what a ticket is filed for. */
export interface Case {
  hostId: string;
  /** Empty for the host as a whole. */
  udid: string;
  family: FamilyId;
  /** The newest ticket of the case. */
  ticket: TicketRecord | null;
  input: TicketInput;
}

/** Hosts of which something is open: a finding that may be worth a ticket, or a ticket. */
export async function hostsWithCases(db: Queryable): Promise<string[]> {
  const { rows } = await db.query<{ host_id: string }>(
    `SELECT host_id FROM finding WHERE closed_at IS NULL AND state = 'open' AND health <> 'advisory'
     UNION SELECT host_id FROM ticket WHERE state = 'open'`,
  );
  return rows.map((r) => r.host_id);
}

interface FindingRecord {
  id: string;
  host_id: string;
  udid: string;
  cause: CauseId;
  layer: Layer;
  health: HealthEffect;
  confidence: number;
  evidence: TicketFinding['evidence'];
  explained_by: CauseId | null;
  opened_at: Date;
  closed_at: Date | null;
}

/** What is claimed and open (a guess files nothing, but a ticket is not left because its finding became less sure), what an open ticket was and is about, and what came and went within the time that tells flapping. */
const FINDINGS = `SELECT f.id, f.host_id, f.udid, f.cause, f.layer, f.health, f.confidence, f.evidence, f.explained_by, f.opened_at, f.closed_at
  FROM finding f WHERE f.host_id = ANY($1::uuid[]) AND f.state <> 'pending' AND f.health <> 'advisory'
  AND (f.confidence >= ${CLAIMED} OR EXISTS (SELECT 1 FROM ticket t WHERE t.finding_id = f.id AND t.state = 'open')) AND (
    f.closed_at IS NULL OR f.opened_at > $2::timestamptz
    OR EXISTS (SELECT 1 FROM ticket t WHERE t.host_id = f.host_id AND t.udid = f.udid AND t.state = 'open' AND (t.finding_id = f.id OR f.opened_at >= t.since)))
  ORDER BY f.opened_at`;

/** The open ticket of each case, or the one that was closed last. */
const NEWEST = `SELECT DISTINCT ON (host_id, udid, family) * FROM ticket WHERE host_id = ANY($1::uuid[])
  ORDER BY host_id, udid, family, closed_at DESC NULLS FIRST, number DESC`;

interface HostRecord {
  id: string;
  hostname: string;
  revoked: boolean;
  heard: boolean;
  health: Health;
  rungs: RungState[];
  attached: number;
}

const HOSTS = `SELECT h.id, h.hostname, h.revoked_at IS NOT NULL AS revoked, coalesce(s.heard, false) AS heard, coalesce(s.health, 'unknown') AS health,
  coalesce(s.rungs, '{}') AS rungs, (SELECT count(*)::int FROM pair p WHERE p.host_id = h.id AND p.presence = 'attached') AS attached
  FROM host_key h LEFT JOIN host_state s ON s.host_id = h.id WHERE h.id = ANY($1::uuid[])`;

interface PairRecord {
  host_id: string;
  udid: string;
  device_name: string;
  presence: Presence;
  health: Health;
  rungs: RungState[];
  since: Date;
}

const PAIRS = `SELECT p.host_id, p.udid, ${DEVICE_NAME} AS device_name, p.presence, p.health, p.rungs, p.since
  FROM pair p JOIN device d ON d.udid = p.udid WHERE (p.host_id, p.udid) IN (SELECT * FROM unnest($1::uuid[], $2::text[]))`;

interface RunRecord {
  id: string;
  host_id: string;
  udid: string | null;
  fix: FixId;
  cause: CauseId;
  state: TriedRun['state'];
  requested_by: string;
  verdict: TriedRun['verdict'];
  waiting_for: string | null;
  mechanics: TriedRun['mechanics'];
  asked_at: Date;
  at: Date;
  guided: boolean;
}

/** Runs of agents and of people that are over; what was taken back before it was sent, or never approved, tried nothing. */
const RUNS = `SELECT id, host_id, udid, fix, cause, state, requested_by, verdict, waiting_for, mechanics, asked_at, coalesce(judged_at, settled_at, asked_at) AS at, false AS guided
  FROM fix_run WHERE host_id = ANY($1::uuid[]) AND state IN ('judged', 'expired', 'refused') AND detail IS DISTINCT FROM '${NOT_APPROVED}' AND asked_at >= $2::timestamptz
  UNION ALL SELECT id, host_id, udid, fix, cause, state, started_by, verdict, waiting_for, NULL, started_at, ended_at, true
  FROM guided_run WHERE host_id = ANY($1::uuid[]) AND state IN ('judged', 'expired') AND detail IS DISTINCT FROM '${NOT_APPROVED}' AND started_at >= $2::timestamptz ORDER BY asked_at, id`;

const keyOf = (hostId: string, udid: string, family: FamilyId) => `${hostId} ${udid} ${family}`;

interface Gathered {
  hostId: string;
  udid: string;
  family: FamilyId;
  findings: TicketFinding[];
  ticket: TicketRecord | null;
}

/**
 * Every case of these hosts that has an open finding or an open ticket, with all that core decides about. Five queries, however many hosts.
 * @param now ms
 */
export async function loadCases(db: Queryable, hostIds: readonly string[], now: number, pace: Pace): Promise<Case[]> {
  if (hostIds.length === 0) return [];
  const gathered = new Map<string, Gathered>();
  const of = (hostId: string, udid: string, family: FamilyId): Gathered => {
    const key = keyOf(hostId, udid, family);
    const known = gathered.get(key) ?? { hostId, udid, family, findings: [], ticket: null };
    gathered.set(key, known);
    return known;
  };
  const findings = await db.query<FindingRecord>(FINDINGS, [hostIds, new Date(now - FLAP.withinMs)]);
  for (const f of findings.rows) of(f.host_id, f.udid, familyOf(f.cause)).findings.push(findingOf(f));
  const tickets = await db.query<TicketRecord>(NEWEST, [hostIds]);
  for (const t of tickets.rows)
    if (t.state === 'open' || gathered.has(keyOf(t.host_id, t.udid, t.family))) of(t.host_id, t.udid, t.family).ticket = t;
  const live = [...gathered.values()].filter((c) => c.ticket?.state === 'open' || c.findings.some((f) => f.closedAt === null));
  if (live.length === 0) return [];

  const ids = [...new Set(live.map((c) => c.hostId))];
  const phones = live.filter((c) => c.udid !== '');
  const began = new Map(live.map((c) => [c, beganAt(c, now, pace)] as const));
  const hosts = await db.query<HostRecord>(HOSTS, [ids]);
  const pairs = await db.query<PairRecord>(PAIRS, [phones.map((c) => c.hostId), phones.map((c) => c.udid)]);
  const runs = await db.query<RunRecord>(RUNS, [ids, new Date(Math.min(...began.values()))]);
  const hostOf = new Map(hosts.rows.map((h) => [h.id, h]));
  const pairOf = new Map(pairs.rows.map((p) => [`${p.host_id} ${p.udid}`, p]));
  return live.flatMap((c) => {
    const host = hostOf.get(c.hostId);
    const pair = c.udid === '' ? null : pairOf.get(`${c.hostId} ${c.udid}`);
    if (!host || pair === undefined) return [];
    const since = began.get(c) ?? now;
    const tried = runs.rows.filter((r) => r.host_id === c.hostId && r.asked_at.getTime() >= since && isAbout(r, c)).map(triedOf);
    const subject = subjectOf(host, pair);
    const ticket = c.ticket && knownTicket(c.ticket);
    return [
      { hostId: c.hostId, udid: c.udid, family: c.family, ticket: c.ticket, input: { now, subject, findings: c.findings, ticket, tried } },
    ];
  });
}

function findingOf(f: FindingRecord): TicketFinding {
  return {
    id: f.id,
    cause: f.cause,
    layer: f.layer,
    health: f.health,
    confidence: f.confidence,
    explainedBy: f.explained_by,
    evidence: f.evidence,
    openedAt: f.opened_at.getTime(),
    closedAt: f.closed_at?.getTime() ?? null,
  };
}

function subjectOf(host: HostRecord, pair: PairRecord | null): TicketSubject {
  const { hostname: hostName, heard, revoked } = host;
  if (pair === null) {
    const { health, rungs, attached: pairs } = host;
    return { scope: 'host', hostName, deviceName: null, heard, revoked, presence: 'attached', health, rungs, since: null, pairs };
  }
  const { device_name: deviceName, presence, health, rungs } = pair;
  const pairs = presence === 'attached' ? 1 : 0;
  return { scope: 'pair', hostName, deviceName, heard, revoked, presence, health, rungs, since: pair.since.getTime(), pairs };
}

/** From when on runs belong to the case: the first trouble of the ticket that goes on, else of what is open. */
function beganAt(c: Gathered, now: number, pace: Pace): number {
  const open = c.findings.filter((f) => f.closedAt === null).map((f) => f.openedAt);
  const first = open.length === 0 ? now : Math.min(...open);
  if (c.ticket === null) return first;
  const goesOn = c.ticket.closed_at === null || first - c.ticket.closed_at.getTime() <= pace.reopenMs;
  return goesOn ? Math.min(first, c.ticket.began_at.getTime()) : first;
}

/** A run against a cause of the family, on the subject or on the whole computer that the subject is part of. */
function isAbout(run: RunRecord, c: Pick<Gathered, 'udid' | 'family'>): boolean {
  if (familyOf(run.cause) !== c.family) return false;
  return c.udid === '' || run.udid === null || run.udid === c.udid || FIXES[run.fix].scope === 'host';
}

function triedOf(r: RunRecord): TriedRun {
  const { id, fix, state, verdict, mechanics, guided } = r;
  return { id, fix, by: r.requested_by, at: r.at.getTime(), state, verdict, waitingFor: r.waiting_for, mechanics, guided };
}
