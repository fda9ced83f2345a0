import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MuxClient, newPairingKeys, type PairingKeys } from '@lockstep/agent/device';
import {
  ActionCap,
  type FixOrder,
  type FixOutcome,
  KeptStore,
  type PutBack,
  ROLLBACKS,
  type RollbackKind,
  Rollbacks,
  type RunFixOptions,
  runFix,
  UndoStore,
  type Waits,
} from '@lockstep/agent/fixes';
import { scrubLines } from '@lockstep/agent/record';
import type { Fact, FactKind } from '@lockstep/core/health';
import { type ComputerOptions, SimulatedComputer } from '../src/computer/index.js';
import type { PhoneFaultId } from '../src/phone/index.js';

/** Long enough for a busy machine where something is expected to happen. */
const WAITS: Waits = { holder: 10_000, pairEvery: 100, relist: 5_000, look: 100, reattach: 5_000 };
/** For runs in which nothing happens. */
export const IMPATIENT: Waits = { ...WAITS, holder: 1_000 };

/** Keys of pairings that were there before a test began. Those made while it runs get new ones, from the agent as ever. */
let longAgo: Promise<PairingKeys> | undefined;

/** A simulated computer, and fixes run on it as an agent would, with short waits and a clock that a test moves. */
export class FixBench {
  now = Date.parse('2026-11-24T09:00:00Z');
  /** Stages told, in order; awaited acts behind a colon. */
  readonly stages: string[] = [];
  /** Facts told while the run went on. */
  readonly toldOnTheWay: Fact[] = [];
  /** Called at each stage, so that the holder can act at the right moment. */
  onStage: (stage: string) => void = () => {};

  readonly waits = WAITS;
  /** What was taken back by time, and how that ended. */
  readonly tookBack: PutBack[] = [];
  rollbacks: Rollbacks;

  private constructor(
    readonly dir: string,
    readonly computer: SimulatedComputer,
  ) {
    this.rollbacks = this.newRollbacks();
  }

  /** A Linux computer unless told otherwise. */
  static async open(options: Partial<ComputerOptions> = {}): Promise<FixBench> {
    const dir = await mkdtemp(join(tmpdir(), 'lockstep-lab-'));
    const computer = new SimulatedComputer({
      name: 'lnx-0001',
      seed: '7',
      dir: join(dir, 'computer'),
      keys: () => (longAgo ??= newPairingKeys()),
      ...options,
    });
    await computer.start();
    return new FixBench(dir, computer);
  }

  /** As after a crash: the same files, and nothing of what was under way. */
  newRollbacks(kinds: Readonly<Record<string, RollbackKind>> = ROLLBACKS): Rollbacks {
    return new Rollbacks({
      dir: join(this.dir, 'agent'),
      lab: true,
      machine: this.computer,
      kinds,
      onEnd: ({ end }) => this.tookBack.push(end),
      onDamaged: (file) => {
        throw new Error(`${file} is damaged`);
      },
    });
  }

  /** What fixes keep, as the agent holds it. */
  keptStore(): KeptStore {
    return new KeptStore(join(this.dir, 'agent'), true, () => this.now);
  }

  async close(): Promise<void> {
    await this.rollbacks.stop();
    await this.computer.close();
    await rm(this.dir, { recursive: true, force: true });
  }

  async phone(fault: PhoneFaultId | 'none' | 'paired', name = 'p1') {
    const phone = this.computer.addPhone({ name });
    await this.computer.bench.begin(name, fault);
    this.computer.bench.plug(name);
    return phone;
  }

  run(order: FixOrder, more: Partial<RunFixOptions> = {}): Promise<FixOutcome> {
    return runFix(order, {
      ctx: {
        machine: this.computer,
        mux: new MuxClient({ open: () => this.computer.openMux() }),
        agent: '0.1.0',
        lockdown: { replyMs: 2_000 },
        outbox: () => ({ waiting: 0, dropped: 0 }),
        onCrash: (probe, error) => {
          throw new Error(`${probe} crashed`, { cause: error });
        },
      },
      cap: new ActionCap(join(this.dir, 'agent'), () => this.now),
      undo: new UndoStore(join(this.dir, 'agent'), true, () => this.now),
      kept: this.keptStore(),
      rollbacks: this.rollbacks,
      scrub: scrubLines,
      waits: WAITS,
      settleMs: 50,
      signal: new AbortController().signal,
      progress: (stage, awaiting = null) => {
        const word = awaiting === null ? stage : `${stage}:${awaiting}`;
        this.stages.push(word);
        this.onStage(word);
      },
      tell: (facts) => void this.toldOnTheWay.push(...facts),
      ...more,
    });
  }

  /** The stored record, or an errno. */
  record(udid: string): Buffer | number {
    return this.computer.bench.mux.records.read(udid);
  }

  async undoFiles(): Promise<string[]> {
    return await readdir(join(this.dir, 'agent', 'undo')).catch(() => []);
  }
}

/** The reading, or the state and reason, of the newest fact of a kind. */
export function told(facts: readonly Fact[], kind: FactKind): unknown {
  const fact = [...facts].reverse().find((f) => f.kind === kind);
  if (!fact) return undefined;
  return fact.state === 'seen' ? fact.reading : fact.state === 'failed' ? `failed: ${fact.reason}` : fact.state;
}
