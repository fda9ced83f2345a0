// Children that run until they are told to stop: the server, the lab.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { gone, identityOf } from './identity.mjs';
import { LogFile } from './log-file.mjs';
import { signalGroup } from './run.mjs';

const leash = pathToFileURL(fileURLToPath(new URL('./leash.mjs', import.meta.url))).href;

/**
 * @typedef {object} Ended
 * @property {number | null} code
 * @property {NodeJS.Signals | null} signal
 * @property {string[]} lastWords
 */

/**
 * @typedef {object} Service
 * @property {number} pid
 * @property {Promise<Ended>} ended
 * @property {(graceMs: number) => Promise<void>} stop
 * @property {() => void} kill at once
 */

/**
 * Starts a Node program that lives as long as we do.
 * @param {object} options
 * @param {string[]} options.args of node
 * @param {NodeJS.ProcessEnv} options.env
 * @param {string} options.cwd
 * @param {string} options.log file that all it says goes to
 * @param {(line: string) => void} [options.onLine] each line of its standard output
 * @returns {Service}
 */
export function startService({ args, env, cwd, log, onLine = () => undefined }) {
  const child = spawn(process.execPath, ['--import', leash, ...args], {
    cwd,
    env: { ...env, LOCKSTEP_LEASH: '1' },
    detached: process.platform !== 'win32',
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    windowsHide: true,
  });
  const file = new LogFile(log);
  /** @type {string[]} */
  const lastWords = [];
  const hear = (/** @type {string} */ line) => {
    file.write(line);
    lastWords.push(line.slice(0, 500));
    if (lastWords.length > 5) lastWords.shift();
  };
  const [, output, errors] = child.stdio;
  if (!output || !errors) throw new Error('a service without pipes');
  createInterface({ input: output }).on('line', (line) => {
    hear(line);
    onLine(line);
  });
  createInterface({ input: errors }).on('line', hear);
  const identity = identityOf(child.pid ?? 0);
  /** @type {Promise<Ended>} */
  const ended = new Promise((resolve) => {
    child.once('error', (error) => resolve({ code: null, signal: null, lastWords: [error.message] }));
    child.once('close', (code, signal) => {
      file.close();
      resolve({ code, signal, lastWords });
    });
  });
  return {
    pid: identity.pid,
    ended,
    async stop(graceMs) {
      child.kill('SIGTERM');
      if (!(await gone(identity, graceMs))) signalGroup(identity.pid, 'SIGKILL');
      await ended;
    },
    kill: () => signalGroup(identity.pid, 'SIGKILL'),
  };
}

/**
 * Ends a child that a dead supervisor left behind.
 * @param {import('./identity.mjs').ProcessIdentity} identity known to be alive
 * @param {number} graceMs
 */
export async function endOrphan(identity, graceMs) {
  try {
    process.kill(identity.pid, 'SIGTERM');
  } catch {
    return;
  }
  if (await gone(identity, graceMs)) return;
  signalGroup(identity.pid, 'SIGKILL');
  await gone(identity, 2_000);
}
