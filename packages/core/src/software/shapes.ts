import { z } from 'zod';
import { Build, Version } from './versions.js';

/** What we keep of the feeds, and the rules of our own that nobody publishes as a feed: all of it is data that somebody may mend tonight. */

/** Where what we know comes from. `gdmf`: Apple's software lookup service. `sofa-…`: the feeds of the Mac admins' SOFA project. */
export const FEEDS = ['gdmf', 'sofa-ios', 'sofa-macos'] as const;
export type FeedName = (typeof FEEDS)[number];
export const FeedName = z.enum(FEEDS);

/** `ios` is iPadOS too. */
export const PLATFORMS = ['ios', 'macos'] as const;
export type Platform = (typeof PLATFORMS)[number];

/** A day, as the feeds write it. */
export const Day = z.iso.date();
/** A model as the feeds name it: `iPhone14,5`, and of a Mac its board (`J314sAP`, `VMM-x86_64`). */
export const ModelId = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9,._-]{0,39}$/, 'must be a model such as iPhone14,5');
export const Cve = z.string().regex(/^CVE-\d{4}-\d{4,9}$/, 'must be a CVE such as CVE-2026-20700');

/** One version as gdmf offers it to some models. Its date of posting is no age: Apple stamps it anew while the version stays the same. */
export const Offer = z.object({
  version: Version,
  builds: z.array(Build).max(64),
  /** The last day on which it is offered. */
  expires: Day.nullable(),
  models: z.array(ModelId).max(1_000),
});
export type Offer = z.infer<typeof Offer>;

/** A Background Security Improvement: the build that a phone has which took it. */
export const Improvement = z.object({ version: Version, letter: z.string().max(8), build: Build, on: Build.nullable() });
export type Improvement = z.infer<typeof Improvement>;

const OfferedPlatform = z.object({
  /** What the public is offered. */
  offers: z.array(Offer).max(500),
  /** Builds of versions that only managed devices may still be given: enough to know them when they are met. */
  builds: z.array(z.tuple([Version, Build])).max(2_000),
  improvements: z.array(Improvement).max(200),
});

/** What we keep of gdmf's answer. */
export const GdmfPart = z.object({ feed: z.literal('gdmf'), ios: OfferedPlatform, macos: OfferedPlatform });
export type GdmfPart = z.infer<typeof GdmfPart>;

/** One release as SOFA tells its story. */
export const StoriedRelease = z.object({
  version: Version,
  builds: z.array(Build).max(64),
  /** When Apple released it: what ages are counted from. */
  released: Day,
  expires: Day.nullable(),
  /** The models it is for; null: every model of its major version. */
  models: z.array(ModelId).max(1_000).nullable(),
  /** How many CVEs it closes; null when nothing was published. */
  cves: z.int().min(0).max(100_000).nullable(),
  /** Those of them that were used against people before it came. */
  exploited: z.array(Cve).max(500),
});
export type StoriedRelease = z.infer<typeof StoriedRelease>;

/** A model and its name. `product`: what a Mac calls itself (`Mac14,9`), beside its board. */
export const NamedModel = z.object({ id: ModelId, name: z.string().max(200), product: ModelId.nullable() });
export type NamedModel = z.infer<typeof NamedModel>;

/** What we keep of one of SOFA's feeds. */
export const SofaPart = z.object({
  feed: z.enum(['sofa-ios', 'sofa-macos']),
  /** When SOFA itself last looked at Apple's pages, ISO 8601 UTC. */
  lastCheck: z.iso.datetime(),
  releases: z.array(StoriedRelease).min(1).max(2_000),
  models: z.array(NamedModel).max(2_000),
  improvements: z.array(Improvement).max(200),
});
export type SofaPart = z.infer<typeof SofaPart>;

/** What is kept of a feed, in our own shape. */
export const FeedPart = z.discriminatedUnion('feed', [GdmfPart, SofaPart]);
export type FeedPart = z.infer<typeof FeedPart>;

/** A sentence that says where a row is from, and the day it was true. Without both no row is taken. */
const provenance = { source: z.string().min(8).max(300), asOf: Day };

/** What a computer needs for phones that run this major version. */
export const IosNeeds = z.object({
  ios: z.int().min(1).max(999),
  /** The macOS of the same season knows such phones by itself. */
  macosOfSeason: Version,
  /** The oldest macOS for which Apple has a component that teaches it such phones. */
  macosOldest: Version,
  /** The least version of macOS's MobileDevice framework; null when none is known. */
  mobileDevice: Version.nullable(),
  /** The first Apple Mobile Device Support for Windows of the season; null when none is known. */
  windowsSupport: Version.nullable(),
  ...provenance,
});
export type IosNeeds = z.infer<typeof IosNeeds>;

/** Apple's programs for PCs: what the fleet's may be compared with. The words are those of the `apple-software` fact. */
export const PC_SOFTWARE = ['itunes', 'itunes-store', 'apple-devices', 'mobile-device-support'] as const;
export type PcSoftwareId = (typeof PC_SOFTWARE)[number];
export const PcSoftware = z.object({
  id: z.enum(PC_SOFTWARE),
  name: z.string().min(2).max(64),
  /** The newest that was seen published. */
  latest: Version,
  /** Older than this does not work with phones of the current season; null when nobody knows. */
  minimum: Version.nullable(),
  ...provenance,
});
export type PcSoftware = z.infer<typeof PcSoftware>;

/** Wi-Fi sync with phones from this version on needs this macOS. */
export const WifiNeeds = z.object({ ios: Version, macos: Version, ...provenance });

/** What nobody publishes as a feed: kept by hand, each row with where it is from. */
export const Requirements = z.object({
  ios: z.array(IosNeeds).max(100),
  wifi: z.array(WifiNeeds).max(20),
  pc: z.array(PcSoftware).max(20),
});
export type Requirements = z.infer<typeof Requirements>;
export const NO_REQUIREMENTS: Requirements = { ios: [], wifi: [], pc: [] };

/** A part and when it was last known to be what the feed says, ms: a feed that answered "not changed" was looked at too. */
export interface DatedPart {
  part: FeedPart;
  fetchedAt: number;
}

/** The snapshot that comes with the server: for the first minutes, and for servers that may not ask anybody. */
export const Snapshot = z.object({
  schema: z.literal(1),
  /** Who made the data it was made from, and under which licence. */
  origin: z.string().min(8).max(1_000),
  feeds: z.array(z.object({ fetchedAt: z.iso.datetime(), part: FeedPart })).max(3),
});
export type Snapshot = z.infer<typeof Snapshot>;
