import { describe, expect, it } from '@jest/globals';
import { approvalOf, type FixTarget, mayRun, type RefusalCode, type Role } from './may-run.js';

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
  it('says that an order that interrupts people waits for a place under the fleet-wide cap, and for how long', () => {
    const full = { perHour: 60, used: 60, freeAt: NOW + 12 * MIN };
    expect(mayRun('F12', { ...target, fleetCap: full }, 'technician', NOW)).toEqual({
      ok: true,
      note: 'The order waits: 60 fixes that interrupt people were sent within an hour, and 60 are allowed in the fleet. The next place is free in 12 min.',
    });
    expect(mayRun('F12', { ...target, fleetCap: { ...full, used: 59 } }, 'technician', NOW)).toEqual({
      ok: true,
      note: null,
    });
    expect(mayRun('F11', { ...target, openCauses: ['C40'], fleetCap: full }, 'technician', NOW)).toEqual({
      ok: true,
      note: null,
    });
    expect(mayRun('F12', { ...target, connected: false, fleetCap: full }, 'technician', NOW)).toMatchObject({
      note: expect.stringMatching(/waits: 60.*offline/),
    });
  });
  it('names who stopped all orders and why, whatever the fix', () => {
    const stopped = { by: 'Ada\u202e Admin', reason: ' F12 unpairs phones of the new model ', at: '2026-11-24T09:00:00.000Z' };
    for (const fix of ['F08', 'F11', 'F12'] as const)
      expect(mayRun(fix, { ...target, stopped }, 'admin', NOW)).toEqual({
        ok: false,
        code: 'orders-stopped',
        sentence: 'Ada\ufffd Admin stopped all orders: F12 unpairs phones of the new model. An admin can let them run again.',
        until: null,
      });
    expect(mayRun('F12', { ...target, stopped }, 'viewer', NOW)).toMatchObject({ code: 'role' });
  });
  const refusals: [RefusalCode, Parameters<typeof mayRun>][] = [
    ['role', ['F12', target, 'viewer', NOW]],
    ['revoked', ['F12', { ...target, revoked: true }, 'admin', NOW]],
    ['platform', ['F54', { ...target, os: 'macos' }, 'admin', NOW]],
    ['not-privileged', ['F12', { ...target, privileged: false }, 'admin', NOW]],
    ['away', ['F12', { ...target, presence: 'away' }, 'admin', NOW]],
    ['cause-not-open', ['F11', target, 'admin', NOW]],
    ['unstable', ['F12', { ...target, unstableCauses: target.openCauses }, 'admin', NOW]],
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
  it('says whose yes is needed before anything is sent, and asks for it once', () => {
    const on = (fix: 'F43' | 'F45', change: Partial<FixTarget> = {}, role: Role = 'technician') =>
      mayRun(fix, { ...target, os: 'macos', openCauses: ['C04'], ...change }, role, NOW);
    expect(on('F45', {}, 'admin')).toMatchObject({ ok: true, note: expect.stringMatching(/an admin who is not you/) });
    expect(on('F45')).toMatchObject({ ok: true, note: expect.stringMatching(/destroy data/) });
    expect(on('F43')).toMatchObject({ ok: true, note: expect.stringMatching(/An admin has to approve/) });
    expect(on('F43', {}, 'admin')).toEqual({ ok: true, note: null });
    // The tool of this system may lose what the other one keeps.
    expect(on('F43', { os: 'linux' }, 'admin')).toMatchObject({ ok: true, note: expect.stringMatching(/destroy data/) });
    for (const fix of ['F43', 'F45'] as const) {
      expect(on(fix, { awaiting: [{ fix, id: 'x' }] })).toMatchObject({ ok: false, code: 'approval-pending' });
      expect(on(fix, { awaiting: [{ fix: 'F12', id: 'x' }] }).ok).toBe(true);
      expect(on(fix, { stopped: { by: 'Ada', reason: 'x', at: '' } })).toMatchObject({ ok: false, code: 'orders-stopped' });
      expect(on(fix, {}, 'viewer')).toMatchObject({ ok: false, code: 'role' });
    }
  });
  it.each([
    ['F45', 'macos', 'second-person', 'second-person'],
    ['F43', 'linux', 'second-person', 'second-person'],
    ['F43', 'macos', 'admin', 'none'],
    ['F25', 'windows', 'admin', 'none'],
    ['F12', 'linux', 'none', 'none'],
  ] as const)('%s on %s takes the yes of: %s for a technician, %s for an admin', (fix, os, technician, admin) => {
    expect([approvalOf(fix, 'technician', os), approvalOf(fix, 'admin', os)]).toEqual([technician, admin]);
  });
  it('is held up by nothing that waits for a yes but the same fix', () => {
    expect(mayRun('F12', { ...target, awaiting: [{ fix: 'F45', id: 'x' }] }, 'technician', NOW).ok).toBe(true);
  });
  it('interrupts nobody who syncs, backs up or updates', () => {
    expect(mayRun('F08', { ...target, openCauses: ['C30'], busy: true }, 'admin', NOW)).toMatchObject({ ok: false, code: 'busy' });
    expect(mayRun('F11', { ...target, openCauses: ['C40'], busy: true }, 'admin', NOW).ok).toBe(true);
  });
  it('orders nothing that people do', () => {
    expect(mayRun('F01', { ...target, openCauses: ['C10'] }, 'admin', NOW)).toMatchObject({ ok: false, code: 'guided' });
  });
  it('does not hold a safe fix back because a disruptive one ran', () => {
    expect(mayRun('F11', { ...target, openCauses: ['C40'], lastRuns: [{ fix: 'F08', at: NOW - MIN }] }, 'technician', NOW).ok).toBe(true);
  });
  it('does not ask for a plugged phone when the fix is of the computer', () => {
    expect(mayRun('F08', { ...target, presence: 'away', openCauses: ['C30'] }, 'technician', NOW).ok).toBe(true);
  });
});
