import { describe, expect, it } from '@jest/globals';
import type { InstalledVersion, SoftwareModelRow } from '@lockstep/core/protocol';
import { COMPATIBILITY_OUTCOMES, COMPATIBILITY_REASONS, SOFTWARE_STATUSES } from '@lockstep/core/software';
import { markOf, OUTCOME_MARKS, standingOf } from './standing.js';
import { WORDS } from './words.js';

const version = (status: InstalledVersion['status'], more: Partial<InstalledVersion> = {}): InstalledVersion => ({
  version: '26.6',
  builds: [],
  count: 1,
  status,
  since: null,
  days: null,
  exploited: [],
  urgency: null,
  ...more,
});
const model = (installed: InstalledVersion[], platform: SoftwareModelRow['platform'] = 'ios'): SoftwareModelRow => ({
  platform,
  model: 'iPhone14,5',
  name: 'iPhone 13',
  count: installed.reduce((sum, v) => sum + v.count, 0),
  tracks: [],
  majorsBehind: 0,
  ended: false,
  installed,
});

describe('how versions stand', () => {
  it('never looks well when nobody can tell', () => {
    for (const status of SOFTWARE_STATUSES)
      expect([status, markOf(version(status), false)]).toEqual([
        status,
        status === 'current' || status === 'behind-major-optional' || status === 'eol-model'
          ? 'ok'
          : status.startsWith('behind-')
            ? 'degraded'
            : status === 'ahead-beta'
              ? 'away'
              : 'unknown',
      ]);
    expect(markOf(version('behind-patch', { urgency: 'fail' }), false)).toBe('broken');
    expect(markOf(version('eol-model'), true)).toBe('degraded');
    expect(OUTCOME_MARKS.unknown).toBe('unknown');
  });

  it('is counted so that the counts add up, Macs apart from phones', () => {
    const models = [
      model([version('current', { count: 4 }), version('behind-minor', { count: 2, urgency: 'fail' }), version('behind-patch')]),
      model([version('ahead-beta', { count: 2 }), version('unknown-model'), version('feed-stale'), version('eol-model')]),
      model([version('current', { count: 9 })], 'macos'),
    ];
    const s = standingOf(models, 'ios');
    expect(s).toEqual({ total: 12, fine: 5, behind: 3, urgent: 2, beta: 2, unknown: 2 });
    expect(s.fine + s.behind + s.beta + s.unknown).toBe(s.total);
    expect(WORDS.sentence.phones(s)).toBe('5 of 12 phones run what they should.');
    expect(WORDS.sentence.more(s)).toBe('3 lack an update, 2 urgently; 2 run a beta; of 2 nobody can tell');
  });
});

describe('the words', () => {
  it('are there for every status', () => {
    for (const status of SOFTWARE_STATUSES)
      for (const days of [null, 1, 20])
        expect(WORDS.models.standing(version(status, { days, exploited: ['CVE-2026-1'] }))).toMatch(/^[a-z][^{}]{3,}$/);
    expect(WORDS.models.standing(version('behind-minor', { days: 70, exploited: ['CVE-2026-20700'] }))).toBe(
      'lacks an update, for 70 days; what it lacks closes 1 hole that attackers use',
    );
  });

  it('say what happens to a computer, whatever the reason, and never a blank', () => {
    for (const reason of COMPATIBILITY_REASONS)
      for (const outcome of COMPATIBILITY_OUTCOMES) {
        const row = { hostId: '1', hostName: 'mac', os: 'macos' as const, phones: 1, wifiNeeds: null, basis: null, source: null };
        const said = WORDS.gate.happens({ ...row, reason, outcome, what: 'macOS', have: '26.4', need: '27' });
        expect([reason, said]).toEqual([reason, expect.stringMatching(/^[A-Zm].{10,}[.]$/)]);
        expect(said).not.toMatch(/null|undefined/);
      }
  });

  it('count computers', () => {
    const { sentence } = WORDS.gate;
    expect(sentence('27.0', 0, 0, 3)).toBe('iOS 27.0: no computer is known to break.');
    expect(sentence('27.0', 2, 1, 3)).toBe('iOS 27.0: 2 of 3 computers would break; of 1 nobody can tell.');
    expect(sentence('27.0', 0, 0, 0)).toBe('No computer is enrolled.');
  });
});
