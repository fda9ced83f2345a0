// Making an empty cluster.
import { spawn } from 'node:child_process';
import { chownSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Sentence } from '../sentence.mjs';
import { spawnIds } from './account.mjs';
import { privateFolderOf } from './folders.mjs';

/** LC_ALL=C: messages that can be searched for, and no dependence on which languages the machine has. */
export const POSTGRES_ENV = {
  LC_ALL: 'C',
  TZ: 'UTC',
  PATH: process.env.PATH ?? '',
  ...(process.platform === 'win32' ? { SystemRoot: process.env.SystemRoot ?? '' } : {}),
};

/**
 * Makes the cluster beside its final place and moves it there when it is whole: a folder that initdb left half done is never taken for a database.
 * @param {object} options
 * @param {import('./binaries.mjs').Binaries} options.binaries
 * @param {import('./account.mjs').Account | null} options.account
 * @param {string} options.cluster final place
 * @param {string} options.password of the superuser `postgres`
 * @param {boolean} [options.sync] false only where the data may be lost
 * @param {AbortSignal} [options.signal]
 */
export async function makeCluster({ binaries, account, cluster, password, sync = true, signal }) {
  const workshop = mkdtempSync(`${cluster}-new-`);
  try {
    if (account) chownSync(workshop, account.uid, account.gid); // 0700, and the account's: it alone reads the password file
    const passwordFile = join(workshop, 'password');
    writeFileSync(passwordFile, `${password}\n`, { mode: 0o600, flag: 'wx' });
    if (account) chownSync(passwordFile, account.uid, account.gid);
    const data = join(workshop, 'cluster');
    privateFolderOf(data, account);
    const args = [
      '-D',
      data,
      '-U',
      'postgres',
      '--auth=scram-sha-256',
      `--pwfile=${passwordFile}`,
      '-E',
      'UTF8',
      '--no-locale',
      '--no-instructions',
    ];
    if (!sync) args.push('--no-sync');
    const output = await run(binaries.program('initdb'), args, account, signal);
    if (output !== null) throw new Sentence(`Postgres could not make its data folder in ${dirname(cluster)}: ${output}`);
    rmSync(passwordFile);
    renameSync(data, cluster);
  } finally {
    rmSync(workshop, { recursive: true, force: true });
  }
}

/**
 * @param {string} program
 * @param {string[]} args
 * @param {import('./account.mjs').Account | null} account
 * @param {AbortSignal | undefined} signal
 * @returns {Promise<string | null>} null when it succeeded, else the last of what it said
 */
function run(program, args, account, signal) {
  return new Promise((resolve, reject) => {
    // A group of its own: Ctrl-C in the terminal must reach the supervisor alone, which ends things in order.
    const child = spawn(program, args, {
      ...spawnIds(account),
      env: POSTGRES_ENV,
      cwd: '/',
      detached: process.platform !== 'win32',
      stdio: ['ignore', 'ignore', 'pipe'],
      ...(signal ? { signal, killSignal: 'SIGKILL' } : {}),
    });
    let said = '';
    child.stderr.on('data', (chunk) => {
      said = (said + chunk).slice(-2_000);
    });
    child.once('error', reject);
    child.once('close', (code) => resolve(code === 0 ? null : said.trim().replaceAll('\n', ' · ') || `initdb ended with ${code}`));
  });
}
