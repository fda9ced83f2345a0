import { describe, expect, it } from '@jest/globals';
import { RULES } from '../diagnosis/index.js';
import { FIXES, isAgentFix } from '../fixes/index.js';
import { FAMILIES, familyOf, holdOffOf } from './families.js';

const HOUR = 3_600_000;

describe('hold-offs', () => {
  it('name each cause once', () => {
    const causes = FAMILIES.flatMap((f) => f.causes);
    expect(new Set(causes).size).toBe(causes.length);
  });

  it('never file an advisory, whatever its family', () => {
    for (const rule of RULES) if (rule.health === 'advisory') expect(holdOffOf(rule.id, rule.health)).toBeNull();
    expect(holdOffOf('C44', 'advisory')).toBeNull();
  });

  it('give every fix that the agent may run by itself the time to run and settle first', () => {
    for (const rule of RULES) {
      const holdOff = holdOffOf(rule.id, rule.health);
      // A fix that people approve or carry out is work for the desk already.
      for (const fix of rule.fixes)
        if (holdOff !== null && isAgentFix(fix) && !FIXES[fix].approval)
          expect([rule.id, holdOff > (FIXES[fix].deadlineS + FIXES[fix].settleS) * 1000]).toEqual([rule.id, true]);
    }
  });

  it('wait long for what waits for a person', () => {
    for (const rule of RULES) if (rule.health === 'waiting') expect(holdOffOf(rule.id, rule.health)).toBeGreaterThanOrEqual(4 * HOUR);
  });

  it.each([
    ['C97', 'unknown', 24 * HOUR],
    ['C30', 'broken', HOUR / 6],
    ['C44', 'broken', HOUR / 4],
    ['C41', 'waiting', 4 * HOUR],
    ['C98', 'advisory', null],
    ['L01', 'unknown', HOUR / 4],
    ['C01', 'broken', HOUR / 4],
    ['C01', 'degraded', 24 * HOUR],
    ['C01', 'waiting', 4 * HOUR],
  ] as const)('of %s (%s) is %p ms', (cause, health, ms) => expect(holdOffOf(cause, health)).toBe(ms));

  it('keep what is one story in one family', () => {
    expect(new Set((['C40', 'C41', 'C42', 'C43', 'C44'] as const).map(familyOf)).size).toBe(1);
    expect(familyOf('C30')).toBe(familyOf('C39'));
    expect(familyOf('C30')).not.toBe(familyOf('C44'));
    expect(familyOf('C01')).toBe('other');
  });
});
