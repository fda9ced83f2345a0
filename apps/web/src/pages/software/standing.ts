import type { CompatibilityRow, InstalledVersion, SoftwareModelRow } from '@lockstep/core/protocol';
import { BEHIND } from '@lockstep/core/software';
import type { MarkKind } from '../../ui/index.js';

/** The shape of how a version stands. What nobody can tell is hatched, never green. */
export function markOf(v: Pick<InstalledVersion, 'status' | 'urgency'>, ended: boolean): MarkKind {
  if (BEHIND.has(v.status)) return v.urgency === 'fail' ? 'broken' : 'degraded';
  if (v.status === 'current' || v.status === 'behind-major-optional') return 'ok';
  if (v.status === 'eol-model') return ended ? 'degraded' : 'ok';
  return v.status === 'ahead-beta' ? 'away' : 'unknown';
}

/** Phones or Macs by how they stand. */
export interface Standing {
  total: number;
  fine: number;
  behind: number;
  /** Of those behind: how many at once. */
  urgent: number;
  beta: number;
  unknown: number;
}

/** Counts of one platform; they add up to the total. */
export function standingOf(models: readonly SoftwareModelRow[], platform: SoftwareModelRow['platform']): Standing {
  const out: Standing = { total: 0, fine: 0, behind: 0, urgent: 0, beta: 0, unknown: 0 };
  for (const model of models)
    if (model.platform === platform)
      for (const v of model.installed) {
        out.total += v.count;
        if (BEHIND.has(v.status)) {
          out.behind += v.count;
          if (v.urgency === 'fail') out.urgent += v.count;
        } else if (v.status === 'ahead-beta') out.beta += v.count;
        else if (markOf(v, false) === 'unknown') out.unknown += v.count;
        else out.fine += v.count;
      }
  return out;
}

/** Outcomes in the order of how much has to be done about them. */
export const WORST_FIRST = ['replace', 'update', 'component', 'unknown', 'ready'] as const satisfies readonly CompatibilityRow['outcome'][];

/** The shape of what happens to a computer. */
export const OUTCOME_MARKS: Record<CompatibilityRow['outcome'], MarkKind> = {
  replace: 'broken',
  update: 'broken',
  component: 'degraded',
  unknown: 'unknown',
  ready: 'ok',
};
