// The embedded Postgres: one cluster in one folder, reachable over the loopback interface only, with a password nobody chose.
//   folder/cluster/         the data (its log/ keeps a week of messages)
//   folder/settings.json    port and password, 0600
//   folder/start.log        what the last start said
//   folder/programs-…/      a copy of the programs, only where the account Postgres runs as cannot reach the installed ones
import { spawn } from 'node:child_process';
import { closeSync, existsSync, lstatSync, openSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { gone, identityOf, isAlive, isPostmasterOf } from '../processes/identity.mjs';
import { codeOf, Sentence } from '../sentence.mjs';
import { blockedAt, postgresAccount, spawnIds } from './account.mjs';
import { installedBinaries, reachableBinaries } from './binaries.mjs';
import { ownFolder } from './folders.mjs';
import { makeCluster, POSTGRES_ENV } from './initdb.mjs';
import { LastWords, serious } from './last-words.mjs';
import { databaseUrl, ensureDatabase, readPostmasterFile, servedFolder, stopPostmaster, untilReady } from './postmaster.mjs';
import { freePort, newPassword, portIsFree, readSettings, writeSettings } from './settings.mjs';

/** The major version of the programs that are installed; a cluster of another one cannot be opened by them. */
export const POSTGRES_MAJOR = '18';

/**
 * @typedef {object} PostgresOptions
 * @property {string} folder absolute
 * @property {boolean} predecessor whether a supervisor claimed this folder before us and died: only then may a server found running be touched
 * @property {string} [database] made when missing; default `lockstep`
 * @property {Record<string, string>} [parameters] of the server, e.g. `fsync: 'off'` where the data may be lost
 * @property {(pid: number | null) => void} [onProcess] told as soon as a process exists, and when it ended
 * @property {AbortSignal} [signal] ends a start under way; nothing is left running
 */

/**
 * @typedef {object} RunningPostgres
 * @property {string} url of the database
 * @property {number} port
 * @property {number} pid
 * @property {boolean} adopted it was left running by a supervisor that died
 * @property {Promise<void>} ended settles when the server process is gone, for whatever reason
 * @property {() => Promise<void>} stop
 */

/**
 * Starts the database of a folder, or adopts the one a dead supervisor left running there.
 * @param {PostgresOptions} options
 * @returns {Promise<RunningPostgres>}
 * @throws {Sentence} for everything a person can mend
 */
export async function startPostgres({ folder, predecessor, database = 'lockstep', parameters = {}, onProcess = () => undefined, signal }) {
  const account = postgresAccount();
  ownFolder(folder, account ? 0o755 : 0o700);
  const blocked = account && blockedAt(folder, account);
  if (blocked) {
    throw new Sentence(
      `Postgres runs as the user ${account.name}, who may not pass ${blocked}: choose a folder that every user can reach with LOCKSTEP_DATA_DIR (default as root: under /var/lib/lockstep).`,
    );
  }
  const cluster = join(folder, 'cluster');
  const settingsFile = join(folder, 'settings.json');
  checkCluster(cluster, account?.uid ?? process.getuid?.());
  const binaries = reachableBinaries(account, folder);
  let settings = readSettings(settingsFile);
  if (!existsSync(cluster)) {
    settings = settings ?? { port: await freePort(), password: newPassword() };
    writeSettings(settingsFile, settings); // first: a cluster whose password is lost cannot be opened again
    await makeCluster({
      binaries,
      account,
      cluster,
      password: settings.password,
      sync: parameters.fsync !== 'off',
      ...(signal ? { signal } : {}),
    });
  }
  if (!settings)
    throw new Sentence(
      `${cluster} holds a database, but ${settingsFile} with its password is gone: restore it from a backup, or move ${folder} away.`,
    );

  const served = realpathSync(cluster);
  const pgCtl = binaries.program('pg_ctl');
  const left = leftRunning(cluster, served, predecessor);
  if (left !== null) {
    const found = { ...settings, port: left.port };
    if (await answers(found, served)) {
      if (found.port !== settings.port) writeSettings(settingsFile, found);
      onProcess(left.identity.pid);
      await ensureDatabase(found, database);
      return running({ settings: found, database, identity: left.identity, adopted: true, cluster, pgCtl, onProcess });
    }
    await stopPostmaster(left.identity, { cluster, pgCtl });
  }

  for (let attempt = 1; ; attempt += 1) {
    signal?.throwIfAborted();
    if (!(await portIsFree(settings.port))) {
      settings = { ...settings, port: await freePort() };
      writeSettings(settingsFile, settings);
    }
    const log = join(folder, 'start.log');
    const words = new LastWords(log, join(cluster, 'log'));
    const identity = await launch({ binaries, account, cluster, log, port: settings.port, parameters });
    onProcess(identity.pid);
    const ready = await untilReady(cluster, identity.pid, () => signal?.aborted === true || !isAlive(identity), 120_000); // a crash's log may take long to replay
    if (ready && signal?.aborted !== true) {
      try {
        await ensureDatabase(settings, database);
      } catch (error) {
        await stopPostmaster(identity, { cluster, pgCtl });
        onProcess(null);
        if (/^28/.test(codeOf(error)))
          throw new Sentence(`The password in ${settingsFile} does not open the database beside it: restore the file from a backup.`);
        throw error;
      }
      return running({ settings, database, identity, adopted: false, cluster, pgCtl, onProcess });
    }
    await stopPostmaster(identity, { cluster, pgCtl });
    onProcess(null);
    signal?.throwIfAborted();
    const said = words.read();
    // Backends of a server killed outright hold its memory for a moment longer; a port may be taken between our look and its bind.
    if (attempt < 5 && /shared memory block|could not bind|Address already in use/.test(said)) {
      await new Promise((resolve) => setTimeout(resolve, 300 * attempt));
      continue;
    }
    throw new Sentence(`Postgres does not start on ${cluster}: ${serious(said)} (all of it: ${log} and ${join(cluster, 'log')}).`);
  }
}

/**
 * Ends the server that a dead supervisor left running on a folder, if there is one.
 * @param {string} folder
 * @param {boolean} predecessor as in PostgresOptions
 */
export async function endLeftServer(folder, predecessor) {
  const cluster = join(folder, 'cluster');
  if (!existsSync(cluster)) return;
  const left = leftRunning(cluster, realpathSync(cluster), predecessor);
  if (left) await stopPostmaster(left.identity, { cluster, pgCtl: installedBinaries().program('pg_ctl') });
}

/**
 * @param {string} cluster
 * @param {number | undefined} uid who must own it
 */
function checkCluster(cluster, uid) {
  const stat = lstatSync(cluster, { throwIfNoEntry: false });
  if (!stat) return;
  if (!stat.isDirectory()) throw new Sentence(`${cluster} is not a folder of its own (a link or a file).`);
  if (uid !== undefined && stat.uid !== uid) {
    throw new Sentence(
      `${cluster} belongs to another user (uid ${stat.uid}): start Lockstep as the user who started it first, or choose another folder with LOCKSTEP_DATA_DIR.`,
    );
  }
  let version = '';
  try {
    version = readFileSync(join(cluster, 'PG_VERSION'), 'utf8').trim();
  } catch (error) {
    throw new Sentence(
      `${cluster} is not a database of Lockstep (PG_VERSION: ${codeOf(error)}): choose another folder with LOCKSTEP_DATA_DIR.`,
    );
  }
  if (version !== POSTGRES_MAJOR) {
    throw new Sentence(
      `${cluster} was made by Postgres ${version}, and this Lockstep brings ${POSTGRES_MAJOR}: see "Upgrade" in docs/operations.md.`,
    );
  }
}

/**
 * The server that postmaster.pid names, if it is really this cluster's. A stale file whose number now belongs to something else is removed, because
 * Postgres would refuse to start over it.
 * @param {string} cluster
 * @param {string} served the same, links resolved
 * @param {boolean} predecessor
 * @throws {Sentence} when one runs that is not ours to touch
 */
function leftRunning(cluster, served, predecessor) {
  const file = readPostmasterFile(cluster);
  if (!file) return null;
  const identity = identityOf(file.pid);
  if (identity.started === '') return null;
  const ours = isPostmasterOf(file.pid, served);
  if (ours === null)
    throw new Sentence(
      `Process ${file.pid} may be the Postgres of ${cluster}, and this user may not look: start Lockstep as the user who started it first.`,
    );
  if (ours) {
    if (predecessor) return { identity, port: file.port };
    throw new Sentence(
      `A Postgres that no Lockstep has on record runs on ${cluster} (process ${file.pid}): stop it first, or choose another folder with LOCKSTEP_DATA_DIR.`,
    );
  }
  rmSync(join(cluster, 'postmaster.pid'), { force: true });
  return null;
}

/**
 * Whether the server at this port takes our password and serves our folder; it is given a few seconds, since it may be replaying its log.
 * @param {import('./settings.mjs').PostgresSettings} settings
 * @param {string} served
 */
async function answers(settings, served) {
  if (settings.port === 0) return false;
  for (const until = Date.now() + 5_000; Date.now() < until; ) {
    const folder = await servedFolder(settings);
    if (folder !== null) return folder === served;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return false;
}

/**
 * @param {object} start
 * @param {import('./binaries.mjs').Binaries} start.binaries
 * @param {import('./account.mjs').Account | null} start.account
 * @param {string} start.cluster
 * @param {string} start.log
 * @param {number} start.port
 * @param {Record<string, string>} start.parameters
 */
async function launch({ binaries, account, cluster, log, port, parameters }) {
  /** @type {Record<string, string>} */
  const all = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '', // one door, and it asks for the password
    logging_collector: 'on',
    log_filename: 'postgres-%a.log', // seven files, each overwritten after a week
    log_rotation_age: '1440',
    log_truncate_on_rotation: 'on',
    log_checkpoints: 'off',
    ...parameters,
  };
  const args = ['-D', cluster, '-p', String(port), ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
  const output = openSync(log, 'w', 0o600);
  try {
    if (process.platform === 'win32') {
      // pg_ctl gives away administrator rights, with which Postgres would refuse to run.
      const options = args.slice(2).map((arg) => (/[\s"]|^$/.test(arg) ? `"${arg}"` : arg));
      const control = spawn(binaries.program('pg_ctl'), ['start', '-D', cluster, '-W', '-l', log, '-o', options.join(' ')], {
        env: POSTGRES_ENV,
        stdio: 'ignore',
        windowsHide: true,
      });
      await new Promise((resolve, reject) => control.once('error', reject).once('close', resolve));
      for (let tries = 0; tries < 400 && readPostmasterFile(cluster) === null; tries += 1)
        await new Promise((resolve) => setTimeout(resolve, 25));
      return identityOf(readPostmasterFile(cluster)?.pid ?? 0);
    }
    // A session of its own: Ctrl-C in the terminal must not end the database before the server that uses it.
    const child = spawn(binaries.program('postgres'), args, {
      ...spawnIds(account),
      env: POSTGRES_ENV,
      cwd: '/',
      detached: true,
      stdio: ['ignore', output, output],
    });
    await new Promise((resolve, reject) => child.once('spawn', () => resolve(undefined)).once('error', reject));
    child.unref(); // whoever started us waits for `ended`, not for this handle
    return identityOf(child.pid ?? 0);
  } finally {
    closeSync(output);
  }
}

/**
 * @param {object} state
 * @param {import('./settings.mjs').PostgresSettings} state.settings
 * @param {string} state.database
 * @param {import('../processes/identity.mjs').ProcessIdentity} state.identity
 * @param {boolean} state.adopted
 * @param {string} state.cluster
 * @param {string} state.pgCtl
 * @param {(pid: number | null) => void} state.onProcess
 * @returns {RunningPostgres}
 */
function running({ settings, database, identity, adopted, cluster, pgCtl, onProcess }) {
  let watching = true;
  /** @type {() => void} */
  let tell = () => undefined;
  const ended = new Promise((/** @type {(value: void) => void} */ resolve) => {
    tell = resolve;
  });
  // An adopted server is no child of ours, so both kinds are watched in the same way.
  const timer = setInterval(() => {
    if (watching && !isAlive(identity)) finish();
  }, 500);
  timer.unref();
  const finish = () => {
    watching = false;
    clearInterval(timer);
    onProcess(null);
    tell();
  };
  return {
    url: databaseUrl(settings, database),
    port: settings.port,
    pid: identity.pid,
    adopted,
    ended,
    async stop() {
      if (!watching) return;
      watching = false;
      await stopPostmaster(identity, { cluster, pgCtl });
      await gone(identity, 1_000);
      finish();
    },
  };
}
