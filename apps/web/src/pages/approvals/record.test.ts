import { describe, expect, it } from '@jest/globals';
import type { ApprovalView } from '@lockstep/core/protocol';
import { asksEcid, localMinute, type RecordFields, readRecord } from './record.js';

const NOW = Date.UTC(2026, 10, 24, 10, 0);
const HOUR = 3_600_000;
const approval: ApprovalView = {
  needs: 'second-person',
  askedBy: { kind: 'person', id: 'a' },
  consent: null,
  lossAcceptedBy: null,
  backupAt: null,
  decision: null,
  decidedBy: null,
  decidedAt: null,
  reason: null,
};

describe('what is written down about a fix by which data may be lost', () => {
  const fields: RecordFields = { holder: ' Jun ', how: 'by-phone', at: localMinute(NOW - HOUR), lossAcceptedBy: '' };
  const read = (over: Partial<RecordFields>, backupAt: number | null = null) => readRecord({ ...fields, ...over }, backupAt, NOW);

  it('is sent trimmed, its time in UTC to the minute', () => {
    expect(read({}, NOW - HOUR)).toEqual({
      record: { consent: { holder: 'Jun', how: 'by-phone', at: new Date(NOW - HOUR).toISOString() } },
    });
    expect(read({ lossAcceptedBy: ' Jun Park ' })).toMatchObject({ record: { lossAcceptedBy: 'Jun Park' } });
  });
  it.each([
    ['holder', { holder: ' ', lossAcceptedBy: 'x' }, NOW],
    ['at', { at: '', lossAcceptedBy: 'x' }, NOW],
    ['at', { at: localMinute(NOW - 25 * HOUR) }, NOW],
    ['at', { at: localMinute(NOW + HOUR) }, NOW],
    ['lossAcceptedBy', {}, null],
    ['lossAcceptedBy', {}, NOW - 25 * HOUR],
  ])('names %s when %j', (field, over, backupAt) => {
    const answer = read(over, backupAt);
    expect('errors' in answer ? Object.keys(answer.errors) : []).toEqual([field]);
  });
  it('asks the approver for the ECID where the UDID does not hold it', () => {
    expect(asksEcid({ kind: 'order', udid: 'a'.repeat(40), approval })).toBe(true);
    expect(asksEcid({ kind: 'order', udid: '00008110-0011223344556677', approval })).toBe(false);
    expect(asksEcid({ kind: 'order', udid: 'a'.repeat(40), approval: { ...approval, needs: 'admin' } })).toBe(false);
    // Whoever does the steps has the phone in hand.
    expect(asksEcid({ kind: 'guided', udid: 'a'.repeat(40), approval })).toBe(false);
  });
});
