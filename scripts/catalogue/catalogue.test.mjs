import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import * as software from '@lockstep/core/software';
import { Sentence } from '../sentence.mjs';
import { main, makeSnapshot, parseArguments, snapshotText } from './main.mjs';

const dir = mkdtempSync(join(tmpdir(), 'lockstep-catalogue-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const offer = { ProductVersion: '26.7.1', Build: '23H30', ExpirationDate: '2027-01-20', SupportedDevices: ['iPhone14,5'] };
const mac = { ...offer, SupportedDevices: ['J314sAP'] };
const gdmf = { PublicAssetSets: { iOS: [offer], macOS: [mac] }, AssetSets: { iOS: [], macOS: [] } };
/** @param {string} model */
const sofa = (model) => {
  const latest = { ProductVersion: '26.7.1', ReleaseDate: '2026-09-28T00:00:00Z', SupportedDevices: [model] };
  return {
    LastCheck: '2026-10-26T10:00:00Z',
    OSVersions: [{ Latest: latest, SecurityReleases: [] }],
    Devices: { [model]: { MarketingName: 'One of them' } },
  };
};
const AT = '2026-10-26T12:00:00.000Z';
/** @param {unknown} value @param {string} [name] */
const file = (value, name = 'feed.json') => ({ name, text: typeof value === 'string' ? value : JSON.stringify(value) });
/** @param {() => unknown} work */
const refusal = (work) => {
  try {
    work();
  } catch (error) {
    if (error instanceof Sentence) return error.message;
    throw error;
  }
  throw new Error('was taken');
};

describe('the snapshot', () => {
  it('is made of files in any order, each known by what is in it', () => {
    const files = [sofa('J314sAP'), sofa('iPhone14,5'), { etag: 'x', data: gdmf }].map((v) => file(v));
    const snapshot = makeSnapshot(software, files, AT);
    expect(snapshot.feeds.map((f) => [f.part.feed, f.fetchedAt])).toEqual([
      ['gdmf', AT],
      ['sofa-ios', '2026-10-26T10:00:00.000Z'],
      ['sofa-macos', '2026-10-26T10:00:00.000Z'],
    ]);
    const text = snapshotText(snapshot);
    expect(software.Snapshot.parse(JSON.parse(text))).toEqual(snapshot);
    // A release is a line, so that a diff of two snapshots is read by people.
    expect(text.split('\n').filter((line) => line.includes('"released":"2026-09-28"'))).toHaveLength(2);
    expect(snapshotText(makeSnapshot(software, files.reverse(), AT))).toBe(text);
  });

  it.each([
    ['no JSON', [file('<html>', 'a.json')], /^a\.json is no JSON\.$/],
    ['something else', [file({ hello: 1 }, 'a.json')], /^a\.json is none of the feeds: LastCheck: /],
    [
      'a broken feed',
      [file({ ...gdmf, PublicAssetSets: { iOS: [{ ...offer, Build: 7 }], macOS: [mac] } }, 'a.json')],
      /PublicAssetSets\.iOS\.0\.Build/,
    ],
    ['the same feed twice', [file(gdmf), file(gdmf)], /^Two of the files are gdmf\.$/],
  ])('is not made of %s', (_, files, words) => {
    expect(refusal(() => makeSnapshot(software, files, AT))).toMatch(words);
  });

  it('wants to be told when gdmf answered', () => {
    expect(refusal(() => makeSnapshot(software, [file(gdmf, 'pmv.json')], null))).toMatch(/^pmv\.json: say with --at/);
  });
});

describe('the command', () => {
  it('reads its arguments', () => {
    expect(parseArguments(['--from', '/a', '--from', '/b', '--at', '2026-10-26T12:00:00Z', '--out', '/c'])).toEqual({
      from: ['/a', '/b'],
      at: AT,
      out: '/c',
    });
    expect(parseArguments(['--from', '/a']).out).toMatch(/apps\/server\/data\/software-snapshot\.json$/);
  });

  it.each([
    [['--fro', 'x'], /^There is no flag "--fro"/],
    [['--from'], /^--from needs a value/],
    [['--from', '/a', '--at', 'noon'], /^--at: "noon" is no moment/],
    [[], /^usage: /],
  ])('refuses %j', (args, words) => {
    expect(refusal(() => parseArguments(args))).toMatch(words);
  });

  it('ends with 64 and a sentence', async () => {
    expect(await main(['--out', join(dir, 'never.json')])).toBe(64);
  });
});
