import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  BACKUP_FRESH_MS,
  backupProves,
  CONSENT_FRESH_MS,
  type ConsentRecord,
  mayAskFor,
  mayDecide,
  recordLacks,
  type Waiting,
  type Who,
} from './approval.js';
import { ROLES } from './may-run.js';

const NOW = 1_800_000_000_000;
const HOUR = 3_600_000;
const ANNA: Who = { kind: 'person', id: '0b8f4b9e-5a0f-4d0a-9b43-0c5e9b8d1a01', role: 'admin' };
const BEN: Who = { kind: 'person', id: '0b8f4b9e-5a0f-4d0a-9b43-0c5e9b8d1a02', role: 'technician' };

describe('who may decide', () => {
  const rows: [string, Waiting['askedBy'], Who, string][] = [
    ['an admin, of a technician’s wish', BEN, ANNA, 'ok'],
    ['an admin, of another admin’s wish', { kind: 'person', id: BEN.id }, ANNA, 'ok'],
    ['nobody, of their own wish', ANNA, ANNA, 'same-person'],
    ['nobody, of their own wish in another spelling', { kind: 'person', id: ANNA.id.toUpperCase() }, ANNA, 'same-person'],
    ['no technician', ANNA, BEN, 'role'],
    ['no viewer', ANNA, { ...BEN, role: 'viewer' }, 'role'],
    ['no program, whoever made its token', BEN, { ...ANNA, kind: 'token' }, 'person-required'],
    ['an admin, of a program’s wish', { kind: 'token', id: ANNA.id }, ANNA, 'ok'],
  ];
  it.each(rows)('%s', (_name, askedBy, who, expected) => {
    for (const needs of ['admin', 'second-person'] as const) {
      const may = mayDecide({ needs, askedBy }, who);
      expect(may.ok ? 'ok' : may.code).toBe(expected);
      if (!may.ok) expect(may.sentence).toMatch(/\.$/);
    }
  });

  it('is never the one who asked, and never a program', () => {
    const who = fc.record({ kind: fc.constantFrom('person', 'token'), id: fc.uuid(), role: fc.constantFrom(...ROLES) });
    fc.assert(
      fc.property(who, who, fc.constantFrom('admin', 'second-person'), (asker, decider, needs) => {
        const may = mayDecide({ needs, askedBy: asker }, decider);
        if (may.ok)
          expect([decider.kind, decider.role, decider.id === asker.id && asker.kind === 'person']).toEqual(['person', 'admin', false]);
        expect(mayDecide({ needs, askedBy: { kind: 'person', id: decider.id } }, decider).ok).toBe(false);
      }),
    );
  });

  it('asks for what destroys data as a person only', () => {
    expect(mayAskFor('second-person', { kind: 'token' })).toMatchObject({ code: 'person-required' });
    expect(mayAskFor('second-person', { kind: 'person' })).toBeNull();
    expect(mayAskFor('admin', { kind: 'token' })).toBeNull();
  });
});

describe('what has to be written down', () => {
  const full: ConsentRecord = { consentAt: NOW - HOUR, lossAccepted: false, backupAt: NOW - HOUR };
  it.each([
    ['consent and a fresh backup', full, null],
    ['consent and the loss accepted', { ...full, backupAt: null, lossAccepted: true }, null],
    ['no consent', { ...full, consentAt: null }, 'needs-consent'],
    ['a consent of the day before yesterday', { ...full, consentAt: NOW - CONSENT_FRESH_MS - 1 }, 'consent-too-old'],
    ['a consent that is still to come', { ...full, consentAt: NOW + HOUR }, 'consent-in-future'],
    ['a consent by a clock that is a little ahead', { ...full, consentAt: NOW + 60_000 }, null],
    ['no backup', { ...full, backupAt: null }, 'needs-backup-or-loss-accepted'],
    ['an old backup', { ...full, backupAt: NOW - BACKUP_FRESH_MS }, 'needs-backup-or-loss-accepted'],
    ['a backup of tomorrow', { ...full, backupAt: NOW + HOUR }, 'needs-backup-or-loss-accepted'],
  ] as const)('%s', (_name, record, lack) => expect(recordLacks(record, NOW)).toBe(lack));

  it('takes a backup for a proof for a day, and what is not known never', () => {
    expect([NOW, NOW - BACKUP_FRESH_MS + 1, NOW - BACKUP_FRESH_MS, null, undefined].map((at) => backupProves(at, NOW))).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });
});
