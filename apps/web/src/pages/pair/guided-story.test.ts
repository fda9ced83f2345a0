import { describe, expect, it } from '@jest/globals';
import { guided } from '../../live/rows.fixture.js';
import { checklist, guidedEntry, guidedResult, runsInView } from './guided-story.js';

const DONE = '2026-11-24T09:01:00.000Z';
const run = guided({
  fix: 'F13',
  steps: [
    { step: 'reset-location-privacy', who: 'holder', hasProof: false, doneAt: null, doneBy: null },
    { step: 'unlock', who: 'holder', hasProof: true, doneAt: null, doneBy: null },
    { step: 'tap-trust', who: 'holder', hasProof: true, doneAt: null, doneBy: null },
  ],
});
const [first, second, third] = run.steps as [(typeof run.steps)[0], (typeof run.steps)[0], (typeof run.steps)[0]];
const seen = (over: typeof run, mayAct = true) => checklist(over, mayAct).map((s) => `${s.state}${s.mayTick ? ' Done' : ''}`);

describe('the checklist', () => {
  it('offers Done only on steps without a proof, and only to those who may act', () => {
    expect(seen(run)).toEqual(['now Done', 'todo', 'todo']);
    expect(seen(run, false)).toEqual(['now', 'todo', 'todo']);
    const ticked = { ...run, steps: [{ ...first, doneAt: DONE }, second, third] };
    expect(seen(ticked)).toEqual(['done', 'now', 'todo']);
    // Before somebody said yes nothing is to be done.
    expect(seen({ ...run, state: 'awaiting-approval' })).toEqual(['todo', 'todo', 'todo']);
    expect(seen({ ...ticked, state: 'expired' })).toEqual(['done', 'todo', 'todo']);
  });
});

describe('the result', () => {
  it('is what the facts said, never what was ticked', () => {
    expect(guidedResult(run)).toBeNull();
    expect(guidedResult({ state: 'settled', verdict: null, waitingFor: null })).toBeNull();
    expect(guidedResult({ state: 'judged', verdict: 'cured', waitingFor: null })).toBe('cured: fresh readings prove it');
    expect(guidedResult({ state: 'judged', verdict: 'waiting', waitingFor: 'holder' })).toBe('waiting for the holder');
    expect(guidedResult({ state: 'expired', verdict: null, waitingFor: null })).toBe('ran out: steps were left');
    expect(guidedResult({ state: 'expired', verdict: null, waitingFor: null, detail: 'not-approved' })).toBe('ran out: nobody approved it');
    expect(guidedResult({ state: 'cancelled', verdict: null, waitingFor: null, detail: 'declined' })).toBe('declined: nothing was done');
    expect(guidedResult({ state: 'awaiting-approval', verdict: null, waitingFor: null })).toBeNull();
  });

  it('stays in view for a while after the end', () => {
    const ended = guided({ id: 'a', state: 'judged', verdict: 'cured', endedAt: DONE });
    const at = Date.parse(DONE);
    expect(runsInView({ guided: [run, ended] }, at + 60_000).map((g) => g.id)).toEqual(['g1', 'a']);
    expect(runsInView({ guided: [run, ended] }, at + 600_000).map((g) => g.id)).toEqual(['g1']);
  });

  it('is told in the timeline', () => {
    expect(guidedEntry('F10 cured')).toMatch(/, step by step: cured: fresh readings prove it$/);
    expect(guidedEntry('F10 open')).toMatch(/under way$/);
    expect(guidedEntry('F10 expired')).toMatch(/steps were left$/);
  });
});
