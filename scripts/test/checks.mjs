// What must hold before a test runs: the rules of the house, and the types of every package.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { workspaceFolders } from '../build/steps.mjs';
import { run } from '../processes/run.mjs';

const AT_ONCE = 2;

/**
 * @typedef {object} Check
 * @property {string} name
 * @property {string[]} args of node
 */

/**
 * @param {string} root
 * @returns {Check[]}
 */
export function checks(root) {
  const tsc = 'node_modules/typescript/bin/tsc';
  const typed = [...workspaceFolders(root), 'bench', 'scripts'].filter((folder) => existsSync(join(root, folder, 'tsconfig.json')));
  return [
    { name: 'lint', args: ['node_modules/@biomejs/biome/bin/biome', 'ci', '--colors=off', '--max-diagnostics=50', '.'] },
    ...typed.map((folder) => ({ name: `types of ${folder}`, args: [tsc, '-p', folder, '--noEmit', '--pretty', 'false'] })),
  ];
}

/**
 * @param {string} root
 * @param {AbortSignal} signal
 * @param {(text: string) => void} print
 * @returns {Promise<number>} how many failed
 */
export async function runChecks(root, signal, print) {
  const waiting = checks(root);
  let failed = 0;
  const worker = async () => {
    for (let check = waiting.shift(); check; check = waiting.shift()) {
      const started = Date.now();
      const { code, output } = await run(process.execPath, check.args, { cwd: root, signal });
      const time = `${((Date.now() - started) / 1000).toFixed(1)} s`;
      if (code === 0) print(`  ${check.name.padEnd(28)} ok ${time.padStart(10)}`);
      else {
        failed += 1;
        print(`  ${check.name.padEnd(28)} FAILED\n${output.trimEnd()}\n`);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return failed;
}
