import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { AT, gdmf, HOUR, sofaIos, sofaMacos } from '../../test/feeds.js';
import {
  BEHIND,
  compareVersions,
  type DatedPart,
  DEFAULT_SOFTWARE_POLICY,
  feedStaleSince,
  GdmfAnswer,
  judgeHost,
  judgePhone,
  mergeCatalogue,
  NO_REQUIREMENTS,
  type PreparedCatalogue,
  prepareCatalogue,
  SOFTWARE_STATUSES,
  STALE_MS,
  sofaAnswer,
  staleSince,
} from './index.js';

const GDMF: DatedPart = { part: GdmfAnswer.parse(gdmf()), fetchedAt: AT };
const IOS: DatedPart = { part: sofaAnswer('ios').parse(sofaIos()), fetchedAt: AT };
const MACOS: DatedPart = { part: sofaAnswer('macos').parse(sofaMacos()), fetchedAt: AT };
const ready = (...parts: DatedPart[]) => prepareCatalogue(mergeCatalogue(parts, NO_REQUIREMENTS));
const ALL = ready(GDMF, IOS, MACOS);

const phone = (productType: string, productVersion: string, buildVersion = '', catalogue: PreparedCatalogue = ALL, now = AT) =>
  judgePhone(catalogue, { productType, productVersion, buildVersion }, now);
const mac = (model: string | null, version: string, build: string | null = null) =>
  judgeHost(ALL, { os: 'macos', model, version, build }, AT);

