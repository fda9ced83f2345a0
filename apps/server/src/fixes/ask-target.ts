import { FIX_IDS, FIXES, type FixId } from '@lockstep/core/fixes';
import { CauseId } from '@lockstep/core/health';
import { z } from 'zod';

/** What a fix is asked for: a pair, or a host for a fix that acts on the computer as a whole; fields of a body. */
export const TARGET = {
  pairId: z.uuid().optional(),
  hostId: z.uuid().optional(),
  fix: z.enum(FIX_IDS),
  cause: CauseId.optional(),
};

/** Refuses none, both, and a host for a fix that acts on one pair. */
export function checkTarget(
  b: { pairId?: string | undefined; hostId?: string | undefined; fix: FixId },
  ctx: Pick<z.core.$RefinementCtx, 'addIssue'>,
): void {
  const no = (field: 'pairId' | 'hostId', message: string) => ctx.addIssue({ code: 'custom', path: [field], message, input: b });
  if (b.pairId === undefined && b.hostId === undefined) no('pairId', 'is required, or hostId instead');
  if (b.pairId !== undefined && b.hostId !== undefined) no('hostId', 'cannot be given together with pairId');
  if (b.pairId === undefined && b.hostId !== undefined && FIXES[b.fix].scope === 'pair')
    no('pairId', `is required: ${b.fix} acts on one pair`);
}
