/**
 * Answers of the feeds, small: some versions, days and models as they were in August and September 2026, in the form in which Apple's
 * lookup service and the SOFA project (github.com/macadmins/sofa, Apache License 2.0) publish them. Written for these tests.
 */

/** The moment all of them are told at: two tracks are open, because iOS 27 is four weeks old. */
export const AT = Date.UTC(2026, 9, 26, 12, 0, 0);
export const HOUR = 3_600_000;

export const PHONES = ['iPhone12,1', 'iPhone14,5', 'iPhone18,1', 'iPad13,1'];
const OLDER = ['iPhone11,8', 'iPad7,11'];
const EVERY = [...OLDER, ...PHONES];

const offer = (ProductVersion: string, Build: string, SupportedDevices: string[], more: object = {}) => ({
  ProductVersion,
  Build,
  // Stamped anew by Apple: if anything counted from it, a test would notice.
  PostingDate: '2026-10-20',
  ExpirationDate: '2027-01-20',
  SupportedDevices,
  ...more,
});

export const MAC_27 = ['J314sAP', 'J414sAP', 'J680AP'];
export const MAC_15 = [...MAC_27, 'J132AP', 'J230KAP'];
export const MAC_13 = ['J137AP'];

/** What gdmf answers. */
export function gdmf() {
  return {
    PublicAssetSets: {
      iOS: [
        offer('12.5.8', '16H88', ['iPhone6,1', 'iPad4,1']),
        offer('16.7.16', '20H392', ['iPhone10,3', 'iPad6,3']),
        offer('18.7.10', '22H374', OLDER),
        offer('26.7.1', '23H30', PHONES),
        // The same release under its other build, and with somebody else's devices in the same list.
        offer('26.7.1', '23H6030', [...PHONES, 'Watch6,1', 'AppleTV11,1', 'AudioAccessory5,1']),
        offer('27.0.1', '24A446', [...PHONES, 'iPhone19,2']),
        offer('27.0', '24U400', ['Watch6,1']),
        // Over since a week.
        offer('27.1', '24B50', ['iPhone14,5'], { ExpirationDate: '2026-10-19' }),
      ],
      macOS: [
        offer('27.0.1', '26A420', MAC_27),
        offer('26.7.1', '25H20', MAC_27),
        offer('15.7.10', '24G840', MAC_15),
        offer('14.8.10', '23J640', MAC_15),
        offer('13.7.8', '22H730', [...MAC_15, ...MAC_13]),
      ],
      visionOS: [offer('27.0', '24O1', ['RealityDevice17,1'])],
    },
    AssetSets: {
      iOS: [offer('26.6.1', '23G83', PHONES), offer('27.0', '24U400', ['Watch6,1'])],
      macOS: [offer('26.6.2', '25G83', MAC_27)],
    },
    PublicBackgroundSecurityImprovements: {
      iOS: [offer('26.7.1', '23H771330a', PHONES, { ProductVersionExtra: '(a)', PrerequisiteBuild: '23H30' })],
      macOS: [],
    },
    SomethingNew: { of: 'which nobody knows' },
  };
}

const release = (ProductVersion: string, ReleaseDate: string, more: object = {}) => ({
  UpdateName: `iOS ${ProductVersion}`,
  ProductName: 'iOS and iPadOS',
  ProductVersion,
  Build: '',
  AllBuilds: [] as string[],
  ReleaseDate: `${ReleaseDate}T00:00:00Z`,
  ReleaseType: 'OS',
  DeviceScope: 'universal',
  CVEs: { 'CVE-2026-10001': {} },
  ActivelyExploitedCVEs: [] as string[],
  UniqueCVEsCount: 20,
  ...more,
});
const open = (builds: string[], SupportedDevices: string[], more: object = {}) => ({
  Build: builds[0],
  AllBuilds: builds,
  ExpirationDate: '2027-01-20',
  SupportedDevices,
  ...more,
});

