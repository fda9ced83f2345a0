import { type AgentFixId, FIXES } from '@lockstep/core/fixes';
import type { Fact, Udid } from '@lockstep/core/health';
import type { Os } from '../machine/index.js';
import { isExpected, pause, runProbes, surveyHost, surveyPhone } from '../probes/index.js';
import { type FixEnd, type FixOrder, type FixOutcome, type FixTools, refused, type Steps } from './fix.js';
import { restartMuxLinux } from './restart-mux.js';
import { askForTrust, renewPairing } from './trust.js';

/** The steps of every fix on every system. A system without steps says so; one that is left out does not compile. */
export const STEPS: Partial<Record<AgentFixId, Record<Os, Steps | 'unsupported'>>> = {
  F08: { linux: restartMuxLinux, macos: 'unsupported', windows: 'unsupported' },
  F11: { linux: askForTrust, macos: 'unsupported', windows: 'unsupported' },
  F12: { linux: renewPairing, macos: 'unsupported', windows: 'unsupported' },
};

/** Reading everything again after a fix has this long; phones answer in well under a second, one that hangs takes its deadlines. */
const VERIFY_MS = 60_000;

export interface RunFixOptions extends Omit<FixTools, 'signal' | 'timeLeft'> {
  /** The agent stops. */
  signal: AbortSignal;
  /** After acting, before the verifying probes; the catalogue's settle time. */
  settleMs?: number;
  deadlineMs?: number;
}

/**
 * Carries out one verified order: the agent's own rights and cap, the fix's own precondition, its steps, the settle time, and then the
 * same probes again. What it returns says what was done, never whether it helped; the facts are how it stands now.
 */
export async function runFix(order: FixOrder, options: RunFixOptions): Promise<FixOutcome> {
  const row = FIXES[order.fix];
  const known = order.udid === null ? [] : [order.udid];
  const deadlineMs = options.deadlineMs ?? row.deadlineS * 1_000;
  const endsAt = performance.now() + deadlineMs;
  const deadline = AbortSignal.timeout(deadlineMs);
  let acted = false;
  const tools: FixTools = {
    ...options,
    signal: AbortSignal.any([options.signal, deadline]),
    timeLeft: () => endsAt - performance.now(),
    progress(stage, awaiting) {
      options.progress(stage, awaiting);
      if (stage === 'acting') acted = true;
    },
  };
  options.progress('checking');
  let end: FixEnd;
  try {
    end = await carryOut(order, tools);
  } catch (e) {
    if (!isExpected(e)) throw e;
    const word = options.signal.aborted ? 'agent-stopped' : deadline.aborted ? 'deadline' : 'broken-off';
    // What was begun and not seen through is neither done nor undone.
    end = acted ? { mechanics: 'unknown', detail: word, facts: [] } : refused(word);
  }
  if (options.signal.aborted) return end;
  if (acted) await settle(options, options.settleMs ?? row.settleS * 1_000);
  options.progress('verifying');
  const read = await readAgain(order, options, known);
  return { ...end, facts: [...end.facts, ...read] };
}

async function carryOut(order: FixOrder, tools: FixTools): Promise<FixEnd> {
  const { ctx, cap } = tools;
  const row = FIXES[order.fix];
  const steps = STEPS[order.fix]?.[ctx.machine.os] ?? 'unsupported';
  if (steps === 'unsupported') return refused('unsupported');
  if ((row.scope === 'pair') !== (order.udid !== null)) return refused('bad-parameters');
  if (row.privilege === 'admin' && !(await ctx.machine.identity()).privileged) return refused('not-privileged');
  const forbids = await cap.forbids(order.fix, order.udid);
  return forbids === null ? await steps(order, tools) : refused(forbids);
}

async function settle(options: RunFixOptions, ms: number): Promise<void> {
  options.progress('settling');
  try {
    await pause(ms, options.signal);
  } catch (e) {
    if (!isExpected(e)) throw e;
  }
}

/** The facts that decide, read anew: everything for a fix of the computer, the phone's share for one of a phone. */
async function readAgain(order: FixOrder, { ctx, signal }: RunFixOptions, known: Udid[]): Promise<Fact[]> {
  const time = AbortSignal.any([signal, AbortSignal.timeout(VERIFY_MS)]);
  if (order.udid === null) return await runProbes(ctx, known, time);
  const host = await surveyHost(ctx, known, time);
  const device = host.listed.find((d) => d.udid === order.udid);
  return device ? [...host.facts, ...(await surveyPhone(ctx, device, time))] : host.facts;
}
