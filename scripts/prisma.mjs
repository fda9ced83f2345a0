// `prisma generate` and `prisma validate` without a download: both insist on finding the native schema engine but never start it, so any
// existing file will do, and Node itself is one. Migrations are applied by the server in-process.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const OFFLINE = ['generate', 'validate', 'format', 'version'];
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [command, ...rest] = process.argv.slice(2);
if (command === undefined || !OFFLINE.includes(command)) {
  process.stderr.write(`usage: node scripts/prisma.mjs ${OFFLINE.join('|')} [options]\n`);
  process.exit(64);
}
const require = createRequire(import.meta.url);
const cli = join(dirname(require.resolve('prisma/package.json')), 'build', 'index.js');
const run = spawnSync(process.execPath, [cli, command, ...rest], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, PRISMA_HIDE_UPDATE_MESSAGE: '1', CHECKPOINT_DISABLE: '1' },
});
if (run.error) process.stderr.write(`prisma could not be started: ${run.error.message}\n`);
process.exit(run.status ?? 1);
