// A database somebody else runs: does it answer, before anything is started on it?
import pg from 'pg';
import { codeOf, Sentence, textOf } from '../sentence.mjs';

/** Longer than a loaded server takes to accept, short enough for a person to wait. */
const PATIENCE_MS = 10_000;

/**
 * @param {string} url
 * @returns {Promise<string>} its version
 * @throws {Sentence} that names the variable, and never the password
 */
export async function checkDatabase(url) {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: PATIENCE_MS, query_timeout: PATIENCE_MS });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query('SHOW server_version');
    return String(rows[0].server_version).split(' ')[0] ?? '';
  } catch (error) {
    throw new Sentence(`The database of DATABASE_URL (${withoutPassword(url)}) does not answer: ${reason(error)}.`);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** @param {unknown} error */
function reason(error) {
  // A name with several addresses fails with all of their errors at once and no message of its own.
  const first = error instanceof AggregateError ? error.errors[0] : error;
  return (
    { ECONNREFUSED: 'nothing listens there', ENOTFOUND: 'its host name is not known', ETIMEDOUT: 'no answer in time' }[codeOf(first)] ??
    textOf(first).replace(/\.$/, '')
  );
}

/** @param {string} url */
export function withoutPassword(url) {
  const parsed = new URL(url);
  return `${parsed.username ? `${decodeURIComponent(parsed.username)}@` : ''}${parsed.host}${parsed.pathname}`;
}
