import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FIXES } from './catalogue/index.js';
import { Clearance, clearanceLacks, needsClearance } from './clearance.js';
import { FIX_IDS } from './index.js';

const ANNA = '0b8f4b9e-5a0f-4d0a-9b43-0c5e9b8d1a01';
const BEN = '0b8f4b9e-5a0f-4d0a-9b43-0c5e9b8d1a02';
const AT = '2026-11-24T09:00:00Z';
const full: Clearance = { approvedBy: [ANNA, BEN], consent: { recordedBy: ANNA, at: AT }, backupProvenAt: AT };
const { consent: _consent, ...noConsent } = full;
const { backupProvenAt: _backup, ...noBackup } = full;

describe('clearance', () => {
  it('two people, the consent, and a backup or the loss accepted let a destructive fix go ahead', () => {
    expect(clearanceLacks(FIXES.F45, full)).toBeNull();
    expect(clearanceLacks(FIXES.F45, { ...noBackup, lossAcceptedBy: BEN })).toBeNull();
  });

  it.each([
    ['nothing', null, 'needs-clearance'],
    ['nobody', { ...full, approvedBy: [] }, 'needs-two-people'],
    ['one person', { ...full, approvedBy: [ANNA] }, 'needs-two-people'],
    ['one person twice', { ...full, approvedBy: [ANNA, ANNA] }, 'needs-two-people'],
    ['one person in two spellings', { ...full, approvedBy: [ANNA, ANNA.toUpperCase()] }, 'needs-two-people'],
    ['no consent', noConsent, 'needs-consent'],
    ['neither backup nor acceptance', noBackup, 'needs-backup-or-loss-accepted'],
  ] as const)('%s is not enough', (_name, clearance, lack) => {
    expect(clearanceLacks(FIXES.F45, clearance as Clearance | null)).toBe(lack);
  });

  it('no set of approvals of one person, however many, is ever two people', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.integer({ min: 0, max: 8 }), fc.boolean(), (id, times, upper) => {
        const approvedBy = Array.from({ length: times }, (_, i) => (upper && i % 2 ? id.toUpperCase() : id));
        expect(clearanceLacks({ risk: 'destructive' }, { ...full, approvedBy })).toBe('needs-two-people');
      }),
    );
  });

  it('is asked of destructive fixes only, and there is at least one', () => {
    const asked = FIX_IDS.filter((id) => clearanceLacks(FIXES[id], null) !== null);
    expect(asked).toEqual(FIX_IDS.filter((id) => FIXES[id].risk === 'destructive'));
    expect(asked).toContain('F45');
  });

  it('is asked where a tool may lose data although it is told to keep it', () => {
    expect(FIXES.F43.risk).toBe('disruptive');
    expect(needsClearance(FIXES.F43, 'macos')).toBe(false);
    expect(clearanceLacks(FIXES.F43, null, 'macos')).toBeNull();
    expect(clearanceLacks(FIXES.F43, null, 'linux')).toBe('needs-clearance');
    expect(clearanceLacks(FIXES.F43, full, 'linux')).toBeNull();
  });

  it.each([
    ['approvedBy.0', { ...full, approvedBy: ['anna'] }],
    ['consent.at', { ...full, consent: { recordedBy: ANNA, at: 'yesterday' } }],
    ['backupProvenAt', { ...full, backupProvenAt: '2026-11-24' }],
    ['lossAcceptedBy', { ...full, lossAcceptedBy: 'the holder' }],
    ['ecid', { ...full, ecid: '0x11223344556677' }],
    ['', { ...full, force: true }],
  ])('the schema names %j', (field, value) => {
    const parsed = Clearance.safeParse(value);
    expect(parsed.success ? null : parsed.error.issues[0]?.path.join('.')).toBe(field);
  });
});
