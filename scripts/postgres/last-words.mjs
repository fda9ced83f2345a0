// Why a server did not start: it says the beginning on its own output and, once its log collector runs, the rest in the cluster's log folder.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

export class LastWords {
  #output;
  #folder;
  #sizes;

  /**
   * Remembers how long the logs are before a start.
   * @param {string} output file of the start's own output
   * @param {string} folder the collector's
   */
  constructor(output, folder) {
    this.#output = output;
    this.#folder = folder;
    this.#sizes = new Map(this.#files().map((file) => [file, statSync(file, { throwIfNoEntry: false })?.size ?? 0]));
  }

  #files() {
    try {
      return readdirSync(this.#folder).map((name) => join(this.#folder, name));
    } catch {
      return [];
    }
  }

  /** What was said since. */
  read() {
    const texts = [this.#output, ...this.#files()].map((file) => {
      try {
        return readFileSync(file)
          .subarray(this.#sizes.get(file) ?? 0)
          .toString('utf8');
      } catch {
        return '';
      }
    });
    return texts.join('\n').trim();
  }
}

/**
 * The part of it that a person needs.
 * @param {string} said
 * @returns {string} without a full stop
 */
export function serious(said) {
  const lines = said.split('\n').filter((line) => line.trim() !== '');
  const important = lines.filter((line) => /\b(FATAL|PANIC|ERROR|could not)\b/.test(line));
  const chosen = (important.length > 0 ? important : lines).slice(-2).map((line) => line.replace(/^[\d-]+ [\d:.]+ \w+ \[\d+\] /, ''));
  return chosen.join(' · ').replace(/\.$/, '') || 'it said nothing';
}
