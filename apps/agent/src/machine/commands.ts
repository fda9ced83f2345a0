import type { DraftFact } from './draft.js';
import type { Os, Ran } from './port.js';
import { parseSystemctlShow } from './systemctl-show.js';

/** One command this agent can run. Its arguments are written here and nowhere else; nothing is ever added to them. */
export interface CommandRow {
  os: Os;
  /** Absolute paths, the first that exists is started. No search path, no shell. */
  programs: readonly string[];
  args: readonly string[];
  deadlineMs: number;
  privilege: 'user' | 'admin';
  /** `reads` may run at any time; `acts` only from a fix. */
  effect: 'reads' | 'acts';
  /** The facts in its output. Null where the exit code is all there is to know. */
  parse: ((ran: Ran) => DraftFact[]) | null;
}

const SYSTEMCTL = ['/usr/bin/systemctl', '/bin/systemctl'] as const;

/** Every command this agent can ever run. */
export const COMMANDS = {
  /**
   * The unit's state as key=value lines: `show` is systemctl's documented machine-readable output and never starts anything.
   * D-Bus calls time out after 25 s by default; a healthy answer takes milliseconds, so 5 s is silence.
   */
  'usbmuxd-show': {
    os: 'linux',
    programs: SYSTEMCTL,
    args: ['show', 'usbmuxd.service', '--no-pager', '--property=LoadState,ActiveState,SubState,UnitFileState,MainPID,NRestarts,Result'],
    deadlineMs: 5_000,
    privilege: 'user',
    effect: 'reads',
    parse: parseSystemctlShow,
  },
  /** usbmuxd stops on SIGTERM within a second or two; the fix as a whole has 45 s. */
  'usbmuxd-restart': {
    os: 'linux',
    programs: SYSTEMCTL,
    args: ['--no-ask-password', 'restart', 'usbmuxd.service'],
    deadlineMs: 25_000,
    privilege: 'admin',
    effect: 'acts',
    parse: null,
  },
} as const satisfies Record<string, CommandRow>;

export type CommandId = keyof typeof COMMANDS;

/** The row of a command. */
export function commandRow(id: CommandId): CommandRow {
  return COMMANDS[id];
}

/** Whether a word names a command of the table. */
export function isCommand(id: string): id is CommandId {
  return Object.hasOwn(COMMANDS, id);
}

/** Commands whose output holds facts, in the table's order. */
export function parsedCommands(): { id: CommandId; os: Os }[] {
  return (Object.keys(COMMANDS) as CommandId[]).filter((id) => commandRow(id).parse !== null).map((id) => ({ id, os: commandRow(id).os }));
}
