import type { Os } from '../port.js';
import { LINUX_COMMANDS } from './linux.js';
import { MACOS_COMMANDS } from './macos.js';
import { MUX_FIX_COMMANDS } from './mux-fixes.js';
import { NETWORK_FIX_COMMANDS } from './network-fixes.js';
import type { CommandRow } from './row.js';
import { SERVICES_FIX_COMMANDS } from './services-fixes.js';
import { TRUST_FIX_COMMANDS } from './trust-fixes.js';
import { WINDOWS_COMMANDS } from './windows.js';
import { WINDOWS_FIX_COMMANDS } from './windows-fixes.js';

export { type Argument, type CommandRow, paramsOf } from './row.js';

/** Every command this agent can ever run, on any system: one closed table, written down in one file per system. */
export const COMMANDS = {
  ...LINUX_COMMANDS,
  ...MACOS_COMMANDS,
  ...WINDOWS_COMMANDS,
  ...MUX_FIX_COMMANDS,
  ...NETWORK_FIX_COMMANDS,
  ...SERVICES_FIX_COMMANDS,
  ...TRUST_FIX_COMMANDS,
  ...WINDOWS_FIX_COMMANDS,
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
