import { constants } from 'node:fs';
import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FailReason } from '@lockstep/core/health';
import { decodeOutput } from './decode.js';
import type { Ran } from './port.js';

export interface RunOnLimits {
  /** How long its end is awaited, ms. */
  deadlineMs: number;
  /** The most of each output that is read, bytes: its end. */
  outputBytes: number;
}

/** The part of a started program that is used. */
export interface Started {
  once(event: 'error', heard: (error: NodeJS.ErrnoException) => void): unknown;
  once(event: 'exit', heard: (code: number | null) => void): unknown;
  unref(): void;
}

/**
 * Starts a program that must not be cut off: a phone whose firmware is half written may never start again. `start` gives it a session of
 * its own, so that the end of this agent's group does not reach it, and the two files it writes into instead of pipes, so that nobody has
 * to read for it to go on. Its end is awaited until the deadline, or until `signal` aborts; then it goes on alone and `failure` says so.
 * Never rejects.
 */
export async function runOn(start: (out: number, err: number) => Started, limits: RunOnLimits, signal?: AbortSignal): Promise<Ran> {
  let outputs: { out: FileHandle; err: FileHandle };
  try {
    outputs = await namelessFiles();
  } catch {
    return { exit: null, stdout: '', stderr: '', failure: 'io' };
  }
  const { out, err } = outputs;
  try {
    const ended = await new Promise<Pick<Ran, 'exit' | 'failure'>>((resolve) => {
      if (signal?.aborted) return resolve({ exit: null, failure: 'aborted' });
      const child = start(out.fd, err.fd);
      const end = (exit: number | null, failure: FailReason | null) => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        child.unref();
        resolve({ exit, failure });
      };
      const onAbort = () => end(null, 'aborted');
      const timer = setTimeout(() => end(null, 'timeout'), limits.deadlineMs);
      signal?.addEventListener('abort', onAbort, { once: true });
      child.once('error', (e: NodeJS.ErrnoException) =>
        end(null, e.code === 'ENOENT' ? 'missing-tool' : e.code === 'EACCES' || e.code === 'EPERM' ? 'denied' : 'io'),
      );
      child.once('exit', (code) => end(code, code === null ? 'closed' : null));
    });
    const [stdout, stderr] = await Promise.all([tailOf(out, limits.outputBytes), tailOf(err, limits.outputBytes)]);
    return { ...ended, stdout, stderr };
  } finally {
    await Promise.all([out.close(), err.close()]);
  }
}

/** Two files that nobody else can open: private while they have a name, and then without one. */
async function namelessFiles(): Promise<{ out: FileHandle; err: FileHandle }> {
  const folder = await mkdtemp(join(tmpdir(), 'lockstep-run-'));
  try {
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_APPEND;
    const out = await open(join(folder, 'out'), flags, 0o600);
    try {
      return { out, err: await open(join(folder, 'err'), flags, 0o600) };
    } catch (e) {
      await out.close();
      throw e;
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The end of a file, as text. What cannot be read was not said. */
async function tailOf(file: FileHandle, bytes: number): Promise<string> {
  try {
    const { size } = await file.stat();
    const from = Math.max(0, size - bytes);
    const buffer = Buffer.alloc(size - from);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, from);
    return decodeOutput(buffer.subarray(0, bytesRead));
  } catch {
    return '';
  }
}
