import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import type { Diagnosis, DiagnosisInput } from '../src/diagnosis/index.js';
import { type CauseId, FACT_KINDS, Fact, type FactKind, type Reading } from '../src/health/index.js';
import { judgeHost, judgePhone } from '../src/software/index.js';
import {
  type Case,
  CORPUS,
  CORPUS_NOW,
  catalogueOf,
  diagnoseCase,
  type Expectation,
  GROUPS,
  preparedFor,
  toInput,
  verdictOf,
} from './index.js';
import { ECID, UDID } from './phones.js';

/** The causes of the field notes, those that their corrections add included. */
const CAUSES: readonly CauseId[] = [
  ...['C01', 'C02', 'C03', 'C04', 'C05', 'C08', 'C10', 'C10b', 'C11', 'C12', 'C13', 'C14', 'C15', 'C16', 'C17', 'C18', 'C19'],
  ...['C20', 'C21', 'C22', 'C23', 'C24', 'C25', 'C26', 'C27', 'C28', 'C29', 'C30', 'C31', 'C32', 'C33', 'C34', 'C35', 'C36'],
  ...['C37', 'C38', 'C39', 'C40', 'C41', 'C42', 'C43', 'C44', 'C45', 'C46', 'C47', 'C48', 'C49', 'C50', 'C51', 'C52', 'C53'],
  ...['C54', 'C55', 'C56', 'C57', 'C58', 'C59', 'C60', 'C61', 'C62', 'C63', 'C64', 'C65', 'C66', 'C67', 'C68', 'C69', 'C70'],
  ...['C71', 'C72', 'C73', 'C74', 'C75', 'C76', 'C77', 'C78', 'C79', 'C80', 'C81', 'C82', 'C83', 'C84', 'C85', 'C86', 'C87'],
  ...['C88', 'C89', 'C90', 'C91', 'C92', 'C93', 'C94', 'C95', 'C96', 'C97', 'C98', 'C99', 'C100', 'C101', 'C102', 'C103'],
] as CauseId[];

/** A case speaks for a cause when it is the verdict, the best guess below one, or a remark beside a healthy pair. */
const speaksFor = (story: Case, cause: CauseId) =>
  story.expect === cause || story.likely === cause || (story.expect === 'healthy' && story.also.includes(cause));

const count = (test: (story: Case) => boolean) => CORPUS.filter(test).length;

type Entry = [FactKind, unknown];
const entriesOf = (story: Case): Entry[] => [...Object.entries(story.host), ...Object.entries(story.device ?? {})] as Entry[];

/** The fact as an agent would send it, and the fact as the schema reads it. */
function sent(kind: FactKind, spec: unknown): unknown {
  const base = {
    kind,
    subject: FACT_KINDS[kind].subject === 'host' ? 'host' : { udid: UDID },
    at: new Date(CORPUS_NOW).toISOString(),
    probe: kind,
    tookMs: 1,
  };
  if (spec === 'absent') return { ...base, state: 'absent' };
  if (typeof spec === 'object' && spec !== null && 'failed' in spec) return { ...base, state: 'failed', reason: spec.failed };
  const reading = typeof spec === 'object' && spec !== null && 'read' in spec ? spec.read : spec;
  return { ...base, state: 'seen', reading };
}

function seen<K extends FactKind>(story: Case, kind: K): Reading<K> | null {
  const spec = ({ ...story.host, ...story.device } as Record<string, unknown>)[kind];
  if (typeof spec !== 'object' || spec === null || 'failed' in spec) return null;
  return ('read' in spec ? spec.read : spec) as Reading<K>;
}

/** As text, whatever the order of its fields. */
function sorted(value: unknown): string {
  return JSON.stringify(value, (_, v: unknown) =>
    typeof v === 'object' && v !== null && !Array.isArray(v)
      ? Object.fromEntries(Object.entries(v).sort(([a], [b]) => (a < b ? -1 : 1)))
      : v,
  );
}

const INSTANTS = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g;

