import type { PreparedCatalogue } from './prepare.js';
import type { PcSoftwareId } from './shapes.js';
import { compareVersions } from './versions.js';

/** One of Apple's programs on a PC beside the newest that was seen published. */
export interface ProgramVerdict {
  id: PcSoftwareId;
  name: string;
  have: string;
  latest: string;
  isOld: boolean;
  /** Older than phones of the current season need; null when nobody knows what they need. */
  isTooOld: boolean | null;
  /** The day on which the newest was the newest, and who says so. */
  asOf: string;
  source: string;
}

/**
 * How Apple's programs on a PC stand. What is newer than our row is not old: rows age, and a program that is ahead of them is a row to mend.
 * Versions that cannot be read are left out.
 */
export function judgePrograms(catalogue: PreparedCatalogue, pc: Readonly<Partial<Record<PcSoftwareId, string>>>): ProgramVerdict[] {
  return catalogue.requirements.pc.flatMap(({ id, name, latest, minimum, asOf, source }) => {
    const have = pc[id];
    const toLatest = have === undefined ? null : compareVersions(have, latest);
    if (have === undefined || toLatest === null) return [];
    const toMinimum = minimum === null ? null : compareVersions(have, minimum);
    return [{ id, name, have, latest, isOld: toLatest < 0, isTooOld: toMinimum === null ? null : toMinimum < 0, asOf, source }];
  });
}
