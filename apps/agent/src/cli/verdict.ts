import { type CurrentFact, type Diagnosis, diagnose, type FactSet, RULES } from '@lockstep/core/diagnosis';
import type { Fact, Udid } from '@lockstep/core/health';

/** What the rules say of this computer and each phone that is or was here. */
export interface Verdicts {
  host: Diagnosis;
  pairs: { udid: Udid; name: string | null; diagnosis: Diagnosis }[];
}

/**
 * Findings that must hold for some seconds before a fleet shows them (a daemon that starts, a phone that was plugged in this moment) are
 * looked at twice by a person's command instead; patience of hours and days is not shortened.
 */
const LOOK_TWICE_MS = 60_000;

/** Diagnoses one look. `confirmed`: this is the second look at what the first one left pending. */
export function verdictsOf(facts: readonly Fact[], now: number, before: Verdicts | null): Verdicts {
  const host = factSet(facts.filter((f) => f.subject === 'host'));
  const input = { now, hostHeard: true, host, presence: 'attached', health: 'unknown' } as const;
  const udids = [...new Set(facts.flatMap((f) => (f.subject === 'host' ? [] : [f.subject.udid])))];
  return {
    host: diagnose({ ...input, device: null, known: held(before?.host, now) }),
    pairs: udids.map((udid) => {
      const own = facts.filter((f) => f.subject !== 'host' && f.subject.udid === udid);
      const values = own.find((f) => f.kind === 'device-values');
      const name = values?.state === 'seen' && values.kind === 'device-values' ? values.reading.name : null;
      const known = held(before?.pairs.find((p) => p.udid === udid)?.diagnosis, now);
      return { udid, name, diagnosis: diagnose({ ...input, device: factSet(own), known }) };
    }),
  };
}

/** Whether a second look would turn something that is only pending into a finding. */
export function needsSecondLook(v: Verdicts): boolean {
  return [v.host, ...v.pairs.map((p) => p.diagnosis)].some((d) =>
    d.findings.some((f) => f.state === 'pending' && patienceOf(f.cause, f.scope) <= LOOK_TWICE_MS),
  );
}

/**
 * 0: every attached phone is healthy, or none is attached. 1: something is wrong or waits for a person. 2: it could not be told.
 */
export function exitCodeOf(v: Verdicts): 0 | 1 | 2 {
  const attached = v.pairs.filter((p) => p.diagnosis.presence === 'attached').map((p) => p.diagnosis.health);
  const all = [...attached, v.host.health];
  if (all.some((h) => h === 'broken' || h === 'degraded' || h === 'waiting')) return 1;
  return all.includes('unknown') ? 2 : 0;
}

/** What the first look left pending counts as having held for as long as its rule asks. */
function held(before: Diagnosis | undefined, now: number) {
  return (before?.findings ?? []).flatMap((f) => {
    const patience = patienceOf(f.cause, f.scope);
    return patience > LOOK_TWICE_MS ? [] : [{ cause: f.cause, scope: f.scope, state: 'pending' as const, since: now - patience }];
  });
}

function patienceOf(cause: string, scope: 'host' | 'pair'): number {
  return RULES.find((r) => r.id === cause && r.scope === scope)?.patienceMs ?? 0;
}

function factSet(facts: readonly Fact[]): FactSet {
  const set: Partial<Record<Fact['kind'], CurrentFact>> = {};
  for (const fact of facts) {
    const at = Date.parse(fact.at);
    const base = { kind: fact.kind, at, seenAt: at, probe: fact.probe };
    const current =
      fact.state === 'seen'
        ? { ...base, state: fact.state, reading: fact.reading }
        : fact.state === 'failed'
          ? { ...base, state: fact.state, reason: fact.reason }
          : { ...base, state: fact.state };
    set[fact.kind] = current as CurrentFact;
  }
  return set as FactSet;
}
