import { z } from 'zod';
import { FIX_IDS, MECHANICS, ROLES, VERDICTS } from '../fixes/index.js';
import { FACT_KIND_NAMES, FAIL_REASONS, HEALTHS, LAYERS, PRESENCES, RUNG_STATES } from '../health/index.js';

/** What the console and other clients of the API read and send. Times are ISO 8601 UTC. */

const Instant = z.string();
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
export const RUN_STATES = ['queued', 'sent', 'received', 'settled', 'judged', 'expired', 'refused', 'cancelled'] as const;
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
  activeRun: Nullable(z.object({ fix: z.string(), id: z.string() })),
  lastRuns: z.array(z.object({ fix: z.string(), at: z.number() })),
  revoked: z.boolean(),
});
/** How often a fix helped against a cause, over the whole fleet. */
export const EfficacyView = z.object({ fix: z.enum(FIX_IDS), cause: z.string(), judged: z.number(), cured: z.number() });

export const TimelineEntry = z.object({
  at: Instant,
  what: z.enum(['health', 'presence', 'finding-opened', 'finding-closed', 'run']),
  /** Health, presence, cause id or run id, and what it was before. */
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
});
export type PairDetail = z.infer<typeof PairDetail>;

export const HostRow = z.object({
  id: z.string(),
  name: z.string(),
  os: z.enum(['linux', 'macos', 'windows']),
  osVersion: z.string(),
  arch: z.string(),
  agent: z.string(),
  connected: z.boolean(),
  epoch: Nullable(z.string()),
  lastContactAt: Nullable(Instant),
  enrolledAt: Instant,
  revokedAt: Nullable(Instant),
  health: z.enum(HEALTHS),
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

export const SessionView = z.object({
  person: z.object({ id: z.string(), name: z.string(), email: z.string(), role: z.enum(ROLES) }),
  expiresAt: Instant,
});
export type SessionView = z.infer<typeof SessionView>;

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

/* The browser's socket. */
export const LIVE_PATH = '/live';
export const LIVE_SUBPROTOCOL = 'lockstep-live.v1';

/** What the browser watches: the rows of the fleet, or one pair with its ladder, runs and timeline. */
export const LiveWatch = z.discriminatedUnion('type', [
  z.object({ type: z.literal('watch.fleet') }),
  z.object({ type: z.literal('watch.pair'), id: z.uuid() }),
  z.object({ type: z.literal('unwatch') }),
]);
export type LiveWatch = z.infer<typeof LiveWatch>;

/** What the server sends: rows that changed, coalesced; never a reason to fetch the list again. */
export const LiveMessage = z.discriminatedUnion('type', [
  z.object({ type: z.literal('pairs'), rows: z.array(PairRow) }),
  z.object({ type: z.literal('summary'), summary: FleetSummary }),
  z.object({ type: z.literal('pair'), detail: PairDetail }),
  z.object({ type: z.literal('hello'), time: Instant }),
]);
export type LiveMessage = z.infer<typeof LiveMessage>;
