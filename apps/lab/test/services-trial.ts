import { newPairingKeys } from '@lockstep/agent/device';
import type { FixOutcome, RunFixOptions } from '@lockstep/agent/fixes';
import type { CommandId, Os } from '@lockstep/agent/machine';
import type { Diagnosis } from '@lockstep/core/diagnosis';
import { type AgentFixId, type FixId, mayRun } from '@lockstep/core/fixes';
import { Fact, type Udid } from '@lockstep/core/health';
import type { LoggedEffect, SimulatedComputer } from '../src/computer/index.js';
import { LAB_PHONE } from './catalogue.js';
import { FixBench } from './fix-bench.js';
import { contextOn, snapshotOf } from './verdict.js';

/** One set for all: making keys is nearly all of the time that pairing takes. */
const keys = newPairingKeys();
const DAY_MS = 86_400_000;
const CHANGES: ReadonlySet<string> = new Set(['command-acted', 'caches-moved', 'mux-stopped', 'mux-started']);

/** One computer with one phone for all cases of a system, put right before each: fixes of services and programs are run on it. */
export class ServicesTrial {
  private constructor(
    readonly os: Os,
    readonly on: FixBench,
    readonly udid: Udid,
  ) {}

  static async open(os: Os): Promise<ServicesTrial> {
    const on = await FixBench.open({ os, keys: () => keys });
    return new ServicesTrial(os, on, on.computer.addPhone({ name: 'anna', ...LAB_PHONE }).udid);
  }

  get computer(): SimulatedComputer {
    return this.on.computer;
  }

  /** A paired phone at a computer that nothing is wrong with, and nobody has fixed anything for a day. */
  async begin(): Promise<void> {
    const { computer, on } = this;
    await computer.heal();
    await computer.bench.begin('anna', 'paired');
    computer.bench.plug('anna');
    Object.assign(computer.servicesTools, { installerEnds: 0, clicksInstall: true, foreignInstaller: false, uninstallFails: null });
    computer.servicesTools.inert.clear();
    computer.servicesTools.uninstalled.length = 0;
    for (const id of Object.keys(computer.answers) as CommandId[]) delete computer.answers[id];
    for (const kept of await on.keptStore().list()) await on.keptStore().forget(kept.id);
    computer.effects.entries.length = 0;
    on.stages.length = 0;
    on.now += DAY_MS + 1;
  }

  async run(fix: AgentFixId, more: Partial<RunFixOptions> = {}): Promise<FixOutcome> {
    const waits = { ...this.on.waits, relist: 400, look: 40 };
    const end = await this.on.run({ fix, udid: null }, { ctx: contextOn(this.computer), waits, settleMs: 1, ...more });
    for (const f of end.facts) Fact.parse(JSON.parse(JSON.stringify(f)));
    return end;
  }

  /** What was changed, in order. */
  acted(): LoggedEffect[] {
    return this.computer.effects.entries.filter((e) => CHANGES.has(e.effect));
  }

  /** Commands that acted, in order. */
  commands(): CommandId[] {
    return this.computer.effects.entries.flatMap((e) => (e.effect === 'command-acted' ? [e.command] : []));
  }

  /** Whether an admin may order it now, where these were run a while ago. */
  may(fix: FixId, d: Diagnosis, ran: readonly AgentFixId[]) {
    return mayRun(
      fix,
      {
        os: this.os,
        connected: true,
        privileged: true,
        presence: 'attached',
        health: d.health,
        openCauses: snapshotOf(d).openCauses,
        activeRun: null,
        lastRuns: ran.map((f) => ({ fix: f, at: this.on.now - 11 * 60_000 })),
        revoked: false,
      },
      'admin',
      this.on.now,
    );
  }

  async close(): Promise<void> {
    await this.on.close();
  }
}
