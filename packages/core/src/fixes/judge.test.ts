import { describe, expect, it } from '@jest/globals';
import { judge, type Snapshot } from './judge.js';

const before: Snapshot = { presence: 'attached', health: 'broken', openCauses: ['C44'], brokenLayer: 'trust' };
const cured: Snapshot = { presence: 'attached', health: 'healthy', openCauses: [], brokenLayer: null };

describe('judge', () => {
  it('believes a cure when the finding closed', () => {
    expect(judge('C44', before, cured, 'done')).toEqual({ verdict: 'cured' });
  });
  it('believes the facts, not the mechanics', () => {
    expect(judge('C44', before, before, 'done')).toEqual({ verdict: 'unchanged' });
    expect(judge('C44', before, cured, 'failed')).toEqual({ verdict: 'cured' });
  });
  it('is unknown when the phone left', () => {
    expect(judge('C44', before, { ...before, presence: 'away' }, 'done')).toEqual({ verdict: 'unknown' });
  });
  it('is unknown when nothing could be read, or what was done is unknown', () => {
    expect(judge('C44', before, { ...before, health: 'unknown', brokenLayer: null }, 'done')).toEqual({ verdict: 'unknown' });
    expect(judge('C44', before, before, 'unknown')).toEqual({ verdict: 'unknown' });
  });
  it('is worse when a lower rung broke', () => {
    expect(judge('C44', before, { ...before, brokenLayer: 'mux', openCauses: ['C44', 'C30'] }, 'done')).toEqual({ verdict: 'worse' });
    expect(judge('C44', before, { ...before, brokenLayer: 'mux', openCauses: ['C30'] }, 'done')).toEqual({ verdict: 'worse' });
  });
  it('waits for the holder while the dialog is open or the phone is locked', () => {
    expect(
      judge('C40', { ...before, openCauses: ['C40'] }, { ...before, health: 'waiting', openCauses: ['C40', 'C42'] }, 'not-acted', [
        'C41',
        'C42',
      ]),
    ).toEqual({
      verdict: 'waiting',
      for: 'holder',
    });
  });
});
