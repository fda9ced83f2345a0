import { describe, expect, it } from '@jest/globals';
import { judgeWindows, WindowsCycles, WindowsLifecycle, windowsEdition, windowsReleases } from './windows.js';

const row = (build: number, edition: WindowsLifecycle['releases'][number]['edition'], ends: string) => ({
  build,
  name: `Windows ${build}`,
  edition,
  released: null,
  ends,
});
/** Read on 1 June 2026: one build that is over for all, one that ends by edition, one that is still looked after. */
const LIST = WindowsLifecycle.parse({
  schema: 1,
  source: 'made for this test',
  asOf: '2026-06-01',
  releases: [
    row(19_045, 'home-pro', '2025-10-14'),
    row(19_045, 'enterprise', '2025-10-14'),
    row(26_100, 'home-pro', '2026-10-13'),
    row(26_100, 'enterprise', '2027-10-12'),
    row(26_100, 'ltsc', '2029-10-09'),
    row(26_200, 'home-pro', '2027-10-12'),
    row(26_200, 'enterprise', '2028-10-10'),
  ],
});
const SUMMER = '2026-07-01';
/** The list is younger than half a year, and an end that it foretold has come. */
const AUTUMN = '2026-10-20';
const LATE = '2027-11-01';

describe('until when Windows gets updates', () => {
  it.each([
    ['over for every edition', '19045.5965', 'Professional', SUMMER, 'ended'],
    ['the edition was not read, and it is over for all', '19045.5965', null, SUMMER, 'ended'],
    ['spelled with its system', '10.0.19045', 'Core', SUMMER, 'ended'],
    ['over when the list was read stays over, however old the list', '19045.5965', 'Professional', LATE, 'ended'],
    ['gets updates', '26100.4061', 'Professional', SUMMER, 'supported'],
    ['on its last day', '26100.4061', 'Professional', '2026-10-13', 'supported'],
    ['the day after, by a list that foretold it lately', '26100.4061', 'Professional', '2026-10-14', 'ended'],
    ['another edition of the same build goes on', '26100.4061', 'Enterprise', AUTUMN, 'supported'],
    ['the long-term channel likewise', '26100.4061', 'EnterpriseS', AUTUMN, 'supported'],
    ['the edition was not read, and they differ', '26100.4061', null, AUTUMN, 'unknown'],
    ['foretold by a list that nobody has read since', '26200.1', 'Professional', LATE, 'stale'],
    ['a list that is old, and an end that is still to come', '26200.1', 'Enterprise', LATE, 'supported'],
    ['a build that nobody lists', '27000.1', 'Professional', SUMMER, 'unknown-release'],
    ['a build that an old list cannot know', '29000.1', 'Professional', LATE, 'stale'],
    ['an edition that is not listed for it', '19045.5965', 'EnterpriseS', SUMMER, 'unknown-release'],
    ['a server', '26100.4061', 'ServerStandard', SUMMER, 'unknown-release'],
    ['no build was read', null, 'Professional', SUMMER, 'unknown'],
    ['a build that is none', 'twenty-two', 'Professional', SUMMER, 'unknown'],
  ] as const)('%s', (_, build, edition, day, status) => {
    expect(judgeWindows(LIST, { build, edition }, Date.parse(`${day}T12:00:00Z`)).status).toBe(status);
  });

  it('says nothing without a list', () => {
    expect(judgeWindows(undefined, { build: '19045.1', edition: 'Core' }, Date.parse(SUMMER)).status).toBe('unknown');
  });

  it('knows editions by the names of the registry', () => {
    const groups = ['CoreN', 'ProfessionalWorkstation', 'Education', 'EnterpriseN', 'EnterpriseSN', 'IoTEnterpriseS', 'ServerDatacenter'];
    expect(groups.map(windowsEdition)).toEqual(['home-pro', 'home-pro', 'enterprise', 'enterprise', 'ltsc', 'iot-ltsc', null]);
  });
});

describe('a list made of endoflife.date', () => {
  it('keeps builds of Windows 10 and 11 that have a day, by group of editions', () => {
    const cycles = WindowsCycles.parse([
      { cycle: '11-24h2-iot-lts', latest: '10.0.26100', releaseDate: '2024-10-01', eol: '2034-10-10', lts: true },
      { cycle: '11-24h2-w', latest: '10.0.26100', releaseDate: '2024-10-01', eol: '2026-10-13' },
      { cycle: '10-22h2', latest: '10.0.19045', releaseDate: '2022-10-18', eol: '2025-10-14' },
      { cycle: '11-30h2-w', latest: '10.0.31000', eol: false },
      { cycle: '11-24h2-x', latest: '10.0.26100', eol: '2026-10-13' },
      { cycle: '8.1', latest: '6.3.9600', releaseDate: '2013-10-17', eol: '2023-01-10' },
    ]);
    expect(windowsReleases(cycles)).toEqual([
      { build: 19_045, name: 'Windows 10 22H2', edition: 'home-pro', released: '2022-10-18', ends: '2025-10-14' },
      { build: 19_045, name: 'Windows 10 22H2', edition: 'enterprise', released: '2022-10-18', ends: '2025-10-14' },
      { build: 26_100, name: 'Windows 11 24H2', edition: 'home-pro', released: '2024-10-01', ends: '2026-10-13' },
      { build: 26_100, name: 'Windows 11 24H2', edition: 'iot-ltsc', released: '2024-10-01', ends: '2034-10-10' },
    ]);
  });
});
