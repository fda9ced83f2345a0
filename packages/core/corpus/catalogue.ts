import { type PreparedCatalogue, prepareCatalogue, type Release, type SoftwareCatalogue } from '../src/software/index.js';
import type { Case } from './case.js';
import { CORPUS_NOW, DAY, HOUR } from './moments.js';

/**
 * A synthetic catalogue: which model may run which version has the shape of Apple's lists of autumn 2026; days, CVEs and Macs are chosen for
 * the cases. It proves nothing about any real release.
 */

const range = (major: number, last: number) => Array.from({ length: last }, (_, i) => `iPhone${major},${i + 1}`);
/** iPhone 11 to 17: both tracks. */
const MODERN = [
  ...range(12, 8),
  ...range(13, 4),
  ...range(14, 8),
  ...range(15, 5),
  ...range(16, 2),
  ...range(17, 5),
  ...range(18, 5),
  'iPad14,3',
];
/** The newest phones never ran the older track. */
const NEWEST = ['iPhone19,2', 'iPhone19,3', 'iPhone19,7'];
const XS_XR = ['iPhone11,2', 'iPhone11,6', 'iPhone11,8'];
const X_8 = ['iPhone10,1', 'iPhone10,3', 'iPhone10,6'];
const SIX_S_7 = ['iPhone8,1', 'iPhone8,4', 'iPhone9,1', 'iPhone9,3'];
const FIVE_S_6 = ['iPhone6,2', 'iPhone7,2'];

const MACBOOK = 'J314sAP';
const IMAC_2020 = 'Mac-CFF7D910A743CAAF';
const MINI_2018 = 'Mac-7BA5B2DFE22DDD8C';
const IMAC_2017 = 'Mac-77F17D7DA9285301';
const AIR_2015 = 'Mac-9F18E312C5C2BF0B';

function release(
  version: string,
  builds: string[],
  released: string,
  models: string[],
  more: Partial<Release> & { offered?: boolean } = {},
): Release {
  const { offered = true, ...rest } = more;
  return {
    version,
    builds,
    released,
    cves: 12,
    exploited: [],
    models,
    offers: offered ? [{ feed: 'gdmf', models, expires: null }] : [],
    ...rest,
  };
}
const past = { offered: false } as const;

const IOS: Release[] = [
  release('27.0.1', ['24A446'], '2026-09-28', [...NEWEST, ...MODERN]),
  release('27.0', ['24A400'], '2026-09-14', [...NEWEST, ...MODERN], past),
  release('26.7.1', ['23H30'], '2026-09-28', MODERN),
  release('26.7', ['23H20'], '2026-09-14', MODERN, past),
  release('26.6.1', ['23G6083', '23G83'], '2026-08-19', MODERN, { ...past, exploited: ['CVE-2026-90001'] }),
  release('26.6', ['23G70'], '2026-07-21', MODERN, past),
  release('26.4', ['23E246'], '2026-03-24', MODERN, past),
  release('18.7.10', ['22H6374'], '2026-08-20', XS_XR),
  release('18.7.8', ['22H6352'], '2026-04-22', XS_XR, past),
  release('18.6.2', ['22G100'], '2025-08-20', [...XS_XR, ...MODERN], past),
  release('16.7.16', ['20H6392'], '2026-11-14', X_8),
  release('16.7.15', ['20H6380'], '2026-05-11', X_8, past),
  release('15.8.8', ['19H422'], '2026-05-11', SIX_S_7),
  release('15.8.6', ['19H402'], '2025-09-15', SIX_S_7, past),
  release('12.5.8', ['16H88'], '2026-01-26', FIVE_S_6),
];

const MACOS: Release[] = [
  release('26.6.2', ['25G83'], '2026-11-16', [MACBOOK, IMAC_2020]),
  release('26.6.1', ['25G70'], '2026-08-19', [MACBOOK, IMAC_2020], past),
  release('26.4', ['25E240'], '2026-03-24', [MACBOOK, IMAC_2020], past),
  release('26.3', ['25D120'], '2026-02-11', [MACBOOK, IMAC_2020], past),
  release('15.7.9', ['24G830'], '2026-08-24', [MACBOOK, IMAC_2020, MINI_2018]),
  release('15.7.4', ['24G517'], '2026-02-11', [MACBOOK, IMAC_2020, MINI_2018], past),
  release('14.8.9', ['23J631'], '2026-08-24', [MACBOOK, IMAC_2020, MINI_2018]),
  release('13.7.8', ['22H730'], '2025-08-20', [IMAC_2017]),
  release('12.7.6', ['21H1320'], '2024-07-29', [AIR_2015]),
];

