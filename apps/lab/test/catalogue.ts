import { type PreparedCatalogue, prepareCatalogue, type Release } from '@lockstep/core/software';

/**
 * A synthetic catalogue, in the shape of Apple's lists: one release of macOS and iOS each, two months old, and one before it. Its days
 * follow the day of the test, so that no feed is ever stale.
 */

const DAY_MS = 86_400_000;
const MAC = 'J504AP';
const PHONE = 'iPhone14,5';
const day = (ago: number) => new Date(Date.now() - ago * DAY_MS).toISOString().slice(0, 10);

const release = (version: string, build: string, model: string, ago: number, offered: boolean): Release => ({
  version,
  builds: [build],
  released: day(ago),
  cves: 20,
  exploited: [],
  models: [model],
  offers: offered ? [{ feed: 'gdmf', models: [model], expires: null }] : [],
});

/** What the lab's tests know of Apple's releases. */
export function labCatalogue(): PreparedCatalogue {
  const now = Date.now();
  return prepareCatalogue({
    checkedAt: { gdmf: now, 'sofa-ios': now, 'sofa-macos': now },
    platforms: {
      ios: {
        releases: [release('26.1', '23B85', PHONE, 60, true), release('26.0', '23A341', PHONE, 110, false)],
        models: [],
        improvements: [],
      },
      macos: {
        releases: [release('26.1', '25B78', MAC, 60, true), release('26.0', '25A354', MAC, 110, false)],
        models: [],
        improvements: [],
      },
    },
    requirements: {
      ios: [
        {
          ios: 26,
          macosOfSeason: '26.0',
          macosOldest: '13.5',
          mobileDevice: '1800.0.0',
          windowsSupport: '17.0.0.0',
          source: 'synthetic, for tests alone',
          asOf: day(30),
        },
      ],
      wifi: [],
      pc: [],
    },
  });
}

/** The phone that this catalogue knows. */
export const LAB_PHONE = { productType: PHONE, productVersion: '26.1', buildVersion: '23B85' } as const;
