import { MuxClient } from '@lockstep/agent/device';
import { type ProbeContext, runProbes } from '@lockstep/agent/probes';
import { type Diagnosis, type DiagnosisInput, diagnose, type FactSet, type KnownFinding } from '@lockstep/core/diagnosis';
import type { AgentFixId, Snapshot } from '@lockstep/core/fixes';
import type { Fact, Udid } from '@lockstep/core/health';
import type { SimulatedComputer } from '../src/computer/index.js';
import { labCatalogue } from './catalogue.js';

const catalogue = labCatalogue();
/** Long enough for any rule's patience. */
const LONG_AGO_MS = 90_000_000;

/** What an agent on a simulated computer works with, its network included. A probe that dies ends the test. */
export function contextOn(computer: SimulatedComputer): ProbeContext {
  return {
    machine: computer,
    mux: new MuxClient({ open: () => computer.openMux(), replyMs: 400 }),
    agent: '0.1.0',
    network: computer.network,
    lockdown: { replyMs: 2_000 },
    outbox: () => ({ waiting: 0, dropped: 0 }),
    onCrash: (probe, error) => {
      throw new Error(`${probe} crashed`, { cause: error });
    },
  };
}

/** Everything that an agent can read there now. */
export async function lookAround(computer: SimulatedComputer, udid: Udid): Promise<Fact[]> {
  return await runProbes(contextOn(computer), [udid], undefined, { all: true });
}

/**
 * What a server makes of these facts, the last of each kind: of the pair, what is open on its computer included. Without `before` what holds
 * now has held long enough; with it, what was open then is still open until facts prove otherwise.
 */
export function verdictOn(
  facts: readonly Fact[],
  before: Diagnosis | null = null,
  tried: readonly AgentFixId[] = [],
  answers: DiagnosisInput['answers'] = undefined,
): Diagnosis {
  const now = Date.now();
  const sets: { host: FactSet; device: FactSet } = { host: {}, device: {} };
  for (const fact of facts) {
    const set: Record<string, unknown> = fact.subject === 'host' ? sets.host : sets.device;
    set[fact.kind] = { ...fact, at: now, seenAt: now };
  }
  const input: DiagnosisInput = {
    ...sets,
    now,
    hostHeard: true,
    answers,
    known: before?.findings.map((f) => ({ ...f, state: 'open' as const })) ?? [],
    catalogue,
    presence: 'attached',
    health: before?.health ?? 'healthy',
    history: { othersHere: null, tried: tried.map((fix) => ({ fix, at: now - 60_000, verdict: 'unchanged' as const })) },
  };
  if (before) return diagnose(input);
  const known: KnownFinding[] = diagnose(input).findings.map(({ cause, scope }) => ({
    cause,
    scope,
    state: 'pending',
    since: now - LONG_AGO_MS,
  }));
  return diagnose({ ...input, known });
}

/** The pair at one moment, as judging a run takes it. */
export function snapshotOf(d: Diagnosis): Snapshot {
  return {
    presence: d.presence,
    health: d.health,
    openCauses: d.findings.filter((f) => f.state === 'open').map((f) => f.cause),
    brokenLayer: d.rungs.find((r) => r.state === 'broken')?.layer ?? null,
  };
}
