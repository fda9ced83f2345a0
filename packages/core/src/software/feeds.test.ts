import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { z } from 'zod';
import { gdmf, PHONES, sofaIos, sofaMacos } from '../../test/feeds.js';
import { FeedPart, GdmfAnswer, sofaAnswer } from './index.js';

const SOFA_IOS = sofaAnswer('ios');
const SOFA_MACOS = sofaAnswer('macos');
const fieldsOf = (schema: z.ZodType, value: unknown) => {
  const read = schema.safeParse(value);
  return read.success ? null : read.error.issues.map((i) => i.path.join('.'));
};

describe('gdmf', () => {
  it('is read: offers of phones and pads by version and models, its builds together', () => {
    const { ios, macos } = GdmfAnswer.parse(gdmf());
    expect(ios.offers.map((o) => [o.version, o.builds, o.models.length])).toEqual([
      ['27.1', ['24B50'], 1],
      ['27.0.1', ['24A446'], 5],
      ['26.7.1', ['23H30', '23H6030'], 4],
      ['18.7.10', ['22H374'], 2],
      ['16.7.16', ['20H392'], 2],
      ['12.5.8', ['16H88'], 2],
    ]);
    expect(ios.builds).toEqual([['26.6.1', '23G83']]);
    expect(ios.improvements).toEqual([{ version: '26.7.1', letter: '(a)', build: '23H771330a', on: '23H30' }]);
    expect(macos.offers[0]).toEqual({
      version: '27.0.1',
      builds: ['26A420'],
      expires: '2027-01-20',
      models: ['J314sAP', 'J414sAP', 'J680AP'],
    });
    expect(JSON.stringify({ ios, macos })).not.toContain('Watch');
    expect(JSON.stringify({ ios, macos })).not.toContain('2026-10-20');
  });

  it.each([
    ['nothing', null, ['']],
    ['a page of a proxy', '<html>', ['']],
    ['another shape', {}, ['PublicAssetSets', 'AssetSets']],
    [
      'no iOS',
      { ...gdmf(), PublicAssetSets: { iOS: [], macOS: gdmf().PublicAssetSets.macOS } },
      ['PublicAssetSets.iOS', 'PublicAssetSets.iOS'],
    ],
  ])('is refused when it is %s, and the fields are named', (_, value, fields) => {
    expect(fieldsOf(GdmfAnswer, value)).toEqual(fields);
  });

  it('is refused when it offers nothing to any phone', () => {
    const answer = gdmf();
    answer.PublicAssetSets.iOS = answer.PublicAssetSets.iOS.filter((o) => o.SupportedDevices.every((d) => d.startsWith('Watch')));
    expect(fieldsOf(GdmfAnswer, answer)).toEqual(['PublicAssetSets.iOS']);
  });

  it.each([
    ['ProductVersion', 'soon'],
    ['ProductVersion', 27],
    ['Build', '../../etc'],
    ['ExpirationDate', 'tomorrow'],
    ['SupportedDevices', 'iPhone14,5'],
    ['SupportedDevices', ['<script>']],
  ])('is refused for a wrong %s: %j', (field, value) => {
    const answer = gdmf();
    Object.assign(answer.PublicAssetSets.iOS[3] ?? {}, { [field]: value });
    expect(fieldsOf(GdmfAnswer, answer)?.[0]).toMatch(new RegExp(`^PublicAssetSets\\.iOS\\.3\\.${field}`));
  });

  it('may lack what is newer than the rest: improvements', () => {
    const { PublicBackgroundSecurityImprovements: _, ...rest } = gdmf();
    expect(GdmfAnswer.parse(rest).ios.improvements).toEqual([]);
  });
});

