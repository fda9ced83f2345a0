import type { CauseId, Reading } from '../src/health/index.js';
import type {
  Base,
  Case,
  CaseAnswers,
  CaseHistory,
  DeviceFacts,
  DeviceKind,
  Expectation,
  Facts,
  HostFacts,
  HostKind,
  Origin,
} from './case.js';
import { healthyHost, OS_OF } from './hosts.js';
import { HOUR } from './moments.js';
import { healthyPhone, phoneOnBus } from './phones.js';

/** Facts that differ from the picture so far. */
export interface Delta {
  host?: HostFacts;
  device?: DeviceFacts;
}
/** A step away from the healthy picture. */
export type Change = Delta | ((so: Facts, base: Base) => Delta);

type Word<Q extends keyof CaseAnswers> = NonNullable<CaseAnswers[Q]>['answer'];

/** A case as it is written: a healthy base, what is different, and the label. */
export interface Draft {
  id: string;
  base: Base;
  says: string;
  with?: readonly Change[];
  /** The computer by itself, with no phone to diagnose. */
  hostOnly?: true;
  /** A bare word was answered five minutes ago. */
  answers?: { [Q in keyof CaseAnswers]?: Word<Q> | { answer: Word<Q>; agoS: number } };
  history?: CaseHistory;
  heldS?: number;
  presence?: Case['presence'];
  catalogue?: Case['catalogue'];
  expect: Expectation;
  accept?: readonly Expectation[];
  also?: readonly CauseId[];
  likely?: CauseId;
  never?: readonly CauseId[];
  because: string;
  either?: string;
  disputed?: string;
}

/** How long ago a person answered when a case does not say: long enough for any patience, short enough to be believed. */
const ANSWERED_S = 300;

/** Makes cases of one origin. */
export function cases(origin: Origin, drafts: readonly Draft[]): readonly Case[] {
  return drafts.map((draft) => given(origin, draft));
}

function given(origin: Origin, draft: Draft): Case {
  const facts = draw(draft);
  return {
    id: draft.id,
    base: draft.base,
    os: OS_OF[draft.base],
    says: draft.says,
    host: facts.host,
    device: facts.device,
    answers: Object.fromEntries(
      Object.entries(draft.answers ?? {}).map(([q, a]) => [q, typeof a === 'string' ? { answer: a, agoS: ANSWERED_S } : a]),
    ) as CaseAnswers,
    history: draft.history ?? {},
    heldS: draft.heldS ?? HOUR,
    presence: draft.presence ?? 'attached',
    catalogue: draft.catalogue ?? 'fresh',
    expect: draft.expect,
    accept: draft.accept ?? [],
    also: draft.also ?? [],
    likely: draft.likely ?? null,
    never: draft.never ?? [],
    because: draft.because,
    origin,
    either: draft.either ?? null,
    disputed: draft.disputed ?? null,
  };
}

function draw(draft: Draft): Facts {
  let facts: Facts = { host: healthyHost(draft.base, phoneOnBus(draft.base)), device: draft.hostOnly ? null : healthyPhone(draft.base) };
  for (const change of draft.with ?? []) {
    const { host, device } = typeof change === 'function' ? change(facts, draft.base) : change;
    facts = { host: { ...facts.host, ...host }, device: facts.device && { ...facts.device, ...device } };
  }
  return facts;
}

function seen(facts: object | null, kind: string): object {
  const fact = (facts as Record<string, unknown> | null)?.[kind];
  if (typeof fact !== 'object' || fact === null || 'failed' in fact) return {};
  return 'read' in fact ? (fact.read as object) : fact;
}

/** Some fields of one of the computer's readings. What the picture so far does not hold has to be given whole. */
export function h<K extends HostKind>(kind: K, fields: Partial<Reading<K>>): Change {
  return (so) => ({ host: { [kind]: { ...seen(so.host, kind), ...fields } } as HostFacts });
}

/** Some fields of one of the phone's readings. */
export function d<K extends DeviceKind>(kind: K, fields: Partial<Reading<K>>): Change {
  return (so) => ({ device: { [kind]: { ...seen(so.device, kind), ...fields } } as DeviceFacts });
}
