import { describe, expect, it } from '@jest/globals';
import { GOOD } from '../../test/pair-at-hand.js';
import { type CurrentFact, RULES } from '../diagnosis/index.js';
import { FACT_KINDS, type FactKind } from '../health/index.js';
import { type HostPast, isEmpty, type PairPast, type PastFact, RulesOverlay, replay, SHIPPED, tableOf, walk } from './index.js';

const UDID = '00008110-0011223344556677';
const MIN = 60_000;
/** Noon of a day, so that no day begins in between. */
const T0 = Date.UTC(2026, 10, 2, 12);
const window = { from: T0, until: T0 + 60 * MIN };

type Told = CurrentFact['state'] | Record<string, unknown>;
const fact = (kind: FactKind, told: Told, since: number, until: number | null): PastFact => ({
  udid: FACT_KINDS[kind].subject === 'host' ? '' : UDID,
  fact: {
    kind,
    at: since,
    seenAt: until ?? window.until,
    probe: 'test',
    ...(typeof told === 'string' ? { state: told, ...(told === 'failed' && { reason: 'timeout' }) } : { state: 'seen', reading: told }),
  } as CurrentFact,
  since,
  until,
});
/** A pair on which all works, but for what is told of some kinds from some minutes on. */
function pastOf(
  changes: Partial<Record<FactKind, readonly (readonly [minute: number, told: Told | null])[]>> = {},
  more: Partial<HostPast> = {},
): HostPast {
  const kinds = new Set<FactKind>([...(Object.keys(GOOD) as FactKind[]), ...(Object.keys(changes) as FactKind[])]);
  const facts = [...kinds].flatMap((kind) => {
    const good = GOOD[kind as keyof typeof GOOD] as Told | undefined;
    const steps = [...(good === undefined ? [] : [[-10, good] as const]), ...(changes[kind] ?? [])];
    return steps.flatMap(([minute, told], n) => {
      const end = steps[n + 1]?.[0];
      return told === null ? [] : [fact(kind, told, T0 + minute * MIN, end === undefined ? null : T0 + end * MIN)];
    });
  });
  return { facts, heard: [], isHeard: true, pairs: [pairPast()], ...more };
}
const pairPast = (more: Partial<PairPast> = {}): PairPast => ({ udid: UDID, createdAt: 0, answers: [], tried: [], recorded: [], ...more });

function run<T>(steps: Generator<number, T, void>): { value: T; work: number } {
  let work = 0;
  for (;;) {
    const step = steps.next();
    if (step.done) return { value: step.value, work };
    work += step.value;
  }
}
const stretches = (past: HostPast, overlay: unknown = {}) =>
  (run(walk(past, window, tableOf(RulesOverlay.parse(overlay)), null)).value.get(UDID) ?? []).map((s) => [
    (s.from - T0) / MIN,
    (s.until - T0) / MIN,
    s.health,
    s.cause,
  ]);
const differences = (past: HostPast, overlay: unknown, options: { against?: 'shipped' | 'recorded'; atLeastMs?: number } = {}) => {
  const [pair] = run(
    replay(past, tableOf(RulesOverlay.parse(overlay)), { window, against: 'shipped', atLeastMs: 0, catalogue: null, ...options }),
  ).value;
  return pair ?? { differences: [], shares: [] };
};

const STARTED = GOOD['service-start'] as Told;
const rejected = { outcome: 'refused', error: 'InvalidHostID', code: -21 };
const accepted = { outcome: 'accepted', error: null, code: null };
const stopped = { state: 'stopped', pid: null, restarts: 0, socket: 'missing', latencyMs: null };

