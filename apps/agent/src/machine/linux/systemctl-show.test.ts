import { describe, expect, it } from '@jest/globals';
import { FAIL_REASONS, Fact } from '@lockstep/core/health';
import fc from 'fast-check';
import { parseSystemctlShow } from './systemctl-show.js';

const HEALTHY = 'MainPID=1432\nNRestarts=0\nResult=success\nLoadState=loaded\nActiveState=active\nSubState=running\nUnitFileState=static\n';

describe('systemctl show', () => {
  it('reads some fact from any text, and never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), fc.option(fc.integer({ min: -1, max: 255 })), (stdout, stderr, exit) => {
        const facts = parseSystemctlShow({ exit, stdout, stderr, failure: null });
        expect(facts).toHaveLength(1);
        for (const f of facts) Fact.parse({ ...f, at: '2026-11-24T09:00:00Z', probe: 'mux-daemon', tookMs: 0 });
      }),
    );
  });

  it('says running only of output that says so, wherever it is cut', () => {
    for (let n = 0; n < HEALTHY.length; n++) {
      const [fact] = parseSystemctlShow({ exit: 0, stdout: HEALTHY.slice(0, n), stderr: '', failure: null });
      if (fact?.state === 'seen' && fact.kind === 'mux-daemon') {
        expect(HEALTHY.slice(0, n)).toContain('ActiveState=active');
        expect([1432, null]).toContain(fact.reading.pid);
      } else {
        expect(fact?.state).toBe('failed');
      }
    }
  });

  it.each(FAIL_REASONS.map((r) => [r]))('keeps why the command failed: %s', (failure) => {
    expect(parseSystemctlShow({ exit: null, stdout: HEALTHY, stderr: '', failure })).toEqual([
      { kind: 'mux-daemon', subject: 'host', state: 'failed', reason: failure },
    ]);
  });
});
