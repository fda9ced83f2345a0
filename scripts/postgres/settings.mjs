// What the database of one data folder needs to be reached again: its port and its password, in a file only its owner reads.
import { randomBytes } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { codeOf, Sentence } from '../sentence.mjs';

/**
 * @typedef {object} PostgresSettings
 * @property {number} port
 * @property {string} password
 */

/**
 * @param {string} file
 * @returns {PostgresSettings | null} null when there is none yet
 */
export function readSettings(file) {
  let text;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw new Sentence(`${file} cannot be read (${codeOf(error)}): it holds the database's password.`);
  }
  try {
    const { port, password } = JSON.parse(text);
    if (Number.isInteger(port) && port > 0 && port < 65536 && typeof password === 'string' && password !== '') return { port, password };
  } catch {
    // falls through to the sentence
  }
  throw new Sentence(`${file} is damaged: it must hold the database's port and password.`);
}

/**
 * Written beside and moved over, so a crash leaves the old or the new file, never half of one.
 * @param {string} file
 * @param {PostgresSettings} settings
 */
export function writeSettings(file, settings) {
  writeFileSync(`${file}.new`, `${JSON.stringify(settings)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** 192 bits; letters, digits, `-` and `_` only, so it stands in an address as it is. */
export function newPassword() {
  return randomBytes(24).toString('base64url');
}

/**
 * @param {number} port
 * @param {string} [host]
 * @returns {Promise<boolean>}
 */
export function portIsFree(port, host = '127.0.0.1') {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (/** @type {NodeJS.ErrnoException} */ error) => (error.code === 'EADDRINUSE' ? resolve(false) : reject(error)));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/**
 * A port nobody listens on now. Another process may still take it first; the caller tries again then.
 * @returns {Promise<number>}
 */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => (address && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port'))));
    });
  });
}
