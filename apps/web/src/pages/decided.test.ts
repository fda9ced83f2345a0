import { describe, expect, it } from '@jest/globals';
import type { ApprovalView, RunView } from '@lockstep/core/protocol';
import { decidedWords, needsWords } from './decided.js';

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
const run = (over: Partial<RunView>) => ({ state: 'awaiting-approval' as const, detail: null, approval, ...over });

describe('what was decided', () => {
  it('says whose yes is awaited', () => {
    expect(needsWords(run({}))).toMatch(/did not ask/);
    expect(needsWords(run({ approval: { ...approval, needs: 'admin' } }))).toMatch(/an admin$/);
    expect(needsWords(run({ state: 'queued' }))).toBeNull();
  });
  it('names who decided and why, and is plain about time and about what is in the way', () => {
    const by = (decision: 'approved' | 'declined', over: Partial<RunView> = {}) =>
      decidedWords(run({ approval: { ...approval, decision, decidedBy: 'Ada\u202e', reason: 'wrong phone' }, ...over }));
    expect(by('approved', { state: 'queued' })).toBe('approved by Ada\ufffd');
    expect(by('declined', { state: 'cancelled' })).toBe('declined by Ada\ufffd: wrong phone');
    expect(by('approved', { state: 'queued', heldBy: 'not-now', detail: 'away' })).toBe(
      'approved; it waits because the phone is not plugged in',
    );
    expect(decidedWords(run({ state: 'expired', detail: 'not-approved' }))).toBe('nobody approved it within a day');
    expect(decidedWords(run({ state: 'expired', approval: null }))).toBeNull();
  });
});
