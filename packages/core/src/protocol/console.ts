import { z } from 'zod';
import { QUESTION_IDS } from '../diagnosis/index.js';
import { FIX_IDS, MECHANICS, VERDICTS } from '../fixes/index.js';
import { FACT_KIND_NAMES, FAIL_REASONS, HEALTHS, LAYERS, PRESENCES, RUNG_STATES } from '../health/index.js';
import { AnswerView, PossibleView } from './answers.js';
import { ApprovalView } from './approval.js';
import { GuidedRunView } from './guided.js';
import { TicketEventView, TicketLink, TicketRow } from './tickets.js';

/** What the console and other clients of the API read and send. Times are ISO 8601 UTC. */

const Instant = z.string().meta({ format: 'date-time' });
const Layer = z.enum(LAYERS);
const Nullable = <T extends z.ZodType>(t: T) => t.nullable();

export const PRIMARY = z.object({ cause: z.string(), layer: Layer, confidence: z.number(), title: z.string() });

/** One row of the fleet table. */
export const PairRow = z.object({
  id: z.string(),
  hostId: z.string(),
  hostName: z.string(),
  os: z.enum(['linux', 'macos', 'windows']),
  udid: z.string(),
  deviceName: z.string(),
  model: z.string(),
  iosVersion: z.string(),
  presence: z.enum(PRESENCES),
  health: z.enum(HEALTHS),
  connected: z.boolean(),
  primary: Nullable(PRIMARY),
  /** Eight marks, host first. */
  rungs: z.array(z.enum(RUNG_STATES)).length(8),
  /** The primary cause comes and goes. */
  unstable: z.boolean().optional(),
  /** Since when the pair has this health and primary cause. */
  since: Instant,
  /** The last look at this pair. */
  seenAt: Nullable(Instant),
  /** State, since when, why, next step in one sentence. `{since}` is left for the client to fill in. */
  sentence: z.string(),
  /** Grows with every change of this row: an older patch never overwrites a newer one. */
  revision: z.number(),
});
export type PairRow = z.infer<typeof PairRow>;

export const EvidenceView = z.object({
  signal: z.string(),
  value: z.enum(['yes', 'no', 'unknown']),
  kind: Nullable(z.enum(FACT_KIND_NAMES)),
  at: Nullable(Instant),
  probe: Nullable(z.string()),
  reading: z.string(),
});
export const FindingView = z.object({
  id: z.string(),
  hostId: z.string(),
  pairId: Nullable(z.string()),
  udid: Nullable(z.string()),
  hostName: z.string(),
  deviceName: Nullable(z.string()),
  cause: z.string(),
  title: z.string(),
  layer: Layer,
  health: z.enum(['degraded', 'broken', 'waiting', 'unknown', 'advisory']),
  confidence: z.number(),
  evidence: z.array(EvidenceView),
  explainedBy: Nullable(z.string()),
  openedAt: Instant,
  closedAt: Nullable(Instant),
  /** Since when it comes and goes: it stays open until it was proven gone for half an hour. Null while it does not. */
  unstableSince: Instant.nullish(),
});
export type FindingView = z.infer<typeof FindingView>;

export const RungView = z.object({
  layer: Layer,
  state: z.enum(RUNG_STATES),
  reading: z.string(),
  kind: Nullable(z.enum(FACT_KIND_NAMES)),
  probe: Nullable(z.string()),
  seenAt: Nullable(Instant),
  failure: Nullable(z.enum(FAIL_REASONS)),
  /** The raw fact behind the rung, as stored. */
  fact: Nullable(z.unknown()),
});
export type RungView = z.infer<typeof RungView>;

