import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { GOOD, host, NOW, pair } from '../../test/pair-at-hand.js';
import { type CauseId, FACT_KIND_NAMES, type FactKind } from '../health/index.js';
import { MAX_AGE_MS } from './current.js';
import { diagnose } from './diagnose.js';
import { QUESTIONS } from './questions.js';
import { RULES } from './rules/index.js';
import type { FactSet } from './shapes.js';

const unplugged = {
  'usb-device': 'absent',
  'mux-device': 'absent',
  lockdown: { failed: 'unreachable' },
  'trust-session': { failed: 'unreachable' },
} as const;
const down = {
  'mux-daemon': { state: 'stopped', pid: null, restarts: 0, socket: 'missing', latencyMs: null },
  'mux-list': { failed: 'unreachable' },
} as const;

describe('health', () => {
  it('is healthy with fresh proof on every needed rung', () => {
    const d = diagnose(pair());
    expect(d).toMatchObject({ health: 'healthy', presence: 'attached', primary: null, findings: [], closed: [] });
    expect(d.rungs.map((r) => r.layer)).toEqual(['host', 'usb', 'mux', 'trust', 'software', 'network', 'services', 'sync']);
  });
  for (const kind of ['agent-self', 'mux-device', 'trust-session', 'device-values', 'service-start'] as const) {
    it(`is not healthy when ${kind} is missing, failed or stale`, () => {
      expect(diagnose(pair({ [kind]: 'gone' })).health).not.toBe('healthy');
      expect(diagnose(pair({ [kind]: { failed: 'timeout' } })).health).not.toBe('healthy');
      const input = pair();
      const set = ((input.device as FactSet)[kind] ? input.device : input.host) as FactSet;
      (set[kind] as { seenAt: number }).seenAt = NOW - MAX_AGE_MS;
      expect(diagnose(input).health).not.toBe('healthy');
    });
  }
  it('is unknown when the host is silent, and findings stay', () => {
    const d = diagnose(
      pair({}, { hostHeard: false, health: 'healthy', known: [{ cause: 'C44', scope: 'pair', state: 'open', since: NOW - 1000 }] }),
    );
    expect(d.health).toBe('unknown');
    expect(d.closed).toEqual([]);
    expect(d.findings).toHaveLength(1);
  });
  it('lets a trusted session prove the bus that could not be read', () => {
    expect(diagnose(pair({ 'usb-bus': { failed: 'unsupported' }, 'usb-device': { failed: 'unsupported' } })).health).toBe('healthy');
  });
  it('shows a failed rung without a rule as broken, with no invented cause', () => {
    const d = diagnose(pair({ 'trust-session': { outcome: 'impostor', error: null, code: null }, 'service-start': 'absent' }));
    expect(d).toMatchObject({ health: 'broken', primary: null });
  });
});

describe('presence', () => {
  it('away keeps the last verdict, cures nothing and closes nothing', () => {
    const d = diagnose(pair(unplugged, { health: 'broken', known: [{ cause: 'C44', scope: 'pair', state: 'open', since: NOW - 9000 }] }));
    expect(d).toMatchObject({ presence: 'away', health: 'broken', closed: [], primary: { cause: 'C44' } });
  });
  it('unplugging while the mux is down closes nothing on the host either', () => {
    const d = diagnose(
      host({ ...down, 'usb-bus': { devices: [] } }, { known: [{ cause: 'C30', scope: 'host', state: 'open', since: NOW - 60_000 }] }),
    );
    expect(d.closed).toEqual([]);
    expect(d.findings.find((f) => f.cause === 'C30')).toMatchObject({ state: 'open', frozen: true });
  });
  it('is kept while nothing fresh says otherwise', () => {
    expect(diagnose(pair({ 'usb-device': 'gone', 'mux-device': { failed: 'timeout' } })).presence).toBe('attached');
    expect(diagnose(pair({ 'usb-device': 'gone', 'mux-device': { failed: 'timeout' } }, { presence: 'away' })).presence).toBe('away');
  });
});

describe('time', () => {
  it('waits the patience out, says when to look again, and opens then', () => {
    const first = diagnose(host(down));
    expect(first.findings).toMatchObject([{ cause: 'C30', state: 'pending', since: NOW }]);
    expect(first.recheckAt).toBe(NOW + 10_000);
    const then = diagnose({ ...host(down), now: NOW + 10_000, known: [{ cause: 'C30', scope: 'host', state: 'pending', since: NOW }] });
    expect(then.findings).toMatchObject([{ cause: 'C30', state: 'open' }]);
  });
  it('asks to be rechecked when the first fact goes stale', () => {
    const input = pair();
    (input.device?.lockdown as { seenAt: number }).seenAt = NOW - 100_000;
    expect(diagnose(input).recheckAt).toBe(NOW - 100_000 + MAX_AGE_MS);
  });
  it('asks to be rechecked when an answer is no longer believed', () => {
    const at = NOW - QUESTIONS.charging.freshMs + 5_000;
    expect(diagnose(pair({}, { answers: { charging: { answer: 'yes', at } } })).recheckAt).toBe(NOW + 5_000);
  });
  it('does not recheck what time cannot change', () => {
    expect(diagnose(pair({}, { hostHeard: false })).recheckAt).toBeNull();
  });
});

describe('the table', () => {
  it('explains in one direction only', () => {
    const next = new Map(RULES.map((r) => [r.id, r.explainedBy]));
    const walk = (id: string, seen: string[]): void => {
      expect(seen).not.toContain(id);
      for (const by of next.get(id as `C${string}`) ?? []) walk(by, [...seen, id]);
    };
    for (const r of RULES) walk(r.id, []);
  });
  it('names only rules that exist', () => {
    for (const r of RULES) for (const by of r.explainedBy) expect(RULES.some((o) => o.id === by)).toBe(true);
  });
});

describe('on any readings', () => {
  const state = fc.constantFrom<'good' | 'absent' | 'gone' | 'failed'>('good', 'absent', 'gone', 'failed');
  const change = fc.record(Object.fromEntries(FACT_KIND_NAMES.map((k) => [k, state])) as Record<FactKind, typeof state>);
  const build = (c: Record<FactKind, 'good' | 'absent' | 'gone' | 'failed'>) =>
    pair(
      Object.fromEntries(
        FACT_KIND_NAMES.map((k) => [k, c[k] === 'good' ? (GOOD[k] ?? 'gone') : c[k] === 'failed' ? { failed: 'timeout' } : c[k]]),
      ),
    );
  it('is deterministic, closes nothing without proof and never calls unknown healthy', () => {
    fc.assert(
      fc.property(change, fc.constantFrom<CauseId>('C40', 'C44', 'C41', 'C43', 'C30', 'C39'), (c, cause) => {
        const input = {
          ...build(c),
          known: [{ cause, scope: cause === 'C30' ? ('host' as const) : ('pair' as const), state: 'open' as const, since: NOW - 5000 }],
        };
        const d = diagnose(input);
        expect(diagnose(input)).toEqual(d);
        if (d.health === 'healthy')
          for (const k of ['agent-self', 'device-values', 'trust-session', 'service-start'] as const) expect(c[k]).toBe('good');
        const open = d.findings.filter((f) => f.cause === cause).length > 0;
        expect(open || d.closed.includes(cause)).toBe(true);
        expect(d.findings.filter((f) => f.state === 'open' && !f.explainedBy && f.health !== 'advisory').length > 0).toBe(
          d.primary !== null,
        );
      }),
      { numRuns: 500 },
    );
  });
});
