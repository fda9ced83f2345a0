import { type CauseId, type Health, layerHeight, type Presence } from '../health/index.js';
import { CLAIMED } from './claimed.js';
import { current, nextExpiry } from './current.js';
import { ladder } from './ladder.js';
import { Look } from './look.js';
import { isFresh, possibleAmong } from './possible.js';
import { QUESTION_IDS } from './questions.js';
import { readingOf } from './readings.js';
import { ASKED, type Rule, type RuleSet, ruleOf } from './rules/index.js';
import type { Diagnosis, DiagnosisInput, Evidence, Finding, Rung } from './shapes.js';
import { SIGNALS, type Signal, type SignalName } from './signals/index.js';

/** Rows of another table than the shipped one, by the shipped row; null: this rule is off. Rows that are not in it stand as they are. */
export type ChangedRules = ReadonlyMap<Rule, Rule | null>;

/** Made when it is needed first: pages that only want the words need no rules. Nothing of one diagnosis reaches the next. */
let shared: Look | null = null;

/**
 * Finds what is wrong with a host, or with one device on it: evaluates every rule on the current facts, keeps open what no proof
 * closed, picks the one primary cause and says when time alone would change the answer. Pure: same input, same answer.
 * @param changed rows to try instead of the shipped ones; what they hold by, their signals, is the shipped table's
 */
export function diagnose(input: DiagnosisInput, changed?: ChangedRules): Diagnosis {
  shared ??= new Look();
  const look = shared;
  look.begin(input);
  const presence = presenceOf(look);
  const { now } = input;
  const findings: Finding[] = [];
  const closed: CauseId[] = [];
  const quiet: CauseId[] = [];
  let recheckAt = nextExpiry(input, look.factsEnd);
  for (const { rule: row, holds, known } of look.meet(askedOf(input, presence), input.device === null ? ASKED.host : ASKED.attached)) {
    const to = changed?.get(row);
    if (to === null) continue;
    const rule = to ?? row;
    if (holds === null) {
      if (known?.state === 'open') findings.push(finding(look, rule, 'open', known.since, true));
    } else if (holds === 'yes') {
      const since = known?.since ?? now;
      const due = since + rule.patienceMs;
      const open = known?.state === 'open' || due <= now;
      if (!open && (recheckAt === null || due < recheckAt)) recheckAt = due;
      findings.push(finding(look, rule, open ? 'open' : 'pending', since, false));
    } else if (known?.state === 'open') {
      const isGone = rule.gone(look.ask) === 'yes';
      if (isGone && !known.unstable) closed.push(rule.id);
      else {
        if (isGone) quiet.push(rule.id);
        findings.push(finding(look, rule, 'open', known.since, true));
      }
    } else if (known && holds === 'unknown') {
      findings.push(finding(look, rule, 'pending', known.since, true));
    }
  }
  silenceConsequences(findings);
  dropExplained(findings, closed);

  const rungs = ladder(look, findings);
  const primary = primaryOf(findings);
  return {
    presence,
    health: healthOf(input, presence, primary, rungs),
    primary: primary && { cause: primary.cause, layer: primary.layer, confidence: primary.confidence },
    findings,
    possible: findings.length === 0 ? [] : possibleAmong(findings.filter((f) => f !== primary && !f.frozen)),
    closed,
    quiet,
    rungs,
    recheckAt,
  };
}

/**
 * Which rules are asked. An unplugged phone proves nothing about itself: what was wrong with it stays as it was, unless a person says that it
 * is plugged in.
 */
function askedOf(input: DiagnosisInput, presence: Presence): RuleSet {
  if (input.device === null) return ASKED.host;
  if (presence === 'attached') return ASKED.attached;
  return isTold(input) ? ASKED.told : ASKED.unseen;
}

/** Somebody answered something about this pair lately. */
function isTold({ answers, now }: DiagnosisInput): boolean {
  if (!answers) return false;
  for (const question of QUESTION_IDS) {
    const answer = answers[question];
    if (answer && isFresh(question, answer.at, now)) return true;
  }
  return false;
}

function finding(look: Look, rule: Rule, state: Finding['state'], since: number, frozen: boolean): Finding {
  return {
    cause: rule.id,
    scope: rule.scope,
    layer: rule.layer,
    health: rule.harder?.when(look.ask) === 'yes' ? rule.harder.health : rule.health,
    confidence: rule.confidence(look.ask),
    state,
    since,
    frozen,
    evidence: rule.evidence.map((name) => evidence(look, name)),
    fixes: rule.fixes,
    explainedBy: null,
  };
}

function evidence(look: Look, signal: SignalName): Evidence {
  const value = look.ask(signal);
  const row: Signal = SIGNALS[signal];
  if (row.kind === null) {
    const { at, reading } = row.told?.(look) ?? { at: null, reading: '' };
    return { signal, value, kind: null, at, probe: null, reading };
  }
  const fact = look.device?.[row.kind] ?? look.host[row.kind] ?? null;
  return { signal, value, kind: fact ? row.kind : null, at: fact?.seenAt ?? null, probe: fact?.probe ?? null, reading: readingOf(fact) };
}

/** What only says that nobody knows is over when there is another finding to know it by, however it stands: that one is the proof. */
function dropExplained(findings: Finding[], closed: CauseId[]): void {
  for (let n = findings.length - 1; n >= 0; n--) {
    const { cause, scope, state } = findings[n] as Finding;
    const rule = ruleOf(cause, scope);
    if (!rule?.unlessExplained || !findings.some((o) => rule.explainedBy.includes(o.cause) && o.confidence >= rule.explainedFrom)) continue;
    findings.splice(n, 1);
    if (state === 'open') closed.push(cause);
  }
}

/** A finding is silent while a cause that explains it is open, unless that one is itself only kept for want of proof. */
function silenceConsequences(findings: Finding[]): void {
  if (findings.length < 2) return;
  for (const f of findings) {
    const rule = ruleOf(f.cause, f.scope);
    for (const id of rule?.explainedBy ?? []) {
      if (!isExplained(f, id, findings, rule?.explainedFrom ?? CLAIMED)) continue;
      f.explainedBy = id;
      break;
    }
  }
}

/** Whether one of the findings is this cause and explains the other. A remark explains remarks only. */
function isExplained(consequence: Finding, cause: CauseId, findings: readonly Finding[], from: number): boolean {
  for (const f of findings) {
    if (f.cause !== cause || f === consequence || f.state !== 'open' || f.frozen || f.confidence < from) continue;
    if (f.health !== 'advisory' || consequence.health === 'advisory') return true;
  }
  return false;
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
  const needed = input.device === null ? 1 : rungs.length;
  let isProven = true;
  for (let n = 0; n < needed; n++) {
    const state = rungs[n]?.state;
    if (state === 'broken') return 'broken';
    isProven &&= state === 'ok' || state === 'not-needed';
  }
  return isProven ? 'healthy' : 'unknown';
}

/**
 * Where the phone is. Attached: the bus or the multiplexer shows it. Away: the bus was read and it is not there (or, where the bus
 * cannot be read at all, the multiplexer was asked and does not list it). Nothing fresh: as it was.
 */
function presenceOf(input: Look): Presence {
  if (input.device === null) return input.presence;
  const bus = current(input, 'usb-device');
  const list = current(input, 'mux-device');
  if (bus?.state === 'seen' || list?.state === 'seen') return 'attached';
  if (bus?.state === 'absent') return input.presence === 'never-seen' ? 'never-seen' : 'away';
  if (bus?.state === 'failed' && list?.state === 'absent') return input.presence === 'never-seen' ? 'never-seen' : 'away';
  return input.presence;
}
