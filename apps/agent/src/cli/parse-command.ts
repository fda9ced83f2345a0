import { readFile } from 'node:fs/promises';
import { commandRow, isCommand, parsedCommands, UsageError } from '../machine/index.js';
import { stamped } from '../probes/index.js';
import { noWords, readArguments } from './arguments.js';
import type { CommandContext } from './command.js';

/** More recorded output than any command of the table may give. */
const INPUT_BYTES = 1_048_576;

/**
 * `parse --list`: the commands whose output holds facts. `parse ID [--exit N] [--stderr FILE] < stdout`: those facts. Output that cannot
 * be read is a `failed` fact and exit 0: that is how a probe would report it.
 */
export async function parseCommand(argv: readonly string[], { terminal }: CommandContext): Promise<number> {
  const { options, words } = readArguments(argv, { list: 'flag', exit: 'value', stderr: 'value' });
  if (options.list) {
    noWords(words);
    for (const { id, os } of parsedCommands()) terminal.out(`${id}\t${os}\n`);
    return 0;
  }
  const [id, ...rest] = words;
  if (id === undefined) throw new UsageError('parse: needs a command id, or --list');
  noWords(rest);
  const parse = isCommand(id) ? commandRow(id).parse : null;
  if (parse === null) throw new UsageError(`${id}: no command with a parser (parse --list shows them)`);
  const exit = options.exit ?? '0';
  if (!/^-?\d{1,10}$/.test(exit)) throw new UsageError(`--exit: must be a whole number (got ${JSON.stringify(exit)})`);
  const stderr = options.stderr === undefined ? '' : await readRecorded(options.stderr);
  const stdout = await terminal.input(INPUT_BYTES);
  const facts = parse({ exit: Number(exit), stdout: stdout ?? '', stderr, failure: stdout === null ? 'too-large' : null });
  const stamp = { at: new Date().toISOString(), probe: id, tookMs: 0 };
  terminal.out(`${JSON.stringify({ schema: 1, command: id, facts: facts.map((f) => stamped(f, stamp)) }, null, 2)}\n`);
  return 0;
}

async function readRecorded(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (e) {
    throw new UsageError(`--stderr: ${path} cannot be read (${(e as NodeJS.ErrnoException).code ?? 'unknown'})`);
  }
}