describe('SOFA', () => {
  it('is read: when each release came, whom it is for, and what it closes', () => {
    const part = SOFA_IOS.parse(sofaIos());
    expect(part.lastCheck).toBe('2026-10-26T09:45:03.083Z');
    const of = (version: string) => part.releases.find((r) => r.version === version);
    expect(of('26.7')).toEqual({
      version: '26.7',
      builds: [],
      released: '2026-09-14',
      expires: null,
      models: null,
      cves: 20,
      exploited: ['CVE-2026-20700', 'CVE-2026-22222'],
    });
    expect(of('26.7.1')?.models).toEqual([...PHONES].sort());
    // Listed twice: the first day counts.
    expect(of('18.7.7')?.released).toBe('2026-03-20');
    expect(part.releases.map((r) => r.version)).toEqual([
      ...['27.0.1', '27.0', '26.7.1', '26.7', '26.6.1', '26.6', '26.5.1', '26.5', '26.4', '26.0', '18.7.9', '18.7.8', '18.7.7', '18.0'],
    ]);
  });

  it('keeps the models of the latest where the list repeats it without them', () => {
    const part = SOFA_MACOS.parse(sofaMacos());
    expect(part.feed).toBe('sofa-macos');
    expect(part.releases.find((r) => r.version === '26.7.1')?.models).toEqual(['J314sAP', 'J414sAP', 'J680AP']);
    expect(part.models.find((m) => m.id === 'J414sAP')).toEqual({
      id: 'J414sAP',
      name: 'MacBook Pro (14-inch, M2 Pro, 2023)',
      product: 'Mac14,9',
    });
  });

  it.each([
    ['LastCheck', { ...sofaIos(), LastCheck: 'yesterday' }, 'LastCheck'],
    ['no versions', { ...sofaIos(), OSVersions: [] }, 'OSVersions'],
    ['version 1 of the feed', { UpdateHash: 'x', OSVersions: [{ OSVersion: '17' }] }, 'LastCheck'],
    [
      'a release without a day',
      { ...sofaIos(), OSVersions: [{ Latest: { ProductVersion: '26.1' }, SecurityReleases: [] }] },
      'OSVersions.0.Latest.ReleaseDate',
    ],
  ])('is refused for %s, and the field is named', (_, value, field) => {
    expect(fieldsOf(SOFA_IOS, value)?.[0]).toBe(field);
  });

  it('does not mind fields that it has not met', () => {
    const feed = sofaIos();
    expect(SOFA_IOS.parse({ ...feed, New: [1], OSVersions: feed.OSVersions.map((o) => ({ ...o, New: {} })) })).toEqual(
      SOFA_IOS.parse(feed),
    );
  });
});

it('what is read fits what is stored', () => {
  for (const part of [GdmfAnswer.parse(gdmf()), SOFA_IOS.parse(sofaIos()), SOFA_MACOS.parse(sofaMacos())])
    expect(FeedPart.parse(JSON.parse(JSON.stringify(part)))).toEqual(part);
});

it('whatever comes, it is read or refused with a field, and never throws', () => {
  const seeds = [gdmf(), sofaIos(), sofaMacos()].map((v) => JSON.stringify(v));
  const bad = fc.constantFrom<unknown>(null, 'x', '', -1, 1.5, [], {}, '2026-02-31', '\u0000', Number.MAX_VALUE, true);
  // Some value of an answer is replaced by another one.
  const wounded = fc.tuple(fc.constantFrom(...seeds), fc.nat(400), bad).map(([seed, at, value]) => {
    let n = 0;
    return JSON.parse(seed, (_, v) => (n++ === at ? value : v)) as unknown;
  });
  fc.assert(
    fc.property(fc.oneof(wounded, fc.jsonValue()), (value) => {
      for (const schema of [GdmfAnswer, SOFA_IOS, SOFA_MACOS]) {
        const read = schema.safeParse(value);
        if (!read.success) expect(read.error.issues.length).toBeGreaterThan(0);
        else expect(FeedPart.safeParse(read.data).success).toBe(true);
      }
    }),
    { numRuns: 150 },
  );
});
