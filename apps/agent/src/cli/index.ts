import { type InstallSystem, RealInstallSystem } from '../install/index.js';
import { LinkError, type LinkErrorCode } from '../link/index.js';
import { agentEnv, type Machine, type Os, thisMachine, UsageError } from '../machine/index.js';
import { AGENT_VERSION } from '../version.js';
import { noWords } from './arguments.js';
import { type Command, type CommandContext, EXIT } from './command.js';
import { doctorCommand } from './doctor-command.js';
import { enrollCommand } from './enroll-command.js';
import { explainCommand } from './explain-command.js';
import { installCommand, uninstallCommand } from './install-command.js';
import { parseCommand } from './parse-command.js';
import { probeCommand } from './probe-command.js';
import { recordCommand } from './record-command.js';
import { runCommand } from './run-command.js';
import { sessionCommand } from './session-command.js';
import { statusCommand } from './status-command.js';
import { processTerminal, type Terminal } from './terminal.js';

const version: Command = async (argv, { terminal }) => {
  noWords(argv);
  terminal.out(`${AGENT_VERSION}\n`);
  return EXIT.ok;
};

/** Every command with what help says of it, one row each: a new command is a file `NAME-command.ts` and a row here. */
const COMMANDS: Record<string, { usage: string; does: string; run: Command }> = {
  enroll: {
    usage: 'enroll --server URL [--token-file FILE] [--again]',
    does: 'enrol this computer; the token stands in FILE or on stdin',
    run: enrollCommand,
  },
  run: {
    usage: 'run [--wait]',
    does: 'look, tell the server, carry out its orders; logs JSON lines to stderr; with --wait, not enrolled is waited for',
    run: runCommand,
  },
  install: {
    usage: 'install [--dry-run] [--even-if-writable]',
    does: 'make it a service that starts with the computer; --dry-run prints what would be written and run',
    run: installCommand,
  },
  uninstall: {
    usage: 'uninstall [--purge] [--dry-run]',
    does: 'take the service away again; key and spool stay unless they are purged',
    run: uninstallCommand,
  },
  status: {
    usage: 'status [--json]',
    does: 'the service, the enrolment, the key, the last contact, what waits for the server',
    run: statusCommand,
  },
  session: {
    usage: 'session [--into FOLDER]',
    does: 'look once with the eyes of the person signed in, for status; the macOS helper runs it',
    run: sessionCommand,
  },
  probe: { usage: 'probe [--json] [--diagnose]', does: 'ask every probe once and print what it read', run: probeCommand },
  doctor: { usage: 'doctor [--json]', does: 'the ladder of every attached phone; looks only, never pairs', run: doctorCommand },
  parse: {
    usage: 'parse --list | parse ID [--exit N] [--stderr FILE]',
    does: 'the facts in a command’s recorded output (on stdin)',
    run: parseCommand,
  },
  record: {
    usage: 'record DIR',
    does: 'run every reading command and write what it said into DIR, scrubbed of names and ids, as samples for the parsers',
    run: recordCommand,
  },
  explain: {
    usage: 'explain CODE [--json] | explain --list',
    does: 'what an error code means and what to do first: -21, InvalidHostID, 0xE800001C, 4013, “Code 43”; exit 1 when it is not known',
    run: explainCommand,
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
  unwritable: EXIT.notPermitted,
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
  system?: () => InstallSystem;
  env?: CommandContext['env'];
  stopped?: () => Promise<void>;
}

function thisOs(): Os {
  return process.platform === 'win32' ? 'windows' : process.platform === 'darwin' ? 'macos' : 'linux';
}

/** Runs the command line; returns the exit code. What a person can mend is one sentence on stderr. */
export async function runCli(argv: readonly string[], options: CliOptions = {}): Promise<number> {
  const terminal = options.terminal ?? processTerminal();
  const env = options.env ?? agentEnv;
  const context: CommandContext = {
    terminal,
    env,
    machine: options.machine ?? (() => thisMachine(env())),
    system: options.system ?? (() => new RealInstallSystem(thisOs())),
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
