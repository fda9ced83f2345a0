// The running server process: finding it, talking to it, ending it.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { gone } from '../processes/identity.mjs';
import { codeOf } from '../sentence.mjs';

/**
 * @typedef {object} PostmasterFile
 * @property {number} pid
 * @property {number} port
 * @property {boolean} ready
 */

/**
 * postmaster.pid, as miscinit.c writes it: line 1 the pid, 4 the port, 8 the state.
 * @param {string} cluster
 * @returns {PostmasterFile | null}
 */
export function readPostmasterFile(cluster) {
  let text;
  try {
    text = readFileSync(join(cluster, 'postmaster.pid'), 'utf8');
  } catch {
    return null;
  }
  const lines = text.split('\n');
  const pid = Math.abs(Number(lines[0])); // negative for a single-user backend
  if (!Number.isSafeInteger(pid) || pid === 0) return null;
  return { pid, port: Number(lines[3]) || 0, ready: (lines[7] ?? '').trim() === 'ready' };
}

/**
 * The address of a database on the loopback interface.
 * @param {import('./settings.mjs').PostgresSettings} settings
 * @param {string} database
 */
export function databaseUrl(settings, database) {
  return `postgresql://postgres:${settings.password}@127.0.0.1:${settings.port}/${database}`;
}

/**
 * Asks a running server, with our password, which data folder it serves.
 * @param {import('./settings.mjs').PostgresSettings} settings
 * @returns {Promise<string | null>} '' when it refuses our password, null when it does not answer
 */
export async function servedFolder(settings) {
  const client = new pg.Client({
    connectionString: databaseUrl(settings, 'postgres'),
    connectionTimeoutMillis: 2_000,
    query_timeout: 2_000,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query('SHOW data_directory');
    return String(rows[0]?.data_directory ?? '');
  } catch (error) {
    return /^28/.test(codeOf(error)) ? '' : null; // SQLSTATE class 28: invalid authorization
  } finally {
    await client.end().catch(() => undefined);
  }
}

/**
 * Makes the database if it is not there.
 * @param {import('./settings.mjs').PostgresSettings} settings
 * @param {string} database letters and digits only
 */
export async function ensureDatabase(settings, database) {
  const client = new pg.Client({ connectionString: databaseUrl(settings, 'postgres'), connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [database]);
    if (rowCount === 0) await client.query(`CREATE DATABASE "${database}"`);
  } finally {
    await client.end();
  }
}

/**
 * Ends a server process: SIGINT = fast shutdown (sessions are cut, the log is flushed); when that takes longer than the grace, SIGQUIT = immediate
 * (no checkpoint; the next start replays the log and loses nothing); SIGKILL only when even that is ignored.
 * @param {import('../processes/identity.mjs').ProcessIdentity} postmaster
 * @param {{ cluster: string, pgCtl: string, graceMs?: number }} options
 */
export async function stopPostmaster(postmaster, { cluster, pgCtl, graceMs = 10_000 }) {
  /** @type {[NodeJS.Signals, string, number][]} */
  const steps = [
    ['SIGINT', 'fast', graceMs],
    ['SIGQUIT', 'immediate', 5_000],
    ['SIGKILL', 'immediate', 5_000],
  ];
  for (const [signal, mode, ms] of steps) {
    if (process.platform === 'win32' && signal !== 'SIGKILL') {
      // Windows has no such signals: pg_ctl speaks to the postmaster over its own pipe.
      await new Promise((resolve) => execFile(pgCtl, ['stop', '-D', cluster, '-m', mode, '-W'], resolve));
    } else {
      try {
        process.kill(postmaster.pid, signal);
      } catch {
        // gone already, which the next line sees
      }
    }
    if (await gone(postmaster, ms)) return;
  }
  throw new Error(`Postgres (process ${postmaster.pid}) does not end.`);
}

/**
 * Waits until the server that is starting says it is ready.
 * @param {string} cluster
 * @param {number} pid
 * @param {() => boolean} ended whether the process has ended meanwhile
 * @param {number} ms
 */
export async function untilReady(cluster, pid, ended, ms) {
  const until = Date.now() + ms;
  for (;;) {
    const file = readPostmasterFile(cluster);
    if (file?.pid === pid && file.ready) return true;
    if (ended() || Date.now() >= until) return false;
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
}
