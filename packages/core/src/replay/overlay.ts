import { z } from 'zod';
import { type ChangedRules, RULES, type Rule } from '../diagnosis/index.js';
import { FIX_IDS, type FixId } from '../fixes/index.js';
import { CauseId } from '../health/index.js';
import { DEFAULT_SOFTWARE_POLICY, type SoftwarePolicy } from '../software/index.js';

/** The longest patience that may be tried: the longest that a shipped row has is a day. */
const PATIENCE_MS = 7 * 86_400_000;

const EFFECTS = ['degraded', 'broken', 'waiting', 'unknown', 'advisory'] as const;

/** What of one rule is changed. What is left out stays as it is shipped. */
const RuleChange = z.strictObject({
  cause: CauseId,
  /** Which row, for the few causes that have one about the computer and one about the phone; left out: all rows of the cause. */
  scope: z.enum(['host', 'pair']).optional(),
  /** The rule is not asked. */
  off: z.literal(true).optional(),
  patienceMs: z.int().min(0).max(PATIENCE_MS).optional(),
  /** Instead of whatever the row answers. */
  confidence: z.number().min(0).max(1).optional(),
  /** What it does to health, always: a harder effect of the row under a policy is gone. */
  health: z.enum(EFFECTS).optional(),
  /** The row's fixes in another order. */
  fixes: z.array(z.enum(FIX_IDS)).max(FIX_IDS.length).optional(),
});
export type RuleChange = z.output<typeof RuleChange>;

const days = z.int().min(0).max(3_650);
const majors = z.strictObject({ ios: z.int().min(1).max(10), macos: z.int().min(1).max(10) });

/** A software policy; what is left out stays as it is shipped. */
const PolicyChange = z
  .strictObject({
    warnDays: days,
    failDays: days,
    exploitedAtOnce: z.boolean(),
    served: majors,
    endedAfter: majors,
  })
  .partial()
  .superRefine((policy, context) => {
    const { warnDays = DEFAULT_SOFTWARE_POLICY.warnDays, failDays = DEFAULT_SOFTWARE_POLICY.failDays } = policy;
    if (failDays < warnDays) context.addIssue({ code: 'custom', path: ['failDays'], message: `must be at least warnDays (${warnDays})` });
  });

/** Changes laid over the shipped rules table. Errors name the field. */
export const RulesOverlay = z
  .strictObject({ rules: z.array(RuleChange).max(RULES.length).default([]), software: PolicyChange.optional() })
  .superRefine(({ rules }, context) => {
    const seen = new Set<string>();
    for (const [n, change] of rules.entries()) {
      const refuse = (field: keyof RuleChange, message: string) => context.addIssue({ code: 'custom', path: ['rules', n, field], message });
      const rows = rowsOf(change);
      if (rows.length === 0) refuse(change.scope === undefined || !hasRows(change.cause) ? 'cause' : 'scope', 'has no rule');
      for (const { id, scope } of rows) {
        if (seen.has(`${scope} ${id}`)) refuse('cause', 'is changed twice');
        seen.add(`${scope} ${id}`);
      }
      const { patienceMs, confidence, health, fixes } = change;
      const isOther = [patienceMs, confidence, health, fixes].some((value) => value !== undefined);
      if (change.off && isOther) refuse('off', 'leaves nothing else to change');
      if (!change.off && !isOther) refuse('cause', 'names nothing that changes');
      for (const row of fixes ? rows : [])
        if (!isSame(fixes ?? [], row.fixes)) refuse('fixes', `must be the rule’s own, each once: ${row.fixes.join(', ') || 'none'}`);
    }
  });
export type RulesOverlay = z.output<typeof RulesOverlay>;

/** A rules table to diagnose with. */
export interface Table {
  changed: ChangedRules | undefined;
  policy: SoftwarePolicy;
}

/** The table that is shipped. */
export const SHIPPED: Table = { changed: undefined, policy: DEFAULT_SOFTWARE_POLICY };

/** The shipped table with the changes laid over it. */
export function tableOf(overlay: RulesOverlay): Table {
  const changed = new Map<Rule, Rule | null>();
  for (const change of overlay.rules) {
    const { patienceMs, confidence, health, fixes } = change;
    for (const row of rowsOf(change)) {
      changed.set(
        row,
        change.off
          ? null
          : {
              ...row,
              ...(patienceMs !== undefined && { patienceMs }),
              ...(confidence !== undefined && { confidence: () => confidence }),
              ...(health !== undefined && { health, harder: null }),
              ...(fixes !== undefined && { fixes }),
            },
      );
    }
  }
  const { software } = overlay;
  const told = Object.fromEntries(Object.entries(software ?? {}).filter(([, value]) => value !== undefined)) as Partial<SoftwarePolicy>;
  return {
    changed: changed.size > 0 ? changed : undefined,
    policy: software ? { ...DEFAULT_SOFTWARE_POLICY, ...told } : DEFAULT_SOFTWARE_POLICY,
  };
}

/** Whether nothing is changed. */
export function isEmpty({ rules, software }: RulesOverlay): boolean {
  return rules.length === 0 && Object.values(software ?? {}).every((value) => value === undefined);
}

function rowsOf({ cause, scope }: Pick<RuleChange, 'cause' | 'scope'>): Rule[] {
  return RULES.filter((r) => r.id === cause && (scope === undefined || r.scope === scope));
}

const hasRows = (cause: string) => RULES.some((r) => r.id === cause);

function isSame(a: readonly FixId[], b: readonly FixId[]): boolean {
  return a.length === b.length && new Set(a).size === a.length && a.every((id) => b.includes(id));
}