describe('a phone', () => {
  it.each([
    ['the newest', 'iPhone14,5', '27.0.1', '24A446', 'current', '27.0.1'],
    ['the last of the track before, which is as good', 'iPhone14,5', '26.7.1', '23H30', 'behind-major-optional', '26.7.1'],
    ['the same under its other build', 'iPhone14,5', '26.7.1', '23H6030', 'behind-major-optional', '26.7.1'],
    ['the same, improved', 'iPhone14,5', '26.7.1 (a)', '23H771330a', 'behind-major-optional', '26.7.1'],
    ['one patch behind', 'iPhone14,5', '27.0', '24A440', 'behind-patch', '27.0.1'],
    ['behind within the older track: no nagging to 27', 'iPhone14,5', '26.6.1', '23G83', 'behind-minor', '26.7.1'],
    ['a major version that gets nothing any more', 'iPhone14,5', '18.7.8', '22H352', 'behind-major', '27.0.1'],
    ['a beta', 'iPhone14,5', '27.1', '24B5050a', 'ahead-beta', '27.0.1'],
    ['a beta of what has come since', 'iPhone14,5', '27.0', '24A5430a', 'ahead-beta', '27.0.1'],
    ['newer than anything released', 'iPhone14,5', '28.0', '25A100', 'ahead-beta', '27.0.1'],
    ['the last its model gets', 'iPhone11,8', '18.7.10', '22H374', 'eol-model', '18.7.10'],
    ['an old model that still lacks something', 'iPhone11,8', '18.7.8', '22H352', 'behind-patch', '18.7.10'],
    ['an older model at its end', 'iPhone10,3', '16.7.16', '20H392', 'eol-model', '16.7.16'],
    ['the oldest at its end', 'iPhone6,1', '12.5.8', '16H88', 'eol-model', '12.5.8'],
    ['a model that gets the newest only', 'iPhone19,2', '27.0.1', '24A446', 'current', '27.0.1'],
    ['a model that is named and offered nothing', 'iPhone19,9', '27.0.1', '24A446', 'unknown-model', null],
    ['a model that nobody knows', 'iPhone99,1', '27.0.1', '24A446', 'unknown-model', null],
    ['a watch', 'Watch6,1', '27.0', '24U400', 'unknown-model', null],
    ['a version that is none', 'iPhone14,5', 'seven', '', 'unknown-version', null],
  ])('with %s: %s %s %s is %s', (_, model, version, build, status, latest) => {
    const verdict = phone(model, version, build);
    expect([verdict.status, verdict.latest?.version ?? null]).toEqual([status, latest]);
    expect(verdict.by === null).toBe(latest === null);
  });

  it('may stay on two tracks while two are open, and is told both', () => {
    expect(phone('iPhone14,5', '26.7.1').tracks).toEqual([
      { major: 27, version: '27.0.1', released: '2026-09-28' },
      { major: 26, version: '26.7.1', released: '2026-09-28' },
    ]);
    expect(phone('iPhone11,8', '18.7.10').tracks.map((t) => t.version)).toEqual(['18.7.10']);
    expect(phone('iPhone19,2', '27.0').tracks.map((t) => t.version)).toEqual(['27.0.1']);
  });

  it('is not judged by an offer that is over', () => {
    expect(phone('iPhone14,5', '27.0.1').status).toBe('current');
    const before = Date.UTC(2026, 9, 19, 12);
    const then = ready({ ...GDMF, fetchedAt: before }, IOS);
    expect(phone('iPhone14,5', '27.0.1', '', then, before)).toMatchObject({ status: 'behind-minor', latest: { version: '27.1' } });
  });

  it('lacks something since the first missing release came, by the day it really came', () => {
    expect(phone('iPhone14,5', '26.6')).toMatchObject({ since: '2026-08-17', days: 70 });
    expect(phone('iPhone14,5', '26.7')).toMatchObject({ since: '2026-09-28', days: 28 });
    // 26.5 is dated after 26.5.1 was out: what came after it bounds when it came. 26.5.1 was not for this model, though.
    expect(phone('iPhone14,5', '26.4')).toMatchObject({ since: '2026-07-01' });
    expect(phone('iPhone18,1', '26.4')).toMatchObject({ since: '2026-06-01' });
    // Only gdmf knows 18.7.10, and its date of posting is no age.
    expect(phone('iPhone11,8', '18.7.9')).toMatchObject({ status: 'behind-patch', since: null, days: null, urgency: null });
    expect(phone('iPhone10,3', '16.7.10')).toMatchObject({ status: 'behind-patch', since: null, urgency: null });
  });

  it('on the last of a track that was closed lacks something since the track was closed', () => {
    // 18 got nothing any more when 27 came.
    expect(phone('iPhone14,5', '18.7.8')).toMatchObject({ status: 'behind-major', since: '2026-09-14', days: 42, urgency: 'fail' });
    // It was behind before that.
    expect(phone('iPhone14,5', '18.7.7')).toMatchObject({ status: 'behind-major', since: '2026-04-22' });
  });

  it('has the exploited CVEs that the missing releases close, less those that its own version has closed', () => {
    expect(phone('iPhone14,5', '26.6')).toMatchObject({ exploited: ['CVE-2026-22222'], urgency: 'fail' });
    expect(phone('iPhone14,5', '26.7')).toMatchObject({ exploited: [], urgency: 'warn' });
    expect(phone('iPhone14,5', '26.0').exploited).toEqual(['CVE-2026-11111', 'CVE-2026-20700', 'CVE-2026-22222']);
    expect(phone('iPhone14,5', '26.4').exploited).toEqual(['CVE-2026-22222']);
  });

  it('is a warning after two weeks and a failure after 45 days, or as the policy says', () => {
    const at = (days: number, policy = DEFAULT_SOFTWARE_POLICY) => {
      const now = Date.UTC(2026, 8, 28) + days * 24 * HOUR;
      const catalogue = ready({ ...GDMF, fetchedAt: now }, IOS);
      return judgePhone(catalogue, { productType: 'iPhone14,5', productVersion: '26.7', buildVersion: '' }, now, policy).urgency;
    };
    expect([0, 13, 14, 44, 45].map((d) => at(d))).toEqual(['ok', 'ok', 'warn', 'warn', 'fail']);
    expect(at(3, { ...DEFAULT_SOFTWARE_POLICY, warnDays: 2 })).toBe('warn');
    const lenient = { ...DEFAULT_SOFTWARE_POLICY, exploitedAtOnce: false, warnDays: 100, failDays: 200 };
    expect(judgePhone(ALL, { productType: 'iPhone14,5', productVersion: '26.6', buildVersion: '' }, AT, lenient).urgency).toBe('ok');
  });

  it('is asked for a major version only where the policy no longer takes its own', () => {
    const strict = { ...DEFAULT_SOFTWARE_POLICY, served: { ios: 1, macos: 1 } };
    const judged = judgePhone(ALL, { productType: 'iPhone14,5', productVersion: '26.7.1', buildVersion: '23H30' }, AT, strict);
    expect(judged).toMatchObject({ status: 'behind-major', latest: { version: '27.0.1' }, since: '2026-09-14' });
  });

  it('is told how far behind its model is, and when its time is over', () => {
    const of = (model: string, version: string) => {
      const { majorsBehind, ended, model: name } = phone(model, version);
      return [majorsBehind, ended, name];
    };
    expect(of('iPhone14,5', '27.0.1')).toEqual([0, false, 'iPhone 13']);
    expect(of('iPhone11,8', '18.7.10')).toEqual([2, false, 'iPhone XR']);
    expect(of('iPhone6,1', '12.5.8')).toEqual([4, true, null]);
  });
});

describe('a computer', () => {
  it.each([
    ['J314sAP', '27.0.1', 'current'],
    ['Mac14,9', '26.7.1', 'behind-major-optional'],
    ['Mac14,9', '14.8.10', 'behind-major'],
    ['J314sAP', '15.7.9', 'behind-patch'],
    ['J132AP', '15.7.10', 'eol-model'],
    ['J137AP', '13.7.8', 'eol-model'],
    ['MacBookPro16,4', '27.0.1', 'current'],
    ['J314sAP', 'Tahoe', 'unknown-version'],
    ['Mac99,1', '27.0.1', 'unknown-model'],
    [null, '27.0.1', 'unknown-model'],
  ])('%s with macOS %s is %s', (model, version, status) => expect(mac(model, version).status).toBe(status));

  it('that gets nothing newer than three major versions ago has had its time', () => {
    expect([mac('J137AP', '13.7.8').ended, mac('J132AP', '15.7.10').ended, mac('J314sAP', '13.7.8').ended]).toEqual([true, false, false]);
  });

  it('with Windows or Linux is not judged: no feed tells of them', () => {
    for (const os of ['windows', 'linux'] as const)
      expect(judgeHost(ALL, { os, model: null, version: '10.0.22631', build: '22631' }, AT)).toMatchObject({
        status: 'unknown',
        urgency: null,
      });
  });
});

