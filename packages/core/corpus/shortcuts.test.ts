import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type DiagnosisInput, diagnose, RULES } from '../src/diagnosis/index.js';
import { holdsNow, neverWith, signalsOf } from '../src/diagnosis/rules/index.js';
import type { SignalName } from '../src/diagnosis/signals/index.js';
import type { CurrentFact, FactSet } from '../src/health/index.js';
import { plainFindings } from '../test/plain-diagnosis.js';
import { CORPUS, diagnoseCase, preparedFor, toInput } from './index.js';

const TRIS = ['yes', 'no', 'unknown'] as const;

const said = ({ closed, findings }: Pick<ReturnType<typeof plainFindings>, 'closed' | 'findings'>) =>
  JSON.stringify([
    closed,
    findings.map((f) => [f.cause, f.scope, f.state, f.since, f.frozen, f.health, f.confidence, f.explainedBy] as const),
  ]);

/** Diagnoses, and compares with what the rules come to when each is asked whole. */
function sameAsPlain(input: DiagnosisInput): ReturnType<typeof diagnose> {
  const d = diagnose(input);
  const plain = said(plainFindings(input, d.presence));
  if (said(d) !== plain) expect(said(d)).toBe(plain);
  return d;
}

describe('what spares asking a rule', () => {
  it('changes nothing in any case of the corpus, at any of its moments', () => {
    expect(CORPUS.length).toBeGreaterThan(400);
    for (const story of CORPUS) {
      diagnoseCase(story, (input) => sameAsPlain({ ...input, catalogue: preparedFor(story) }));
      sameAsPlain({ ...toInput(story), device: null });
      sameAsPlain({ ...toInput(story), hostHeard: false, answers: undefined, history: undefined });
    }
  });

  it('changes nothing when the facts of two cases are mixed, some fail, and anything was known before', () => {
    const story = fc.constantFrom(...CORPUS);
    const known = fc.array(
      fc.record({ rule: fc.constantFrom(...RULES), state: fc.constantFrom('open' as const, 'pending' as const), agoS: fc.nat(100_000) }),
      { maxLength: 4 },
    );
    const presence = fc.constantFrom('attached' as const, 'away' as const, 'never-seen' as const);
    fc.assert(
      fc.property(story, story, fc.array(fc.nat(5), { minLength: 40, maxLength: 40 }), known, presence, (a, b, draws, before, was) => {
        const [one, other] = [toInput(a), toInput(b)];
        sameAsPlain({
          ...one,
          catalogue: preparedFor(a),
          host: mixed(one.host, other.host, draws),
          device: one.device && mixed(one.device, other.device ?? {}, draws),
          answers: { ...other.answers, ...one.answers },
          history: { ...other.history, ...one.history },
          known: before.map(({ rule, state, agoS }) => ({ cause: rule.id, scope: rule.scope, state, since: one.now - agoS * 1_000 })),
          presence: was,
        });
      }),
      { numRuns: 150 },
    );
  });

  it.each(RULES.map((r) => [`${r.id} (${r.scope})`, r] as const))('is right for every combination of answers of %s', (_name, rule) => {
    const never = neverWith(rule);
    // `holds` and what rules it out are tried apart, each with all combinations; a row with more signals than this takes too long.
    const of = signalsOf(rule.holds);
    expect(of.length).toBeLessThanOrEqual(12);
    const index = new Map(of.map((signal, i) => [signal, i]));
    const digits = of.map(() => 0);
    const ask = (name: SignalName) => TRIS[digits[index.get(name) ?? -1] ?? 2] ?? 'unknown';
    const wrong = of.map((signal) => TRIS.map((value) => never.get(signal)?.has(value) === true));
    for (let n = 3 ** of.length; n > 0; n--) {
      if (rule.holds(ask) === 'yes')
        digits.forEach((digit, i) => {
          if (wrong[i]?.[digit]) ruledOut(rule, of[i] as SignalName, TRIS[digit] as (typeof TRIS)[number]);
        });
      for (let i = 0; i < digits.length; i++) {
        digits[i] = ((digits[i] as number) + 1) % 3;
        if (digits[i] !== 0) break;
      }
    }
    for (const [signal, answers] of never) if (!of.includes(signal)) for (const value of answers) ruledOut(rule, signal, value);
  });
});

/** Where `holds` can be yes with an answer that is said to settle the rule, `unless` has to be yes with it whatever else is known. */
function ruledOut(rule: (typeof RULES)[number], signal: SignalName, value: (typeof TRIS)[number]): void {
  for (const rest of TRIS) {
    const holds = holdsNow({ holds: () => 'yes', unless: rule.unless }, (name) => (name === signal ? value : rest));
    expect([rule.id, signal, value, holds]).toEqual([rule.id, signal, value, 'no']);
  }
}

/** By draw: the fact of the one, of the other, none, a failed one, one that is stale, one that is absent. */
function mixed(one: FactSet, other: FactSet, draws: readonly number[]): FactSet {
  const kinds = [...new Set([...Object.keys(one), ...Object.keys(other)])] as (keyof FactSet)[];
  const facts = kinds.flatMap((kind, i): CurrentFact[] => {
    const draw = draws[i % draws.length];
    const fact: CurrentFact | undefined = draw === 1 ? (other[kind] ?? one[kind]) : (one[kind] ?? other[kind]);
    if (!fact || draw === 2) return [];
    const { at, seenAt, probe } = fact;
    if (draw === 3) return [{ kind, at, seenAt, probe, state: 'failed', reason: 'timeout' }];
    if (draw === 4) return [{ ...fact, seenAt: seenAt - 86_400_000 }];
    return [draw === 5 ? { kind, at, seenAt, probe, state: 'absent' } : fact];
  });
  return Object.fromEntries(facts.map((fact) => [fact.kind, fact])) as FactSet;
}
