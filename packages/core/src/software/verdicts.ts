import type { FeedName, Platform } from './shapes.js';

/**
 * How an installed version stands.
 * `current`: the newest that its model is offered. `behind-patch`, `behind-minor`: its own major version has a newer one.
 * `behind-major`: its major version gets no updates any more, and a newer one is offered. `behind-major-optional`: the last of an older major
 * version that still gets updates; nobody has to move. `ahead-beta`: a tester's build, or newer than anything released.
 * `eol-model`: the last version that its model will be offered; never ask for more. Without a verdict: `unknown-model`, `unknown-version`,
 * `feed-stale` (nobody has looked at Apple's lists lately), `unknown` (no feed covers this system).
 */
export const SOFTWARE_STATUSES = [
  'current',
  'behind-patch',
  'behind-minor',
  'behind-major',
  'behind-major-optional',
  'ahead-beta',
  'eol-model',
  'unknown-model',
  'unknown-version',
  'feed-stale',
  'unknown',
] as const;
export type SoftwareStatus = (typeof SOFTWARE_STATUSES)[number];

/** Statuses that say that something newer should be installed. */
export const BEHIND: ReadonlySet<SoftwareStatus> = new Set(['behind-patch', 'behind-minor', 'behind-major']);

/** A major version that the model is offered and may stay on. */
export interface Track {
  major: number;
  version: string;
  /** When it was released; null when no feed says. */
  released: string | null;
}

export interface Verdict {
  status: SoftwareStatus;
  /** The feed whose list decided; null without a verdict. */
  by: FeedName | null;
  /** What people call the model; null when no feed says. */
  model: string | null;
  /** What to install to be up to date without leaving the own major version where that still gets updates; null without a verdict. */
  latest: Track | null;
  /** Everything acceptable, newest first: usually one track, two after a new major version came. */
  tracks: readonly Track[];
  /** The day on which the first release came that is missing; null when nothing is missing or no feed dates it. */
  since: string | null;
  /** Days since then; null likewise. */
  days: number | null;
  /** CVEs that were used against people and that the missing releases close. */
  exploited: readonly string[];
  /**
   * What the policy makes of it. `fail`: at once, or long ago. `warn`: it is time. `ok`: nothing missing, or only just. Null: nobody can
   * tell, because there is no verdict, or no feed dates what is missing.
   */
  urgency: 'ok' | 'warn' | 'fail' | null;
  /** How many newer major versions there are that the model is not offered: 0 means that it gets the newest. Null without a verdict. */
  majorsBehind: number | null;
  /** The newest that its model is offered is too old to be kept safe (see the policy): replace it. */
  ended: boolean;
}

/** Thresholds. Ages are in days since the first missing release came out. */
export interface SoftwarePolicy {
  warnDays: number;
  failDays: number;
  /** A missing release that closes a CVE used against people is a failure on its first day. */
  exploitedAtOnce: boolean;
  /** How many major versions are acceptable at once, the newest included, where a model may choose. */
  served: Readonly<Record<Platform, number>>;
  /** A model that is offered nothing newer than this many major versions ago has had its time. */
  endedAfter: Readonly<Record<Platform, number>>;
}

/**
 * The default. Two weeks is what a rollout may take, 45 days is half as long again as the month in which CIS Controls v8 (7.3, 7.4) want
 * updates installed. Apple lets iPhones stay on the major version before the newest for some months (Apple Platform Deployment, "Use the
 * Apple Software Lookup Service"), and keeps the newest three of macOS up to date. How long old models got security updates is read from
 * gdmf's lists of 2026: phones up to three major versions back (16.7.16 beside 26), Macs up to two (14.8.9 beside 26).
 */
export const DEFAULT_SOFTWARE_POLICY: SoftwarePolicy = {
  warnDays: 14,
  failDays: 45,
  exploitedAtOnce: true,
  served: { ios: 2, macos: 3 },
  endedAfter: { ios: 4, macos: 3 },
};
