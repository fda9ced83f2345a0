import { z } from 'zod';
import type { GdmfPart, Improvement, Offer } from './shapes.js';
import { Day, ModelId } from './shapes.js';
import { Build, compareVersions, Version } from './versions.js';

/** One entry, of which we read these fields; what else is there, or will be, does not matter. */
const Entry = z.object({
  ProductVersion: Version,
  Build,
  ExpirationDate: Day.nullish(),
  SupportedDevices: z.array(ModelId).max(1_000),
});
type Entry = z.infer<typeof Entry>;
const ImprovementEntry = Entry.extend({
  ProductVersionExtra: z
    .string()
    .regex(/^\([a-z]\)$/, 'must be a letter in brackets')
    .nullish(),
  PrerequisiteBuild: Build.nullish(),
});
const Sets = z.object({ iOS: z.array(Entry).min(1).max(500), macOS: z.array(Entry).min(1).max(500) });

/** gdmf lists watches, televisions and speakers as iOS too. */
const isHandheld = (model: string) => /^(iPhone|iPad|iPod)\d/.test(model);

/**
 * Reads what Apple's software lookup service answers at `/v2/pmv` (Apple Platform Deployment, "Use the Apple Software Lookup Service").
 * `PublicAssetSets` is what the public is offered; `AssetSets` also holds what only managed devices may still be given. Errors name the field.
 */
export const GdmfAnswer: z.ZodType<GdmfPart> = z
  .object({
    PublicAssetSets: Sets,
    AssetSets: z.object({ iOS: z.array(Entry).max(1_000), macOS: z.array(Entry).max(1_000) }),
    PublicBackgroundSecurityImprovements: z
      .object({ iOS: z.array(ImprovementEntry).max(200).default([]), macOS: z.array(ImprovementEntry).max(200).default([]) })
      .default({ iOS: [], macOS: [] }),
  })
  .refine((a) => a.PublicAssetSets.iOS.some((e) => e.SupportedDevices.some(isHandheld)), {
    path: ['PublicAssetSets', 'iOS'],
    message: 'offers nothing to any phone',
  })
  .transform((a): GdmfPart => {
    const { PublicAssetSets: offered, AssetSets: all, PublicBackgroundSecurityImprovements: improved } = a;
    return {
      feed: 'gdmf',
      ios: {
        offers: offersOf(offered.iOS, isHandheld),
        builds: buildsOf(all.iOS, isHandheld),
        improvements: improvementsOf(improved.iOS, isHandheld),
      },
      macos: { offers: offersOf(offered.macOS), builds: buildsOf(all.macOS), improvements: improvementsOf(improved.macOS) },
    };
  });

/** One offer per version and set of models: the same version comes with several builds. */
function offersOf(entries: readonly Entry[], isOurs: (model: string) => boolean = () => true): Offer[] {
  const offers = new Map<string, Offer>();
  for (const entry of entries) {
    const models = entry.SupportedDevices.filter(isOurs).sort();
    if (models.length === 0) continue;
    const expires = entry.ExpirationDate ?? null;
    const key = JSON.stringify([entry.ProductVersion, expires, models]);
    const known = offers.get(key);
    if (known) known.builds = [...new Set([...known.builds, entry.Build])].sort();
    else offers.set(key, { version: entry.ProductVersion, builds: [entry.Build], expires, models });
  }
  return [...offers.values()].sort((a, b) => compareVersions(b.version, a.version) ?? 0);
}

function buildsOf(entries: readonly Entry[], isOurs: (model: string) => boolean = () => true): [string, string][] {
  const pairs = entries.filter((e) => e.SupportedDevices.some(isOurs)).map((e) => `${e.ProductVersion} ${e.Build}`);
  return [...new Set(pairs)].sort().map((pair) => pair.split(' ') as [string, string]);
}

function improvementsOf(entries: readonly z.infer<typeof ImprovementEntry>[], isOurs: (model: string) => boolean = () => true) {
  return entries
    .filter((e) => e.SupportedDevices.some(isOurs))
    .map(
      (e): Improvement => ({
        version: e.ProductVersion,
        letter: e.ProductVersionExtra ?? '',
        build: e.Build,
        on: e.PrerequisiteBuild ?? null,
      }),
    );
}
