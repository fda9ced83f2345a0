import type { FailReason } from '@lockstep/core/health';
import { z } from 'zod';
import { linesOf } from '../decode.js';
import { failedEnd } from '../linux/index.js';
import type { Ran } from '../port.js';

/** Numbers come as numbers or as text, depending on the version. */
const Code = z.union([z.int(), z.string().regex(/^-?\d{1,11}$/)]).transform(Number);
/** What went wrong with one phone, or with one property of it. The message is in the Mac's language and tells nothing that is matched. */
const Trouble = z.looseObject({ Code: Code.optional(), Domain: z.string().max(200).optional() });
const Output = z.looseObject({ Errors: z.record(z.string(), z.unknown()).optional() });
const Result = z.discriminatedUnion('Type', [
  z.looseObject({
    Type: z.literal('CommandOutput'),
    Output: Output.catch({}).optional(),
    Devices: z.array(z.unknown()).catch([]).optional(),
  }),
  z.looseObject({ Type: z.literal('Error'), Code: Code.optional(), Domain: z.string().max(200).optional() }),
]);

interface Told {
  output: Readonly<Record<string, unknown>>;
  devices: readonly string[];
}

/** What cfgutil said in the end. */
export type CfgutilAnswer =
  /** It did what it was told. `output` by ECID as cfgutil spells it; `devices` may name some that `output` leaves out. */
  | ({ ended: 'done' } & Told)
  /** It said no: its number, and whose number that is, as far as it told. `partly`: what it told all the same. */
  | { ended: 'error'; code: number | null; domain: string | null; partly: Told | null }
  /** It came to no end that could be read. */
  | { ended: 'unread'; reason: FailReason };

/** A phone that lacks a property has an error for it (`MissingValue`, -402653163): the command worked. */
const MISSING_VALUE = -402_653_163;

/**
 * Reads what a cfgutil command left: JSON lines, of which earlier ones tell progress and the last one with a result is the answer. Its exit
 * code is 1 also after commands that worked, so output whose `Errors` are empty is success; without JSON the exit code counts, and the
 * number in `cfgutil: error: … (Domain: X Code: N)`. Numbers are what is matched, never the texts: they are in the Mac's language.
 */
export function readCfgutilAnswer(ran: Ran): CfgutilAnswer {
  const failed = failedEnd(ran);
  if (failed) return { ended: 'unread', reason: failed };
  const said = resultIn(ran.stdout);
  if (said === null)
    return ran.exit === 0 ? { ended: 'done', output: {}, devices: [] } : { ended: 'error', ...troubleIn(ran.stderr), partly: null };
  if (said.Type === 'Error') return { ended: 'error', code: said.Code ?? null, domain: said.Domain ?? null, partly: null };
  const { Errors = {}, ...output } = said.Output ?? {};
  const troubles = Object.values(Errors).flatMap(troublesOf);
  const [worst] = troubles.filter((t) => t.Code !== MISSING_VALUE);
  const told = { output, devices: (said.Devices ?? []).filter((d): d is string => typeof d === 'string') };
  if (worst) return { ended: 'error', code: worst.Code ?? null, domain: worst.Domain ?? null, partly: told };
  return { ended: 'done', ...told };
}

/** The last line that holds a result; null when none does. Plain text in between, and progress, are passed over. */
function resultIn(stdout: string): z.infer<typeof Result> | null {
  for (const { line } of linesOf(stdout).reverse()) {
    const at = line.indexOf('{');
    if (at < 0) continue;
    try {
      const result = Result.safeParse(JSON.parse(line.slice(at)));
      if (result.success) return result.data;
    } catch {
      // Plain text, which some commands print in between.
    }
  }
  return null;
}

/** The errors of one phone: one by itself, or one for each property. */
function troublesOf(errors: unknown): z.infer<typeof Trouble>[] {
  const own = Trouble.safeParse(errors);
  if (!own.success) return [];
  if (own.data.Code !== undefined || own.data.Domain !== undefined) return [own.data];
  return Object.values(own.data).flatMap((property) => {
    const trouble = Trouble.safeParse(property);
    return trouble.success && Object.keys(trouble.data).length > 0 ? [trouble.data] : [];
  });
}

function troubleIn(stderr: string): { code: number | null; domain: string | null } {
  const m = /\(Domain: ([^()]{1,200}?) Code: (-?\d{1,11})\)/.exec(stderr);
  return { code: m?.[2] === undefined ? null : Number(m[2]), domain: m?.[1] ?? null };
}
