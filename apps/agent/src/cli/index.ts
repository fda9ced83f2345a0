import { LinkError, type LinkErrorCode } from '../link/index.js';
import { agentEnv, type Machine, thisMachine, UsageError } from '../machine/index.js';
import { AGENT_VERSION } from '../version.js';
import { noWords } from './arguments.js';
import { type Command, type CommandContext, EXIT } from './command.js';
import { doctorCommand } from './doctor-command.js';
import { enrollCommand } from './enroll-command.js';
import { parseCommand } from './parse-command.js';
import { probeCommand } from './probe-command.js';
import { runCommand } from './run-command.js';
import { processTerminal, type Terminal } from './terminal.js';

const version: Command = async (argv, { terminal }) => {
  noWords(argv);
  terminal.out(`${AGENT_VERSION}\n`);
  return EXIT.ok;
};

/** Every command, with what help says of it. */
const COMMANDS: Record<string, { usage: string; does: string; run: Command }> = {
  enroll: {
    usage: 'enroll --server URL [--token-file FILE] [--again]',
    does: 'enrol this computer; the token stands in FILE or on stdin',
    run: enrollCommand,
  },
  run: { usage: 'run', does: 'look, tell the server, carry out its orders; logs JSON lines to stderr', run: runCommand },
  probe: { usage: 'probe [--json] [--diagnose]', does: 'ask every probe once and print what it read', run: probeCommand },
  doctor: { usage: 'doctor [--json]', does: 'the ladder of every attached phone; looks only, never pairs', run: doctorCommand },
  parse: {
    usage: 'parse --list | parse ID [--exit N] [--stderr FILE]',
    does: 'the facts in a command’s recorded output (on stdin)',
    run: parseCommand,
  },
  version: { usage: 'version', does: 'this agent’s version', run: version },
};

const HELP = `lockstep-agent: looks after the iPhones of this computer.

${Object.values(COMMANDS)
  .map(({ usage, does }) => `  ${usage}\n      ${does}`)
  .join('\n')}

Exit: 0 all attached phones healthy or none attached; 1 a fault; 2 it could not be told; 64 usage; 69 unreachable; 77 not permitted.
Environment:
  USBMUXD_SOCKET_ADDRESS   where the multiplexer listens: UNIX:/path, /path or host:port
  LOCKSTEP_AGENT_DIR       key, spool, journal (default /var/lib/lockstep-agent for root)
  LOCKSTEP_SYSFS           root of the Linux device tree (default /sys)
  LOCKSTEP_LAB=1           relax the guards for a lab on this computer; doctor says so
`;

const LINK_EXITS: Record<LinkErrorCode, number> = {
  'not-enrolled': EXIT.usage,
  'already-enrolled': EXIT.usage,
  'bad-url': EXIT.usage,
  'plain-text': EXIT.usage,
  'bad-token': EXIT.usage,
  'wrong-server': EXIT.notPermitted,
  refused: EXIT.notPermitted,
  'key-exposed': EXIT.notPermitted,
  'dir-unusable': EXIT.notPermitted,
  'key-unreadable': EXIT.notPermitted,
  'key-malformed': EXIT.notPermitted,
  'enrolment-unreadable': EXIT.notPermitted,
  'enrolment-malformed': EXIT.notPermitted,
  'in-use': EXIT.unreachable,
  unreachable: EXIT.unreachable,
  'bad-answer': EXIT.unreachable,
};

export interface CliOptions {
  terminal?: Terminal;
  machine?: () => Machine;
  env?: CommandContext['env'];
  stopped?: () => Promise<void>;
}

/** Runs the command line; returns the exit code. What a person can mend is one sentence on stderr. */
export async function runCli(argv: readonly string[], options: CliOptions = {}): Promise<number> {
  const terminal = options.terminal ?? processTerminal();
  const env = options.env ?? agentEnv;
  const context: CommandContext = {
    terminal,
    env,
    machine: options.machine ?? (() => thisMachine(env())),
    stopped: options.stopped ?? (() => new Promise(() => {})),
  };
  const [name, ...rest] = argv;
  if (name === 'help' || name === '--help' || name === '-h') {
    terminal.out(HELP);
    return EXIT.ok;
  }
  const command = name !== undefined && Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!command) {
    terminal.talk(`lockstep-agent: ${name === undefined ? 'give a command' : `${JSON.stringify(name)} is no command`}\n\n${HELP}`);
    return EXIT.usage;
  }
  try {
    return await command.run(rest, context);
  } catch (e) {
    if (e instanceof UsageError) {
      terminal.talk(`lockstep-agent ${name}: ${e.message}\n`);
      return e.exitCode;
    }
    if (e instanceof LinkError) {
      terminal.talk(`lockstep-agent ${name}: ${e.message}\n`);
      return LINK_EXITS[e.code];
    }
    throw e;
  }
}
