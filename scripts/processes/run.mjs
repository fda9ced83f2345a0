// Commands that do their work and end.
import { spawn } from 'node:child_process';
import { identityOf, isAlive } from './identity.mjs';

/**
 * @typedef {object} Ran
 * @property {number} code exit status; 128 + n would be a shell's convention, here a signal counts as 1
 * @property {string} output both streams in order, at most the last 64 KiB
 */

/**
 * @param {string} command
 * @param {string[]} args
 * @param {object} [options]
 * @param {string} [options.cwd]
 * @param {NodeJS.ProcessEnv} [options.env]
 * @param {AbortSignal} [options.signal] ends the command and all it started
 * @param {boolean} [options.show] lets it write to the terminal itself
 * @returns {Promise<Ran>}
 */
export function run(command, args, { cwd, env = process.env, signal, show = false } = {}) {
  return new Promise((resolve, reject) => {
    const windows = process.platform === 'win32';
    // A group of its own: Ctrl-C must not cut a step in the middle while the supervisor believes that it runs; the supervisor ends the group.
    const child = spawn(command, args, {
      env,
      stdio: ['ignore', show ? 'inherit' : 'pipe', show ? 'inherit' : 'pipe'],
      detached: !windows,
      shell: windows && command === 'npx', // npx is a .cmd there
      ...(cwd ? { cwd } : {}),
    });
    let output = '';
    const collect = (/** @type {Buffer} */ chunk) => {
      output = (output + chunk.toString('utf8')).slice(-65_536);
    };
    child.stdout?.on('data', collect);
    child.stderr?.on('data', collect);
    const end = () => endGroup(child.pid ?? 0, 3_000);
    signal?.addEventListener('abort', end, { once: true });
    child.once('error', (error) => {
      signal?.removeEventListener('abort', end);
      reject(error);
    });
    child.once('close', (code) => {
      signal?.removeEventListener('abort', end);
      if (signal?.aborted) reject(signal.reason);
      else resolve({ code: code ?? 1, output });
    });
    if (signal?.aborted) end();
  });
}

/**
 * Ends a process and its group, hard after the grace.
 * @param {number} pid of the group's leader
 * @param {number} graceMs
 */
export function endGroup(pid, graceMs) {
  if (pid <= 0) return;
  const identity = identityOf(pid);
  signalGroup(pid, 'SIGTERM');
  setTimeout(() => {
    if (isAlive(identity)) signalGroup(pid, 'SIGKILL');
  }, graceMs).unref();
}

/**
 * @param {number} pid
 * @param {NodeJS.Signals} name
 */
export function signalGroup(pid, name) {
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, name);
  } catch {
    // gone already
  }
}
