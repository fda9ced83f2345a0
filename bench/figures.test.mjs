import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { quantile, spread } from './figures.mjs';
import { columns, Report } from './report.mjs';

describe('figures', () => {
  it('take quantiles that were measured, and never lose the largest', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 300 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (values, q) => {
          const sorted = [...values].sort((a, b) => a - b);
          const found = quantile(sorted, q);
          expect(sorted).toContain(found);
          // At least the share q of all lies at or below it.
          expect(sorted.filter((v) => v <= found).length / sorted.length).toBeGreaterThanOrEqual(q - 1e-9);
          expect(spread([...values]).max).toBe(sorted.at(-1));
        },
      ),
    );
  });

  it('of nothing are nothing, and not zero', () => {
    expect(spread([]).p99).toBeNaN();
  });
});

describe('a report', () => {
  it('says of every goal whether it was met, and knows those that were not', () => {
    const report = new Report();
    report.figure('limit', '100/s');
    report.goal('ratio', '0.40', '>= 0.50', false);
    report.goal('lost', '0', '0', true);
    expect(report.missed.map((row) => row.what)).toEqual(['ratio']);
    expect(report.toString()).toMatch(/ratio +0\.40 +>= 0\.50 +NOT MET\n.*lost +0 +0 +met/);
  });

  it('stands in columns', () => {
    const lines = columns([
      ['a', 'b'],
      ['long', '1'],
      ['x', '12345'],
    ]);
    expect(new Set(lines.map((line) => line.length)).size).toBe(1);
  });
});
