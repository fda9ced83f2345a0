// A supervisor for the tests to end in every way: it claims the folder given, starts its Postgres, says so in one JSON line, and ends it on SIGTERM.
import { join } from 'node:path';
import { claimFolder } from '../processes/claim.mjs';
import { Sentence } from '../sentence.mjs';
import { ownFolder } from './folders.mjs';
import { startPostgres } from './index.mjs';

const [folder = ''] = process.argv.slice(2);
const asRoot = process.getuid?.() === 0;
try {
  ownFolder(folder, asRoot ? 0o755 : 0o700);
  const claim = claimFolder(folder, 'a checkout');
  const postgres = await startPostgres({
    folder: join(folder, 'postgres'),
    predecessor: claim.predecessor !== null,
    parameters: { fsync: 'off' },
    onProcess: (pid) => claim.child('database', pid),
  });
  const { url, port, pid, adopted } = postgres;
  const alive = setInterval(() => undefined, 60_000);
  process.once('SIGTERM', async () => {
    await postgres.stop();
    claim.release();
    clearInterval(alive);
  });
  process.stdout.write(`${JSON.stringify({ url, port, pid, adopted })}\n`);
  await postgres.ended;
  clearInterval(alive);
} catch (error) {
  process.stdout.write(
    `${JSON.stringify({ [error instanceof Sentence ? 'sentence' : 'error']: error instanceof Error ? error.message : String(error) })}\n`,
  );
  process.exitCode = 1;
}
