import { describe, expect, it } from '@jest/globals';
import { AT, gdmf, sofaMacos } from '../../test/feeds.js';
import {
  BREAKS,
  compatibility,
  GdmfAnswer,
  type HostSoftware,
  hostSoftwareOf,
  judgePrograms,
  mergeCatalogue,
  type PhoneDemand,
  prepareCatalogue,
  Requirements,
  sofaAnswer,
} from './index.js';

const row = { source: 'written for this test', asOf: '2026-10-01' };
const REQUIREMENTS = Requirements.parse({
  ios: [
    { ios: 26, macosOfSeason: '26', macosOldest: '14', mobileDevice: '1810', windowsSupport: '19.0.0.22', ...row },
    { ios: 27, macosOfSeason: '27', macosOldest: '15', mobileDevice: '1853', windowsSupport: null, ...row },
  ],
  wifi: [{ ios: '26.4', macos: '26.4', ...row }],
  pc: [
    { id: 'itunes', name: 'iTunes', latest: '12.13.11.1', minimum: null, ...row },
    { id: 'apple-devices', name: 'Apple Devices', latest: '1.1540.24088.0', minimum: null, ...row },
    { id: 'mobile-device-support', name: 'Apple Mobile Device Support', latest: '19.4.0.10', minimum: '19.0.0.22', ...row },
  ],
});
const CATALOGUE = prepareCatalogue(
  mergeCatalogue(
    [
      { part: GdmfAnswer.parse(gdmf()), fetchedAt: AT },
      { part: sofaAnswer('macos').parse(sofaMacos()), fetchedAt: AT },
    ],
    REQUIREMENTS,
  ),
);
const MAC: HostSoftware = { os: 'macos', osVersion: '26.7.1', model: 'J314sAP', mobileDevice: null, pc: null };
const PC: HostSoftware = { os: 'windows', osVersion: '10.0.22631', model: null, mobileDevice: null, pc: {} };
const ask = (host: Partial<HostSoftware>, ios: string, demand: PhoneDemand | null = null) => {
  const { outcome, reason, need, basis } = compatibility(CATALOGUE, { ...(host.os === 'windows' ? PC : MAC), ...host }, ios, demand);
  return [outcome, reason, need, basis];
};

describe('a Mac', () => {
  it('is ready for the phones of its season', () => {
    expect(ask({ osVersion: '26.0' }, '26.7.1')).toEqual(['ready', 'system-of-the-season', '26', 'season']);
    expect(ask({ osVersion: '27.0.1' }, '26.7.1')).toEqual(['ready', 'system-of-the-season', '26', 'season']);
  });
  it('of one of the two seasons before needs Apple’s component', () => {
    expect(ask({ osVersion: '15.7.10' }, '26.0')).toEqual(['component', 'system-of-an-earlier-season', '26', 'season']);
    expect(ask({ osVersion: '26.7.1' }, '27.0')).toEqual(['component', 'system-of-an-earlier-season', '27', 'season']);
  });
  it('whose framework is known is judged by that', () => {
    expect(ask({ osVersion: '15.7.10', mobileDevice: '1810.2.3' }, '26.7')).toEqual(['ready', 'framework-new-enough', '1810', 'version']);
    expect(ask({ osVersion: '26.1', mobileDevice: '1799.40.1' }, '26.7')).toEqual(['component', 'framework-too-old', '1810', 'version']);
  });
  it('that is older has to be updated, or replaced where its model is not offered that', () => {
    expect(ask({ osVersion: '13.7.8' }, '26.0')).toEqual(['update', 'system-too-old', '14', 'season']);
    expect(ask({ osVersion: '13.7.8', mobileDevice: '1600.1' }, '26.0')).toEqual(['update', 'system-too-old', '14', 'season']);
    expect(ask({ osVersion: '13.7.8', model: 'J137AP' }, '26.0')).toEqual(['replace', 'system-too-old', '14', 'season']);
    expect(ask({ osVersion: '13.7.8', model: 'iMacPro1,1' }, '27.0')).toEqual(['replace', 'system-too-old', '15', 'season']);
    // A model that no feed knows is not thrown away.
    expect(ask({ osVersion: '13.7.8', model: 'Mac99,9' }, '26.0')[0]).toBe('update');
  });
  it('is told what the phone itself says, before any row of ours', () => {
    const demand = { minMacos: '26.5', minItunes: null };
    expect(ask({ osVersion: '26.4', mobileDevice: '1900' }, '26.7', demand)).toEqual(['update', 'phone-demands-macos', '26.5', 'phone']);
    expect(ask({ osVersion: '26.5', mobileDevice: '1900' }, '26.7', demand)[0]).toBe('ready');
    expect(ask({ osVersion: '26.5' }, '26.7', { minMacos: 'garbage', minItunes: null })[0]).toBe('ready');
  });
  it('that works by cable may need more for Wi-Fi', () => {
    const wifi = (osVersion: string, ios: string) => compatibility(CATALOGUE, { ...MAC, osVersion }, ios).wifiNeeds;
    expect([wifi('26.3', '26.4'), wifi('26.4', '26.4'), wifi('15.7.10', '26.3'), wifi('15.7.10', '27.0')]).toEqual([
      '26.4',
      null,
      null,
      '26.4',
    ]);
  });
  it('is unknown where nothing was read or nobody wrote a row', () => {
    expect(ask({ osVersion: null }, '26.0')).toEqual(['unknown', 'not-read', null, null]);
    expect(ask({}, '28.0')).toEqual(['unknown', 'no-row', null, null]);
    expect(ask({}, 'the next one')).toEqual(['unknown', 'no-row', null, null]);
  });
});

