import { setTimeout as sleep } from 'node:timers/promises';
import { printable } from '@lockstep/core/health';
import { createAgent } from '../agent.js';
import { type LinkLog, readEnrolment } from '../link/index.js';
import { RealMachine, RealNetwork } from '../machine/index.js';
import { AGENT_VERSION } from '../version.js';
import { noWords, readArguments } from './arguments.js';
import type { CommandContext } from './command.js';
import type { Terminal } from './terminal.js';

/** How often `--wait` looks whether the computer is enrolled by now, ms. */
const LOOK_MS = 1_000;

/** `run [--wait]`: the agent, in the foreground, until it is asked to end. */
export async function runCommand(argv: readonly string[], { terminal, env, machine, stopped }: CommandContext): Promise<number> {
  const { options, words } = readArguments(argv, { server: 'value', wait: 'flag' });
  noWords(words);
  const log = jsonLines(terminal);
  const { dir, lab } = env();
  const ended = stopped();
  if (options.wait && !(await enrolled(dir, log, ended))) return 0;
  const computer = machine();
  const agent = createAgent({
    machine: computer,
    dir,
    log,
    // A lab and a recorded computer contact nobody: no names on the local network are asked for, none of Apple's servers.
    ...(computer instanceof RealMachine && !lab ? { network: new RealNetwork() } : {}),
    ...(options.server === undefined ? {} : { server: options.server }),
  });
  await agent.start();
  const { server, hostId } = agent.status();
  log('info', 'agent started', { agent: AGENT_VERSION, server, hostId, lab });
  await ended;
  await agent.stop();
  log('info', 'agent stopped');
  return 0;
}

/** Waits until this computer is enrolled, and says so once. False when it was asked to end before. What is damaged is not waited for. */
async function enrolled(dir: string, log: LinkLog, ended: Promise<void>): Promise<boolean> {
  if (readEnrolment(dir)) return true;
  log('info', 'not enrolled yet: waiting for lockstep-agent enroll --server URL', { dir });
  const over = new AbortController();
  void ended.then(() => over.abort());
  while (!over.signal.aborted) {
    await sleep(LOOK_MS, undefined, { signal: over.signal }).catch(() => undefined);
    if (!over.signal.aborted && readEnrolment(dir)) return true;
  }
  return false;
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
