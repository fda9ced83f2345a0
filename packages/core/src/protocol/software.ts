import { z } from 'zod';
import { COMPATIBILITY_OUTCOMES, COMPATIBILITY_REASONS, FEEDS, PC_SOFTWARE, PLATFORMS, SOFTWARE_STATUSES } from '../software/index.js';

/** What the console and other clients read about Apple's software. Times are ISO 8601 UTC, days are days. */

const Instant = z.string().meta({ format: 'date-time' });
const Day = z.string();

/** A major version and its newest release. */
export const SoftwareTrack = z.object({ major: z.number(), version: z.string(), released: Day.nullable() });
export type SoftwareTrack = z.infer<typeof SoftwareTrack>;

/** One feed: how old it is, and what became of the last try. */
export const SoftwareFeedView = z.object({
  feed: z.enum(FEEDS),
  url: z.string(),
  /** What is known of it came with the server and was never read anew. */
  bundled: z.boolean(),
  /** When it was last known to be up to date: the feed's own last look where it tells, else our last reading. Null: never. */
  checkedAt: Instant.nullable(),
  /** When this installation last read it, or heard that nothing had changed. */
  fetchedAt: Instant.nullable(),
  triedAt: Instant.nullable(),
  /** Since when it is too old to judge by. */
  staleSince: Instant.nullable(),
  failure: z.object({ fault: z.string(), problem: z.string(), since: Instant }).nullable(),
});
export type SoftwareFeedView = z.infer<typeof SoftwareFeedView>;

export const SoftwareView = z.object({
  /** `off`: this server reads nothing from the internet. */
  mode: z.enum(['online', 'off']),
  staleSince: Instant.nullable(),
  staleAfterHours: z.number(),
  feeds: z.array(SoftwareFeedView),
  /** The newest release of each major version that some model is offered, newest first. */
  newest: z.object(
    Object.fromEntries(PLATFORMS.map((p) => [p, z.array(SoftwareTrack)])) as Record<
      (typeof PLATFORMS)[number],
      z.ZodArray<typeof SoftwareTrack>
    >,
  ),
  /** Apple's programs for PCs: the newest that were seen, by whom and when. */
  pc: z.array(
    z.object({
      id: z.enum(PC_SOFTWARE),
      name: z.string(),
      latest: z.string(),
      minimum: z.string().nullable(),
      source: z.string(),
      asOf: Day,
    }),
  ),
  at: Instant,
});
export type SoftwareView = z.infer<typeof SoftwareView>;

/** One version that phones or computers of a model run. */
export const InstalledVersion = z.object({
  version: z.string(),
  builds: z.array(z.string()),
  count: z.number(),
  status: z.enum(SOFTWARE_STATUSES),
  since: Day.nullable(),
  days: z.number().nullable(),
  exploited: z.array(z.string()),
  urgency: z.enum(['ok', 'warn', 'fail']).nullable(),
});
export type InstalledVersion = z.infer<typeof InstalledVersion>;

/** One model of the fleet: what it runs, and what it could. */
export const SoftwareModelRow = z.object({
  platform: z.enum(PLATFORMS),
  model: z.string(),
  /** What people call it; null when no feed says. */
  name: z.string().nullable(),
  count: z.number(),
  /** What it may run, newest first; empty when nobody can tell. */
  tracks: z.array(SoftwareTrack),
  /** How many newer major versions it is not offered; null when nobody can tell. */
  majorsBehind: z.number().nullable(),
  /** The newest it is offered is too old to be kept safe. */
  ended: z.boolean(),
  /** Newest version first. */
  installed: z.array(InstalledVersion),
});
export type SoftwareModelRow = z.infer<typeof SoftwareModelRow>;

export const SoftwareModels = z.object({ items: z.array(SoftwareModelRow), at: Instant });
export type SoftwareModels = z.infer<typeof SoftwareModels>;

/** What a computer is to phones that take an update. */
export const CompatibilityRow = z.object({
  hostId: z.string(),
  hostName: z.string(),
  os: z.enum(['linux', 'macos', 'windows']),
  /** Phones that were seen at it. */
  phones: z.number(),
  outcome: z.enum(COMPATIBILITY_OUTCOMES),
  reason: z.enum(COMPATIBILITY_REASONS),
  what: z.string().nullable(),
  have: z.string().nullable(),
  need: z.string().nullable(),
  /** How sure it is: `phone`: the phone itself says so; `version`: a published version; `season`: only the season of both speaks for it. */
  basis: z.enum(['phone', 'version', 'season']).nullable(),
  source: z.string().nullable(),
  /** The macOS that Wi-Fi sync would need, where the cable needs less. */
  wifiNeeds: z.string().nullable(),
});
export type CompatibilityRow = z.infer<typeof CompatibilityRow>;

/** How many computers an iOS would lose. */
export const CompatibilitySummary = z.object({
  /** The version that was asked about. */
  ios: z.string(),
  counts: z.object(
    Object.fromEntries(COMPATIBILITY_OUTCOMES.map((o) => [o, z.number()])) as Record<(typeof COMPATIBILITY_OUTCOMES)[number], z.ZodNumber>,
  ),
});
export type CompatibilitySummary = z.infer<typeof CompatibilitySummary>;