describe('a PC', () => {
  const pc = (installed: HostSoftware['pc'], ios = '26.0', demand: PhoneDemand | null = null) =>
    ask({ os: 'windows', pc: installed }, ios, demand);
  it('is judged by Apple Mobile Device Support, whose versions follow the seasons', () => {
    expect(pc({ 'mobile-device-support': '19.4.0.10', itunes: '12.13.2.3' })).toEqual([
      'ready',
      'program-new-enough',
      '19.0.0.22',
      'version',
    ]);
    expect(pc({ 'mobile-device-support': '18.5.0.13' })).toEqual(['update', 'program-too-old', '19.0.0.22', 'version']);
  });
  it('with a Store program is ready with the newest only', () => {
    expect(pc({ 'apple-devices': '1.1540.24088.0' })).toEqual(['ready', 'program-new-enough', '1.1540.24088.0', 'season']);
    expect(pc({ 'apple-devices': '1.1040.1.0' })).toEqual(['update', 'program-too-old', '1.1540.24088.0', 'season']);
  });
  it('without any needs one, and is unknown where it could not be read', () => {
    expect(pc({})).toEqual(['update', 'no-apple-software', null, null]);
    expect(pc(null)).toEqual(['unknown', 'not-read', null, null]);
    expect(pc({ 'mobile-device-support': 'garbage' })[0]).toBe('unknown');
    expect(pc({ 'mobile-device-support': '19.4.0.10' }, '27.0')).toEqual(['unknown', 'nobody-publishes', null, null]);
    expect(pc({ 'apple-devices': '1.1540.24088.0' }, '27.0')).toEqual(['unknown', 'nobody-publishes', null, null]);
  });
  it('is told what the phone demands of iTunes', () => {
    const demand = { minMacos: null, minItunes: '12.13.5' };
    expect(pc({ itunes: '12.12.9', 'mobile-device-support': '19.4.0.10' }, '26.0', demand)).toEqual([
      ...['update', 'phone-demands-itunes', '12.13.5', 'phone'],
    ]);
  });
  it('has its programs compared with the newest seen', () => {
    const verdicts = judgePrograms(CATALOGUE, { itunes: '12.13.11.1', 'mobile-device-support': '18.5.0.13', 'apple-devices': '9.9' });
    expect(verdicts.map((v) => [v.id, v.isOld, v.isTooOld])).toEqual([
      ['itunes', false, null],
      ['apple-devices', false, null],
      ['mobile-device-support', true, true],
    ]);
    expect(judgePrograms(CATALOGUE, { itunes: 'x' })).toEqual([]);
  });
});

it('of Linux nobody publishes what it needs', () => {
  expect(ask({ os: 'linux', osVersion: '12' }, '26.0')).toEqual(['unknown', 'nobody-publishes', null, null]);
});

it('what breaks is what somebody has to act on', () => {
  expect([...BREAKS]).toEqual(['component', 'update', 'replace']);
});

describe('facts of a computer', () => {
  const system = { name: 'macOS', version: '26.6', build: '25G72', model: 'Mac14,9', edition: null, arch: 'arm64', mediaFeatures: null };
  it('become what is asked about', () => {
    const items = [{ id: 'mobile-device-framework' as const, version: '1810.1', bits: null }];
    expect(hostSoftwareOf('macos', system, { items, driver: null, whole: true })).toEqual({
      os: 'macos',
      osVersion: '26.6',
      model: 'Mac14,9',
      mobileDevice: '1810.1',
      pc: null,
    });
    expect(hostSoftwareOf('macos', null, null)).toEqual({ os: 'macos', osVersion: null, model: null, mobileDevice: null, pc: null });
  });
  it('of a PC: the older of two copies decides, and an incomplete look that found nothing is no look', () => {
    const two = [
      { id: 'mobile-device-support' as const, version: '19.4.0.10', bits: 64 as const },
      { id: 'mobile-device-support' as const, version: '18.0.0.32', bits: 32 as const },
      { id: 'bonjour' as const, version: '3.1', bits: null },
      { id: 'itunes' as const, version: null, bits: null },
    ];
    expect(hostSoftwareOf('windows', null, { items: two, driver: null, whole: true }).pc).toEqual({ 'mobile-device-support': '18.0.0.32' });
    expect(hostSoftwareOf('windows', null, { items: [], driver: null, whole: false }).pc).toBeNull();
    expect(hostSoftwareOf('windows', null, { items: [], driver: null, whole: true }).pc).toEqual({});
  });
});
