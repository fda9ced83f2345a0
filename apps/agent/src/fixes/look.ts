import type { AgentFixId } from '@lockstep/core/fixes';
import type { Fact, FactKind, Reading, Udid } from '@lockstep/core/health';
import type { Ran } from '../machine/index.js';
import { askHost, HOST_QUESTIONS } from '../probes/index.js';
import type { FixTools } from './fix.js';

/** What one question about the computer answers now; the facts of all its kinds beside. */
export async function lookAt<K extends FactKind>(
  kind: K,
  { ctx, signal }: FixTools,
): Promise<{ fact: (Fact & { kind: K }) | null; facts: Fact[] }> {
  const probe = HOST_QUESTIONS.find((p) => p.kinds.includes(kind));
  const facts = probe ? await askHost(probe, ctx, [], signal) : [];
  return { fact: facts.find((f): f is Fact & { kind: K } => f.kind === kind) ?? null, facts };
}

/** The reading where it was seen. */
export function seenIn<K extends FactKind>(fact: (Fact & { kind: K }) | null): Reading<K> | null {
  return fact?.state === 'seen' ? (fact.reading as Reading<K>) : null;
}

/** Said and written down before the first change. */
export async function begin(fix: AgentFixId, udid: Udid | null, tools: FixTools): Promise<void> {
  await tools.cap.acts(fix, udid);
  tools.progress('acting');
}

export const ranWell = (ran: Ran): boolean => ran.failure === null && ran.exit === 0;

/** The tool is not on this computer. */
export const isMissing = (ran: Ran): boolean => ran.failure === 'missing-tool';

/** The word for a step that did not go through: `flush-denied`, `resync-timeout` … */
export function whyNot(step: string, ran: Ran): string {
  if (ran.failure !== null) return `${step}-${ran.failure}`;
  return /access (is )?denied|not permitted|permission denied|authentication required/i.test(`${ran.stderr} ${ran.stdout}`)
    ? `${step}-denied`
    : `${step}-failed`;
}
