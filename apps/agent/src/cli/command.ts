import type { InstallSystem } from '../install/index.js';
import type { AgentEnv, Machine } from '../machine/index.js';
import type { Terminal } from './terminal.js';

/** What every command of the command line works with. */
export interface CommandContext {
  terminal: Terminal;
  /** Reads the environment; throws a UsageError that names a variable that cannot be used. */
  env(): AgentEnv;
  /** This computer. */
  machine(): Machine;
  /** This computer as `install` sees it: files of services, and the commands of its own table. */
  system(): InstallSystem;
  /** Resolves when the process is asked to end; from the first call on a signal no longer ends it by itself. */
  stopped(): Promise<void>;
}

/** Runs one command; returns the exit code. */
export type Command = (argv: readonly string[], context: CommandContext) => Promise<number>;

/** Exit codes (sysexits.h): wrong arguments, an address that cannot be reached, a right that is missing. */
export const EXIT = { ok: 0, fault: 1, unknown: 2, usage: 64, unreachable: 69, notPermitted: 77 } as const;
