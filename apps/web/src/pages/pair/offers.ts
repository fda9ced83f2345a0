import { FIX_IDS, FIXES, type FixId, type FixTarget, isAgentFix } from '@lockstep/core/fixes';
import type { CauseId } from '@lockstep/core/health';
import type { FixTargetView } from '@lockstep/core/protocol';
import type { z } from 'zod';

const isCause = (id: string): id is CauseId => /^[CL]\d/.test(id);

/** The server's view of the target as core's mayRun() takes it. */
export function targetOf(view: z.infer<typeof FixTargetView>): FixTarget {
  return { ...view, openCauses: view.openCauses.filter(isCause), unstableCauses: view.unstableCauses?.filter(isCause) };
}

/** A fix as the page offers it: what it would be asked against, or null when it treats nothing that is open here. */
export interface Offer {
  fix: FixId;
  cause: CauseId | null;
}

/** Whether this version's agent can carry it out on such a computer: only then it is a button. */
export function isOrdered(fix: FixId, os: FixTarget['os']): boolean {
  return isAgentFix(fix) && FIXES[fix].platforms.includes(os);
}

/** Whether people carry it out, on such a computer. */
export function isGuided(fix: FixId, os: FixTarget['os']): boolean {
  return !isAgentFix(fix) && FIXES[fix].platforms.includes(os);
}

/** Every fix of the catalogue: those for the primary cause first, then those for other open causes, then the rest; least risk first. */
export function offersOf(openCauses: readonly string[], primary: string | null): Offer[] {
  const risk = { safe: 0, disruptive: 1, destructive: 2 };
  const open = openCauses.filter(isCause);
  const offers = FIX_IDS.map((fix): Offer => {
    const treated = open.filter((c) => FIXES[fix].treats.includes(c));
    return { fix, cause: treated.find((c) => c === primary) ?? treated[0] ?? null };
  });
  const rank = (o: Offer) => (o.cause === null ? 2 : o.cause === primary ? 0 : 1);
  return offers.sort((a, b) => rank(a) - rank(b) || risk[FIXES[a.fix].risk] - risk[FIXES[b.fix].risk] || a.fix.localeCompare(b.fix));
}
