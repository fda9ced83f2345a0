import { describe, expect, it } from '@jest/globals';
import { type Answers, CLAIMED, causeWords, type Diagnosis, diagnose, RULES, SIGNALS, type Tri } from '../src/diagnosis/index.js';
import { holdsNow, neverWith } from '../src/diagnosis/rules/index.js';
import { FIXES } from '../src/fixes/index.js';
import { type CurrentFact, type FactSet, HEALTHS } from '../src/health/index.js';
import { healthyHost } from './hosts.js';
import { type Case, CORPUS, diagnoseCase, preparedFor, toInput, verdictOf } from './index.js';
import { healthyPhone, phoneOnBus } from './phones.js';

const judged = CORPUS.map((story) => {
  const diagnosis = diagnoseCase(story, (input) => diagnose({ ...input, catalogue: preparedFor(story) }));
  return { story, diagnosis, verdict: verdictOf(story, diagnosis) };
});
const settledCases = judged.filter((j) => j.story.disputed === null);
const named = (j: { story: Case }) => j.story.id;

/** The same picture with every probe failing. */
function failing(set: FactSet): FactSet {
  return Object.fromEntries(
    Object.values(set).map((f) => [
      f.kind,
      { kind: f.kind, at: f.at, seenAt: f.seenAt, probe: f.probe, state: 'failed', reason: 'timeout' } as CurrentFact,
    ]),
  ) as FactSet;
}

describe('the rules on the labelled corpus', () => {
  it('claim the right cause in at least 98 of 100 cases in which they claim one', () => {
    const spoke = settledCases.filter((j) => j.verdict.said !== 'cannot-tell' && j.verdict.said !== 'healthy');
    const right = spoke.filter((j) => j.verdict.said === j.story.expect || j.story.accept.includes(j.verdict.said));
    expect(spoke.length).toBeGreaterThan(300);
    expect(right.length / spoke.length).toBeGreaterThanOrEqual(0.98);
  });
  it('call nothing healthy that cannot be told', () => {
    const wrongly = settledCases.filter(
      (j) => j.story.expect === 'cannot-tell' && j.verdict.said === 'healthy' && !j.story.accept.includes('healthy'),
    );
    expect(wrongly.map(named)).toEqual([]);
  });
  it('claim nothing that the field notes rule out', () => {
    expect(settledCases.filter((j) => j.verdict.forbidden.length > 0).map(named)).toEqual([]);
  });
  it('hold somewhere, each of them: as the verdict or as a guess', () => {
    const seen = new Set(judged.flatMap((j) => j.diagnosis.findings.map((f) => `${f.cause} ${f.scope}`)));
    const alone = RULES.filter((r) => r.alone || r.id === 'L01');
    const never = RULES.filter((r) => !alone.includes(r) && !seen.has(`${r.id} ${r.scope}`));
    expect(never.map((r) => `${r.id} ${r.scope}`)).toEqual([]);
  });
  it('claim nothing and call nothing healthy when every probe fails', () => {
    for (const story of CORPUS) {
      const input = toInput(story);
      const d: Diagnosis = diagnose({
        ...input,
        answers: {},
        host: failing(input.host),
        device: input.device && failing(input.device),
        catalogue: null,
      });
      expect([story.id, d.primary?.cause ?? null]).toEqual([story.id, null]);
      if (input.device) expect([story.id, d.health]).not.toEqual([story.id, 'healthy']);
    }
  });
  it('close on proof only: whatever was open stays open when every probe fails', () => {
    for (const { story, diagnosis } of judged) {
      const open = diagnosis.findings.filter((f) => f.state === 'open');
      if (open.length === 0) continue;
      const input = toInput(story);
      const d = diagnose({
        ...input,
        answers: {},
        host: failing(input.host),
        device: input.device && failing(input.device),
        known: open,
        catalogue: null,
      });
      expect([story.id, d.closed.filter((c) => !REMEMBERED.has(c))]).toEqual([story.id, []]);
    }
  });
  it('close once the picture is the healthy one', () => {
    const stuck = new Map<string, number>();
    const closing = new Set<string>();
    for (const { story, diagnosis } of judged) {
      const open = diagnosis.findings.filter((f) => f.state === 'open');
      if (open.length === 0 || story.device === null) continue;
      const well = toInput({ ...story, host: healthyHost(story.base, phoneOnBus(story.base)), device: healthyPhone(story.base), heldS: 0 });
      const d = diagnose({ ...well, history: {}, answers: answeredWell(well.now), known: open, catalogue: preparedFor(story) });
      for (const f of open) {
        const row = `${f.cause} ${f.scope}`;
        if (d.closed.includes(f.cause)) closing.add(row);
        else if (!OTHER_THAN_FACTS.has(f.cause)) stuck.set(row, (stuck.get(row) ?? 0) + 1);
      }
    }
    expect([...stuck.keys()].filter((row) => !closing.has(row))).toEqual([]);
  });
  it('are not changed by the shortcut that spares asking every signal', () => {
    const rules = RULES.map((rule) => ({ rule, settling: [...neverWith(rule)] }));
    const wrong: string[] = [];
    let settled = 0;
    for (const story of CORPUS) {
      const input = { ...toInput(story), catalogue: preparedFor(story) };
      // Many rows ask the same signal, and its answer does not change within a picture.
      const told = new Map<keyof typeof SIGNALS, Tri>();
      const ask = (name: keyof typeof SIGNALS) => {
        const value = told.get(name) ?? SIGNALS[name].read(input);
        told.set(name, value);
        return value;
      };
      for (const { rule, settling } of rules) {
        if (!settling.some(([signal, never]) => never.has(ask(signal)))) continue;
        settled++;
        if (holdsNow(rule, ask) === 'yes') wrong.push(`${story.id} ${rule.id}`);
      }
    }
    expect(wrong).toEqual([]);
    expect(settled).toBeGreaterThan(CORPUS.length);
  });
});

/** A person who looked again and has nothing to complain of. */
const answeredWell = (at: number): Answers => ({
  alert: { answer: 'none', at },
  'trust-button': { answer: 'no', at },
  'trust-each-time': { answer: 'no', at },
  'shown-in-app': { answer: 'yes', at },
  'cloud-sync': { answer: 'no', at },
  'computer-dialog': { answer: 'none', at },
  'lockdown-mode': { answer: 'off', at },
  screen: { answer: 'normal', at },
  wiggle: { answer: 'no', at },
});

/** Causes that the picture of a pair does not end: the server has to read Apple's lists again. */
const OTHER_THAN_FACTS: ReadonlySet<string> = new Set(['C69']);

/** Causes read from what the server remembers, which no failing probe takes away. */
const REMEMBERED: ReadonlySet<string> = new Set(['C94']);

describe('each row', () => {
  it.each(RULES.map((r) => [`${r.id} (${r.scope})`, r] as const))(
    '%s has words, fixes that treat it, and a confidence within bounds',
    (_name, rule) => {
      const words = causeWords(rule.id);
      expect(words.title).not.toBe(rule.id);
      expect(words.plain).toMatch(/\.$/);
      expect(words.next).toMatch(/\.$/);
      for (const fix of rule.fixes) expect(FIXES[fix].treats).toContain(rule.id);
      const sure = rule.confidence(() => 'unknown');
      expect(sure).toBeGreaterThan(0);
      expect(sure).toBeLessThanOrEqual(0.97);
      expect(['advisory', ...HEALTHS]).toContain(rule.health);
      // Whatever is only possible may not be acted upon by itself.
      if (sure < CLAIMED) expect(rule.harder?.health).not.toBe('healthy');
    },
  );
});
