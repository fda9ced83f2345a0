import { printable } from '@lockstep/core/health';
import { createAgent } from '../agent.js';
import type { LinkLog } from '../link/index.js';
import { AGENT_VERSION } from '../version.js';
import { noWords, readArguments } from './arguments.js';
import type { CommandContext } from './command.js';
import type { Terminal } from './terminal.js';

/** `run`: the agent, in the foreground, until it is asked to end. */
export async function runCommand(argv: readonly string[], { terminal, env, machine, stopped }: CommandContext): Promise<number> {
  const { options, words } = readArguments(argv, { server: 'value' });
  noWords(words);
  const log = jsonLines(terminal);
  const { dir, lab } = env();
  const agent = createAgent({ machine: machine(), dir, log, ...(options.server === undefined ? {} : { server: options.server }) });
  const ended = stopped();
  await agent.start();
  const { server, hostId } = agent.status();
  log('info', 'agent started', { agent: AGENT_VERSION, server, hostId, lab });
  await ended;
  await agent.stop();
  log('info', 'agent stopped');
  return 0;
}

/** Log lines as JSON on stderr. Names come from phones and computers: what could move a terminal's cursor is replaced. */
function jsonLines(terminal: Terminal): LinkLog {
  return (level, msg, fields = {}) => {
    const line = JSON.stringify({ time: new Date().toISOString(), level, msg, ...fields }, (_key, value: unknown) =>
      typeof value === 'string' ? printable(value) : value,
    );
    terminal.talk(`${line}\n`);
  };
}
