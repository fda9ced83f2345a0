import { feedStaleSince } from './catalogue.js';
import type { PreparedCatalogue, PreparedModel, PreparedPlatform, PreparedRelease } from './prepare.js';
import type { FeedName, Platform } from './shapes.js';
import { BEHIND, DEFAULT_SOFTWARE_POLICY, type SoftwarePolicy, type SoftwareStatus, type Track, type Verdict } from './verdicts.js';
import { compareNumbers, isBetaBuild, isImprovementBuild, type VersionNumbers, versionOf } from './versions.js';

/** What lockdownd says a phone is and runs. */
export interface InstalledPhone {
  productType: string;
  productVersion: string;
  buildVersion: string;
}

/** What a computer is and runs. */
export interface InstalledHost {
  os: 'linux' | 'macos' | 'windows';
  /** A Mac's board (`J314sAP`) or product name (`Mac14,9`); null when it could not be read. */
  model: string | null;
  version: string;
  build: string | null;
}

const DAY_MS = 86_400_000;
/** Verdicts kept per catalogue: more kinds of phones than any fleet has. */
const MEMORY = 8_192;

/**
 * How a phone's version stands at `now` (ms). Verdicts are remembered as long as the same `policy` object is given. Never asks for a new major version while the phone's own one gets updates, and never for
 * what its model is not offered.
 */
export function judgePhone(
  catalogue: PreparedCatalogue,
  phone: InstalledPhone,
  now: number,
  policy: SoftwarePolicy = DEFAULT_SOFTWARE_POLICY,
): Verdict {
  return remembered(catalogue, 'ios', phone.productType, phone.productVersion, phone.buildVersion, now, policy);
}

/** The same of a Mac. No feed covers Windows or Linux: `unknown`; how Windows' updates stand says `judgeWindows`. */
export function judgeHost(
  catalogue: PreparedCatalogue,
  host: InstalledHost,
  now: number,
  policy: SoftwarePolicy = DEFAULT_SOFTWARE_POLICY,
): Verdict {
  if (host.os !== 'macos') return without('unknown', null);
  return remembered(catalogue, 'macos', host.model ?? '', host.version, host.build ?? '', now, policy);
}

function remembered(
  catalogue: PreparedCatalogue,
  platform: Platform,
  modelId: string,
  version: string,
  build: string,
  now: number,
  policy: SoftwarePolicy,
): Verdict {
  const by = freshFeed(catalogue, platform, now);
  const { memory } = catalogue;
  const day = Math.floor(now / DAY_MS);
  if (memory.day !== day || memory.policy !== policy || memory.verdicts.size >= MEMORY) {
    memory.day = day;
    memory.policy = policy;
    memory.verdicts.clear();
  }
  const key = `${by ?? ''}|${platform}|${modelId}|${version}|${build}`;
  const known = memory.verdicts.get(key);
  if (known !== undefined) return known;
  const verdict = judge(catalogue.platforms[platform], platform, by, modelId, version, build, day, policy);
  memory.verdicts.set(key, verdict);
  return verdict;
}

/** Whose list to go by: Apple's own while somebody read it lately, else SOFA's. */
function freshFeed(catalogue: PreparedCatalogue, platform: Platform, now: number): FeedName | null {
  if (feedStaleSince(catalogue, 'gdmf', now) === null) return 'gdmf';
  const sofa: FeedName = `sofa-${platform}`;
  return feedStaleSince(catalogue, sofa, now) === null ? sofa : null;
}

function without(status: SoftwareStatus, model: string | null): Verdict {
  return {
    status,
    by: null,
    model,
    latest: null,
    tracks: [],
    since: null,
    days: null,
    exploited: [],
    urgency: null,
    majorsBehind: null,
    ended: false,
  };
}

