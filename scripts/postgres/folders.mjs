// Folders whose owner matters: whoever may write beside the database or its programs decides what Postgres runs.
import { accessSync, chmodSync, chownSync, constants, lstatSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { codeOf, Sentence, textOf } from '../sentence.mjs';

/**
 * Makes a folder that only we can write, or checks that an existing one is that.
 * @param {string} path absolute
 * @param {number} mode of a folder that is made
 * @throws {Sentence} when it is a link, another user's, writable by others, or cannot be made
 */
export function ownFolder(path, mode) {
  try {
    // An existing folder keeps its rights: it may be more than ours to close (a home folder, /tmp).
    if (mkdirSync(path, { recursive: true, mode }) !== undefined) chmodSync(path, mode); // whatever the umask took away
  } catch (error) {
    throw new Sentence(unwritable(path, error));
  }
  if (process.platform === 'win32') return;
  const stat = lstatSync(path);
  if (!stat.isDirectory())
    throw new Sentence(`${path} is not a folder of its own (a link or a file): Lockstep keeps its data only in a real folder.`);
  if (stat.uid !== process.getuid?.()) {
    throw new Sentence(
      `${path} belongs to another user (uid ${stat.uid}): start Lockstep as that user, or choose another folder with LOCKSTEP_DATA_DIR.`,
    );
  }
  if ((stat.mode & 0o022) !== 0) {
    throw new Sentence(
      `${path} can be written by other users: take that right away (chmod go-w) or choose another folder with LOCKSTEP_DATA_DIR.`,
    );
  }
  for (let at = dirname(path); at !== dirname(at); at = dirname(at)) {
    const above = statSync(at);
    // In a sticky folder (/tmp) nobody can rename what another user owns.
    if ((above.mode & 0o002) !== 0 && (above.mode & 0o1000) === 0) {
      throw new Sentence(
        `${at} can be written by every user, so ${path} could be exchanged under Lockstep: choose another folder with LOCKSTEP_DATA_DIR.`,
      );
    }
  }
  try {
    accessSync(path, constants.W_OK);
  } catch (error) {
    throw new Sentence(unwritable(path, error));
  }
}

/**
 * @param {string} path
 * @param {{ uid: number, gid: number } | null} account who owns it afterwards; null leaves it ours
 */
export function privateFolderOf(path, account) {
  mkdirSync(path, { mode: 0o700 });
  if (account) chownSync(path, account.uid, account.gid);
}

/**
 * @param {string} path
 * @param {unknown} error
 */
function unwritable(path, error) {
  const why = {
    EROFS: 'the file system is read-only',
    EACCES: 'this user may not',
    EPERM: 'this user may not',
    ENOSPC: 'the disk is full',
  }[codeOf(error)];
  return `Lockstep cannot write its data in ${path} (${why ?? textOf(error)}): choose another folder with LOCKSTEP_DATA_DIR.`;
}
