import { describe, expect, it } from '@jest/globals';
import { type FixTarget, mayRun, type RefusalCode } from './may-run.js';

const NOW = 1_800_000_000_000;
const MIN = 60_000;
const target: FixTarget = {
  os: 'linux',
  connected: true,
  privileged: true,
  presence: 'attached',
  health: 'broken',
  openCauses: ['C44'],
  activeRun: null,
  lastRuns: [],
  revoked: false,
};

describe('mayRun', () => {
  it('allows a fix that treats what is open', () => {
    expect(mayRun('F12', target, 'technician', NOW)).toEqual({ ok: true, note: null });
  });
  it('lets an order wait for a computer that is offline', () => {
    expect(mayRun('F12', { ...target, connected: false }, 'technician', NOW)).toMatchObject({
      ok: true,
      note: expect.stringContaining('offline'),
    });
  });
  const refusals: [RefusalCode, Parameters<typeof mayRun>][] = [
    ['role', ['F12', target, 'viewer', NOW]],
    ['revoked', ['F12', { ...target, revoked: true }, 'admin', NOW]],
    ['platform', ['F12', { ...target, os: 'macos' }, 'admin', NOW]],
    ['not-privileged', ['F12', { ...target, privileged: false }, 'admin', NOW]],
    ['away', ['F12', { ...target, presence: 'away' }, 'admin', NOW]],
    ['cause-not-open', ['F11', target, 'admin', NOW]],
    ['run-active', ['F12', { ...target, activeRun: { fix: 'F08', id: 'x' } }, 'admin', NOW]],
    ['cooldown', ['F12', { ...target, lastRuns: [{ fix: 'F12', at: NOW - 30_000 }] }, 'admin', NOW]],
    ['disruptive-cap', ['F12', { ...target, lastRuns: [{ fix: 'F08', at: NOW - 9 * MIN }] }, 'admin', NOW]],
    [
      'disruptive-cap',
      [
        'F12',
        {
          ...target,
          lastRuns: [
            { fix: 'F12', at: NOW - 60 * MIN },
            { fix: 'F12', at: NOW - 120 * MIN },
          ],
        },
        'admin',
        NOW,
      ],
    ],
  ];
  it.each(refusals)('refuses with the reason %s and a sentence', (code, args) => {
    const r = mayRun(...args);
    expect(r).toMatchObject({ ok: false, code });
    if (!r.ok) expect(r.sentence).toMatch(/\.$/);
  });
  it('says until when a cap lasts', () => {
    const r = mayRun('F12', { ...target, lastRuns: [{ fix: 'F08', at: NOW - 9 * MIN }] }, 'admin', NOW);
    expect(r).toMatchObject({ until: NOW + MIN });
  });
  it('does not hold a safe fix back because a disruptive one ran', () => {
    expect(mayRun('F11', { ...target, openCauses: ['C40'], lastRuns: [{ fix: 'F08', at: NOW - MIN }] }, 'technician', NOW).ok).toBe(true);
  });
  it('does not ask for a plugged phone when the fix is of the computer', () => {
    expect(mayRun('F08', { ...target, presence: 'away', openCauses: ['C30'] }, 'technician', NOW).ok).toBe(true);
  });
});