const SEASONS = { source: 'synthetic, shaped after Apple’s support pages', asOf: '2026-11-01' } as const;

function catalogueCheckedAt(checkedAt: number): SoftwareCatalogue {
  return {
    checkedAt: { gdmf: checkedAt, 'sofa-ios': checkedAt, 'sofa-macos': checkedAt },
    platforms: {
      ios: {
        releases: IOS,
        models: [
          { id: 'iPhone14,5', name: 'iPhone 13', product: null },
          { id: 'iPhone11,8', name: 'iPhone XR', product: null },
          { id: 'iPhone10,3', name: 'iPhone X', product: null },
          { id: 'iPhone9,1', name: 'iPhone 7', product: null },
          { id: 'iPhone6,2', name: 'iPhone 5s', product: null },
          { id: 'iPhone19,2', name: 'iPhone 18 Pro', product: null },
        ],
        improvements: [{ version: '26.7.1', letter: '(a)', build: '23H77130a', on: '23H30' }],
      },
      macos: {
        releases: MACOS,
        models: [
          { id: MACBOOK, name: 'MacBook Pro (14-inch)', product: 'MacBookPro18,3' },
          { id: IMAC_2020, name: 'iMac (2020)', product: 'iMac20,1' },
          { id: MINI_2018, name: 'Mac mini (2018)', product: 'Macmini8,1' },
          { id: IMAC_2017, name: 'iMac (2017)', product: 'iMac18,2' },
          { id: AIR_2015, name: 'MacBook Air (2015)', product: 'MacBookAir7,2' },
        ],
        improvements: [],
      },
    },
    requirements: {
      ios: [
        { ios: 26, macosOfSeason: '26', macosOldest: '14', mobileDevice: '1810', windowsSupport: null, ...SEASONS },
        { ios: 27, macosOfSeason: '27', macosOldest: '15', mobileDevice: '1853', windowsSupport: null, ...SEASONS },
      ],
      wifi: [{ ios: '26.4', macos: '26.4', ...SEASONS }],
      pc: [
        { id: 'itunes', name: 'iTunes', latest: '12.13.11.1', minimum: '12.13.4.4', ...SEASONS },
        { id: 'itunes-store', name: 'iTunes (Store)', latest: '12.13.11.1', minimum: '12.13.4.4', ...SEASONS },
        { id: 'apple-devices', name: 'Apple Devices', latest: '1.1540.24088.0', minimum: null, ...SEASONS },
        { id: 'mobile-device-support', name: 'Apple Mobile Device Support', latest: '19.4.0.10', minimum: '17.0.0.0', ...SEASONS },
      ],
    },
    // Of the Windows versions that cases speak of the one that is over; the others are not in it, so nothing is said of them.
    windows: {
      schema: 1,
      source: 'synthetic, for the cases',
      asOf: new Date(checkedAt).toISOString().slice(0, 10),
      releases: (['home-pro', 'enterprise'] as const).map((edition) => ({
        build: 19_045,
        name: 'Windows 10 22H2',
        edition,
        released: '2022-10-18',
        ends: '2025-10-14',
      })),
    },
  };
}

/** Looked at two hours before the cases' moment. */
export const FRESH_CATALOGUE = catalogueCheckedAt(CORPUS_NOW - 2 * HOUR * 1_000);
/** Looked at ten days before: nothing newer may be claimed from it. */
export const STALE_CATALOGUE = catalogueCheckedAt(CORPUS_NOW - 10 * DAY * 1_000);

/** What a case knows about Apple's releases; null: nothing. */
export function catalogueOf(story: Pick<Case, 'catalogue'>): SoftwareCatalogue | null {
  return story.catalogue === 'none' ? null : story.catalogue === 'fresh' ? FRESH_CATALOGUE : STALE_CATALOGUE;
}

const PREPARED: Record<Case['catalogue'], PreparedCatalogue | null> = {
  fresh: prepareCatalogue(FRESH_CATALOGUE),
  stale: prepareCatalogue(STALE_CATALOGUE),
  none: null,
};

/** The same, made ready for looking things up. */
export function preparedFor(story: Pick<Case, 'catalogue'>): PreparedCatalogue | null {
  return PREPARED[story.catalogue];
}
