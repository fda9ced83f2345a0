import { describe, expect, it } from '@jest/globals';
import type { RunView } from '@lockstep/core/protocol';
import { resultWords, story } from './story.js';

const T = (s: number) => new Date(Date.UTC(2026, 10, 24, 9, 0, s)).toISOString();
const queued: RunView = {
  id: 'r',
  hostId: 'h',
  pairId: 'p',
  hostName: 'MBP',
  deviceName: 'P',
  udid: null,
  fix: 'F11',
  cause: 'C40',
  state: 'queued',
  requestedBy: 'Ann',
  stage: null,
  awaiting: null,
  mechanics: null,
  detail: null,
  verdict: null,
  waitingFor: null,
  askedAt: T(0),
  sentAt: null,
  receivedAt: null,
  settledAt: null,
  judgedAt: null,
  expiresAt: T(600),
};
const sent: RunView = { ...queued, state: 'sent', sentAt: T(1) };
const received: RunView = { ...sent, state: 'received', receivedAt: T(2) };
const settled: RunView = { ...received, state: 'settled', settledAt: T(40), mechanics: 'done' };
const judged: RunView = { ...settled, state: 'judged', judgedAt: T(41), verdict: 'cured' };
const told = (run: RunView, connected = true) => story(run, connected).map((s) => `${s.id}:${s.state}`);

describe('the story of a run', () => {
  it('begins queued, with all that is still to come', () => {
    expect(told(queued)).toEqual(['queued:now', 'sent:todo', 'received:todo', 'work:todo', 'look:todo', 'verdict:todo']);
    expect(story(queued, false)[0]?.words).toContain('offline');
    expect(story({ ...queued, heldBy: 'stopped' }, true)[0]?.words).toContain('all orders are stopped');
    expect(story({ ...queued, heldBy: 'fleet-cap', notBefore: T(3600) }, true)[0]?.words).toMatch(/waits for a place until \d/);
  });
  it('goes on sent and received', () => {
    expect(told(sent)).toEqual(['queued:done', 'sent:now', 'received:todo', 'work:todo', 'look:todo', 'verdict:todo']);
    expect(told(received)).toEqual(['queued:done', 'sent:done', 'received:done', 'work:now', 'look:todo', 'verdict:todo']);
  });
  it('names the awaited person, with a stopwatch against the fix’s own deadline', () => {
    const work = story({ ...received, stage: 'awaiting-holder', awaiting: 'tap-trust' }, true).find((s) => s.id === 'work');
    expect(work).toEqual({
      id: 'work',
      words: 'waiting for the holder to tap Trust',
      state: 'open',
      at: null,
      clock: { since: T(2), mostMs: 150_000 },
    });
  });
  it('looks again before it judges', () => {
    expect(told({ ...received, stage: 'verifying' })).toEqual([
      'queued:done',
      'sent:done',
      'received:done',
      'work:done',
      'look:now',
      'verdict:todo',
    ]);
    expect(told(settled)).toEqual(['queued:done', 'sent:done', 'received:done', 'work:done', 'look:now', 'verdict:todo']);
  });
  it('ends with the verdict of the facts, and only cured is good', () => {
    expect(told(judged).at(-1)).toBe('verdict:good');
    for (const verdict of ['unchanged', 'worse', 'waiting', 'unknown'] as const)
      expect(told({ ...judged, verdict }).at(-1)).not.toBe('verdict:good');
  });
  it('ends early without steps that never came', () => {
    expect(told({ ...queued, state: 'expired' })).toEqual(['queued:done', 'end:open']);
    expect(told({ ...sent, state: 'refused', detail: 'busy' })).toEqual(['queued:done', 'sent:done', 'end:bad']);
  });
});

describe('a run that needs a yes', () => {
  const approval = {
    needs: 'admin' as const,
    askedBy: { kind: 'person' as const, id: 'a' },
    consent: null,
    lossAcceptedBy: null,
    backupAt: null,
    decision: null,
    decidedBy: null,
    decidedAt: null,
    reason: null,
  };
  const approved = { ...approval, decision: 'approved' as const, decidedBy: 'Ada', decidedAt: T(5) };
  it('waits for it first, with all that is still to come', () => {
    expect(told({ ...queued, state: 'awaiting-approval', approval })).toEqual([
      'approval:open',
      'queued:todo',
      'sent:todo',
      'received:todo',
      'work:todo',
      'look:todo',
      'verdict:todo',
    ]);
  });
  it('goes on as any other once it was approved, and says by whom, or what is in its way', () => {
    expect(told({ ...queued, approval: approved })).toEqual([
      'approval:done',
      'queued:now',
      'sent:todo',
      'received:todo',
      'work:todo',
      'look:todo',
      'verdict:todo',
    ]);
    const held = story({ ...queued, approval: approved, heldBy: 'not-now', detail: 'busy' }, true);
    expect(held.map((s) => s.words).slice(0, 2)).toEqual([
      'approved by Ada',
      'approved; it waits because a phone on this computer is busy',
    ]);
  });
  it('ends declined, with the reason, or because nobody approved it', () => {
    const declined = { ...approval, decision: 'declined' as const, decidedBy: 'Ada', decidedAt: T(5), reason: 'wrong phone' };
    expect(told({ ...queued, state: 'cancelled', detail: 'declined', approval: declined })).toEqual(['end:open']);
    expect(resultWords({ ...queued, state: 'cancelled', detail: 'declined', approval: declined })).toBe('declined by Ada: wrong phone');
    expect(resultWords({ ...queued, state: 'expired', detail: 'not-approved', approval })).toBe('nobody approved it within a day');
    expect(resultWords({ ...queued, state: 'cancelled', detail: 'approval-void', approval: approved })).toMatch(/may not any more/);
    expect(resultWords({ ...queued, state: 'cancelled', detail: 'by-person', approval })).toBe('taken back before it was sent');
  });
});

describe('a run’s result', () => {
  it('says for whom it waits', () =>
    expect(resultWords({ ...judged, verdict: 'waiting', waitingFor: 'holder' })).toBe('waiting for the holder'));
  it('says why it was refused, and shows a reason it does not know as it is', () => {
    expect(resultWords({ ...sent, state: 'refused', detail: 'replayed' })).toBe('the agent refused the order: the order had run before');
    expect(resultWords({ ...sent, state: 'refused', detail: 'new-reason' })).toContain('new-reason');
  });
  it('never calls a run cured that only carried out its steps', () => expect(resultWords(settled)).toBe('running'));
});
