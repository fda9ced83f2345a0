// `npm run build`.
import { fileURLToPath } from 'node:url';
import { Sentence } from '../sentence.mjs';
import { prepare } from './prepare.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url)).replace(/[\\/]$/, '');

/** Does the steps that are due and says so. */
export async function build() {
  const abort = new AbortController();
  for (const name of /** @type {NodeJS.Signals[]} */ (['SIGINT', 'SIGTERM', 'SIGHUP']))
    process.once(name, () => abort.abort(new Sentence(`${name}: ended before everything was built.`)));
  try {
    const done = await prepare({
      root,
      signal: abort.signal,
      onDone: ({ step, ms }) => process.stdout.write(`  ${step.padEnd(9)} ${(ms / 1000).toFixed(1)} s\n`),
    });
    if (done.length === 0) process.stdout.write('  nothing has changed\n');
  } catch (error) {
    process.stderr.write(`${error instanceof Sentence ? error.message : error instanceof Error ? error.stack : String(error)}\n`);
    process.exit(1);
  }
}