/** States of a fix run, in order. Every run ends in `judged`, `expired`, `refused` or `cancelled`. */
export const RUN_STATES = [
  'awaiting-approval',
  'queued',
  'sent',
  'received',
  'settled',
  'judged',
  'expired',
  'refused',
  'cancelled',
] as const;
export const RunView = z.object({
  id: z.string(),
  hostId: z.string(),
  pairId: Nullable(z.string()),
  hostName: z.string(),
  deviceName: Nullable(z.string()),
  udid: Nullable(z.string()),
  fix: z.enum(FIX_IDS),
  cause: z.string(),
  state: z.enum(RUN_STATES),
  requestedBy: z.string(),
  stage: Nullable(z.string()),
  awaiting: Nullable(z.string()),
  mechanics: Nullable(z.enum(MECHANICS)),
  detail: Nullable(z.string()),
  verdict: Nullable(z.enum(VERDICTS)),
  waitingFor: Nullable(z.string()),
  askedAt: Instant,
  sentAt: Nullable(Instant),
  receivedAt: Nullable(Instant),
  settledAt: Nullable(Instant),
  judgedAt: Nullable(Instant),
  expiresAt: Instant,
  /** A queued run is not sent before this: the fleet-wide cap on runs that interrupt people has no place free. */
  notBefore: Instant.nullish(),
  /** Why a queued run waits although its computer may be there. `not-now`: it was approved, and `detail` says why it may not run just now. */
  heldBy: z.enum(['stopped', 'fleet-cap', 'not-now']).nullish(),
  /** Null for a run that needs nobody's yes. */
  approval: ApprovalView.nullish(),
});
export type RunView = z.infer<typeof RunView>;

/** What core's mayRun() needs, as the server knows it, so that the console draws the button from the same function. */
export const FixTargetView = z.object({
  os: z.enum(['linux', 'macos', 'windows']),
  connected: z.boolean(),
  privileged: z.boolean(),
  presence: z.enum(PRESENCES),
  health: z.enum(HEALTHS),
  openCauses: z.array(z.string()),
  /** Those of them that come and go. */
  unstableCauses: z.array(z.string()).optional(),
  activeRun: Nullable(z.object({ fix: z.string(), id: z.string() })),
  /** Runs that wait for somebody's yes. */
  awaiting: z.array(z.object({ fix: z.string(), id: z.string() })).optional(),
  /** When the last backup of this phone finished on this computer, ms; null when the facts show none. */
  backupAt: z.number().nullish(),
  lastRuns: z.array(z.object({ fix: z.string(), at: z.number() })),
  revoked: z.boolean(),
  /** A phone on this computer syncs, backs up, updates or restores. */
  busy: z.boolean().nullish(),
  /** Who stopped all orders, and why; null while orders are sent. */
  stopped: z.object({ by: z.string(), reason: z.string(), at: Instant }).nullish(),
  /** How much of the fleet-wide cap on runs that interrupt people is taken. Times in ms. */
  fleetCap: z.object({ perHour: z.number(), used: z.number(), freeAt: Nullable(z.number()) }).nullish(),
});
/** How often a fix helped against a cause, over the whole fleet. */
export const EfficacyView = z.object({ fix: z.enum(FIX_IDS), cause: z.string(), judged: z.number(), cured: z.number() });

export const TimelineEntry = z.object({
  at: Instant,
  what: z.enum(['health', 'presence', 'finding-opened', 'finding-closed', 'run', 'guided', 'answer']),
  /** Health, presence, cause id, id of a run or question, and what it was before. */
  to: z.string(),
  from: Nullable(z.string()),
  detail: Nullable(z.string()),
});
export type TimelineEntry = z.infer<typeof TimelineEntry>;

export const PairDetail = z.object({
  pair: PairRow,
  ladder: z.array(RungView).length(8),
  findings: z.array(FindingView),
  runs: z.array(RunView),
  timeline: z.array(TimelineEntry),
  target: FixTargetView,
  efficacy: z.array(EfficacyView),
  /** Open tickets of the pair and of its host. */
  tickets: z.array(TicketLink),
  /** What people carry out step by step on the pair and its host, newest first. */
  guided: z.array(GuidedRunView),
  /** What else it could be, likeliest first. */
  possible: z.array(PossibleView),
  /** The one question to ask now; null when no answer would tell more. */
  question: Nullable(z.enum(QUESTION_IDS)),
  /** What people answered about this pair, the newest of each question, newest first. */
  answers: z.array(AnswerView),
});
export type PairDetail = z.infer<typeof PairDetail>;

/** Everything about one ticket on one page. */
export const TicketDetail = z.object({
  ticket: TicketRow,
  /** What was written, in plain words: fit for another ticket system. */
  body: z.string(),
  /** Oldest first. */
  events: z.array(TicketEventView),
  /** The pair it is about, or the phones of the computer it is about, as they are now. */
  pairs: z.array(PairRow),
  /** Runs that are under way there now. */
  running: z.array(RunView),
  /** The ticket of the same case that was closed too long ago to be reopened. */
  previous: TicketLink.nullable(),
  /** Tickets filed later for the same case. */
  later: z.array(TicketLink),
});
export type TicketDetail = z.infer<typeof TicketDetail>;

