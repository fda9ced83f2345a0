import { statSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { compareVersions, compatibility, judgePhone, judgeWindows, mergeCatalogue, prepareCatalogue } from '@lockstep/core/software';
import { DATA_DIR } from './authorities.js';
import { readBundled } from './bundled.js';

describe('what comes with the server', () => {
  const { parts, requirements, windows } = readBundled();
  const catalogue = prepareCatalogue(mergeCatalogue(parts, requirements));
  const fresh = Math.max(...parts.map((p) => p.fetchedAt));

  it('has every feed, and is small', () => {
    expect(parts.map((p) => p.part.feed)).toEqual(['gdmf', 'sofa-ios', 'sofa-macos']);
    expect(statSync(new URL('software-snapshot.json', DATA_DIR)).size).toBeLessThan(200_000);
  });

  it('would judge, had it been read today: on each track, and at the end of an old model', () => {
    const judge = (productType: string, productVersion: string) =>
      judgePhone(catalogue, { productType, productVersion, buildVersion: '' }, fresh);
    const { ios } = catalogue.platforms;
    const newest = ios.releases.filter((r) => r.release.offers.length > 0).at(-1)?.version ?? '';
    expect(judge('iPhone14,5', newest).status).toBe('current');
    expect(judge('iPhone14,5', '26.0')).toMatchObject({ status: 'behind-minor', urgency: 'fail', latest: { version: newest } });
    const oldest = judge('iPhone6,1', '12.0').latest?.version ?? '';
    expect(judge('iPhone6,1', oldest)).toMatchObject({ status: 'eol-model', ended: true });
    // And today nothing: it is as old as it is.
    expect(judgePhone(catalogue, { productType: 'iPhone14,5', productVersion: newest, buildVersion: '' }, Date.now()).status).toBe(
      'feed-stale',
    );
  });

  it('knows until when Windows gets updates: each row once, and every last day is a Tuesday, as Microsoft ends them', () => {
    const keys = windows.releases.map((r) => `${r.build} ${r.edition}`);
    expect(new Set(keys).size).toBe(keys.length);
    expect(windows.releases.filter((r) => new Date(r.ends).getUTCDay() !== 2)).toEqual([]);
    expect(windows.releases.filter((r) => r.released !== null && r.released >= r.ends)).toEqual([]);
    const read = Date.parse(windows.asOf);
    expect(judgeWindows(windows, { build: '19045.1', edition: 'Professional' }, read).status).toBe('ended');
    expect(judgeWindows(windows, { build: '26200.1', edition: 'Professional' }, read).status).toBe('supported');
  });

  it('has rows for every major version of iOS that a phone of today may come to, in order', () => {
    const majors = requirements.ios.map((r) => r.ios);
    expect(majors).toEqual([...majors].sort((a, b) => a - b));
    expect(new Set(majors).size).toBe(majors.length);
    for (const row of requirements.ios) {
      expect([row.ios, compareVersions(row.macosOldest, row.macosOfSeason)]).toEqual([row.ios, -1]);
      const host = { os: 'macos' as const, osVersion: row.macosOfSeason, model: null, mobileDevice: null, pc: null };
      expect([row.ios, compatibility(catalogue, host, `${row.ios}.0`).outcome]).toEqual([row.ios, 'ready']);
    }
    for (const row of requirements.pc)
      if (row.minimum !== null) expect([row.id, (compareVersions(row.minimum, row.latest) ?? 1) <= 0]).toEqual([row.id, true]);
  });
});
