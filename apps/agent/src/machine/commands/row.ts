import type { DraftFact } from '../draft.js';
import type { ParamId } from '../params.js';
import type { Os, Ran } from '../port.js';

/**
 * One element of an argument list: fixed text, or one checked parameter with fixed text around it (`gui/` + uid). Each stays one element
 * of the list that the system gets: nothing is ever put together for a shell to take apart.
 */
export type Argument = string | { param: ParamId; before?: string; after?: string };

/** One command this agent can run. Its arguments are written here and nowhere else; nothing is ever added to them. */
export interface CommandRow {
  os: Os;
  /** Absolute paths, the first that exists is started. No search path, no shell. */
  programs: readonly string[];
  args: readonly Argument[];
  deadlineMs: number;
  privilege: 'user' | 'admin';
  /** `reads` may run at any time; `acts` only from a fix. */
  effect: 'reads' | 'acts';
  /** The most it may say, bytes; OUTPUT_BYTES when left out. A log may say more than a status. */
  outputBytes?: number;
  /**
   * It writes a phone's firmware: nothing of this agent ever ends it. When it takes too long, or the agent is told to stop, it goes on by
   * itself, and what becomes of it is not known.
   */
  outlives?: true;
  /** Starting it costs a second of a processor: questions that need it are asked together. */
  costly?: true;
  /** The facts in its output. Null where the exit code is all there is to know, or where it answers no question by itself. */
  parse: ((ran: Ran) => DraftFact[]) | null;
}

/** The parameters a row has, each once. */
export function paramsOf(row: Pick<CommandRow, 'args'>): ParamId[] {
  return [...new Set(row.args.flatMap((a) => (typeof a === 'string' ? [] : [a.param])))];
}
