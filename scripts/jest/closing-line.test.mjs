import { describe, expect, it } from '@jest/globals';
import ClosingLine, { closingLine } from './closing-line.mjs';

describe('the closing line', () => {
  it('counts', () => {
    expect(closingLine({ passed: 12, failed: 0, skipped: 0 })).toBe('12 passed, 0 failed');
    expect(closingLine({ passed: 1, failed: 2, skipped: 3 })).toBe('1 passed, 2 failed, 3 skipped');
  });

  it('counts a suite that could not be loaded as a failure, and a run without tests as an error', () => {
    const reporter = new ClosingLine();
    const file = process.env.LOCKSTEP_CLOSING_LINE;
    process.env.LOCKSTEP_CLOSING_LINE = '/dev/null'; // this run's own counts are not to be overwritten
    try {
      const none = { numPassedTests: 0, numFailedTests: 0, numRuntimeErrorTestSuites: 0, numPendingTests: 4, numTodoTests: 0 };
      reporter.onRunComplete(new Set(), none);
      expect(reporter.getLastError()?.message).toBe('No test ran.');
      reporter.onRunComplete(new Set(), { ...none, numRuntimeErrorTestSuites: 1 });
      expect(reporter.getLastError()).toBeUndefined();
    } finally {
      if (file === undefined) delete process.env.LOCKSTEP_CLOSING_LINE;
      else process.env.LOCKSTEP_CLOSING_LINE = file;
    }
  });
});