describe('a stale feed', () => {
  const later = AT + STALE_MS + 1;

  it('gives no verdict, whatever the phone has', () => {
    for (const version of ['27.0.1', '26.6', '12.0', 'x'])
      expect(phone('iPhone14,5', version, '', ALL, later)).toMatchObject({ status: 'feed-stale', by: null, latest: null, urgency: null });
    expect(phone('iPhone14,5', '26.6', '', ready(), AT).status).toBe('feed-stale');
  });

  it('is told since when', () => {
    expect([staleSince(ALL, AT), feedStaleSince(ALL, 'gdmf', later)]).toEqual([null, AT + STALE_MS]);
    // SOFA looked at Apple's pages some hours before we fetched what it found.
    expect(staleSince(ALL, later)).toBe(Date.parse('2026-10-26T09:45:03.083Z') + STALE_MS);
    expect(staleSince(ready(GDMF, IOS), AT)).toBe(0);
  });

  it('that was fetched now is as old as its own last look', () => {
    const old = ready({ part: sofaAnswer('ios').parse({ ...sofaIos(), LastCheck: '2026-10-20T00:00:00Z' }), fetchedAt: AT });
    expect(phone('iPhone14,5', '26.6', '', old).status).toBe('feed-stale');
    // And one that claims to come from the future is no younger than our look at it.
    const future = ready({ part: sofaAnswer('ios').parse({ ...sofaIos(), LastCheck: '2030-01-01T00:00:00Z' }), fetchedAt: AT });
    expect(feedStaleSince(future, 'sofa-ios', later)).toBe(AT + STALE_MS);
  });

  it('of one source leaves the other: SOFA where Apple’s own list cannot be read', () => {
    const sofaOnly = ready(IOS, MACOS);
    expect(phone('iPhone14,5', '26.6', '', sofaOnly)).toMatchObject({
      status: 'behind-minor',
      by: 'sofa-ios',
      latest: { version: '26.7.1' },
    });
    // It does not know these; then nobody does.
    expect(phone('iPhone10,3', '16.7.10', '', sofaOnly).status).toBe('unknown-model');
    const gdmfOnly = ready(GDMF);
    expect(phone('iPhone14,5', '26.6', '', gdmfOnly)).toMatchObject({
      status: 'behind-minor',
      by: 'gdmf',
      since: null,
      urgency: null,
      model: null,
    });
  });
});

it('the same question is answered from memory, and a new day, policy or feed is a new question', () => {
  const installed = { productType: 'iPhone14,5', productVersion: '26.7', buildVersion: '' };
  const catalogue = ready(GDMF, IOS);
  const first = judgePhone(catalogue, installed, AT);
  expect(judgePhone(catalogue, { ...installed }, AT + HOUR)).toBe(first);
  const next = judgePhone(catalogue, installed, AT + 24 * HOUR);
  expect([first.days, next.days]).toEqual([28, 29]);
  expect(judgePhone(catalogue, installed, AT, { ...DEFAULT_SOFTWARE_POLICY, warnDays: 60, failDays: 90 }).urgency).toBe('ok');
  expect(judgePhone(catalogue, installed, AT + STALE_MS + HOUR).status).toBe('feed-stale');
});

it('a catalogue without feeds, and garbage for a phone, are answered too', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.string(), fc.boolean(), (productType, productVersion, buildVersion, isEmpty) => {
      const verdict = judgePhone(isEmpty ? ready() : ALL, { productType, productVersion, buildVersion }, AT);
      expect(SOFTWARE_STATUSES).toContain(verdict.status);
      expect(verdict.by === null).toBe(['feed-stale', 'unknown-model', 'unknown-version', 'unknown'].includes(verdict.status));
    }),
    { numRuns: 300 },
  );
});

it('nobody is asked for something older than he has, nor for what his model is not offered', () => {
  const { offers } = GDMF.part.feed === 'gdmf' ? GDMF.part.ios : { offers: [] };
  const model = fc.constantFrom(...new Set(offers.flatMap((o) => o.models)));
  const version = fc.tuple(fc.integer({ min: 11, max: 28 }), fc.nat(9), fc.nat(17)).map((n) => n.join('.'));
  fc.assert(
    fc.property(model, version, (productType, productVersion) => {
      const verdict = judgePhone(ALL, { productType, productVersion, buildVersion: '' }, AT);
      if (!BEHIND.has(verdict.status)) return;
      const latest = verdict.latest?.version ?? '';
      expect(compareVersions(latest, productVersion)).toBe(1);
      expect(offers.find((o) => o.version === latest)?.models).toContain(productType);
      // Who can stay on his track is not moved to another one.
      const own = verdict.tracks.find((t) => t.major === Number(productVersion.split('.')[0]));
      if (own) expect(latest).toBe(own.version);
    }),
  );
});
