import { type CauseId, type Health, layerHeight, type Presence } from '../health/index.js';
import { CLAIMED } from './claimed.js';
import { current, nextExpiry } from './current.js';
import { ladder } from './ladder.js';
import { QUESTIONS, type QuestionId } from './questions.js';
import { readingOf } from './readings.js';
import { type Ask, RULES, type Rule, ruleOf, SETTLES } from './rules/index.js';
import type { Diagnosis, DiagnosisInput, Evidence, Finding, KnownFinding, Possible, Rung } from './shapes.js';
import { SIGNAL_LIST, SIGNAL_SLOTS, SIGNALS, type Signal, type SignalName } from './signals/index.js';
import type { Tri } from './tri.js';

/**
 * Finds what is wrong with a host, or with one device on it: evaluates every rule on the current facts, keeps open what no proof
 * closed, picks the one primary cause and says when time alone would change the answer. Pure: same input, same answer.
 */
export function diagnose(input: DiagnosisInput): Diagnosis {
  const presence = presenceOf(input);
  // Each signal is read once; numbers are found faster than names.
  const memo: (Tri | undefined)[] = new Array(SIGNAL_LIST.length);
  const ask = (name: SignalName): Tri => {
    const slot = SIGNAL_SLOTS[name];
    const known = memo[slot];
    if (known !== undefined) return known;
    const value = (SIGNAL_LIST[slot] as Signal).read(input);
    memo[slot] = value;
    return value;
  };

  const findings: Finding[] = [];
  const closed: CauseId[] = [];
  let recheckAt = nextExpiry(input);
  // An unplugged phone proves nothing about itself: what was wrong with it stays as it was, unless a person says that it is plugged in.
  const unseen = input.device !== null && presence !== 'attached';
  const told = unseen && isTold(input);

  const settled = settledNo(ask);
  for (let n = 0; n < RULES.length; n++) {
    const rule = RULES[n] as Rule;
    if (input.device === null ? rule.scope === 'pair' : rule.alone) continue;
    const known = knownOf(input, rule);
    if (rule.scope === 'pair' && unseen && !(rule.unseen === 'logged' || (told && rule.unseen !== null))) {
      if (known?.state === 'open') findings.push(finding(input, rule, ask, 'open', known.since, true));
      continue;
    }
    const holds = settled[n] === 1 ? 'no' : holdsNow(rule, ask);
    if (holds === 'yes') {
      const since = known?.since ?? input.now;
      const due = since + rule.patienceMs;
      const open = known?.state === 'open' || due <= input.now;
      if (!open && (recheckAt === null || due < recheckAt)) recheckAt = due;
      findings.push(finding(input, rule, ask, open ? 'open' : 'pending', since, false));
    } else if (known?.state === 'open') {
      if (rule.gone(ask) === 'yes') closed.push(rule.id);
      else findings.push(finding(input, rule, ask, 'open', known.since, true));
    } else if (known && holds === 'unknown') {
      findings.push(finding(input, rule, ask, 'pending', known.since, true));
    }
  }
  silenceConsequences(findings);

  const rungs = ladder(input, findings);
  const primary = primaryOf(findings);
  return {
    presence,
    health: healthOf(input, presence, primary, rungs),
    primary: primary && { cause: primary.cause, layer: primary.layer, confidence: primary.confidence },
    findings,
    possible: possibleOf(findings, primary),
    closed,
    rungs,
    recheckAt,
  };
}

/** Which rules cannot hold, by number: each signal that settles some is asked once, and only while it still settles any. */
function settledNo(ask: Ask): Uint8Array {
  const out = new Uint8Array(RULES.length);
  for (const { signal, no, yes } of SETTLES) {
    if (no.every((n) => out[n] === 1) && yes.every((n) => out[n] === 1)) continue;
    const value = ask(signal);
    if (value === 'no') for (const n of no) out[n] = 1;
    else if (value === 'yes') for (const n of yes) out[n] = 1;
  }
  return out;
}

function holdsNow(rule: Rule, ask: Ask): Tri {
  const holds = rule.holds(ask);
  // What rules a cause out has to be known; unknown rules nothing out.
  return holds !== 'no' && rule.unless?.(ask) === 'yes' ? 'no' : holds;
}

function knownOf(input: DiagnosisInput, rule: Rule): KnownFinding | undefined {
  for (const k of input.known) if (k.cause === rule.id && k.scope === rule.scope) return k;
  return undefined;
}

/** Somebody answered something about this pair lately. */
function isTold(input: DiagnosisInput): boolean {
  for (const [question, answer] of Object.entries(input.answers ?? {}))
    if (answer.at + QUESTIONS[question as QuestionId].freshMs > input.now) return true;
  return false;
}