describe('a past lived through', () => {
  const C44 = {
    'trust-session': [
      [10, rejected],
      [20, accepted],
    ],
    'service-start': [
      [10, 'absent'],
      [20, STARTED],
    ],
  } as const;
  const rows: [what: string, past: HostPast, expected: unknown[]][] = [
    ['all works', pastOf(), [[0, 60, 'healthy', null]]],
    [
      'a record was refused for ten minutes',
      pastOf(C44),
      [
        [0, 10, 'healthy', null],
        [10, 20, 'broken', 'C44'],
        [20, 60, 'healthy', null],
      ],
    ],
    [
      'the host was silent for a while',
      pastOf(
        {},
        {
          heard: [
            { at: T0 + 5 * MIN, heard: false },
            { at: T0 + 15 * MIN, heard: true },
          ],
        },
      ),
      [
        [0, 5, 'healthy', null],
        [5, 15, 'unknown', null],
        [15, 60, 'healthy', null],
      ],
    ],
    [
      'the host was silent before and came back',
      pastOf({}, { heard: [{ at: T0 + 15 * MIN, heard: true }] }),
      [
        [0, 15, 'unknown', null],
        [15, 60, 'healthy', null],
      ],
    ],
    [
      'a fact was no longer told',
      pastOf({ 'service-start': [[30, null]] }),
      [
        [0, 30, 'healthy', null],
        [30, 60, 'unknown', null],
      ],
    ],
  ];
  it.each(rows)('%s', (_, past, expected) => expect(stretches(past)).toEqual(expected));

  it('waits patience out and lets readings age, at the moments at which time does so', () => {
    const past = pastOf({ 'mux-daemon': [[10, stopped]], 'mux-list': [[10, 'failed']], 'mux-device': [[10, 'absent']] });
    const shown = stretches(past).find((s) => s[3] === 'C30');
    expect(shown).toEqual([10 + 10 / 60, 60, 'broken', 'C30']);
    const aged = pastOf();
    for (const f of aged.facts) if (f.fact.kind === 'trust-session') (f.fact as { seenAt: number }).seenAt = T0 + 20 * MIN;
    expect(stretches(aged)).toEqual([
      [0, 23, 'healthy', null],
      [23, 60, 'unknown', null],
    ]);
  });

  it('knows nothing of a pair before its first fact', () => {
    const past = pastOf();
    const late = past.facts.map((f) => (f.udid === '' ? f : { ...f, since: T0 + 7 * MIN }));
    expect(stretches({ ...past, facts: late })).toEqual([[7, 60, 'healthy', null]]);
  });

  it('lives the same past through the same way, and in small steps', () => {
    const flapping = pastOf({
      'passcode-lock': Array.from({ length: 500 }, (_, n) => [n / 10, { locked: n % 2 === 0 }] as const),
    });
    const steps: number[] = [];
    const it = walk(flapping, window, SHIPPED, null);
    for (let step = it.next(); !step.done; step = it.next()) steps.push(step.value);
    expect(Math.max(...steps)).toBeLessThan(80);
    expect(steps.reduce((a, b) => a + b)).toBeGreaterThan(900);
    expect(stretches(flapping)).toEqual(stretches(flapping));
  });
});

