import { closeSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { uptime } from 'node:os';
import { errnoOf, LinkError, whyNot } from './link-error.js';

/** Folders locked by this very process: its own pid in a lock file says nothing. */
const held = new Set<string>();

/** A lock file older than the system's start, give or take the clock's drift, was left by a process of an earlier start. */
const BOOT_SLACK_MS = 10_000;

/**
 * Takes the agent's folder for this process: two agents on one spool would tear each other's records and replace each other at the
 * server. A lock left by a process that is gone, or by one from before the last start of the computer, is taken over.
 * @returns what gives it back
 */
export function lockAgentDir(path: string): () => void {
  if (held.has(path)) throw new LinkError('in-use', `Another agent of this process uses ${path}.`);
  for (let attempt = 0; ; attempt++) {
    try {
      const fd = openSync(path, 'wx', 0o600);
      try {
        writeSync(fd, `${process.pid}\n`);
      } catch (error) {
        // The name is the lock. An agent on a full disk must start, or nobody hears that the disk is full.
        if (!isFull(error)) throw error;
      } finally {
        closeSync(fd);
      }
      break;
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw new LinkError('dir-unusable', `The lock ${path} cannot be made: ${whyNot(error)}.`);
      if (attempt > 0 || !isStale(path))
        throw new LinkError('in-use', `Another agent is running here (process ${holder(path) ?? '?'}, ${path}).`);
      rmSync(path, { force: true });
    }
  }
  held.add(path);
  return () => {
    if (held.delete(path)) rmSync(path, { force: true });
  };
}

/** The live process that the lock names; null when nobody holds it. Looks only. */
export function lockHolder(path: string): number | null {
  const pid = holder(path);
  if (pid === null || (pid === process.pid && !held.has(path))) return null;
  return pid === process.pid || !isStale(path) ? pid : null;
}

function isFull(error: unknown): boolean {
  return errnoOf(error) === 'ENOSPC' || errnoOf(error) === 'EDQUOT';
}

function holder(path: string): number | null {
  try {
    const pid = Number(readFileSync(path, 'utf8').trim());
    return Number.isSafeInteger(pid) && pid > 0 ? pid : null;
  } catch {
    return null;
  }
}

function isStale(path: string): boolean {
  const pid = holder(path);
  if (pid === null || pid === process.pid) return true;
  try {
    if (statSync(path).mtimeMs < Date.now() - uptime() * 1000 - BOOT_SLACK_MS) return true;
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return errnoOf(error) !== 'EPERM';
  }
}
