import { MuxClient, newPairingKeys } from '@lockstep/agent/device';
import type { FixOutcome, RunFixOptions, Waits } from '@lockstep/agent/fixes';
import type { CommandId, Os } from '@lockstep/agent/machine';
import { type ProbeContext, runProbes } from '@lockstep/agent/probes';
import { type Diagnosis, type DiagnosisInput, diagnose, type FactSet, type KnownFinding } from '@lockstep/core/diagnosis';
import { type AgentFixId, FIXES, type Snapshot } from '@lockstep/core/fixes';
import type { Fact, Udid } from '@lockstep/core/health';
import type { Effect, HostFaultId, LoggedEffect, SimulatedComputer } from '../src/computer/index.js';
import type { MuxFaultId, PhoneFaultId } from '../src/phone/index.js';
import { LAB_PHONE, labCatalogue } from './catalogue.js';
import { FixBench } from './fix-bench.js';

/** One set for all: making keys is nearly all of the time that pairing takes. */
const keys = newPairingKeys();
const catalogue = labCatalogue();
/** Longer than any rule's patience. */
const LONG_MS = 90_000_000;
/** Where nothing comes back there is nothing to wait for. */
export const BRIEF: Waits = { holder: 500, pairEvery: 50, relist: 600, look: 40, reattach: 600 };
export const PATIENT: Waits = { ...BRIEF, relist: 6_000, reattach: 6_000 };
const CHANGES: ReadonlySet<Effect['effect']> = new Set(['command-acted', 'restart-asked', 'switched', 'drop-in', 'mux-stopped']);

/** A computer with one phone that trusts it, a trouble brought upon it, a fix, and what a server makes of the facts before and after. */
export class FixTrial {
  private constructor(
    readonly bench: FixBench,
    readonly udid: Udid,
  ) {}

  static async open(os: Os): Promise<FixTrial> {
    const bench = await FixBench.open({ os, keys: () => keys });
    const { udid } = bench.computer.addPhone({ name: 'p1', ...LAB_PHONE });
    await bench.computer.bench.begin('p1', 'paired');
    bench.computer.bench.plug('p1');
    return new FixTrial(bench, udid);
  }

  get computer(): SimulatedComputer {
    return this.bench.computer;
  }

  private context(): ProbeContext {
    const { computer } = this;
    return {
      machine: computer,
      mux: new MuxClient({ open: () => computer.openMux(), replyMs: 400 }),
      agent: '0.1.0',
      lockdown: { replyMs: 400 },
      outbox: () => ({ waiting: 0, dropped: 0 }),
      onCrash: (probe, error) => {
        throw new Error(`${probe} crashed`, { cause: error });
      },
    };
  }

  /** How it stands, by the agent's own probes, all of them. */
  look(): Promise<Fact[]> {
    return runProbes(this.context(), [this.udid], undefined, { all: true });
  }

  /** What a server makes of the last reading of each kind. Before a run, what holds has held long enough. */
  diagnosed(facts: readonly Fact[], before: Diagnosis | null): Diagnosis {
    const now = Date.now();
    const host: FactSet = {};
    const device: FactSet = {};
    for (const fact of facts) Object.assign(fact.subject === 'host' ? host : device, { [fact.kind]: { ...fact, at: now, seenAt: now } });
    const input: DiagnosisInput = {
      host,
      device,
      now,
      hostHeard: true,
      known: before?.findings.map((f) => ({ ...f, state: 'open' as const })) ?? [],
      catalogue,
      presence: 'attached',
      health: before?.health ?? 'healthy',
      history: { othersHere: null },
    };
    if (before) return diagnose(input);
    const since = now - LONG_MS;
    const known: KnownFinding[] = diagnose(input).findings.map(({ cause, scope }) => ({ cause, scope, state: 'pending', since }));
    return diagnose({ ...input, known });
  }

  run(fix: AgentFixId, more: Partial<RunFixOptions> = {}): Promise<FixOutcome> {
    const udid = FIXES[fix].scope === 'pair' ? this.udid : null;
    return this.bench.run({ fix, udid }, { ctx: this.context(), waits: PATIENT, settleMs: 1, ...more });
  }

  /** What was done to the computer from the nth effect on. */
  done(since = 0): LoggedEffect[] {
    return this.computer.effects.entries.slice(since).filter((e) => CHANGES.has(e.effect));
  }

  /** Commands that acted, in order. */
  commands(): CommandId[] {
    return this.computer.effects.entries.flatMap((e) => (e.effect === 'command-acted' ? [e.command] : []));
  }
}

export function snapshotOf(d: Diagnosis): Snapshot {
  return {
    presence: d.presence,
    health: d.health,
    openCauses: d.findings.filter((f) => f.state === 'open').map((f) => f.cause),
    brokenLayer: d.rungs.find((r) => r.state === 'broken')?.layer ?? null,
  };
}

/** Brings a trouble upon the computer of a trial. */
export type Bring = (on: FixTrial) => void | Promise<void>;

/** Ways to bring one. */
export const bring = {
  nothing: (): Bring => () => {},
  fault:
    (id: HostFaultId): Bring =>
    (on) =>
      on.computer.setHostFault(id),
  phone:
    (id: PhoneFaultId): Bring =>
    (on) =>
      on.computer.bench.setFault('p1', id),
  mux:
    (id: MuxFaultId): Bring =>
    (on) =>
      on.computer.bench.setMuxFault(id),
  /** Something else in the computer keeps the phone from the multiplexer, and shows nowhere. */
  withheld: (): Bring => (on) => on.computer.bench.withhold('p1', true),
  /** Its tools say that they did it, and nothing changes. */
  says:
    (...ids: CommandId[]): Bring =>
    (on) => {
      for (const id of ids) on.computer.answers[id] = { exit: 0 };
    },
  condition:
    (change: (c: SimulatedComputer['condition']) => void): Bring =>
    (on) =>
      change(on.computer.condition),
  all:
    (...brings: Bring[]): Bring =>
    async (on) => {
      for (const one of brings) await one(on);
    },
};
