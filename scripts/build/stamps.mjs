// Whether a step has to be done again: it has not when its inputs are the same bytes and its outputs are the files it left.
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** Never an input: made by a step, or only for tests. */
const IGNORED_FOLDERS = new Set(['node_modules', 'dist', 'coverage', '.git', '.lockstep']);
const IGNORED_FILES = /\.test\.(ts|tsx|mjs)$|\.tsbuildinfo$/;

/**
 * Every file under the given paths, sorted; a path that does not exist has none.
 * @param {string[]} paths absolute
 * @param {boolean} outputs whether made folders count too
 * @returns {string[]}
 */
export function filesUnder(paths, outputs = false) {
  /** @type {string[]} */
  const files = [];
  const walk = (/** @type {string} */ path) => {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (!stat) return;
    if (!stat.isDirectory()) {
      files.push(path);
      return;
    }
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      const name = join(path, entry.name);
      if (entry.isDirectory()) {
        if (outputs || !IGNORED_FOLDERS.has(entry.name)) walk(name);
      } else if (outputs || !IGNORED_FILES.test(entry.name)) files.push(name);
    }
  };
  for (const path of paths) walk(path);
  return files.sort();
}

/**
 * A name for the content of files; the same content at the same places gives the same name.
 * @param {string} root
 * @param {string[]} inputs absolute paths of files and folders
 * @param {string[]} [also] further texts the result depends on
 */
export function contentHash(root, inputs, also = []) {
  const hash = createHash('sha256');
  for (const text of also) hash.update(`${text}\0`);
  for (const file of filesUnder(inputs)) {
    const content = readFileSync(file);
    hash.update(`${relative(root, file)}\0${content.length}\0`);
    hash.update(content);
  }
  return hash.digest('hex');
}

/**
 * A name for the files a step left: their places, sizes and times. Cheap, and changed by whatever touches them.
 * @param {string} root
 * @param {string[]} outputs
 */
export function outputState(root, outputs) {
  const hash = createHash('sha256');
  let count = 0;
  for (const file of filesUnder(outputs, true)) {
    const stat = statSync(file);
    hash.update(`${relative(root, file)}\0${stat.size}\0${stat.mtimeMs}\0`);
    count += 1;
  }
  return count === 0 ? 'nothing' : hash.digest('hex');
}

/** The stamps of a checkout. */
export class Stamps {
  #folder;

  /** @param {string} folder where they lie; made when first written */
  constructor(folder) {
    this.#folder = folder;
  }

  /**
   * @param {string} step
   * @param {string} inputs
   * @param {string} outputs
   */
  holds(step, inputs, outputs) {
    if (outputs === 'nothing') return false;
    try {
      const stamp = JSON.parse(readFileSync(join(this.#folder, `${step}.json`), 'utf8'));
      return stamp.inputs === inputs && stamp.outputs === outputs;
    } catch {
      return false;
    }
  }

  /**
   * @param {string} step
   * @param {string} inputs
   * @param {string} outputs
   */
  set(step, inputs, outputs) {
    mkdirSync(this.#folder, { recursive: true });
    const file = join(this.#folder, `${step}.json`);
    writeFileSync(`${file}.${process.pid}`, `${JSON.stringify({ inputs, outputs })}\n`);
    renameSync(`${file}.${process.pid}`, file);
  }
}
