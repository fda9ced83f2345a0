import { type Command, CommandError, EXIT, faultsCommand, phoneCommand, tellCommand } from './cli/index.js';
import { fleetCommand } from './fleet/index.js';

/** Every subcommand. */
const COMMANDS: Record<string, Command> = { phone: phoneCommand, faults: faultsCommand, tell: tellCommand, fleet: fleetCommand };

function help(): string {
  const rows = Object.entries(COMMANDS).map(([name, { usage, summary }]) => `  ${name} ${usage}\n      ${summary}`);
  return ['lockstep-lab: simulated iPhones on a real socket. Nothing in production uses it.', '', ...rows, '  help'].join('\n');
}

async function main([name, ...args]: string[]): Promise<number> {
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());
  const out = (line: string) => void process.stdout.write(`${line}\n`);
  const err = (line: string) => void process.stderr.write(`${line}\n`);
  if (name === 'help' || name === '--help' || name === '-h') {
    out(help());
    return EXIT.ok;
  }
  const command = name !== undefined && Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) {
    err(name === undefined ? 'lockstep-lab: give a command' : `lockstep-lab: unknown command ${JSON.stringify(name)}`);
    err(help());
    return EXIT.usage;
  }
  try {
    return await command.run(args, { out, err, stop: stop.signal });
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    err(`lockstep-lab ${name}: ${error.message}`);
    return error.exitCode;
  }
}

process.exitCode = await main(process.argv.slice(2));
