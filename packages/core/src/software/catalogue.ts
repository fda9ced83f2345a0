import {
  type DatedPart,
  FEEDS,
  type FeedName,
  type Improvement,
  type NamedModel,
  type Platform,
  type Requirements,
  type SofaPart,
} from './shapes.js';
import { compareVersions } from './versions.js';
import type { WindowsLifecycle } from './windows.js';

/** What the models are offered, and by whom we know. */
export interface ReleaseOffer {
  feed: FeedName;
  models: readonly string[];
  /** The last day on which it is offered; null: nobody says. */
  expires: string | null;
}

/** One release of a system, of everything that the feeds tell of it. */
export interface Release {
  version: string;
  builds: readonly string[];
  /** When Apple released it (SOFA); null when only gdmf knows it, whose date of posting is no age. */
  released: string | null;
  /** How many CVEs it closes; null when nobody says. */
  cves: number | null;
  /** Those of them that were used against people before it came. */
  exploited: readonly string[];
  /** The models it is for; null: every model of its major version. */
  models: readonly string[] | null;
  offers: readonly ReleaseOffer[];
}

export interface PlatformCatalogue {
  /** Newest first. */
  releases: readonly Release[];
  models: readonly NamedModel[];
  improvements: readonly Improvement[];
}

/** Everything that is known of released software, from all feeds together. Plain data. */
export interface SoftwareCatalogue {
  /**
   * When each feed was last known to tell what is in here, ms: SOFA's own last look at Apple's pages, or our last answer of gdmf. Null:
   * never.
   */
  checkedAt: Readonly<Record<FeedName, number | null>>;
  platforms: Readonly<Record<Platform, PlatformCatalogue>>;
  requirements: Requirements;
  /** Until when Windows gets updates; left out where nobody asked. */
  windows?: WindowsLifecycle | undefined;
}

/**
 * Puts the parts of the feeds together, whichever there are. gdmf says what which model is offered now; SOFA says when it came and what it
 * closes, and what is offered where gdmf cannot be asked.
 */
export function mergeCatalogue(parts: readonly DatedPart[], requirements: Requirements, windows?: WindowsLifecycle): SoftwareCatalogue {
  const checkedAt: Record<FeedName, number | null> = { gdmf: null, 'sofa-ios': null, 'sofa-macos': null };
  // A feed that was fetched now and looked at Apple's pages a week ago is a week old.
  for (const { part, fetchedAt } of parts)
    checkedAt[part.feed] = part.feed === 'gdmf' ? fetchedAt : Math.min(fetchedAt, Date.parse(part.lastCheck));
  const of = <F extends FeedName>(feed: F) => parts.find(({ part }) => part.feed === feed)?.part ?? null;
  const gdmf = of('gdmf');
  const platform = (name: Platform): PlatformCatalogue => {
    const sofa = of(`sofa-${name}`);
    return platformOf(gdmf?.feed === 'gdmf' ? gdmf[name] : null, sofa !== null && sofa.feed !== 'gdmf' ? sofa : null);
  };
  return { checkedAt, platforms: { ios: platform('ios'), macos: platform('macos') }, requirements, windows };
}

type Draft = { [K in keyof Release]: Release[K] } & { builds: string[]; offers: ReleaseOffer[] };

function platformOf(
  gdmf: {
    offers: readonly { version: string; builds: readonly string[]; expires: string | null; models: readonly string[] }[];
    builds: readonly (readonly [string, string])[];
    improvements: readonly Improvement[];
  } | null,
  sofa: SofaPart | null,
): PlatformCatalogue {
  const drafts = new Map<string, Draft>();
  const draft = (version: string): Draft => {
    const known = drafts.get(version);
    if (known) return known;
    const made: Draft = { version, builds: [], released: null, cves: null, exploited: [], models: [], offers: [] };
    drafts.set(version, made);
    return made;
  };
  const storied = new Set<string>();
  for (const r of sofa?.releases ?? []) {
    const d = draft(r.version);
    storied.add(r.version);
    d.builds.push(...r.builds);
    Object.assign(d, { released: r.released, cves: r.cves, exploited: r.exploited, models: r.models });
    // SOFA repeats the day on which gdmf's offer ends for what was offered when it looked.
    if (sofa && r.expires !== null && r.models !== null && r.models.length > 0)
      d.offers.push({ feed: sofa.feed, models: r.models, expires: r.expires });
  }
  for (const o of gdmf?.offers ?? []) {
    const d = draft(o.version);
    d.builds.push(...o.builds);
    if (d.models !== null) d.models = [...new Set([...d.models, ...o.models])];
    d.offers.push({ feed: 'gdmf', models: o.models, expires: o.expires });
  }
  // Builds of releases that nobody tells a story of say at least that they are no betas.
  for (const [version, build] of gdmf?.builds ?? []) draft(version).builds.push(build);
  const releases = [...drafts.values()]
    .map((d): Release => ({ ...d, builds: [...new Set(d.builds)].sort() }))
    .sort((a, b) => compareVersions(b.version, a.version) ?? 0);
  const improvements = new Map([...(sofa?.improvements ?? []), ...(gdmf?.improvements ?? [])].map((i) => [i.build, i]));
  return { releases, models: sofa?.models ?? [], improvements: [...improvements.values()] };
}

/** A feed that nobody has looked at for this long proves nothing about the newest version (SOFA itself looks several times a day), ms. */
export const STALE_MS = 72 * 3_600_000;

/** Since when a feed is too old to judge by, ms; null while it is fresh. Zero: it was never read. */
export function feedStaleSince(catalogue: Pick<SoftwareCatalogue, 'checkedAt'>, feed: FeedName, now: number): number | null {
  const checkedAt = catalogue.checkedAt[feed];
  if (checkedAt === null) return 0;
  return now - checkedAt > STALE_MS ? checkedAt + STALE_MS : null;
}

/** Since when some feed is too old to judge by, ms, the first of them; null while all are fresh. */
export function staleSince(catalogue: Pick<SoftwareCatalogue, 'checkedAt'>, now: number): number | null {
  const since = FEEDS.map((feed) => feedStaleSince(catalogue, feed, now)).filter((at) => at !== null);
  return since.length === 0 ? null : Math.min(...since);
}