function finding(input: DiagnosisInput, rule: Rule, ask: Ask, state: Finding['state'], since: number, frozen: boolean): Finding {
  return {
    cause: rule.id,
    scope: rule.scope,
    layer: rule.layer,
    health: rule.harder?.when(ask) === 'yes' ? rule.harder.health : rule.health,
    confidence: rule.confidence(ask),
    state,
    since,
    frozen,
    evidence: rule.evidence.map((name) => evidence(input, name, ask(name))),
    fixes: rule.fixes,
    explainedBy: null,
  };
}

function evidence(input: DiagnosisInput, signal: SignalName, value: Tri): Evidence {
  const row: Signal = SIGNALS[signal];
  if (row.kind === null) {
    const { at, reading } = row.told?.(input) ?? { at: null, reading: '' };
    return { signal, value, kind: null, at, probe: null, reading };
  }
  const fact = input.device?.[row.kind] ?? input.host[row.kind] ?? null;
  return { signal, value, kind: fact ? row.kind : null, at: fact?.seenAt ?? null, probe: fact?.probe ?? null, reading: readingOf(fact) };
}

/** A finding is silent while a cause that explains it is open, unless that one is itself only kept for want of proof. */
function silenceConsequences(findings: Finding[]): void {
  for (const f of findings) {
    const rule = ruleOf(f.cause, f.scope);
    const by = rule?.explainedBy.find((id) => findings.some((o) => o !== f && o.cause === id && explains(o, f)));
    f.explainedBy = by ?? null;
  }
}

/** A remark explains remarks only. */
function explains(cause: Finding, consequence: Finding): boolean {
  if (cause.state !== 'open' || cause.frozen || cause.confidence < CLAIMED) return false;
  return cause.health !== 'advisory' || consequence.health === 'advisory';
}

/** Lowest rung first, then what holds now over what is only kept open, then the more certain. */
function primaryOf(findings: readonly Finding[]): Finding | null {
  let best: Finding | null = null;
  for (const f of findings) {
    if (f.state !== 'open' || f.explainedBy !== null || f.health === 'advisory' || f.confidence < CLAIMED) continue;
    if (!best || before(f, best)) best = f;
  }
  return best;
}

/** Everything open that nothing explains but the primary, likeliest first. */
function possibleOf(findings: readonly Finding[], primary: Finding | null): Possible[] {
  return findings
    .filter((f) => f !== primary && f.state === 'open' && !f.frozen && f.explainedBy === null && f.health !== 'advisory')
    .sort((a, b) => b.confidence - a.confidence)
    .map(({ cause, scope, confidence }) => ({ cause, confidence, settledBy: ruleOf(cause, scope)?.settledBy ?? null }));
}

function before(a: Finding, b: Finding): boolean {
  if (a.frozen !== b.frozen) return !a.frozen;
  const late = Number(ruleOf(a.cause, a.scope)?.last) - Number(ruleOf(b.cause, b.scope)?.last);
  if (late !== 0) return late < 0;
  const height = layerHeight(a.layer) - layerHeight(b.layer);
  return height !== 0 ? height < 0 : a.confidence > b.confidence;
}

function healthOf(input: DiagnosisInput, presence: Presence, primary: Finding | null, rungs: readonly Rung[]): Health {
  if (input.device !== null && presence !== 'attached')
    // A person says that it is plugged in: what follows from that counts.
    return primary && !primary.frozen && primary.scope === 'pair' && primary.health !== 'advisory' ? primary.health : input.health;
  if (!input.hostHeard) return 'unknown';
  if (primary) return primary.frozen || primary.health === 'advisory' ? 'unknown' : primary.health;
  // A host alone is fine when its agent is: the other rungs belong to phones.
  const needed = input.device === null ? rungs.slice(0, 1) : rungs;
  if (needed.some((r) => r.state === 'broken')) return 'broken';
  return needed.every((r) => r.state === 'ok' || r.state === 'not-needed') ? 'healthy' : 'unknown';
}

/**
 * Where the phone is. Attached: the bus or the multiplexer shows it. Away: the bus was read and it is not there (or, where the bus
 * cannot be read at all, the multiplexer was asked and does not list it). Nothing fresh: as it was.
 */
function presenceOf(input: DiagnosisInput): Presence {
  if (input.device === null) return input.presence;
  const bus = current(input, 'usb-device');
  const list = current(input, 'mux-device');
  if (bus?.state === 'seen' || list?.state === 'seen') return 'attached';
  if (bus?.state === 'absent') return input.presence === 'never-seen' ? 'never-seen' : 'away';
  if (bus?.state === 'failed' && list?.state === 'absent') return input.presence === 'never-seen' ? 'never-seen' : 'away';
  return input.presence;
}
