import type { Os } from '../port.js';
import { LINUX_COMMANDS } from './linux.js';
import { MACOS_COMMANDS } from './macos.js';
import type { CommandRow } from './row.js';
import { WINDOWS_COMMANDS } from './windows.js';

export { type Argument, type CommandRow, paramsOf } from './row.js';

/** Every command this agent can ever run, on any system: one closed table, written down in one file per system. */
export const COMMANDS = { ...LINUX_COMMANDS, ...MACOS_COMMANDS, ...WINDOWS_COMMANDS } as const satisfies Record<string, CommandRow>;

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
