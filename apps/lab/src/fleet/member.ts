import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Agent, type AgentOptions, createAgent, enrol, type LinkLog } from '@lockstep/agent';
import { readEnrolment } from '@lockstep/agent/link';
import { type ComputerOptions, SimulatedComputer } from '../computer/index.js';
import type { Seeded } from '../phone/index.js';
import type { PlannedComputer } from './names.js';

export interface MemberOptions {
  plan: PlannedComputer;
  /** The fleet's seed, forked by the computer's name. */
  seed: Seeded;
  seedText: string;
  /** The computer's own folder. */
  dir: string;
  server: string;
  /** Read when this computer has to enrol. */
  tokenFile: string;
  log: LinkLog;
  /** Keys for pairings that were made long ago. */
  keys?: ComputerOptions['keys'];
  agent?: Pick<AgentOptions, 'cadence' | 'waits' | 'link' | 'stillMs' | 'fullMs'>;
}

/** Holders take some seconds to find their phone and read the question. */
const TAP_MS = { least: 3_000, most: 8_000 } as const;
/** Whether the server took the agent in shows within this time. */
const ACCEPTED_MS = 20_000;
const LOOK_MS = 100;

/** One computer of the fleet: simulated hardware and a real agent on it. */
export class Member {
  readonly name: string;
  readonly computer: SimulatedComputer;
  private readonly agentDir: string;
  private agent: Agent | null = null;
  private checking: Promise<void> = Promise.resolve();
  private off = false;

  constructor(private readonly o: MemberOptions) {
    this.name = o.plan.name;
    this.agentDir = join(o.dir, 'agent');
    this.computer = new SimulatedComputer({
      name: o.plan.name,
      seed: o.seedText,
      dir: join(o.dir, 'computer'),
      os: o.plan.os,
      osVersion: o.plan.osVersion,
      // Only udev starts the multiplexer with the first phone; Apple's runs all the time.
      followsPhones: o.plan.os === 'linux',
      ...(o.keys ? { keys: o.keys } : {}),
    });
  }

  /** Starts the computer; phones that were here before keep what they know, new ones trust it. */
  async powerOn(): Promise<void> {
    const states = join(this.o.dir, 'phones');
    mkdirSync(states, { recursive: true, mode: 0o700 });
    for (const { name, deviceName } of this.o.plan.phones) {
      const stateFile = join(states, `${name}.json`);
      const isNew = !existsSync(stateFile);
      const taps = this.o.seed.fork(`taps/${name}`);
      this.computer.addPhone({ name, deviceName, stateFile, trustAfterMs: TAP_MS.least + taps.below(TAP_MS.most - TAP_MS.least) });
      if (isNew) await this.computer.bench.pair(name);
      this.computer.bench.plug(name);
    }
    await this.computer.start();
  }

  /** Enrols the computer if it is not, and starts its agent. A server that does not know it any more takes it in anew. */
  async join(): Promise<void> {
    const { server } = this.o;
    const before = readEnrolment(this.agentDir);
    if (before === null) await this.enrol(false);
    else if (before.server !== new URL(server).origin) await this.enrol(true);
    await this.startAgent();
    // Whether an old key is still taken shows only once the agent is connected: nobody waits for that.
    if (before !== null) this.checking = this.enrolAgainIfTurnedAway();
  }

  get status() {
    return { computer: this.name, agent: this.agent?.status().state ?? 'stopped', phones: this.computer.bench.status() };
  }

  /** Whether the agent is connected. */
  get online(): boolean {
    return this.agent?.status().state === 'online';
  }

  /** Cuts the agent off, as a closed lid does: the phones stay as they are, its spool stays on disk. `join()` brings it back. */
  async leave(): Promise<void> {
    await this.agent?.stop();
    this.agent = null;
  }

  async powerOff(): Promise<void> {
    this.off = true;
    await this.checking;
    await this.agent?.stop();
    await this.computer.close();
  }

  private async enrol(again: boolean): Promise<void> {
    const { hostname, os, osVersion, arch } = await this.computer.identity();
    const token = readFileSync(this.o.tokenFile, 'utf8');
    await enrol({ dir: this.agentDir, server: this.o.server, token, again, host: { hostname, os, osVersion, arch, agent: 'lab' } });
  }

  private async startAgent(): Promise<void> {
    this.agent = createAgent({
      machine: this.computer,
      network: this.computer.network,
      dir: this.agentDir,
      log: this.o.log,
      ...this.o.agent,
    });
    await this.agent.start();
  }

  private async enrolAgainIfTurnedAway(): Promise<void> {
    try {
      if (!(await this.isTurnedAway()) || this.off) return;
      await this.agent?.stop();
      await this.enrol(true);
      await this.startAgent();
    } catch (error) {
      this.o.log('error', 'this computer could not enrol again', { error: error instanceof Error ? error.message : String(error) });
    }
  }

  /** Whether the server refuses this computer's key, or is another server than the one it was enrolled at. */
  private async isTurnedAway(): Promise<boolean> {
    const until = performance.now() + ACCEPTED_MS;
    while (performance.now() < until && !this.off) {
      const { state, lastEnd } = this.agent?.status() ?? { state: 'stopped', lastEnd: null };
      if (state === 'online') return false;
      if (lastEnd !== null && /^(4401|4403|not-our-server)/.test(lastEnd)) return true;
      await new Promise((r) => setTimeout(r, LOOK_MS));
    }
    return false;
  }
}
