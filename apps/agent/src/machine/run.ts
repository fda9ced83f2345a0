import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import type { FailReason } from '@lockstep/core/health';
import type { Argument, CommandRow } from './commands/index.js';
import { decodeOutput } from './decode.js';
import type { ParamId } from './params.js';
import type { Os, Ran } from './port.js';
import { runOn } from './run-on.js';

/** Output beyond this is no answer to any question of the table (a healthy one is under 1 KiB). */
export const OUTPUT_BYTES = 1_048_576;

const POSIX = { LC_ALL: 'C', PATH: '/usr/sbin:/usr/bin:/sbin:/bin' };
/** Nothing of the caller's environment reaches a tool. The C locale keeps its words and numbers the same everywhere. */
const ENVIRONMENT: Readonly<Record<Os, Readonly<Record<string, string>>>> = {
  linux: { ...POSIX, SYSTEMD_COLORS: '0', SYSTEMD_PAGER: '' },
  macos: POSIX,
  // Windows' own programs do not start without the place they are in (documented for SystemRoot by Winsock and PowerShell).
  windows: {
    SystemRoot: 'C:\\Windows',
    windir: 'C:\\Windows',
    PATH: 'C:\\Windows\\System32;C:\\Windows;C:\\Windows\\System32\\WindowsPowerShell\\v1.0',
    PATHEXT: '.COM;.EXE',
    SystemDrive: 'C:',
    ProgramData: 'C:\\ProgramData',
    ProgramFiles: 'C:\\Program Files',
    // PowerShell takes no module out of a folder that other people write to.
    PSModulePath: 'C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\Modules',
    TEMP: 'C:\\Windows\\Temp',
    TMP: 'C:\\Windows\\Temp',
  },
};

/** What of a row is needed to start it: the table of orders and the one of `install` have this in common. */
export type Startable = Pick<CommandRow, 'os' | 'programs' | 'args' | 'deadlineMs' | 'outputBytes' | 'outlives'>;

/**
 * Starts the first program of the row that exists, directly (no shell), and collects its output until it ends, its deadline passes, it
 * says too much or `signal` aborts; then it is killed, hard. Never rejects.
 */
export async function runRow(row: Startable, signal?: AbortSignal, param: (id: ParamId) => string = noParams): Promise<Ran> {
  const nothing = (failure: FailReason): Ran => ({ exit: null, stdout: '', stderr: '', failure });
  if (signal?.aborted) return nothing('aborted');
  const program = await firstProgram(row.programs);
  if (typeof program !== 'string') return nothing(program.failure);
  if (row.outlives) {
    const start = (out: number, err: number) =>
      spawn(program, argumentsOf(row.args, param), {
        cwd: '/',
        env: ENVIRONMENT[row.os],
        stdio: ['ignore', out, err],
        shell: false,
        // A session of its own (setsid).
        detached: true,
      });
    return await runOn(start, { deadlineMs: row.deadlineMs, outputBytes: row.outputBytes ?? OUTPUT_BYTES }, signal);
  }
  return await new Promise<Ran>((resolve) => {
    const limit = row.outputBytes ?? OUTPUT_BYTES;
    const child = spawn(program, argumentsOf(row.args, param), {
      cwd: row.os === 'windows' ? 'C:\\' : '/',
      env: ENVIRONMENT[row.os],
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: false,
      windowsHide: true,
    });
    const out = new Capture(limit);
    const err = new Capture(limit);
    let failure: FailReason | null = null;
    const stop = (why: FailReason) => {
      failure ??= why;
      child.kill('SIGKILL');
      // A grandchild may hold the pipes open; what was heard so far is the answer.
      child.stdout.destroy();
      child.stderr.destroy();
    };
    const onAbort = () => stop('aborted');
    const timer = setTimeout(() => stop('timeout'), row.deadlineMs);
    const end = (exit: number | null) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      resolve({ exit: failure === null ? exit : null, stdout: out.text(), stderr: err.text(), failure });
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    child.stdout.on('data', (chunk: Buffer) => out.take(chunk) || stop('too-large'));
    child.stderr.on('data', (chunk: Buffer) => err.take(chunk) || stop('too-large'));
    child.once('error', (e: NodeJS.ErrnoException) => {
      failure ??= e.code === 'ENOENT' ? 'missing-tool' : e.code === 'EACCES' || e.code === 'EPERM' ? 'denied' : 'io';
      end(null);
    });
    child.once('close', (code) => {
      // Ended by somebody else's signal: it has no exit code and no answer.
      if (code === null) failure ??= 'closed';
      end(code);
    });
  });
}

async function firstProgram(candidates: readonly string[]): Promise<string | { failure: FailReason }> {
  let failure: FailReason = 'missing-tool';
  for (const path of candidates) {
    try {
      await access(path, constants.X_OK);
      return path;
    } catch (e) {
      if ((e as NodeJS.ErrnoException).code === 'EACCES') failure = 'denied';
    }
  }
  return { failure };
}

/** The argument list with its parameters in place: one element stays one element. */
export function argumentsOf(args: readonly Argument[], param: (id: ParamId) => string): string[] {
  return args.map((a) => (typeof a === 'string' ? a : `${a.before ?? ''}${param(a.param)}${a.after ?? ''}`));
}

function noParams(id: ParamId): string {
  throw new TypeError(`${id} was not given`);
}

class Capture {
  private readonly chunks: Buffer[] = [];
  private size = 0;

  constructor(private readonly limit: number) {}

  /** False once there is more than may be kept. */
  take(chunk: Buffer): boolean {
    if (this.size + chunk.length > this.limit) return false;
    this.size += chunk.length;
    this.chunks.push(chunk);
    return true;
  }

  text(): string {
    return decodeOutput(Buffer.concat(this.chunks));
  }
}
