// A Postgres for tests: own folder in the system's temporary folder, own port, nothing synced to disk, gone with the run.
import { chmodSync, chownSync, cpSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { claimFolder, readClaim } from '../processes/claim.mjs';
import { isAlive } from '../processes/identity.mjs';
import { postgresAccount } from './account.mjs';
import { installedBinaries, reachableBinaries } from './binaries.mjs';
import { startPostgres } from './index.mjs';
import { makeCluster } from './initdb.mjs';
import { freePort, newPassword, readSettings, writeSettings } from './settings.mjs';

const PREFIX = 'lockstep-test-pg-';
const checkout = fileURLToPath(new URL('../../', import.meta.url));

/** Nothing here outlives the run, so nothing waits for the disk; `max_connections` leaves room for every suite's pools. */
const PARAMETERS = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  max_connections: '300',
  shared_buffers: '64MB',
  logging_collector: 'off',
  autovacuum: 'off',
};

/**
 * @typedef {object} Throwaway
 * @property {string} url of the maintenance database, as the superuser
 * @property {number} pid
 * @property {string} folder
 * @property {() => Promise<void>} crash `kill -9` of the server process: no checkpoint, nothing flushed
 * @property {() => Promise<void>} again starts it after a crash, on its folder and port, as a supervisor does
 * @property {() => Promise<void>} stop also removes the folder
 */

/**
 * @param {object} [options]
 * @param {boolean} [options.durable] synced to disk and tuned as the database of `npm start` is, where commits are what is measured
 * @param {number} [options.port] one that stays free while the server is down; any, when left out
 * @returns {Promise<Throwaway>}
 */
export async function startThrowaway({ durable = false, port } = {}) {
  await sweep();
  const folder = mkdtempSync(join(tmpdir(), PREFIX));
  const account = postgresAccount();
  if (account) chmodSync(folder, 0o755); // the account passes through to its own 0700 folder
  const claim = claimFolder(folder, checkout);
  /** @type {import('./index.mjs').RunningPostgres | undefined} */
  let postgres;
  const abort = new AbortController();
  let over = false;
  const remove = () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  const atExit = () => {
    over = true;
    if (postgres) killQuietly(postgres.pid, 'SIGKILL');
    remove();
  };
  /** @type {Partial<Record<NodeJS.Signals, () => void>>} */
  const handlers = {};
  process.once('exit', atExit);
  for (const signal of /** @type {NodeJS.Signals[]} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    handlers[signal] = () => {
      abort.abort();
      atExit();
      process.off('exit', atExit);
      process.kill(process.pid, signal);
    };
    process.once(signal, /** @type {() => void} */ (handlers[signal]));
  }
  const inside = join(folder, 'postgres');
  await emptyCluster(inside, account, port);
  const start = async () => {
    postgres = await startPostgres({
      folder: inside,
      predecessor: false,
      database: 'postgres',
      parameters: durable ? {} : PARAMETERS,
      onProcess: (pid) => over || claim.child('postgres', pid), // whoever outlives the signal has no folder to note it in
      signal: abort.signal,
    });
    return postgres;
  };
  let running = await start();
  const { url } = running;
  return {
    url,
    get pid() {
      return running.pid;
    },
    folder,
    async crash() {
      killQuietly(running.pid, 'SIGKILL');
      const awake = setInterval(() => undefined, 1_000); // its end is watched by a timer that keeps nobody awake
      await running.ended;
      clearInterval(awake);
    },
    async again() {
      running = await start();
      if (running.url !== url) throw new Error('somebody took the port of the crashed Postgres');
    },
    async stop() {
      killQuietly(running.pid, 'SIGQUIT'); // nothing is worth a checkpoint
      await running.stop();
      remove();
      process.off('exit', atExit);
      for (const [signal, handler] of Object.entries(handlers)) process.off(signal, handler);
    },
  };
}

/**
 * An empty cluster in a new folder: a copy of the one made by the first run in this checkout (a tenth of initdb's time), else a new one, kept for the next.
 * @param {string} folder
 * @param {import('./account.mjs').Account | null} account
 * @param {number} [port]
 */
async function emptyCluster(folder, account, port) {
  const template = join(checkout, 'node_modules', '.cache', 'lockstep', `cluster-${installedBinaries().version}`);
  const cluster = join(folder, 'cluster');
  const settings = join(folder, 'settings.json');
  mkdirSync(folder, { mode: account ? 0o755 : 0o700 });
  const kept = copied(template, cluster, account);
  if (kept !== null) {
    writeSettings(settings, { port: port ?? (await freePort()), password: kept });
    return;
  }
  const password = newPassword();
  writeSettings(settings, { port: port ?? (await freePort()), password });
  await makeCluster({ binaries: reachableBinaries(account, folder), account, cluster, password, sync: false });
  const draft = `${template}.${process.pid}`;
  try {
    mkdirSync(draft, { recursive: true, mode: 0o700 });
    cpSync(cluster, join(draft, 'cluster'), { recursive: true });
    writeSettings(join(draft, 'settings.json'), { port: 1, password });
    renameSync(draft, template);
  } catch {
    rmSync(draft, { recursive: true, force: true }); // a checkout that cannot be written, or another run was quicker
  }
}

/**
 * @param {string} template
 * @param {string} cluster
 * @param {import('./account.mjs').Account | null} account
 * @returns {string | null} the copy's password; null when there is nothing to copy
 */
function copied(template, cluster, account) {
  try {
    const settings = readSettings(join(template, 'settings.json'));
    if (!settings || lstatSync(template).uid !== process.getuid?.()) return null;
    cpSync(join(template, 'cluster'), cluster, { recursive: true });
    if (account) give(cluster, account);
    return settings.password;
  } catch {
    rmSync(cluster, { recursive: true, force: true });
    return null;
  }
}

/**
 * @param {string} path
 * @param {import('./account.mjs').Account} account
 */
function give(path, account) {
  chownSync(path, account.uid, account.gid);
  if (lstatSync(path).isDirectory()) for (const name of readdirSync(path)) give(join(path, name), account);
}

/**
 * Removes what runs that were killed outright left behind. Only folders of our own user are looked at: the temporary folder is everybody's.
 */
async function sweep() {
  for (const name of readdirSync(tmpdir())) {
    if (!name.startsWith(PREFIX)) continue;
    const folder = join(tmpdir(), name);
    const stat = lstatSync(folder, { throwIfNoEntry: false });
    if (!stat?.isDirectory() || (process.getuid && stat.uid !== process.getuid())) continue;
    try {
      const claim = readClaim(join(folder, 'supervisor.json'));
      const young = Date.now() - stat.mtimeMs < 60_000; // a run that has not claimed its folder yet
      if (claim === null ? young : isAlive(claim.supervisor)) continue;
      for (const child of Object.values(claim?.children ?? {})) if (isAlive(child)) killQuietly(child.pid, 'SIGKILL');
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    } catch {
      // another run sweeps the same folder
    }
  }
}

/**
 * @param {number} pid
 * @param {NodeJS.Signals} signal
 */
function killQuietly(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch {
    // gone already
  }
}
