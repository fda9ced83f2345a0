// One supervisor per data folder. The claim is a file beside the data that names the supervisor and what it started; after `kill -9` of the
// supervisor, the next one finds there what was left running.
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { codeOf, Sentence } from '../sentence.mjs';
import { identityOf, isAlive } from './identity.mjs';

/**
 * @typedef {object} ClaimRecord
 * @property {import('./identity.mjs').ProcessIdentity} supervisor
 * @property {string} checkout whose program the supervisor is
 * @property {Record<string, import('./identity.mjs').ProcessIdentity>} children by name, in the order they were started
 */

/**
 * @typedef {object} Claim
 * @property {ClaimRecord | null} predecessor a supervisor that died without giving its claim back
 * @property {(name: string, pid: number | null) => void} child notes what was started, or (null) that it ended
 * @property {() => void} release
 */

/** Another supervisor lives. */
export class Occupied extends Sentence {}

/**
 * Claims a data folder.
 * @param {string} folder existing
 * @param {string} checkout
 * @returns {Claim}
 * @throws {Occupied} when another supervisor lives
 */
export function claimFolder(folder, checkout) {
  const file = join(folder, 'supervisor.json');
  /** @type {ClaimRecord} */
  const record = { supervisor: identityOf(process.pid), checkout, children: {} };
  const found = readClaim(file);
  if (found && isAlive(found.supervisor)) throw new Occupied(occupied(folder, found));
  if (found) putAway(file, folder, found);
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(record), { mode: 0o600 });
  try {
    linkSync(draft, file); // fails when another was quicker
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    const winner = readClaim(file);
    throw new Occupied(winner ? occupied(folder, winner) : `Another Lockstep is just starting in ${folder}.`);
  } finally {
    rmSync(draft, { force: true });
  }
  const save = () => {
    writeFileSync(draft, JSON.stringify(record), { mode: 0o600 });
    renameSync(draft, file);
  };
  return {
    predecessor: found,
    child(name, pid) {
      if (pid === null) delete record.children[name];
      else record.children[name] = identityOf(pid);
      save();
    },
    release() {
      const now = readClaim(file);
      if (now && now.supervisor.pid === record.supervisor.pid && now.supervisor.started === record.supervisor.started)
        rmSync(file, { force: true });
    },
  };
}

/**
 * Takes a dead supervisor's claim away, and gives it back when, in between, another process had already replaced it by its own.
 * @param {string} file
 * @param {string} folder
 * @param {ClaimRecord} dead
 */
function putAway(file, folder, dead) {
  const aside = `${file}.gone.${process.pid}`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    throw error;
  }
  const taken = readClaim(aside);
  if (taken && (taken.supervisor.pid !== dead.supervisor.pid || taken.supervisor.started !== dead.supervisor.started)) {
    try {
      linkSync(aside, file);
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
    }
    rmSync(aside, { force: true });
    throw new Occupied(occupied(folder, taken));
  }
  rmSync(aside, { force: true });
}

/**
 * @param {string} file
 * @returns {ClaimRecord | null}
 */
export function readClaim(file) {
  let text;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw new Sentence(`${file} cannot be read (${codeOf(error)}).`);
  }
  try {
    const value = JSON.parse(text);
    if (!isIdentity(value?.supervisor)) return broken(file);
    /** @type {ClaimRecord['children']} */
    const children = {};
    for (const [name, identity] of Object.entries(value.children ?? {})) if (isIdentity(identity)) children[name] = identity;
    return { supervisor: value.supervisor, checkout: String(value.checkout ?? ''), children };
  } catch (error) {
    if (error instanceof Sentence) throw error;
    return broken(file);
  }
}

/**
 * @param {string} file
 * @returns {never}
 */
function broken(file) {
  throw new Sentence(`${file} is not a record of Lockstep; if no Lockstep runs on ${dirname(file)}, remove it and start again.`);
}

/**
 * @param {unknown} value
 * @returns {value is import('./identity.mjs').ProcessIdentity}
 */
function isIdentity(value) {
  if (typeof value !== 'object' || value === null) return false;
  const { pid, started } = /** @type {Record<string, unknown>} */ (value);
  return Number.isSafeInteger(pid) && typeof started === 'string';
}

/**
 * @param {string} folder
 * @param {ClaimRecord} owner
 */
function occupied(folder, owner) {
  return `Lockstep already runs on ${folder} (process ${owner.supervisor.pid}, from ${owner.checkout}): stop it first, or choose another folder with LOCKSTEP_DATA_DIR.`;
}