/** What SOFA tells of iOS. It knows neither the oldest phones nor the newest release of the oldest track. */
export function sofaIos() {
  const latest27 = release('27.0.1', '2026-09-28', open(['24A446'], [...PHONES, 'iPhone19,2']));
  const latest26 = release('26.7.1', '2026-09-28', open(['23H30', '23H6030'], PHONES));
  const latest18 = release('18.7.9', '2026-05-11', open(['22H355'], OLDER, { DeviceScope: 'device-specific' }));
  return {
    SchemaVersion: '2026.04.11.2',
    Version: '2.0',
    UpdateHash: 'c0ffee',
    LastCheck: '2026-10-26T09:45:03.083466422+00:00',
    OSVersions: [
      { OSVersion: '27', Latest: latest27, SecurityReleases: [latest27, release('27.0', '2026-09-14')] },
      {
        OSVersion: '26',
        Latest: latest26,
        SecurityReleases: [
          latest26,
          release('26.7', '2026-09-14', { ActivelyExploitedCVEs: ['CVE-2026-20700', 'CVE-2026-22222'] }),
          release('26.6.1', '2026-08-17', open(['23G83'], PHONES)),
          release('26.6', '2026-07-27'),
          release('26.5.1', '2026-06-01', open(['23F81'], ['iPhone18,1'], { DeviceScope: 'device-specific' })),
          // Dated when somebody noticed it, not when it came.
          release('26.5', '2026-07-01'),
          release('26.4', '2026-03-24', { ActivelyExploitedCVEs: ['CVE-2026-11111', 'CVE-2026-20700'] }),
          release('26.0', '2025-09-15'),
        ],
      },
      {
        OSVersion: '18',
        Latest: latest18,
        SecurityReleases: [
          latest18,
          release('18.7.8', '2026-04-22', open(['22H352'], EVERY)),
          release('18.7.7', '2026-03-24'),
          release('18.7.7', '2026-03-20'),
          release('18.0', '2024-09-16'),
        ],
      },
    ],
    Devices: {
      'iPhone14,5': { MarketingName: 'iPhone 13' },
      'iPhone11,8': { MarketingName: 'iPhone XR' },
      'iPhone19,9': { MarketingName: 'iPhone that nobody offers anything yet' },
    },
    BackgroundSecurityImprovements: {
      '26': [{ Version: '26.7.1', VersionExtra: '(a)', Build: '23H771330a', PrerequisiteBuild: '23H30', SupportedDevices: PHONES }],
    },
  };
}

/** What SOFA tells of macOS. */
export function sofaMacos() {
  const mac = (version: string, day: string, builds: string[], boards: string[]) =>
    release(version, day, { ...open(builds, boards), ProductName: 'macOS' });
  const track = (name: string, latest: ReturnType<typeof mac>, ...older: object[]) => ({
    OSVersion: name,
    Latest: latest,
    // The list repeats the latest, without its models.
    SecurityReleases: [{ ...latest, SupportedDevices: undefined }, ...older],
    SupportedModels: [],
  });
  return {
    ...sofaIos(),
    OSVersions: [
      track('Oakland 27', mac('27.0.1', '2026-09-28', ['26A420'], MAC_27), release('27.0', '2026-09-14')),
      track('Tahoe 26', mac('26.7.1', '2026-09-28', ['25H20'], MAC_27), release('26.6.2', '2026-08-17'), release('26.0', '2025-09-15')),
      track('Sequoia 15', mac('15.7.10', '2026-09-28', ['24G840'], MAC_15), release('15.7.9', '2026-08-06')),
      track('Sonoma 14', mac('14.8.10', '2026-09-28', ['23J640'], MAC_15)),
      track('Ventura 13', mac('13.7.8', '2025-08-20', ['22H730'], [...MAC_15, ...MAC_13])),
    ],
    Devices: {
      J414sAP: { DeviceID: 'Mac14,9', MarketingName: 'MacBook Pro (14-inch, M2 Pro, 2023)' },
      J230KAP: { DeviceID: 'MacBookPro16,4', MarketingName: 'MacBook Pro (16-inch, 2019)' },
      J680AP: { DeviceID: 'MacBookPro16,4', MarketingName: 'MacBook Pro (16-inch, 2019)' },
      J132AP: { DeviceID: 'MacBookPro15,2', MarketingName: 'MacBook Pro (13-inch, 2018)' },
      J137AP: { DeviceID: 'iMacPro1,1', MarketingName: 'iMac Pro' },
    },
    Models: { 'Mac14,9': { MarketingName: 'MacBook Pro' } },
    BackgroundSecurityImprovements: {},
    XProtectPayloads: { ReleaseDate: '2026-10-01T00:00:00Z' },
  };
}
