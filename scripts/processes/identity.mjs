// A process number alone proves nothing: numbers are handed out again. A process is known by its number and the moment it began.
import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';

/**
 * @typedef {object} ProcessIdentity
 * @property {number} pid
 * @property {string} started opaque; equal for the same process, different for a later one with the same number
 */

/**
 * When a process began, as a text to compare. A zombie counts as gone: it holds no port, file or memory.
 * @param {number} pid
 * @returns {string | null} null when no such process runs
 */
export function startedAt(pid) {
  if (!Number.isSafeInteger(pid) || pid <= 0) return null;
  if (process.platform === 'linux') return linuxStart(pid);
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ESRCH') return null;
  }
  try {
    const [command, args] =
      process.platform === 'win32'
        ? ['powershell.exe', ['-NoProfile', '-Command', `(Get-Process -Id ${pid}).StartTime.ToFileTimeUtc()`]]
        : ['/bin/ps', ['-o', 'lstart=', '-p', String(pid)]];
    const text = execFileSync(command, args, {
      encoding: 'utf8',
      timeout: 10_000,
      env: { ...process.env, LC_ALL: 'C' },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return text.trim() || null;
  } catch {
    return null;
  }
}

/** @param {number} pid */
function linuxStart(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // proc(5): the second field is the name in brackets and may hold anything, so fields are counted from its closing bracket.
    // After it comes state (field 3); starttime, in clock ticks since boot, is field 22.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return null;
    return `${bootId()}:${fields[19]}`;
  } catch {
    return null;
  }
}

/** Ticks count from boot, so a boot is part of the identity. */
function bootId() {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return 'boot';
  }
}

/**
 * @param {number} pid
 * @returns {ProcessIdentity}
 */
export function identityOf(pid) {
  return { pid, started: startedAt(pid) ?? '' };
}

/**
 * Whether exactly this process still runs.
 * @param {ProcessIdentity} identity
 */
export function isAlive(identity) {
  return identity.started !== '' && startedAt(identity.pid) === identity.started;
}

/**
 * Whether a process is the Postgres of this data folder. The postmaster's working folder is its data folder (Linux); elsewhere its arguments name it.
 * @param {number} pid
 * @param {string} cluster absolute path of the data folder, links resolved
 * @returns {boolean | null} null when the system does not let us look
 */
export function isPostmasterOf(pid, cluster) {
  try {
    if (process.platform === 'linux') {
      return readlinkSync(`/proc/${pid}/cwd`) === cluster && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('postgres');
    }
    const [command, args] =
      process.platform === 'win32'
        ? ['powershell.exe', ['-NoProfile', '-Command', `(Get-CimInstance Win32_Process -Filter 'ProcessId=${pid}').CommandLine`]]
        : ['/bin/ps', ['-o', 'command=', '-p', String(pid)]];
    const line = execFileSync(command, args, { encoding: 'utf8', timeout: 10_000, stdio: ['ignore', 'pipe', 'ignore'] });
    return line.includes('postgres') && line.includes(cluster);
  } catch (error) {
    const code = /** @type {NodeJS.ErrnoException} */ (error).code;
    if (code === 'ENOENT' || code === 'ESRCH') return false;
    return null;
  }
}

/**
 * Waits until a process is gone.
 * @param {ProcessIdentity} identity
 * @param {number} ms how long
 * @returns {Promise<boolean>} false when it still runs afterwards
 */
export async function gone(identity, ms) {
  const until = Date.now() + ms;
  while (isAlive(identity)) {
    if (Date.now() >= until) return false;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return true;
}
