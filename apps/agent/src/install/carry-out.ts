import { agentFiles, errnoOf, lockHolder, whyNot } from '../link/index.js';
import type { Found, Step } from './plan.js';
import { commandLine } from './rows.js';
import { type ServiceState, saidBy } from './service-state.js';
import type { InstallSystem } from './system.js';

/** What came of one step. */
export interface Done {
  step: Step;
  /** `kept`: it was so already. */
  what: 'did' | 'kept';
}

/** What came of all: in order, up to the first that failed. */
export interface Outcome {
  done: Done[];
  /** Why the last step failed, as a sentence; null when none did. `denied`: for lack of rights. */
  failed: { why: string; denied: boolean } | null;
}

/** Ends that a service has been given, each a second: bootout and `/End` return before the process has gone. */
const GONE_TRIES = 20;
const TRY_MS = 1_000;

/**
 * Does what the steps say and is not so already; `dry` only finds out which those are. Stops at the first that fails: what is done stays
 * done, and the same call again goes on from there.
 */
export async function carryOut(steps: readonly Step[], system: InstallSystem, before: ServiceState, dry: boolean): Promise<Outcome> {
  const found: Found = { before, changed: false, manager: system.hasManager() };
  const done: Done[] = [];
  for (const step of steps) {
    try {
      if (step.do === 'run') {
        const called = step.when(found);
        if (called && !dry) {
          const failed = await run(step, system);
          if (failed) return { done, failed };
        }
        done.push({ step, what: called ? 'did' : 'kept' });
      } else {
        const changes = isOwed(step, system);
        if (changes && !dry) await apply(step, system);
        found.changed ||= changes;
        done.push({ step, what: changes ? 'did' : 'kept' });
      }
    } catch (error) {
      if (error instanceof StillRunning) return { done, failed: { why: error.message, denied: false } };
      const code = errnoOf(error);
      if (code === 'unknown') throw error;
      const path = step.do === 'run' ? commandLine(step.id) : step.path;
      return { done, failed: { why: `${path}: ${whyNot(error)}.`, denied: code === 'EACCES' || code === 'EPERM' || code === 'EROFS' } };
    }
  }
  return { done, failed: null };
}

class StillRunning extends Error {}

type FileStep = Exclude<Step, { do: 'run' }>;

function isOwed(step: FileStep, system: InstallSystem): boolean {
  const kind = system.kindOf(step.path);
  if (step.do === 'write') return kind !== 'file' || !(system.read(step.path)?.equals(step.bytes) ?? false);
  if (step.do === 'folder') return kind !== 'folder';
  return kind !== 'none';
}

async function apply(step: FileStep, system: InstallSystem): Promise<void> {
  switch (step.do) {
    case 'write':
      // A link that stands there is replaced, not written through.
      return system.write(step.path, step.bytes, step.mode);
    case 'folder':
      return system.makeFolder(step.path, step.mode);
    case 'remove':
      return system.remove(step.path);
    case 'remove-empty':
      return system.removeEmpty(step.path);
    case 'purge': {
      const lock = agentFiles(system.locate(step.path)).lock;
      for (let left = GONE_TRIES; lockHolder(lock) !== null; left--) {
        if (left === 0)
          throw new StillRunning(
            `An agent (process ${lockHolder(lock)}) still runs on ${step.path}: end it first. Nothing in it was removed.`,
          );
        await system.pause(TRY_MS);
      }
      return system.remove(step.path);
    }
  }
}

async function run(step: Extract<Step, { do: 'run' }>, system: InstallSystem): Promise<Outcome['failed']> {
  for (let tries = step.tries ?? 1; ; tries--) {
    const ran = await system.run(step.id);
    if (ran.failure === null && (ran.exit === 0 || step.fine?.includes(ran.exit ?? -1))) return null;
    if (tries <= 1) return { why: `${saidBy(commandLine(step.id), ran)}.`, denied: ran.failure === 'denied' };
    await system.pause(TRY_MS);
  }
}
