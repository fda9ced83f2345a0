import type { EfficacyView } from '@lockstep/core/protocol';
import type { z } from 'zod';
import { WORDS } from './words.js';

/** Below this many judged runs a percentage says more than is known. */
const PERCENT_FROM = 10;

/** How often a fix has helped against a cause: counts, and a percentage only where there are enough of them. */
export function helpedWords(rows: readonly z.infer<typeof EfficacyView>[], fix: string, cause: string | null): string {
  const row = rows.find((r) => r.fix === fix && r.cause === cause);
  if (!row || row.judged === 0) return WORDS.fixes.untried;
  if (row.judged < PERCENT_FROM) return WORDS.fixes.helped(row.cured, row.judged);
  return WORDS.fixes.helpedPercent(row.cured, row.judged, Math.round((100 * row.cured) / row.judged));
}