describe('the corpus', () => {
  it('is large enough, and its parts are', () => {
    const sizes = {
      all: CORPUS.length,
      cannotTell: count((c) => c.expect === 'cannot-tell'),
      healthy: count((c) => c.expect === 'healthy'),
      combinations: count((c) => c.origin === 'combination'),
      missingProbes: count((c) => c.origin === 'missing-probe'),
      contradictions: count((c) => c.origin === 'contradiction'),
    };
    expect(sizes.all).toBeGreaterThanOrEqual(400);
    expect(sizes.cannotTell).toBeGreaterThanOrEqual(60);
    expect(sizes.healthy).toBeGreaterThanOrEqual(40);
    expect(sizes.combinations).toBeGreaterThanOrEqual(60);
    expect(sizes.missingProbes).toBeGreaterThanOrEqual(40);
    expect(sizes.contradictions).toBeGreaterThanOrEqual(25);
  });

  it('has ids that are unique and tell what they are about', () => {
    const ids = CORPUS.map((c) => c.id);
    expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([]);
    expect(ids.filter((id) => !/^[A-Za-z0-9]+\/[a-z0-9-]+$/.test(id))).toEqual([]);
  });

  it('speaks for every cause at least three times', () => {
    const few = CAUSES.map((cause) => [cause, count((c) => speaksFor(c, cause))] as const).filter(([, n]) => n < 3);
    expect(few).toEqual([]);
  });

  it('names only causes that the field notes know', () => {
    const known = new Set<string>([...CAUSES, 'healthy', 'cannot-tell']);
    const strange = CORPUS.flatMap((c) =>
      [c.expect, ...c.accept, ...c.also, ...c.never, ...(c.likely ? [c.likely] : [])]
        .filter((n) => !known.has(n))
        .map((n) => `${c.id}: ${n}`),
    );
    expect(strange).toEqual([]);
  });

  it('does not forbid what it expects', () => {
    const wrong = CORPUS.filter((c) => {
      const wanted: readonly Expectation[] = [c.expect, ...c.also];
      // A best guess may be a finding and must not be a verdict; a case that accepts both is no case.
      return (
        c.never.some((cause) => wanted.includes(cause)) ||
        (c.expect !== 'cannot-tell' && c.accept.some((a) => c.never.includes(a as CauseId)))
      );
    });
    expect(wrong.map((c) => c.id)).toEqual([]);
  });

  it('covers all systems with all bases', () => {
    for (const base of ['linux', 'macos15', 'macos26', 'windows-itunes', 'windows-store'])
      expect(count((c) => c.base === base)).toBeGreaterThanOrEqual(50);
  });
});

