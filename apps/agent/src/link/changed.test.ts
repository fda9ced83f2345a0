import { describe, expect, it } from '@jest/globals';
import type { Fact } from '@lockstep/core/health';
import { LIMITS } from '@lockstep/core/protocol';
import { factContent, newestPerKey, portions, Reported } from './changed.js';

const AT = '2026-11-24T09:00:00.000Z';
const udid = '00008110-001A2B3C4D5E801E';
const lockdown = (latencyMs: number, type = 'com.apple.mobile.lockdown', tookMs = 1, at = AT): Fact => ({
  kind: 'lockdown',
  subject: { udid },
  state: 'seen',
  reading: { type, latencyMs },
  at,
  probe: 'p',
  tookMs,
});
const failed = (reason: 'timeout' | 'io'): Fact => ({
  kind: 'lockdown',
  subject: { udid },
  state: 'failed',
  reason,
  at: AT,
  probe: 'p',
  tookMs: 1,
});

describe('what changed', () => {
  it('FACT-1 FACT-5 times and measures alone are no change; state, reading and reason are', () => {
    const reported = new Reported();
    expect(reported.changed([lockdown(1)])).toHaveLength(1);
    expect(reported.changed([lockdown(99, undefined, 7, '2026-11-24T10:00:00.000Z')])).toHaveLength(0);
    expect(reported.changed([lockdown(1, 'com.apple.other')])).toHaveLength(1);
    expect(reported.changed([failed('timeout')])).toHaveLength(1);
    expect(reported.changed([failed('timeout')])).toHaveLength(0);
    expect(reported.changed([failed('io')])).toHaveLength(1);
    expect(reported.changed([{ kind: 'lockdown', subject: { udid }, state: 'absent', at: AT, probe: 'p', tookMs: 1 }])).toHaveLength(1);
    reported.clear();
    expect(reported.changed([failed('io')])).toHaveLength(1);
  });

  it('FACT-5 knows the agent’s own measures, and that a dropped message is none of them', () => {
    const self = (uptimeS: number, waiting: number, dropped: number): Fact => ({
      kind: 'agent-self',
      subject: 'host',
      state: 'seen',
      at: AT,
      probe: 'p',
      tookMs: 1,
      reading: {
        agent: '1',
        os: 'linux',
        osVersion: '1',
        arch: 'x64',
        hostname: 'h',
        privileged: true,
        lab: false,
        uptimeS,
        outbox: { waiting, dropped },
      },
    });
    expect(factContent(self(1, 0, 0))).toBe(factContent(self(9, 5, 0)));
    expect(factContent(self(1, 0, 0))).not.toBe(factContent(self(1, 0, 1)));
  });

  it('the order of a reading’s fields is no change', () => {
    const a = {
      kind: 'service-start',
      subject: { udid },
      state: 'seen',
      at: AT,
      probe: 'p',
      tookMs: 1,
      reading: { service: 's', outcome: 'started', error: null, code: null },
    } as const;
    expect(factContent(a)).toBe(factContent({ ...a, reading: { code: null, error: null, outcome: 'started', service: 's' } }));
  });

  it('one fact per key: the last one', () => {
    expect(newestPerKey([failed('io'), failed('timeout')])).toEqual([failed('timeout')]);
  });

  it('FACT-2 LIM-1 portions fit a message by count and by bytes, and lose nothing', () => {
    const many = Array.from({ length: LIMITS.facts * 2 + 1 }, () => failed('io'));
    expect(portions(many).map((p) => p.length)).toEqual([512, 512, 1]);
    const wide = Array.from(
      { length: 300 },
      (_, i): Fact => ({
        kind: 'pair-record',
        subject: { udid },
        state: 'seen',
        at: AT,
        probe: 'p',
        tookMs: i,
        reading: { keys: Array.from({ length: 32 }, () => 'ü'.repeat(64)), bytes: i, sameBuid: null, complete: true },
      }),
    );
    const parts = portions(wide);
    expect(parts.flat()).toEqual(wide);
    expect(parts.length).toBeGreaterThan(1);
    for (const p of parts) expect(Buffer.byteLength(JSON.stringify(p))).toBeLessThan(LIMITS.frameBytes - 3_000);
    expect(portions([])).toEqual([[]]);
  });
});
