import {
  CLAIMED,
  type Diagnosis,
  type DiagnosisInput,
  isFresh,
  type KnownFinding,
  type QuestionId,
  RULES,
  ruleOf,
  SIGNALS,
  type Tri,
} from '../src/diagnosis/index.js';
import { holdsNow } from '../src/diagnosis/rules/index.js';

/** What the rules alone decide of a diagnosis. */
export type PlainFindings = Pick<Diagnosis, 'closed'> & {
  findings: Pick<
    Diagnosis['findings'][number],
    'cause' | 'scope' | 'state' | 'since' | 'frozen' | 'health' | 'confidence' | 'explainedBy'
  >[];
};

/**
 * The rules evaluated one after the other, each asked whole and every signal read from the input itself: slow, and with nothing in it that
 * could go wrong. `diagnose` has to come to the same.
 */
export function plainFindings(input: DiagnosisInput, presence: Diagnosis['presence']): PlainFindings {
  const answers = new Map<keyof typeof SIGNALS, Tri>();
  const ask = (name: keyof typeof SIGNALS): Tri => {
    const value = answers.get(name) ?? SIGNALS[name].read(input);
    answers.set(name, value);
    return value;
  };
  const findings: PlainFindings['findings'] = [];
  const closed: Diagnosis['closed'] = [];
  const unseen = input.device !== null && presence !== 'attached';
  const told = Object.entries(input.answers ?? {}).some(([question, { at }]) => isFresh(question as QuestionId, at, input.now));
  for (const rule of RULES) {
    if (input.device === null ? rule.scope === 'pair' : rule.alone) continue;
    const known: KnownFinding | undefined = input.known.find((k) => k.cause === rule.id && k.scope === rule.scope);
    const found = (state: 'pending' | 'open', since: number, frozen: boolean) =>
      findings.push({
        cause: rule.id,
        scope: rule.scope,
        state,
        since,
        frozen,
        health: rule.harder?.when(ask) === 'yes' ? rule.harder.health : rule.health,
        confidence: rule.confidence(ask),
        explainedBy: null,
      });
    if (unseen && rule.scope === 'pair' && rule.unseen !== 'logged' && !(told && rule.unseen === 'told')) {
      if (known?.state === 'open') found('open', known.since, true);
      continue;
    }
    const holds = holdsNow(rule, ask);
    if (holds === 'yes') {
      const since = known?.since ?? input.now;
      found(known?.state === 'open' || since + rule.patienceMs <= input.now ? 'open' : 'pending', since, false);
    } else if (known?.state === 'open') {
      if (rule.gone(ask) === 'yes') closed.push(rule.id);
      else found('open', known.since, true);
    } else if (known && holds === 'unknown') found('pending', known.since, true);
  }
  for (const f of findings)
    f.explainedBy =
      ruleOf(f.cause, f.scope)?.explainedBy.find((cause) =>
        findings.some(
          (o) =>
            o !== f &&
            o.cause === cause &&
            o.state === 'open' &&
            !o.frozen &&
            o.confidence >= (ruleOf(f.cause, f.scope)?.explainedFrom ?? CLAIMED) &&
            (o.health !== 'advisory' || f.health === 'advisory'),
        ),
      ) ?? null;
  const dropped = findings.filter((f) => {
    const rule = ruleOf(f.cause, f.scope);
    return rule?.unlessExplained && findings.some((o) => rule.explainedBy.includes(o.cause) && o.confidence >= rule.explainedFrom);
  });
  return {
    findings: findings.filter((f) => !dropped.includes(f)),
    closed: [...closed, ...dropped.filter((f) => f.state === 'open').map((f) => f.cause)],
  };
}