export const HostRow = z.object({
  id: z.string(),
  name: z.string(),
  os: z.enum(['linux', 'macos', 'windows']),
  osVersion: z.string(),
  arch: z.string(),
  agent: z.string(),
  connected: z.boolean(),
  /** Since when it is connected; for a host that is not: when it connected last. */
  connectedAt: Nullable(Instant),
  epoch: Nullable(z.string()),
  /** How many epochs it has had: each new one is a new spool, a re-enrolment or a sign of a rollback. */
  epochs: z.number(),
  lastContactAt: Nullable(Instant),
  enrolledAt: Instant,
  revokedAt: Nullable(Instant),
  health: z.enum(HEALTHS),
  /** What is open on the computer itself, not on its phones, oldest first. */
  causes: z.array(
    z.object({ cause: z.string(), title: z.string(), health: z.enum(['degraded', 'broken', 'waiting', 'unknown', 'advisory']) }),
  ),
  pairs: z.number(),
  openFindings: z.number(),
});
export type HostRow = z.infer<typeof HostRow>;

/** Counts of the fleet page. Away pairs are in no health total. */
export const FleetSummary = z.object({
  total: z.number(),
  away: z.number(),
  health: z.object({ healthy: z.number(), degraded: z.number(), broken: z.number(), waiting: z.number(), unknown: z.number() }),
  /** Attached pairs whose primary cause lies on the layer. */
  layers: z.object(Object.fromEntries(LAYERS.map((l) => [l, z.number()])) as Record<(typeof LAYERS)[number], z.ZodNumber>),
  hosts: z.object({ total: z.number(), connected: z.number() }),
  at: Instant,
});
export type FleetSummary = z.infer<typeof FleetSummary>;

/** The switch that stops all orders: how it stands, and who put it there last. */
export const OrderStopView = z.object({
  stopped: z.boolean(),
  reason: Nullable(z.string()),
  by: Nullable(z.string()),
  at: Nullable(Instant),
});
export type OrderStopView = z.infer<typeof OrderStopView>;

/** What limits orders now. */
export const OrdersView = z.object({
  stop: OrderStopView,
  /** Runs that interrupt people, fleet-wide: how many may be sent in an hour, were sent in the last one, and wait for a place. */
  cap: z.object({ perHour: z.number(), used: z.number(), waiting: z.number(), freeAt: Nullable(Instant) }),
  /** Runs that wait for somebody's yes. */
  approvals: z.number(),
  /** How many enrolled computers named which order key when they last connected. */
  keys: z.array(z.object({ keyId: z.string(), hosts: z.number() })),
});
export type OrdersView = z.infer<typeof OrdersView>;

/** A key that signs orders; its private half is in a file of the server and nowhere else. */
export const OrderKeyView = z.object({
  keyId: z.string(),
  fingerprint: z.string(),
  /** `overlap`: has a successor, and still serves computers that have not met it. */
  state: z.enum(['current', 'overlap']),
  /** Since when it is the one used; null for the first key. */
  since: Nullable(Instant),
  /** When its overlap ends; null for the current key. */
  until: Nullable(Instant),
});
export type OrderKeyView = z.infer<typeof OrderKeyView>;

export const page = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item), next: z.string().nullable() });

/** Errors of the API: application/problem+json. */
export const Problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number(),
  code: z.string(),
  detail: z.string().optional(),
  errors: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
});
export type Problem = z.infer<typeof Problem>;

/** What the server needs and may be without for a while. `bus`: messages between several servers. */
export const SERVER_PARTS = ['database', 'queue', 'bus'] as const;
/** Whether every part of the server works, for the banner on each page. */
export const StatusView = z.object({
  status: z.enum(['ok', 'degraded']),
  /** What does not work now, since when, and what that means in a sentence. */
  troubles: z.array(z.object({ part: z.enum(SERVER_PARTS), since: Instant, sentence: z.string() })),
  at: Instant,
});
export type StatusView = z.infer<typeof StatusView>;
/** The same, and who answers. */
export const ServerStatus = StatusView.extend({
  server: z.object({
    id: z.string(),
    name: z.string(),
    /** Of several servers the one that does the sweeps. */
    leads: z.boolean(),
  }),
  /** How many servers share the work; null while the database cannot be asked. */
  servers: Nullable(z.number()),
});
export type ServerStatus = z.infer<typeof ServerStatus>;
