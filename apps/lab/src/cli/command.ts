import { type ParseArgsConfig, parseArgs } from 'node:util';
import type { z } from 'zod';

/** Where a command talks to: stdout is data, stderr is talk. */
export interface CommandIo {
  out(line: string): void;
  err(line: string): void;
  /** Aborted when the process is asked to end. */
  stop: AbortSignal;
}

/** One subcommand of `lockstep-lab`. */
export interface Command {
  /** What follows the command's name, for the help. */
  usage: string;
  summary: string;
  /** Gives the exit code. Throws CommandError for what the caller can mend. */
  run(args: string[], io: CommandIo): Promise<number>;
}

/** Exit codes (sysexits.h): wrong arguments, an address that cannot be had, a right that is missing. */
export const EXIT = { ok: 0, failed: 1, usage: 64, unavailable: 69, notPermitted: 77 } as const;

/** A sentence for the caller, naming the flag, and the exit code. */
export class CommandError extends Error {
  override readonly name = 'CommandError';

  constructor(
    message: string,
    readonly exitCode: number = EXIT.usage,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

type Parsed<T extends NonNullable<ParseArgsConfig['options']>> = ReturnType<
  typeof parseArgs<{ args: string[]; options: T; allowPositionals: boolean; strict: true }>
>;

/** Reads flags; an unknown or incomplete one throws CommandError that names it. */
export function readFlags<T extends NonNullable<ParseArgsConfig['options']>>(args: string[], options: T, positionals = false): Parsed<T> {
  try {
    return parseArgs({ args, options, allowPositionals: positionals, strict: true });
  } catch (error) {
    // Node's sentence names the flag; what follows the first is advice about `--`.
    const [sentence] = (error as Error).message.split('. ');
    throw new CommandError(`${sentence?.replace(/\n[\s\S]*/, '')}`, EXIT.usage, { cause: error });
  }
}

/** Checks a flag's value; what is wrong throws CommandError with the flag's name. */
export function readValue<T>(flag: string, schema: z.ZodType<T, unknown>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new CommandError(`${flag}: ${parsed.error.issues[0]?.message ?? 'cannot be used'}`);
}
