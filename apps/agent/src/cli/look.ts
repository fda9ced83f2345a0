import type { Fact } from '@lockstep/core/health';
import { MuxClient } from '../device/index.js';
import type { Machine } from '../machine/index.js';
import { type ProbeContext, pause, runProbes } from '../probes/index.js';
import { AGENT_VERSION } from '../version.js';
import { needsSecondLook, type Verdicts, verdictsOf } from './verdict.js';

/** Between the two looks at what may only be on its way. */
const BETWEEN_MS = 2_000;

/** One look from the command line: nothing is kept, nothing is changed. */
export interface Look {
  facts: Fact[];
  verdicts: Verdicts;
}

/** Asks every probe once, and once more when something may only be on its way (a phone that was just plugged in). */
export async function lookNow(machine: Machine, crashed: (probe: string, error: unknown) => void): Promise<Look> {
  const ctx: ProbeContext = {
    machine,
    mux: new MuxClient({ open: () => machine.openMux() }),
    agent: AGENT_VERSION,
    outbox: () => ({ waiting: 0, dropped: 0 }),
    onCrash: crashed,
  };
  const first = await runProbes(ctx, [], undefined, { all: true });
  const before = verdictsOf(first, machine.now(), null);
  if (!needsSecondLook(before)) return { facts: first, verdicts: before };
  await pause(BETWEEN_MS);
  const facts = await runProbes(ctx, [], undefined, { all: true });
  return { facts, verdicts: verdictsOf(facts, machine.now(), before) };
}