describe('differences', () => {
  const broken = pastOf({
    'trust-session': [
      [10, rejected],
      [20, accepted],
    ],
    'service-start': [
      [10, 'absent'],
      [20, STARTED],
    ],
  });

  it('are none for the table that is shipped', () => {
    expect(differences(broken, {}).differences).toEqual([]);
    expect(isEmpty(RulesOverlay.parse({}))).toBe(true);
  });

  const rows: [what: string, overlay: unknown, before: unknown, after: unknown][] = [
    ['a rule that is off', { rules: [{ cause: 'C44', off: true }] }, { health: 'broken', cause: 'C44' }, { health: 'broken', cause: null }],
    ['a confidence under which nothing is claimed', { rules: [{ cause: 'C44', confidence: 0.5 }] }, { cause: 'C44' }, { cause: null }],
    ['another health', { rules: [{ cause: 'C44', health: 'degraded' }] }, { health: 'broken' }, { health: 'degraded', cause: 'C44' }],
    ['another order of fixes', { rules: [{ cause: 'C44', fixes: ['F12', 'F10', 'F13'] }] }, { fix: 'F10' }, { cause: 'C44', fix: 'F12' }],
  ];
  it.each(rows)('%s', (_, overlay, before, after) => {
    expect(differences(broken, overlay).differences).toMatchObject([
      { udid: UDID, from: T0 + 10 * MIN, until: T0 + 20 * MIN, before, after },
    ]);
  });

  it('a longer patience moves the beginning; what lasts less than asked for is left out', () => {
    const overlay = { rules: [{ cause: 'C44', patienceMs: 2 * MIN }] };
    const found = differences(broken, overlay).differences;
    expect(found).toMatchObject([{ from: T0 + 10 * MIN, until: T0 + 12 * MIN, before: { cause: 'C44' }, after: { cause: null } }]);
    expect(found[0]?.evidence).toContainEqual(expect.objectContaining({ signal: 'session.not-known', value: 'yes' }));
    expect(differences(broken, overlay, { atLeastMs: 3 * MIN }).differences).toEqual([]);
  });

  it('count how long each cause was the one, before and after', () => {
    expect(differences(broken, { rules: [{ cause: 'C44', patienceMs: 2 * MIN }] }).shares).toEqual([
      { cause: null, before: 50 * MIN, after: 52 * MIN },
      { cause: 'C44', before: 10 * MIN, after: 8 * MIN },
    ]);
  });

  it('against what was written down: what an update of the rules changed', () => {
    const recorded = [
      { at: T0 - 60 * MIN, health: 'healthy', cause: null },
      { at: T0 + 10 * MIN, health: 'broken', cause: 'C40' },
      { at: T0 + 20 * MIN, health: 'healthy', cause: null },
    ] as const;
    const past = { ...broken, pairs: [pairPast({ recorded })] };
    expect(differences(past, {}, { against: 'recorded' }).differences).toMatchObject([
      { from: T0 + 10 * MIN, until: T0 + 20 * MIN, before: { cause: 'C40', fix: null }, after: { cause: 'C44' } },
    ]);
  });

  it('of evidence are never later than the moment they decided at', () => {
    const [found] = differences(broken, { rules: [{ cause: 'C44', health: 'degraded' }] }).differences;
    for (const e of found?.evidence ?? []) if (e.at !== null) expect(e.at).toBeLessThanOrEqual(T0 + 10 * MIN);
  });
});

describe('an overlay', () => {
  const errors = (overlay: unknown) => RulesOverlay.safeParse(overlay).error?.issues.map((i) => i.path.join('.')) ?? [];
  const rows: [overlay: unknown, field: string][] = [
    [{ rules: [{ cause: 'C00', off: true }] }, 'rules.0.cause'],
    [{ rules: [{ cause: 'nonsense', off: true }] }, 'rules.0.cause'],
    [{ rules: [{ cause: 'C44', scope: 'host', off: true }] }, 'rules.0.scope'],
    [{ rules: [{ cause: 'C44' }] }, 'rules.0.cause'],
    [{ rules: [{ cause: 'C44', off: true, confidence: 1 }] }, 'rules.0.off'],
    [
      {
        rules: [
          { cause: 'C44', off: true },
          { cause: 'C44', confidence: 1 },
        ],
      },
      'rules.1.cause',
    ],
    [{ rules: [{ cause: 'C44', patienceMs: -1 }] }, 'rules.0.patienceMs'],
    [{ rules: [{ cause: 'C44', confidence: 1.1 }] }, 'rules.0.confidence'],
    [{ rules: [{ cause: 'C44', health: 'healthy' }] }, 'rules.0.health'],
    [{ rules: [{ cause: 'C44', fixes: ['F10', 'F12'] }] }, 'rules.0.fixes'],
    [{ rules: [{ cause: 'C44', fixes: ['F10', 'F12', 'F12'] }] }, 'rules.0.fixes'],
    [{ rules: [{ cause: 'C44', fixes: ['F99'] }] }, 'rules.0.fixes.0'],
    [{ software: { warnDays: 20, failDays: 10 } }, 'software.failDays'],
    [{ software: { warnDays: 60 } }, 'software.failDays'],
    [{ software: { served: { ios: 0, macos: 3 } } }, 'software.served.ios'],
    [{ because: 'I say so' }, ''],
  ];
  it.each(rows)('%j is refused, naming %s', (overlay, field) => expect(errors(overlay)).toContain(field));

  it('leaves what it does not name as it is shipped', () => {
    const table = tableOf(RulesOverlay.parse({ rules: [{ cause: 'C44', patienceMs: 5 }], software: { failDays: 90 } }));
    expect(table.policy).toEqual({ ...SHIPPED.policy, failDays: 90 });
    const shipped = RULES.find((r) => r.id === 'C44');
    expect([...(table.changed ?? [])]).toEqual([[shipped, { ...shipped, patienceMs: 5 }]]);
  });
});
