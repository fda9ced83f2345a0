import { type AgentFixId, FIXES } from '@lockstep/core/fixes';
import type { Fact, FactKind, Udid } from '@lockstep/core/health';
import { askHost, HOST_QUESTIONS, type ProbeContext, sharingRuns } from '../probes/index.js';

/**
 * Asks anew what decides whether this fix helped, as far as no ordinary look asks it: names on the local network, the clock, the hosts file
 * and the like are asked a few times an hour only. `phones`: whom kinds about phones are answered for.
 */
export async function askVerifying(fix: AgentFixId, ctx: ProbeContext, phones: readonly Udid[], signal?: AbortSignal): Promise<Fact[]> {
  const verify: readonly FactKind[] = FIXES[fix].verify;
  const probes = HOST_QUESTIONS.filter((probe) => probe.kinds.some((kind) => verify.includes(kind)));
  // One look is one moment: what is costly to start is started once.
  const machine = sharingRuns(ctx.machine, () => performance.now(), { ms: 60_000, costlyOnly: true });
  return (await Promise.all(probes.map((probe) => askHost(probe, { ...ctx, machine }, phones, signal)))).flat();
}

/** The phones that some facts are about. */
export function phonesOf(facts: readonly Fact[]): Udid[] {
  return [...new Set(facts.flatMap((f) => (f.subject === 'host' ? [] : [f.subject.udid])))];
}
