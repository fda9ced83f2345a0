// The phases of `npm test`.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { prepare } from '../build/prepare.mjs';
import { closingLine } from '../jest/closing-line.mjs';
import { run } from '../processes/run.mjs';
import { Sentence } from '../sentence.mjs';
import { runChecks } from './checks.mjs';
import { systemPrograms } from './system-packages.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url)).replace(/[\\/]$/, '');
const print = (/** @type {string} */ text) => void process.stdout.write(`${text}\n`);

/** Jest loads ES modules through Node's vm modules, which Node calls an experiment in every process. */
const NODE_OPTIONS = '--experimental-vm-modules --disable-warning=ExperimentalWarning';

/**
 * @param {string[]} args for Jest, such as paths
 * @returns {Promise<never>}
 */
export async function test(args) {
  const abort = new AbortController();
  for (const name of /** @type {NodeJS.Signals[]} */ (['SIGINT', 'SIGTERM', 'SIGHUP']))
    process.once(name, () => abort.abort(new Sentence(`${name}: ended before the tests were.`)));
  const { signal } = abort;
  try {
    print('prepare');
    await prepare({ root, signal, onDone: ({ step, ms }) => print(`  ${step.padEnd(28)} ${(ms / 1000).toFixed(1)} s`) });
    await systemPrograms({ env: process.env, signal, print });
    print('check');
    const failedChecks = await runChecks(root, signal, print);
    print('test');
    const { code, counts } = await jest(args, signal);
    print(closingLine({ ...counts, failed: counts.failed + failedChecks }));
    process.exit(code === 0 && failedChecks === 0 && counts.passed > 0 ? 0 : 1);
  } catch (error) {
    process.stderr.write(`${error instanceof Sentence ? error.message : error instanceof Error ? error.stack : String(error)}\n`);
    print(closingLine({ passed: 0, failed: 1, skipped: 0 }));
    process.exit(1);
  }
}

/**
 * @param {string[]} args
 * @param {AbortSignal} signal
 */
async function jest(args, signal) {
  const folder = mkdtempSync(join(tmpdir(), 'lockstep-counts-'));
  const file = join(folder, 'counts.json');
  try {
    const env = {
      ...process.env,
      NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} ${NODE_OPTIONS}`.trim(),
      LOCKSTEP_CLOSING_LINE: file,
    };
    const { code } = await run(process.execPath, ['node_modules/jest/bin/jest.js', ...args], { cwd: root, env, signal, show: true });
    return { code, counts: readCounts(file, code) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * @param {string} file
 * @param {number} code
 * @returns {{ passed: number, failed: number, skipped: number }}
 */
function readCounts(file, code) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return { passed: 0, failed: code === 0 ? 0 : 1, skipped: 0 }; // Jest ended before it could count
  }
}
