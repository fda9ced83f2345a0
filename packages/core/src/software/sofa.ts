import { z } from 'zod';
import { Cve, Day, type Improvement, ModelId, type Platform, type SofaPart, type StoriedRelease } from './shapes.js';
import { Build, compareVersions, Version } from './versions.js';

/** A moment as SOFA writes it: with nanoseconds, and an offset or `Z`. Read as ISO 8601 UTC. */
const Moment = z.iso.datetime({ offset: true }).transform((s, ctx) => {
  // Date keeps milliseconds; longer fractions are cut, because not every engine reads them.
  const ms = Date.parse(s.replace(/(\.\d{3})\d+/, '$1'));
  if (Number.isNaN(ms)) {
    ctx.addIssue({ code: 'custom', message: 'must be a moment' });
    return z.NEVER;
  }
  return new Date(ms).toISOString();
});
/** SOFA leaves the build empty when nobody published it. */
const MaybeBuild = z.union([z.literal(''), Build]).nullish();
const Builds = z.array(Build).max(64).nullish();

const Release = z.object({
  ProductVersion: Version,
  Build: MaybeBuild,
  AllBuilds: Builds,
  ReleaseDate: z.union([Moment.transform((s) => s.slice(0, 10)), Day]),
  ExpirationDate: Day.nullish(),
  SupportedDevices: z.array(ModelId).max(1_000).nullish(),
  /** `device-specific`: for some models of the major version only. */
  DeviceScope: z.string().max(64).nullish(),
  UniqueCVEsCount: z.int().min(0).max(100_000).nullish(),
  ActivelyExploitedCVEs: z.array(Cve).max(500).nullish(),
});
type Release = z.infer<typeof Release>;

const ImprovementEntry = z.object({
  Version: Version,
  VersionExtra: z
    .string()
    .regex(/^\([a-z]\)$/, 'must be a letter in brackets')
    .nullish(),
  Build,
  PrerequisiteBuild: MaybeBuild,
});

const Feed = z.object({
  LastCheck: Moment,
  OSVersions: z
    .array(z.object({ Latest: Release, SecurityReleases: z.array(Release).max(500) }))
    .min(1)
    .max(100),
  Devices: z.record(ModelId, z.object({ MarketingName: z.string().max(200), DeviceID: ModelId.nullish() })).default({}),
  BackgroundSecurityImprovements: z.record(z.string(), z.array(ImprovementEntry).max(200)).default({}),
});

/**
 * Reads one of SOFA's v2 feeds (`/v2/ios_data_feed.json`, `/v2/macos_data_feed.json`; schema 2026.04). It tells what gdmf does not: when a
 * release really came, and which CVEs it closes. v1 of the feeds is not read: it has invented builds and empty lists of models. Errors name
 * the field.
 */
export function sofaAnswer(platform: Platform): z.ZodType<SofaPart> {
  return Feed.transform((feed): SofaPart => {
    const releases = new Map<string, StoriedRelease>();
    for (const { Latest, SecurityReleases } of feed.OSVersions)
      for (const release of [Latest, ...SecurityReleases]) {
        const read = releaseOf(release);
        const known = releases.get(read.version);
        releases.set(read.version, known ? together(known, read) : read);
      }
    return {
      feed: platform === 'ios' ? 'sofa-ios' : 'sofa-macos',
      lastCheck: feed.LastCheck,
      releases: [...releases.values()].sort((a, b) => compareVersions(b.version, a.version) ?? 0),
      models: Object.entries(feed.Devices)
        .map(([id, d]) => ({ id, name: d.MarketingName, product: d.DeviceID ?? null }))
        .sort((a, b) => (a.id < b.id ? -1 : 1)),
      improvements: Object.values(feed.BackgroundSecurityImprovements)
        .flat()
        .map((e): Improvement => ({ version: e.Version, letter: e.VersionExtra ?? '', build: e.Build, on: e.PrerequisiteBuild || null })),
    };
  });
}

function releaseOf(r: Release): StoriedRelease {
  const models = r.SupportedDevices ?? [];
  return {
    version: r.ProductVersion,
    builds: [...new Set([...(r.Build ? [r.Build] : []), ...(r.AllBuilds ?? [])])].sort(),
    released: r.ReleaseDate,
    expires: r.ExpirationDate ?? null,
    // Older releases list no models: they were for every model of their time.
    models: models.length > 0 ? [...models].sort() : r.DeviceScope === 'device-specific' ? [] : null,
    cves: r.UniqueCVEsCount ?? null,
    exploited: [...new Set(r.ActivelyExploitedCVEs ?? [])].sort(),
  };
}

/** The feed lists a version twice: its latest once more, and a version that came to more models days later. The first day counts. */
function together(a: StoriedRelease, b: StoriedRelease): StoriedRelease {
  const union = (x: readonly string[], y: readonly string[]) => [...new Set([...x, ...y])].sort();
  const days = [a.expires, b.expires].filter((day) => day !== null).sort();
  return {
    version: a.version,
    builds: union(a.builds, b.builds),
    released: [a.released, b.released].sort()[0] ?? a.released,
    expires: days.at(-1) ?? null,
    models: a.models === null ? b.models : b.models === null ? a.models : union(a.models, b.models),
    cves: a.cves === null || b.cves === null ? (a.cves ?? b.cves) : Math.max(a.cves, b.cves),
    exploited: union(a.exploited, b.exploited),
  };
}
