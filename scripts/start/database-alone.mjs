// `npm run database`.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { prepare } from '../build/prepare.mjs';
import { Sentence, textOf } from '../sentence.mjs';
import { claimDataFolder } from './data-folder.mjs';
import { readSettingsOf } from './environment.mjs';
import { Shutdown } from './shutdown.mjs';
import { endOnSignals, Signalled } from './signals.mjs';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** @returns {Promise<never>} */
export async function databaseAlone() {
  const shutdown = new Shutdown();
  const { signal } = shutdown;
  endOnSignals(shutdown);
  try {
    const { dataDir } = readSettingsOf(process.env, root);
    const claim = await claimDataFolder(dataDir, root);
    shutdown.atCleanEnd(() => claim.release());
    await prepare({ root, signal, only: ['install'] });
    const { startPostgres } = await import('../postgres/index.mjs');
    const postgres = await startPostgres({
      folder: join(dataDir, 'postgres'),
      predecessor: claim.predecessor !== null,
      signal,
      onProcess: (pid) => claim.child('database', pid),
    });
    shutdown.add('database', () => postgres.stop());
    postgres.ended.then(() => shutdown.ask(new Sentence('The database ended by itself.')));
    process.stdout.write(`${postgres.url}\n`);
    // Nothing else keeps this process alive.
    const alive = setInterval(() => undefined, 60_000);
    await shutdown.asked();
    clearInterval(alive);
  } catch (error) {
    shutdown.ask(error);
  }
  const { reason } = signal;
  if (!(reason instanceof Signalled)) process.stderr.write(`${reason instanceof Sentence ? reason.message : textOf(reason)}\n`);
  const clean = await shutdown.end((error, name) => process.stderr.write(`The ${name} did not end as it should: ${textOf(error)}\n`));
  process.exit(clean && reason instanceof Signalled ? 0 : 1);
}
