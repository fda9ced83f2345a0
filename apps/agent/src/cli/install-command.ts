import {
  carryOut,
  commandLine,
  type Done,
  type InstallSystem,
  installSteps,
  type Outcome,
  objectionTo,
  SERVICE_DIR,
  type Step,
  serviceState,
  uninstallSteps,
} from '../install/index.js';
import { readStanding } from '../link/index.js';
import { type Os, UsageError } from '../machine/index.js';
import { noWords, readArguments } from './arguments.js';
import { type Command, type CommandContext, EXIT } from './command.js';

const RIGHTS: Record<Os, string> = {
  linux: 'it writes into /etc/systemd/system and asks systemd, which only root may: run it with sudo',
  macos: 'it writes into /Library/LaunchDaemons and asks launchd, which only root may: run it with sudo',
  windows: 'it makes a task that runs as SYSTEM: run it in a prompt that was started with “Run as administrator”',
};

/** `install [--dry-run] [--even-if-writable]`: makes the agent a service of this system. Twice is the same as once. */
export const installCommand: Command = async (argv, context) => {
  const { options, words } = readArguments(argv, { 'dry-run': 'flag', 'even-if-writable': 'flag' });
  noWords(words);
  const { terminal, env } = context;
  const system = context.system();
  const objection = objectionTo(system.program, system.os, (path) => system.ownerOf(path));
  if (!options['dry-run']) {
    const refusal = await notAble(system);
    if (refusal) return refuse(context, refusal);
    const dir = SERVICE_DIR[system.os];
    if (env().dir.toLowerCase() !== dir.toLowerCase())
      throw new UsageError(`LOCKSTEP_AGENT_DIR: the service keeps key and spool in ${dir} (got ${env().dir}); unset it`);
    if (objection && !options['even-if-writable'])
      return refuse(context, { code: EXIT.notPermitted, why: `${objection} --even-if-writable installs it all the same.` });
  }
  if (objection) terminal.talk(`Warning: ${objection}\n`);
  const code = await go(installSteps(system.os, system.program), context, system, options['dry-run'], 'installed');
  if (code !== EXIT.ok || options['dry-run']) return code;
  if (system.os === 'macos') terminal.talk('The helper starts when a person signs in the next time.\n');
  const { enrolled, problems } = readStanding(system.locate(SERVICE_DIR[system.os]), Date.now());
  for (const { message } of problems) terminal.talk(`${message}\n`);
  if (!enrolled && problems.length === 0)
    terminal.talk('This computer is not enrolled yet; the service waits for it. Run: lockstep-agent enroll --server URL\n');
  return code;
};

/** `uninstall [--purge] [--dry-run]`: takes the service away. Key, enrolment and spool stay unless they are purged. */
export const uninstallCommand: Command = async (argv, context) => {
  const { options, words } = readArguments(argv, { purge: 'flag', 'dry-run': 'flag' });
  noWords(words);
  const system = context.system();
  if (!options['dry-run'] && !(await system.privileged())) return refuse(context, { code: EXIT.notPermitted, why: RIGHTS[system.os] });
  const code = await go(uninstallSteps(system.os, { purge: options.purge }), context, system, options['dry-run'], 'removed');
  if (code === EXIT.ok && !options.purge && system.kindOf(SERVICE_DIR[system.os]) === 'folder')
    context.terminal.talk(`Key and spool stay in ${SERVICE_DIR[system.os]}; --purge removes them too.\n`);
  return code;
};

interface Refusal {
  code: number;
  why: string;
}

async function notAble(system: InstallSystem): Promise<Refusal | null> {
  if (!(await system.privileged())) return { code: EXIT.notPermitted, why: RIGHTS[system.os] };
  if (!system.hasManager())
    return {
      code: EXIT.unreachable,
      why: 'this computer was not started by systemd (/run/systemd/system is missing), so there is nobody to start the service; --dry-run prints the unit',
    };
  return null;
}

function refuse({ terminal }: CommandContext, { code, why }: Refusal): number {
  terminal.talk(`lockstep-agent: not done: ${why}\n`);
  return code;
}

async function go(steps: Step[], { terminal }: CommandContext, system: InstallSystem, dry: boolean, what: string): Promise<number> {
  const outcome = await carryOut(steps, system, await serviceState(system), dry);
  for (const done of outcome.done) for (const line of dry ? dryLines(done) : doneLines(done)) terminal.out(`${line}\n`);
  if (outcome.failed) return failed(terminal, outcome.failed);
  if (outcome.done.every(({ what }) => what === 'kept')) terminal.out(`Nothing to do: it is ${what} already.\n`);
  return EXIT.ok;
}

function failed(terminal: CommandContext['terminal'], { why, denied }: NonNullable<Outcome['failed']>): number {
  terminal.talk(`lockstep-agent: ${why} What was done before stays; the same command again goes on from there.\n`);
  return denied ? EXIT.notPermitted : EXIT.fault;
}

function doneLines({ step, what }: Done): string[] {
  if (what === 'kept') return [];
  switch (step.do) {
    case 'write':
      return [`wrote ${step.path}`];
    case 'folder':
      return [`made ${step.path}`];
    case 'run':
      return [`ran ${commandLine(step.id)}`];
    default:
      return [`removed ${step.path}`];
  }
}

/** Each step as it would be done: a file with its whole text, a command with its whole line. */
function dryLines({ step, what }: Done): string[] {
  if (step.do === 'run') return [`${what === 'did' ? 'would run' : 'need not run'} ${commandLine(step.id)}`];
  if (what === 'kept') return [`${step.do === 'write' || step.do === 'folder' ? 'already as it should be' : 'not there'}: ${step.path}`];
  switch (step.do) {
    case 'write':
      return [`would write ${step.path} (mode ${step.mode.toString(8)}):`, textOf(step.bytes).trimEnd()];
    case 'folder':
      return [`would make ${step.path} (mode ${step.mode.toString(8)})`];
    case 'purge':
      return [`would remove ${step.path} with key, enrolment, spool, journal and copies of pair records`];
    default:
      return [`would remove ${step.path}`];
  }
}

function textOf(bytes: Buffer): string {
  const isUtf16 = bytes[0] === 0xff && bytes[1] === 0xfe;
  return (isUtf16 ? bytes.subarray(2).toString('utf16le') : bytes.toString('utf8')).replaceAll('\r\n', '\n');
}
