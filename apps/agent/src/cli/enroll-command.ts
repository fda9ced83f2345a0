import { readFile } from 'node:fs/promises';
import { enrol } from '../link/index.js';
import { UsageError } from '../machine/index.js';
import { AGENT_VERSION } from '../version.js';
import { noWords, readArguments } from './arguments.js';
import type { CommandContext } from './command.js';

/** A token has 81 characters; a longer file is another file. */
const TOKEN_BYTES = 4_096;

/** `enroll --server URL (--token-file F, or the token on stdin)`. */
export async function enrollCommand(argv: readonly string[], { terminal, env, machine }: CommandContext): Promise<number> {
  const { options, words } = readArguments(argv, { server: 'value', 'token-file': 'value', again: 'flag' });
  noWords(words);
  if (options.server === undefined) throw new UsageError('--server: missing; give the server as https://host or https://host:port');
  const token = options['token-file'] === undefined ? await terminal.input(TOKEN_BYTES) : await tokenFrom(options['token-file']);
  if (token === null) throw new UsageError('the enrolment token: what stands on stdin is too long to be one');
  const { hostname, os, osVersion, arch } = await machine().identity();
  const enrolment = await enrol({
    dir: env().dir,
    server: options.server,
    token,
    again: options.again,
    host: { hostname, os, osVersion, arch, agent: AGENT_VERSION },
  });
  terminal.talk(`Enrolled at ${enrolment.server}. Start the agent with: lockstep-agent run\n`);
  terminal.out(`${enrolment.hostId}\n`);
  return 0;
}

async function tokenFrom(path: string): Promise<string> {
  try {
    const text = await readFile(path, 'utf8');
    if (text.length > TOKEN_BYTES) throw new UsageError(`--token-file: ${path} is too long to hold a token`);
    return text;
  } catch (e) {
    if (e instanceof UsageError) throw e;
    throw new UsageError(`--token-file: ${path} cannot be read (${(e as NodeJS.ErrnoException).code ?? 'unknown'})`);
  }
}