describe('every case', () => {
  it('holds facts that an agent may send, and nothing that a schema would drop', () => {
    // Cases share most of their readings: each different one is parsed once.
    const readings = new Map<string, [string, FactKind, unknown]>();
    for (const story of CORPUS)
      for (const [kind, spec] of entriesOf(story))
        if (spec !== 'unread') readings.set(`${kind} ${JSON.stringify(spec)}`, [story.id, kind, spec]);
    const wrong = [...readings.values()].flatMap(([id, kind, spec]) => {
      const fact = sent(kind, spec);
      const parsed = Fact.safeParse(fact);
      if (!parsed.success) return [`${id} ${kind}: ${parsed.error.message}`];
      return sorted(parsed.data) === sorted(fact) ? [] : [`${id} ${kind}: something is dropped`];
    });
    expect(wrong).toEqual([]);
  });

  it('reads on each system only what a probe there can answer', () => {
    const wrong = CORPUS.flatMap((story) =>
      entriesOf(story)
        .filter(
          ([kind, spec]) =>
            typeof spec === 'object' && !('failed' in (spec as object)) && !(FACT_KINDS[kind].on as readonly string[]).includes(story.os),
        )
        .map(([kind]) => `${story.id} ${kind}`),
    );
    expect(wrong).toEqual([]);
  });

  it('stood as long as it says: nothing in its readings happened since, and ages fit', () => {
    const wrong: string[] = [];
    for (const c of CORPUS) {
      const young = (agoS: number) => agoS < c.heldS;
      for (const [kind, spec] of entriesOf(c))
        for (const at of JSON.stringify(spec).match(INSTANTS) ?? []) {
          const agoS = (CORPUS_NOW - Date.parse(at)) / 1_000;
          if (agoS >= 0 && young(agoS)) wrong.push(`${c.id} ${kind} ${agoS} s`);
        }
      for (const t of c.history.tried ?? []) if (young(t.agoS)) wrong.push(`${c.id} ${t.fix}`);
      for (const agoS of [c.history.lastHereAgoS, c.history.lastSessionAgoS, c.history.lastWifiAgoS])
        if (typeof agoS === 'number' && young(agoS)) wrong.push(`${c.id} history ${agoS} s`);
    }
    expect(wrong).toEqual([]);
  });

  it('is a picture that can be: bus, list and phone agree, or the case is about that they do not', () => {
    const wrong: string[] = [];
    for (const c of CORPUS) {
      if (c.device === null || c.origin === 'contradiction') continue;
      const bus = seen(c, 'usb-bus')?.devices;
      const onBus = seen(c, 'usb-device') !== null;
      if (bus && onBus !== bus.some((e) => e.udid === UDID || e.ecid === ECID)) wrong.push(`${c.id}: bus and phone`);
      const list = seen(c, 'mux-list')?.devices;
      if (list && (seen(c, 'mux-device') !== null) !== list.some((e) => e.udid === UDID)) wrong.push(`${c.id}: list and phone`);
      const unlisted = c.device['mux-device'] === 'absent';
      if (unlisted && seen(c, 'lockdown')) wrong.push(`${c.id}: talks though not listed`);
      if (c.device['pair-record'] === 'absent' && seen(c, 'trust-session')) wrong.push(`${c.id}: session without a record`);
      const accepted = seen(c, 'trust-session')?.outcome === 'accepted';
      if (!accepted && seen(c, 'service-start')) wrong.push(`${c.id}: service without a session`);
      if (seen(c, 'agent-self') && seen(c, 'agent-self')?.os !== c.os) wrong.push(`${c.id}: another system`);
    }
    expect(wrong).toEqual([]);
  });

  it('says why, in a sentence, and why another verdict is as right', () => {
    const sentence = /^.{4,}[.?!”]$/u;
    const mute = CORPUS.filter((c) => [c.says, c.because, c.either, c.disputed].some((words) => words !== null && !sentence.test(words)));
    expect(mute.map((c) => c.id)).toEqual([]);
    const unexplained = CORPUS.filter((c) => c.accept.length > 0 && c.either === null && c.disputed === null).map((c) => c.id);
    expect(unexplained).toEqual([]);
    const pointless = CORPUS.filter((c) => c.accept.length === 0 && c.either !== null).map((c) => c.id);
    expect(pointless).toEqual([]);
  });
});

describe('the list of disagreements', () => {
  it('names every disputed case, and no other', () => {
    const doc = readFileSync(new URL('./DISAGREEMENTS.md', import.meta.url), 'utf8');
    const listed = [...doc.matchAll(/`([A-Za-z0-9]+\/[a-z0-9-]+)`/g)].map((m) => m[1]);
    expect([...new Set(listed)].sort()).toEqual(
      CORPUS.filter((c) => c.disputed !== null)
        .map((c) => c.id)
        .sort(),
    );
  });
});

