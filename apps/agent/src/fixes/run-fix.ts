import { type AgentFixId, clearanceLacks, FIXES } from '@lockstep/core/fixes';
import { FACT_KINDS, type Fact, type Udid } from '@lockstep/core/health';
import type { Os } from '../machine/index.js';
import { isExpected, PHONE_PROBES, pause, runProbes, surveyHost, surveyPhone } from '../probes/index.js';
import { checkConditions } from './conditions.js';
import { type FixEnd, type FixOrder, type FixOutcome, type FixTools, refused, type Steps } from './fix.js';
import { MUX_STEPS } from './mux/index.js';
import { NETWORK_STEPS } from './network/index.js';
import { PHONE_STEPS } from './phone/index.js';
import {
  collectEvidence,
  leaveRecoveryLinux,
  leaveRecoveryMac,
  restorePhoneLinux,
  restorePhoneMac,
  revivePhoneMac,
  updatePhoneLinux,
  updatePhoneMac,
} from './recovery/index.js';
import { SERVICES_STEPS } from './services/index.js';
import { SOFTWARE_STEPS } from './software/index.js';
import { TRUST_STEPS } from './trust/index.js';
import { USB_STEPS } from './usb/index.js';
import { askVerifying, phonesOf } from './verify.js';

/** The steps of every fix on every system. A system without steps says so; one that is left out does not compile. */
export const STEPS: Partial<Record<AgentFixId, Record<Os, Steps | 'unsupported'>>> = {
  ...USB_STEPS,
  ...MUX_STEPS,
  ...NETWORK_STEPS,
  ...TRUST_STEPS,
  ...PHONE_STEPS,
  ...SERVICES_STEPS,
  ...SOFTWARE_STEPS,
  // On Windows Apple's driver lets no other program near a phone in these modes: people do it with Apple Devices.
  F42: { linux: leaveRecoveryLinux, macos: leaveRecoveryMac, windows: 'unsupported' },
  F43: { linux: updatePhoneLinux, macos: updatePhoneMac, windows: 'unsupported' },
  F44: { linux: 'unsupported', macos: revivePhoneMac, windows: 'unsupported' },
  F45: { linux: restorePhoneLinux, macos: restorePhoneMac, windows: 'unsupported' },
  F48: { linux: 'unsupported', macos: collectEvidence, windows: 'unsupported' },
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
 * Carries out one verified order: the agent's own rights and cap, the conditions of the fix by the agent's own probes, its steps, the settle
 * time, and then the same probes again. What it returns says what was done, never whether it helped; the facts are how it stands now.
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
  const lack = clearanceLacks(row, order.clearance, ctx.machine.os);
  if (lack !== null) return refused(lack);
  const forbids = await cap.forbids(order.fix, order.udid);
  if (forbids !== null) return refused(forbids);
  const { lacks, facts } = await checkConditions(row.requires, order.udid, ctx, tools.signal);
  return lacks === null ? await steps(order, tools) : refused(lacks, facts);
}

async function settle(options: RunFixOptions, ms: number): Promise<void> {
  options.progress('settling');
  try {
    await pause(ms, options.signal);
  } catch (e) {
    if (!isExpected(e)) throw e;
  }
}

/** The facts that decide, read anew: everything for a fix of the computer, the phone's share for one of a phone; and what it is verified by. */
async function readAgain(order: FixOrder, { ctx, signal }: RunFixOptions, known: Udid[]): Promise<Fact[]> {
  const time = AbortSignal.any([signal, AbortSignal.timeout(VERIFY_MS)]);
  const looked = await lookAgain(order, ctx, known, time);
  return [...looked, ...(await askVerifying(order.fix, ctx, [...new Set([...known, ...phonesOf(looked)])], time))];
}

async function lookAgain(order: FixOrder, ctx: FixTools['ctx'], known: Udid[], time: AbortSignal): Promise<Fact[]> {
  if (order.udid === null) return await runProbes(ctx, known, time);
  const host = await surveyHost(ctx, known, time);
  const device = host.listed.find((d) => d.udid === order.udid);
  // What changes slowly on a phone is asked at this look only when it decides.
  const slow = FIXES[order.fix].verify.some((kind) => FACT_KINDS[kind].pace === 'slow' && PHONE_PROBES.some((p) => p.kinds.includes(kind)));
  return device ? [...host.facts, ...(await surveyPhone(ctx, device, time, { slow }))] : host.facts;
}
