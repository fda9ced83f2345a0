// Postgres refuses to run as root, so root lends it an account that can do nothing else.
import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Sentence } from '../sentence.mjs';

/**
 * @typedef {object} Account
 * @property {string} name
 * @property {number} uid
 * @property {number} gid
 */

/**
 * The account Postgres runs as: null = whoever runs us. As root: `postgres` when the machine has it, else `nobody`. No account is ever added to the machine.
 * @returns {Account | null}
 */
export function postgresAccount() {
  if (process.platform === 'win32' || process.getuid?.() !== 0) return null;
  const rows = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  for (const name of ['postgres', 'nobody']) {
    const row = rows.find((fields) => fields[0] === name);
    const uid = Number(row?.[2]);
    const gid = Number(row?.[3]);
    if (uid > 0 && gid > 0) return { name, uid, gid };
  }
  throw new Sentence(
    'Postgres does not run as root, and this machine has neither a user "postgres" nor "nobody": start Lockstep as an ordinary user, or give DATABASE_URL.',
  );
}

/**
 * @param {Account | null} account
 * @returns {{ uid?: number, gid?: number }} for spawn()
 */
export function spawnIds(account) {
  return account ? { uid: account.uid, gid: account.gid } : {};
}

/**
 * The first existing folder on the way to a path that the account cannot pass.
 * @param {string} path
 * @param {Account} account
 * @returns {string | null}
 */
export function blockedAt(path, account) {
  /** @type {string[]} */
  const chain = [];
  for (let at = resolve(path); ; at = dirname(at)) {
    chain.unshift(at);
    if (at === dirname(at)) break;
  }
  for (const folder of chain) {
    const stat = statSync(folder, { throwIfNoEntry: false });
    if (!stat) return null;
    const bit = stat.uid === account.uid ? 0o100 : stat.gid === account.gid ? 0o010 : 0o001;
    if ((stat.mode & bit) === 0) return folder;
  }
  return null;
}
