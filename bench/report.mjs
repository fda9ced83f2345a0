// What a bench says at its end: figures, each beside its limit or its goal, and whether the goal was met.

/**
 * @typedef {object} Row
 * @property {string} what
 * @property {string} measured
 * @property {string} [goal] '' or absent: a figure to read, not one to reach
 * @property {boolean} [met] only with a goal
 */

/** A bench's figures in the order in which they were found. */
export class Report {
  /** @type {Row[]} */
  rows = [];
  /** @type {string[]} what a reader has to know */
  notes = [];
  /** @type {Record<string, unknown>} the same figures as numbers, for `--json` */
  figures = {};

  /** @param {string} what @param {string} measured */
  figure(what, measured) {
    this.rows.push({ what, measured });
  }

  /** @param {string} what @param {string} measured @param {string} goal @param {boolean} met */
  goal(what, measured, goal, met) {
    this.rows.push({ what, measured, goal, met });
  }

  /** @param {string} text */
  note(text) {
    this.notes.push(text);
  }

  /** Goals that were not met. */
  get missed() {
    return this.rows.filter((row) => row.met === false);
  }

  /** @returns {string} */
  toString() {
    const table = columns([
      ['', 'measured', 'goal', ''],
      ...this.rows.map(({ what, measured, goal, met }) => [what, measured, goal ?? '', met === undefined ? '' : met ? 'met' : 'NOT MET']),
    ]);
    return [...table, ...this.notes.map((note) => `note: ${note}`)].map((line) => `  ${line}`).join('\n');
  }
}

/**
 * Lines of equal columns; all but the first stand right.
 * @param {readonly (readonly string[])[]} rows the first is the head
 * @returns {string[]}
 */
export function columns(rows) {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => (row[i] ?? '').length)));
  const line = (/** @type {readonly string[]} */ row) =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join('  ')
      .trimEnd();
  const [head = [], ...rest] = rows;
  return [line(head), widths.map((w) => '-'.repeat(w)).join('  '), ...rest.map(line)];
}
