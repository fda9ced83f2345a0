import { closeSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs';

/** One file and one predecessor: at most twice this much of the disk for each service. */
const LIMIT_BYTES = 16 * 1024 * 1024;

/** A log that keeps itself small. A full disk loses lines of it, never the service. */
export class LogFile {
  #path;
  /** @type {number | null} */
  #file;
  #size;

  /** @param {string} path its folder exists */
  constructor(path) {
    this.#path = path;
    this.#file = openSync(path, 'a', 0o600);
    this.#size = fstatSync(this.#file).size;
  }

  /** @param {string} line */
  write(line) {
    if (this.#file === null) return;
    const bytes = Buffer.from(`${line}\n`);
    try {
      if (this.#size + bytes.length > LIMIT_BYTES) {
        closeSync(this.#file);
        renameSync(this.#path, `${this.#path}.1`);
        this.#file = openSync(this.#path, 'a', 0o600);
        this.#size = 0;
      }
      this.#size += writeSync(this.#file, bytes);
    } catch {
      // ENOSPC and the like
    }
  }

  close() {
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
  }
}