function judge(
  platform: PreparedPlatform,
  name: Platform,
  by: FeedName | null,
  modelId: string,
  version: string,
  build: string,
  day: number,
  policy: SoftwarePolicy,
): Verdict {
  const model = platform.model(modelId);
  if (by === null) return without('feed-stale', model?.name ?? null);
  const offered = model === null ? [] : offeredOn(model, by, new Date(day * DAY_MS).toISOString().slice(0, 10));
  const newest = offered[0];
  if (model === null || newest === undefined) return without('unknown-model', model?.name ?? null);
  const numbers = versionOf(version);
  if (numbers === null) return without('unknown-version', model.name);

  const served = platform.majors[by].slice(0, policy.served[name]);
  const tracks = offered.filter((r) => r === newest || served.includes(r.major));
  const majorsBehind = Math.max(0, platform.majors[by].indexOf(newest.major));
  const own = tracks.find((r) => r.major === numbers[0]);
  const status = statusOf({ platform, model, numbers, build, newest, own: own ?? null, majorsBehind });
  const target = status === 'behind-patch' || status === 'behind-minor' || status === 'behind-major-optional' ? (own ?? newest) : newest;
  const missing = BEHIND.has(status) ? between(model.releases, numbers, target.numbers) : [];
  const since = missing.length === 0 ? null : missingSince(platform, by, missing, numbers[0] ?? 0, served.length);
  const days = since === null ? null : Math.max(0, day - Math.floor(Date.parse(since) / DAY_MS));
  const closed = new Set(
    model.releases.filter((r) => r.major === numbers[0] && compareNumbers(r.numbers, numbers) <= 0).flatMap((r) => r.release.exploited),
  );
  const exploited = [...new Set(missing.flatMap((r) => r.release.exploited))].filter((cve) => !closed.has(cve)).sort();
  return {
    status,
    by,
    model: model.name,
    latest: trackOf(target),
    tracks: tracks.map(trackOf),
    since,
    days,
    exploited,
    urgency: urgencyOf(status, days, exploited.length, policy),
    majorsBehind,
    ended: majorsBehind >= policy.endedAfter[name],
  };
}

/** The newest release of each major version that the model is offered on that day, newest first. */
function offeredOn(model: PreparedModel, by: FeedName, day: string): PreparedRelease[] {
  const newest = new Map<number, PreparedRelease>();
  for (const { of, expires } of model.offers[by])
    if ((expires === null || expires >= day) && !newest.has(of.major)) newest.set(of.major, of);
  return [...newest.values()];
}

function statusOf(c: {
  platform: PreparedPlatform;
  model: PreparedModel;
  numbers: VersionNumbers;
  build: string;
  newest: PreparedRelease;
  own: PreparedRelease | null;
  majorsBehind: number;
}): SoftwareStatus {
  const isKnown = c.platform.knows(c.build) || isImprovementBuild(c.build);
  if (isBetaBuild(c.build) && !isKnown) return 'ahead-beta';
  const toNewest = compareNumbers(c.numbers, c.newest.numbers);
  if (toNewest > 0) {
    // What a feed tells of and does not offer this model yet is a release, not a beta.
    const isReleased = isKnown || c.platform.releases.some((r) => compareNumbers(r.numbers, c.numbers) === 0);
    return isReleased ? 'current' : 'ahead-beta';
  }
  if (toNewest === 0) return c.majorsBehind > 0 ? 'eol-model' : 'current';
  if (c.own === null) return 'behind-major';
  if (compareNumbers(c.numbers, c.own.numbers) >= 0) return 'behind-major-optional';
  return (c.numbers[1] ?? 0) === (c.own.numbers[1] ?? 0) ? 'behind-patch' : 'behind-minor';
}

/** Releases newer than the first and no newer than the second, of a list that begins with the oldest. */
function between(releases: readonly PreparedRelease[], after: VersionNumbers, upTo: VersionNumbers): PreparedRelease[] {
  return releases.filter((r) => compareNumbers(r.numbers, after) > 0 && compareNumbers(r.numbers, upTo) <= 0);
}

/** The day since which something is missing; null when no feed dates it. */
function missingSince(
  platform: PreparedPlatform,
  by: FeedName,
  missing: readonly PreparedRelease[],
  major: number,
  served: number,
): string | null {
  // A feed may date a release long after it came; what came after it bounds that. So the earliest of all counts.
  const earliest = (releases: readonly PreparedRelease[]) =>
    releases
      .map((r) => r.release.released)
      .filter((d) => d !== null)
      .reduce<string | null>((a, b) => (a === null || b < a ? b : a), null);
  const own = missing.filter((r) => r.major === major);
  if (own.length > 0) return earliest(own);
  // The last of a major version was good enough until so many newer ones had come that it got no updates any more.
  const at = platform.majors[by].indexOf(major);
  const displacedBy = at < served ? undefined : platform.majors[by][at - served];
  return earliest(platform.releases.filter((r) => r.major === displacedBy)) ?? earliest(missing);
}

function trackOf(r: PreparedRelease): Track {
  return { major: r.major, version: r.version, released: r.release.released };
}

function urgencyOf(status: SoftwareStatus, days: number | null, exploited: number, policy: SoftwarePolicy): Verdict['urgency'] {
  if (status === 'ahead-beta') return null;
  if (!BEHIND.has(status)) return 'ok';
  if (exploited > 0 && policy.exploitedAtOnce) return 'fail';
  if (days === null) return null;
  return days >= policy.failDays ? 'fail' : days >= policy.warnDays ? 'warn' : 'ok';
}
