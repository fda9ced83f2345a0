import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import type { FailReason } from '@lockstep/core/health';
import type { CommandRow } from './commands.js';
import type { Ran } from './port.js';

/** Output beyond this is no answer to any question of the table (a healthy one is under 1 KiB). */
export const OUTPUT_BYTES = 1_048_576;

/** Nothing of the caller's environment reaches a tool. The C locale keeps its words and numbers the same everywhere. */
const ENVIRONMENT = { LC_ALL: 'C', PATH: '/usr/sbin:/usr/bin:/sbin:/bin', SYSTEMD_COLORS: '0', SYSTEMD_PAGER: '' };

/**
 * Starts the first program of the row that exists, directly (no shell), and collects its output until it ends, its deadline passes, it
 * says too much or `signal` aborts; then it is killed, hard. Never rejects.
 */
export async function runRow(row: CommandRow, signal?: AbortSignal): Promise<Ran> {
  const nothing = (failure: FailReason): Ran => ({ exit: null, stdout: '', stderr: '', failure });
  if (signal?.aborted) return nothing('aborted');
  const program = await firstProgram(row.programs);
  if (typeof program !== 'string') return nothing(program.failure);
  return await new Promise<Ran>((resolve) => {
    const child = spawn(program, row.args, {
      cwd: '/',
      env: ENVIRONMENT,
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: false,
      windowsHide: true,
    });
    const out = new Capture();
    const err = new Capture();
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

class Capture {
  private readonly chunks: Buffer[] = [];
  private size = 0;

  /** False once there is more than may be kept. */
  take(chunk: Buffer): boolean {
    if (this.size + chunk.length > OUTPUT_BYTES) return false;
    this.size += chunk.length;
    this.chunks.push(chunk);
    return true;
  }

  text(): string {
    return Buffer.concat(this.chunks).toString('utf8');
  }
}
