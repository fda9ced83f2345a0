import { MuxClient } from '../device/index.js';
import { leaveNote, SESSION_FOLDER } from '../install/index.js';
import { whyNot } from '../link/index.js';
import { UsageError } from '../machine/index.js';
import { type ProbeContext, surveyHost } from '../probes/index.js';
import { AGENT_VERSION } from '../version.js';
import { noWords, readArguments } from './arguments.js';
import { type Command, EXIT } from './command.js';

/**
 * `session [--into FOLDER]`: asks every question about the computer once, with the rights and in the session of the person who runs it, and
 * leaves what was read for the administrator (`status`). It talks to no phone and to no server.
 */
export const sessionCommand: Command = async (argv, { terminal, machine: open }) => {
  const { options, words } = readArguments(argv, { into: 'value' });
  noWords(words);
  const uid = process.geteuid?.();
  if (uid === undefined) throw new UsageError('session: only macOS and Linux have it; on Windows the task sees what there is to see');
  const folder = options.into ?? SESSION_FOLDER;
  const machine = open();
  const ctx: ProbeContext = {
    machine,
    mux: new MuxClient({ open: () => machine.openMux() }),
    agent: AGENT_VERSION,
    outbox: () => ({ waiting: 0, dropped: 0 }),
    onCrash: (probe, error) => terminal.talk(`${probe} died: ${error instanceof Error ? error.message : String(error)}\n`),
  };
  const { facts } = await surveyHost(ctx, []);
  const at = new Date(machine.now()).toISOString();
  try {
    leaveNote(folder, { schema: 1, agent: AGENT_VERSION, uid, at, facts: facts.filter((f) => f.subject === 'host') });
  } catch (error) {
    terminal.talk(`lockstep-agent session: the note cannot be left in ${folder}: ${whyNot(error)}. Is the agent installed?\n`);
    return EXIT.notPermitted;
  }
  return EXIT.ok;
};