describe('independence', () => {
  it('takes nothing from the rules but their types', () => {
    const here = new URL('.', import.meta.url);
    for (const file of readdirSync(here).filter((f) => f.endsWith('.ts') && !f.endsWith('.test.ts'))) {
      const source = readFileSync(new URL(file, here), 'utf8');
      for (const [line] of source.matchAll(/^import .*from '\.\.\/src\/(?:diagnosis|fixes)\/.*$/gm)) expect(line).toMatch(/^import type /);
      expect(source).not.toMatch(/from '.*\/(?:rules|signals)[^']*'/);
    }
  });
});

/** A diagnosis that says nothing but this. */
function said(cause: CauseId | null, more: Partial<Diagnosis['findings'][number]> = {}): Diagnosis {
  const finding = cause && {
    cause,
    scope: 'pair' as const,
    layer: 'trust' as const,
    health: 'broken' as const,
    confidence: 0.9,
    state: 'open' as const,
    since: 0,
    frozen: false,
    evidence: [],
    fixes: [],
    explainedBy: null,
    ...more,
  };
  return {
    presence: 'attached',
    health: finding ? (finding.health === 'advisory' ? 'healthy' : finding.health) : 'healthy',
    primary:
      finding && finding.health !== 'advisory' ? { cause: finding.cause, layer: finding.layer, confidence: finding.confidence } : null,
    findings: finding ? [finding] : [],
    closed: [],
    quiet: [],
    possible: [],
    rungs: [],
    recheckAt: null,
  };
}
const byId = (id: string): Case => {
  const found = CORPUS.find((c) => c.id === id);
  if (!found) throw new Error(`no case ${id}`);
  return found;
};

describe('the driver', () => {
  const asked = byId('C10/unlocked-and-nothing-macos');

  it('looks when the picture began, when people answered, and now, and carries findings along', () => {
    const inputs: DiagnosisInput[] = [];
    const diagnosis = diagnoseCase(asked, (input) => {
      inputs.push(input);
      return said('C10', { state: inputs.length > 2 ? 'open' : 'pending', since: input.now });
    });
    expect(inputs.map((i) => (CORPUS_NOW - i.now) / 1_000)).toEqual([asked.heldS, 300, 0]);
    expect(inputs.map((i) => Object.keys(i.answers ?? {}))).toEqual([[], ['charging', 'unlock-effect'], ['charging', 'unlock-effect']]);
    expect(inputs[2]?.known).toMatchObject([{ cause: 'C10', state: 'pending', since: CORPUS_NOW - 300_000 }]);
    expect(diagnosis.findings).toHaveLength(1);
  });

  it('tells a case at any moment: every instant moves along', () => {
    const later = CORPUS_NOW + 86_400_000;
    const at = (now: number) => {
      const fact = toInput(byId('C74/lost-since-waking-linux'), now).host['power-events'];
      if (fact?.state !== 'seen') throw new Error('not seen');
      return Date.parse(fact.reading.resumedAt ?? '');
    };
    expect(at(later) - at(CORPUS_NOW)).toBe(86_400_000);
  });

  it('leaves facts out that were not read yet, and keeps the age of those that were looked at long ago', () => {
    const young = toInput(byId('C42/dialog-open-macos'), CORPUS_NOW, CORPUS_NOW - 31_000);
    expect(young.device?.['pairing-attempt']).toBeUndefined();
    const old = toInput(byId('missing/session-looked-at-ten-minutes-ago'));
    expect(old.device?.['trust-session']?.seenAt).toBe(CORPUS_NOW - 600_000);
    expect(old.device?.lockdown?.seenAt).toBe(CORPUS_NOW);
  });

  it('gives the catalogue that the case asks for', () => {
    expect(catalogueOf(byId('software/no-catalogue-at-all'))).toBeNull();
    expect(catalogueOf(byId('C69/catalogue-ten-days-old'))?.checkedAt.gdmf).toBe(CORPUS_NOW - 10 * 86_400_000);
  });
});

describe('the catalogue', () => {
  /** How the software room judges the phone and the Mac of a case. */
  const judged = (c: Case) => {
    const catalogue = preparedFor(c);
    const [phone, system] = [seen(c, 'device-values'), seen(c, 'host-os')];
    return {
      phone: catalogue && phone && judgePhone(catalogue, phone, CORPUS_NOW),
      mac: catalogue && system && c.os === 'macos' ? judgeHost(catalogue, { os: c.os, ...system }, CORPUS_NOW) : null,
    };
  };
  const ids = (test: (c: Case) => boolean) => CORPUS.filter((c) => c.catalogue === 'fresh' && test(c)).map((c) => c.id);

  it('makes the versions of the cases what their labels say', () => {
    const due = new Set(['warn', 'fail']);
    expect(ids((c) => c.expect === 'C60' && !due.has(judged(c).phone?.urgency ?? ''))).toEqual([]);
    expect(ids((c) => c.expect === 'C68' && judged(c).phone?.status !== 'eol-model')).toEqual([]);
    expect(ids((c) => c.expect === 'C70' && judged(c).phone?.status !== 'ahead-beta')).toEqual([]);
    expect(ids((c) => c.expect === 'C61' && !due.has(judged(c).mac?.urgency ?? ''))).toEqual([]);
    expect(ids((c) => c.expect === 'C67' && c.os === 'macos' && judged(c).mac?.ended !== true)).toEqual([]);
  });

  it('has nothing against a version of a healthy pair', () => {
    const complaint = (c: Case) =>
      [judged(c).phone, judged(c).mac].some(
        (v) => v && (v.urgency === 'warn' || v.urgency === 'fail' || v.ended || v.status === 'eol-model'),
      );
    expect(ids((c) => c.expect === 'healthy' && complaint(c))).toEqual([]);
  });

  it('sees the outdated versions that stand beside other causes', () => {
    expect(ids((c) => c.also.includes('C60') && judged(c).phone?.urgency !== 'fail')).toEqual([]);
    expect(ids((c) => c.also.includes('C61') && judged(c).mac?.urgency !== 'fail')).toEqual([]);
    expect(ids((c) => c.also.includes('C67') && judged(c).mac?.ended !== true)).toEqual([]);
    expect(ids((c) => c.also.includes('C68') && judged(c).phone?.status !== 'eol-model')).toEqual([]);
  });
});

describe('the verdict', () => {
  it('is right only for the label, its accepted others, its secondaries, and without what is forbidden', () => {
    const c44 = byId('C44/after-network-reset-macos');
    expect(verdictOf(c44, said('C44'))).toMatchObject({ said: 'C44', right: true, missing: [], forbidden: [] });
    expect(verdictOf(c44, said('C45'))).toMatchObject({ said: 'C45', right: false, forbidden: ['C45'] });
    expect(verdictOf(c44, said(null))).toMatchObject({ said: 'healthy', right: false });
    expect(verdictOf(c44, said('C44', { confidence: 0.6 }))).toMatchObject({ said: 'cannot-tell', right: false });
    const combo = byId('combo/mux-down-and-disk-full');
    expect(verdictOf(combo, said('C30'))).toMatchObject({ said: 'C30', right: false, missing: ['C91'] });
  });

  it('never takes unknown for healthy, and an agent that cannot see for an answer only where a probe is missing', () => {
    const blind = byId('missing/session-timed-out');
    expect(verdictOf(blind, said(null)).right).toBe(false);
    expect(verdictOf(blind, { ...said(null), health: 'unknown' })).toMatchObject({ said: 'cannot-tell', right: true });
    expect(verdictOf(blind, said('C97')).right).toBe(true);
    expect(verdictOf(byId('silence/nobody-asked-macos'), said('C97')).right).toBe(false);
  });

  it('counts advice where it is the label, and as a false claim where it is not', () => {
    const advice = { health: 'advisory' } as const;
    expect(verdictOf(byId('C60/over-policy-age'), said('C60', advice)).right).toBe(true);
    expect(verdictOf(byId('healthy/ten-days-behind'), said('C60', advice))).toMatchObject({ said: 'C60', right: false });
    expect(verdictOf(byId('healthy/plain-macos15'), said('C05', advice))).toMatchObject({ said: 'healthy', right: true });
    expect(verdictOf(byId('C05/watch-puck-only'), said(null))).toMatchObject({ said: 'healthy', right: false, missing: ['C05'] });
  });

  it('sees whether the best guess is among the findings', () => {
    const guess = byId('C19/three-days-locked-unconfirmed');
    const unsure = { ...said('C19', { confidence: 0.6 }), health: 'unknown' as const };
    expect(verdictOf(guess, unsure)).toMatchObject({ said: 'cannot-tell', right: true, guessed: true });
    expect(verdictOf(guess, { ...said(null), health: 'unknown' })).toMatchObject({ right: true, guessed: false });
  });
});

it('has no empty group', () => {
  for (const [name, group] of Object.entries(GROUPS)) expect([name, group.length > 0]).toEqual([name, true]);
});
