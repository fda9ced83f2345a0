import type { Answers, CurrentFact, DiagnosisInput, FactSet, History } from '../src/diagnosis/index.js';
import type { Case, FactOf } from './case.js';
import { preparedFor } from './catalogue.js';
import { CORPUS_NOW } from './moments.js';

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

/** A reading told at another moment: every instant in it moves along. */
function moved<T>(value: T, byMs: number): T {
  if (byMs === 0) return value;
  if (typeof value === 'string') return (INSTANT.test(value) ? new Date(Date.parse(value) + byMs).toISOString() : value) as T;
  if (Array.isArray(value)) return value.map((v) => moved(v, byMs)) as T;
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, moved(v, byMs)])) as T;
  return value;
}

function setOf(facts: object, story: Case, now: number, at: number): FactSet {
  const set: Record<string, CurrentFact> = {};
  for (const [kind, fact] of Object.entries(facts) as [CurrentFact['kind'], FactOf<CurrentFact['kind']>][]) {
    if (fact === 'unread') continue;
    const base = { kind, at: now - story.heldS * 1_000, seenAt: at, probe: kind };
    const made = factOf(fact, base, now);
    // A fact of its own age that was not read yet at this moment.
    if (made.at <= at) set[kind] = { ...made, seenAt: Math.min(made.seenAt, at) };
  }
  return set as FactSet;
}

function factOf(
  fact: Exclude<FactOf<CurrentFact['kind']>, 'unread'>,
  base: Pick<CurrentFact, 'kind' | 'at' | 'seenAt' | 'probe'>,
  now: number,
): CurrentFact {
  if (fact === 'absent') return { ...base, state: 'absent' };
  if ('failed' in fact) return { ...base, state: 'failed', reason: fact.failed };
  const byMs = now - CORPUS_NOW;
  if (!('read' in fact)) return { ...base, state: 'seen', reading: moved(fact, byMs) } as CurrentFact;
  const { read, atAgoS, seenAgoS } = fact;
  const at = atAgoS === undefined ? base.at : now - atAgoS * 1_000;
  const seenAt = seenAgoS === undefined ? base.seenAt : now - seenAgoS * 1_000;
  return { ...base, at: Math.min(at, seenAt), seenAt, state: 'seen', reading: moved(read, byMs) } as CurrentFact;
}

/**
 * What a diagnosis of the case is given. `now`: the case's moment, ms. `at`: the moment of this look, not later than `now`; facts, answers
 * and memories that are younger are not in it yet.
 */
export function toInput(story: Case, now: number = CORPUS_NOW, at: number = now): DiagnosisInput {
  const before = <T extends { at: number }>(x: T) => x.at <= at;
  const answers = Object.fromEntries(
    Object.entries(story.answers)
      .map(([question, { answer, agoS }]) => [question, { answer, at: now - agoS * 1_000 }] as const)
      .filter(([, answer]) => before(answer)),
  ) as Answers;
  return {
    now: at,
    hostHeard: true,
    host: setOf(story.host, story, now, at),
    device: story.device && setOf(story.device, story, now, at),
    known: [],
    answers,
    history: historyOf(story, now, at),
    catalogue: preparedFor(story),
    presence: story.presence,
    health: 'unknown',
  };
}

function historyOf({ history: h }: Case, now: number, at: number): History {
  const moment = (agoS: number | null) => {
    if (agoS === null) return null;
    const ms = now - agoS * 1_000;
    return ms <= at ? ms : null;
  };
  return {
    ...(h.lastSessionAgoS !== undefined && { lastSessionAt: moment(h.lastSessionAgoS) }),
    ...(h.lastHereAgoS !== undefined && { lastHereAt: moment(h.lastHereAgoS) }),
    ...(h.lastWifiAgoS !== undefined && { lastWifiAt: moment(h.lastWifiAgoS) }),
    ...(h.othersHere && { othersHere: h.othersHere }),
    ...(h.elsewhere && { elsewhere: h.elsewhere }),
    ...(h.tried && {
      tried: h.tried.map(({ fix, agoS, verdict }) => ({ fix, at: now - agoS * 1_000, verdict })).filter((t) => t.at <= at),
    }),
  };
}
