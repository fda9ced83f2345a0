// A program of this project as a process that ends with the bench.
import { join } from 'node:path';
import { startService } from '../../scripts/processes/service.mjs';
import { ROOT } from '../house.mjs';

const STOP_MS = 10_000;

/**
 * Starts a Node program and waits for the line that says it is there.
 * @param {object} options
 * @param {string[]} options.args of node
 * @param {string} options.name
 * @param {string} options.folder where its log goes
 * @param {Record<string, string>} [options.env]
 * @param {(line: string) => boolean} [options.ready] of standard output; without it nothing is waited for
 * @param {number} [options.timeoutMs]
 */
export async function startProgram({ args, name, folder, env = {}, ready, timeoutMs = 30_000 }) {
  const inherited = Object.fromEntries(
    ['PATH', 'HOME', 'TMPDIR'].flatMap((variable) => (process.env[variable] ? [[variable, process.env[variable]]] : [])),
  );
  /** @type {(line: string) => void} */
  let tell = () => undefined;
  const line = new Promise((/** @type {(line: string) => void} */ resolve) => {
    tell = resolve;
  });
  const service = startService({
    args,
    cwd: ROOT,
    log: join(folder, `${name}.log`),
    env: { ...inherited, ...env },
    onLine: (said) => {
      if (ready?.(said)) tell(said);
    },
  });
  const ended = service.ended.then((end) => {
    throw new Error(`${name} ended with ${end.code ?? end.signal}:\n${end.lastWords.join('\n')}`);
  });
  ended.catch(() => undefined);
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  const late = new Promise((/** @type {(line: string) => void} */ _, reject) => {
    timer = setTimeout(() => reject(new Error(`${name} was not ready within ${timeoutMs / 1000} s`)), timeoutMs);
  });
  try {
    return { pid: service.pid, line: ready ? await Promise.race([line, ended, late]) : '', stop: () => service.stop(STOP_MS) };
  } finally {
    clearTimeout(timer);
  }
}
