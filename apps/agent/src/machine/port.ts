import type { Duplex } from 'node:stream';
import type { FailReason, Os } from '@lockstep/core/health';
import type { StartNormally } from './boot-loader.js';
import type { Changes } from './changes.js';
import type { CommandId } from './commands/index.js';
import type { DiskSpace, FileEntry, FileStat, ListId, SpaceId, StatId, SystemFileId } from './files.js';
import type { ListenerProof } from './listener-proof.js';
import type { MuxAddress } from './mux-address.js';
import type { Params } from './params.js';

export type { Os } from '@lockstep/core/health';

/** What a command left behind. `failure` is null when it ran to its end, whatever its exit code. */
export interface Ran {
  exit: number | null;
  stdout: string;
  stderr: string;
  /** Why it has no usable end: no such tool, no right to start it, its deadline, too much output, aborted, not for this system. */
  failure: FailReason | null;
}

/** What the agent says of the computer it runs on. Names are labels, never credentials. */
export interface MachineIdentity {
  hostname: string;
  os: Os;
  /** As the system names itself, such as `Debian GNU/Linux 12 (bookworm)`. */
  osVersion: string;
  arch: string;
  /** Root on POSIX, an elevated token on Windows. */
  privileged: boolean;
  uptimeS: number;
  /** Guards are relaxed for a loopback lab. */
  lab: boolean;
}

/** Why a file of the system could not be read. */
export class ReadFailed extends Error {
  constructor(
    readonly reason: 'missing' | 'denied' | 'unsupported' | 'io',
    readonly path: string,
  ) {
    super(`${path} could not be read: ${reason}`);
    this.name = 'ReadFailed';
  }

  /** The same as a fact's word: a tree that is not there is a system that does not support the question. */
  get failReason(): FailReason {
    return this.reason === 'missing' ? 'unsupported' : this.reason;
  }
}

/** The kernel's device tree, read only. Paths are relative to its root and may not climb out of it. Rejects with {@link ReadFailed}. */
export interface Sysfs {
  list(path: string): Promise<string[]>;
  /** At most one page, as sysfs gives it, without the final newline. */
  readText(path: string): Promise<string>;
  /** Where a symbolic link points, as written in it. */
  readLink(path: string): Promise<string>;
}

/**
 * The one way from this agent to the computer. Commands are chosen by id from a fixed table; nothing else can be started.
 * A probe or a fix that needs more adds a row, visible in review.
 */
export interface Machine {
  readonly os: Os;
  readonly muxAddress: MuxAddress;
  /** Milliseconds since 1970 by this computer's clock. */
  now(): number;
  identity(): Promise<MachineIdentity>;
  /**
   * Runs one row of the table within its deadline. Never rejects for what the tool does; `failure` and `exit` tell. `params` fill the
   * row's open places, exactly those (BadParam otherwise: a mistake of this program).
   */
  run(id: CommandId, signal?: AbortSignal, params?: Params): Promise<Ran>;
  readonly sysfs: Sysfs;
  /** What fixes change without a command of the system. */
  readonly changes: Changes;
  /** Reads one of the fixed files of the system, as text (decodeOutput). Rejects with {@link ReadFailed}. */
  readFile(id: SystemFileId, params?: Params): Promise<string>;
  /** The same as bytes: binary property lists. */
  readBytes(id: SystemFileId, params?: Params): Promise<Uint8Array>;
  /** What the system says of a file without opening it. Links are not followed. Rejects with {@link ReadFailed}. */
  stat(id: StatId, params?: Params): Promise<FileStat>;
  /** What is in a folder. Rejects with {@link ReadFailed}. */
  list(id: ListId, params?: Params): Promise<FileEntry[]>;
  /** The room on the disk that holds a file or folder. Rejects with {@link ReadFailed}. */
  space(id: SpaceId, params?: Params): Promise<DiskSpace>;
  /**
   * Tells when something is plugged in or out of the bus, until the function that it gives is called; null where the system cannot tell.
   * Left out by computers that have no bus of their own.
   */
  listenToBus?(changed: () => void): Promise<(() => Promise<void>) | null>;
  /**
   * Tells the boot loader of one phone in recovery mode, by its ECID (sixteen digits in capitals), to start normally: the one thing that can
   * be said to a phone over the bus itself. Only from a fix. Left out by computers that have no bus of their own.
   */
  startNormally?(ecid: string): Promise<StartNormally>;
  /** A connection to the multiplexer. Rejects with the system's error (`code`: ENOENT, ECONNREFUSED, EACCES, ...). */
  openMux(): Promise<Duplex>;
  /** Who listens there: asked before any pair record is handed over. */
  provesMuxListener(): Promise<ListenerProof>;
}

/** A test asked a recorded or simulated computer for something that its script does not hold. Never a fact: it ends the test. */
export class Unscripted extends Error {
  constructor(what: string) {
    super(`unscripted: ${what}`);
    this.name = 'Unscripted';
  }
}

/** The {@link Unscripted} inside an error, however often it was wrapped on the way; null when there is none. */
export function unscriptedIn(error: unknown): Unscripted | null {
  for (let e = error, depth = 0; e instanceof Error && depth < 8; e = e.cause, depth++) if (e instanceof Unscripted) return e;
  return null;
}
