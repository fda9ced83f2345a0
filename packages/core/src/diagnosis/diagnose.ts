import { type CauseId, type FactKind, type Health, layerHeight, type Presence } from '../health/index.js';
import { current, nextExpiry } from './current.js';
import { ladder } from './ladder.js';
import { readingOf, takeoversRead } from './readings.js';
import { RULES, type Rule } from './rules.js';
import type { Diagnosis, DiagnosisInput, Evidence, Finding, Rung } from './shapes.js';
import { SIGNALS, type SignalName, type Tri } from './signals.js';

/**
 * Finds what is wrong with a host, or with one device on it: evaluates every rule on the current facts, keeps open what no proof
 * closed, picks the one primary cause and says when time alone would change the answer. Pure: same input, same answer.
 */
export function diagnose(input: DiagnosisInput): Diagnosis {
  const presence = presenceOf(input);
  const memo = new Map<SignalName, Tri>();
  const ask = (name: SignalName): Tri => {
    const known = memo.get(name);
    if (known !== undefined) return known;
    const value = SIGNALS[name].read(input);
    memo.set(name, value);
    return value;
  };

  const findings: Finding[] = [];
  const closed: CauseId[] = [];
  let recheckAt = nextExpiry(input);
  // An unplugged phone proves nothing about itself: what was wrong with it stays as it was.
  const frozen = input.device !== null && presence !== 'attached';

  for (const rule of RULES) {
    if (rule.scope === 'pair' && input.device === null) continue;
    const known = input.known.find((k) => k.cause === rule.id && k.scope === rule.scope);
    if (rule.scope === 'pair' && frozen) {
      if (known?.state === 'open') findings.push(finding(input, rule, ask, 'open', known.since, true));
      continue;
    }
    const holds = rule.holds(ask);
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
    closed,
    rungs,
    recheckAt,
  };
}

function finding(
  input: DiagnosisInput,
  rule: Rule,
  ask: (n: SignalName) => Tri,
  state: Finding['state'],
  since: number,
  frozen: boolean,
): Finding {
  return {
    cause: rule.id,
    scope: rule.scope,
    layer: rule.layer,
    health: rule.health,
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
  const kind: FactKind | null = SIGNALS[signal].kind;
  if (kind === null) {
    const [at = null] = input.takeovers ?? [];
    return { signal, value, kind, at, probe: null, reading: takeoversRead(input.takeovers ?? []) };
  }
  const fact = input.device?.[kind] ?? input.host[kind] ?? null;
  return { signal, value, kind: fact ? kind : null, at: fact?.seenAt ?? null, probe: fact?.probe ?? null, reading: readingOf(fact) };
}

/** A finding is silent while a cause that explains it is open, unless that one is itself only kept for want of proof. */
function silenceConsequences(findings: Finding[]): void {
  for (const f of findings) {
    const rule = RULES.find((r) => r.id === f.cause && r.scope === f.scope);
    const by = rule?.explainedBy.find((id) => findings.some((o) => o.cause === id && o.state === 'open' && !o.frozen));
    f.explainedBy = by ?? null;
  }
}

/** Lowest rung first, then what holds now over what is only kept open, then the more certain. */
function primaryOf(findings: readonly Finding[]): Finding | null {
  let best: Finding | null = null;
  for (const f of findings) {
    if (f.state !== 'open' || f.explainedBy !== null || f.health === 'advisory') continue;
    if (!best || before(f, best)) best = f;
  }
  return best;
}

function before(a: Finding, b: Finding): boolean {
  if (a.frozen !== b.frozen) return !a.frozen;
  const height = layerHeight(a.layer) - layerHeight(b.layer);
  return height !== 0 ? height < 0 : a.confidence > b.confidence;
}

function healthOf(input: DiagnosisInput, presence: Presence, primary: Finding | null, rungs: readonly Rung[]): Health {
  if (input.device !== null && presence !== 'attached') return input.health;
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
