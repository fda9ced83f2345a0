// The last line of a run: `N passed, N failed`. When LOCKSTEP_CLOSING_LINE names a file the counts go there and `npm test` says the line, after everything else.
import { writeFileSync } from 'node:fs';

/**
 * @param {{ passed: number, failed: number, skipped: number }} counts
 * @returns {string}
 */
export function closingLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

export default class ClosingLine {
  /** @type {{ passed: number, failed: number, skipped: number } | undefined} */
  #counts;

  /**
   * @param {Set<unknown>} _contexts
   * @param {{ numPassedTests: number, numFailedTests: number, numRuntimeErrorTestSuites: number, numPendingTests: number, numTodoTests: number }} results
   */
  onRunComplete(_contexts, results) {
    // A suite that could not even be loaded has no tests to count; it is one failure.
    const counts = {
      passed: results.numPassedTests,
      failed: results.numFailedTests + results.numRuntimeErrorTestSuites,
      skipped: results.numPendingTests + results.numTodoTests,
    };
    this.#counts = counts;
    const file = process.env.LOCKSTEP_CLOSING_LINE;
    if (file) writeFileSync(file, JSON.stringify(counts));
    else process.stdout.write(`${closingLine(counts)}\n`);
  }

  getLastError() {
    const counts = this.#counts;
    if (counts && counts.passed + counts.failed === 0) return new Error('No test ran.');
    return undefined;
  }
}
