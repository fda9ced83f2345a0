import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compareVersions, improvementOf, isBetaBuild, isImprovementBuild, versionOf } from './index.js';

describe('versions', () => {
  it.each([
    ['26.6.1', [26, 6, 1]],
    ['26', [26]],
    [' 26.3.1 (a) ', [26, 3, 1]],
    ['26.3.1(b)', [26, 3, 1]],
    ['19.4.0.10', [19, 4, 0, 10]],
    ['1810.0.3', [1810, 0, 3]],
    ['', null],
    ['26.', null],
    ['26.x', null],
    ['v26', null],
    ['26.6.1 beta 2', null],
    ['-1', null],
    ['1e3', null],
    ['99999999999', null],
    ['26.6.1\n', [26, 6, 1]],
  ])('%j reads as %j', (text, numbers) => expect(versionOf(text)).toEqual(numbers));

  it.each([
    ['26.10', '26.9', 1],
    ['9.3.6', '10.0', -1],
    ['26.0', '26', 0],
    ['26.0.0.0', '26', 0],
    ['26.3.1 (a)', '26.3.1', 0],
    ['18.7.10', '18.7.8', 1],
    ['12.13.11.1', '12.13.9.1', 1],
    ['26.1', 'new', null],
    ['', '1', null],
  ])('%s beside %s: %j', (a, b, order) => expect(compareVersions(a, b)).toBe(order));

  it('are ordered like their numbers, whatever the text looks like', () => {
    const numbers = fc.array(fc.nat(1_000), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(numbers, numbers, (a, b) => {
        const [x, y] = [a.join('.'), b.join('.')];
        const longest = Math.max(a.length, b.length);
        const difference = Array.from({ length: longest }, (_, i) => (a[i] ?? 0) - (b[i] ?? 0)).find((d) => d !== 0) ?? 0;
        expect(compareVersions(x, y)).toBe(Math.sign(difference));
        expect(compareVersions(y, x)).toBe(Math.sign(-difference));
      }),
    );
  });

  it('tell the letter of an improvement', () => {
    expect([improvementOf('26.3.1 (a)'), improvementOf('26.3.1'), improvementOf('(a)')]).toEqual(['a', null, null]);
  });

  it.each([
    ['24A5430a', true, false],
    ['23A5260u', true, false],
    ['23G83', false, false],
    ['23G6083', false, false],
    ['23D771330a', false, true],
    ['20E772520a', false, true],
    ['12B410a', false, false],
    ['', false, false],
    ['garbage', false, false],
  ])('%s: beta %j, improvement %j', (build, beta, improvement) => {
    expect([isBetaBuild(build), isImprovementBuild(build)]).toEqual([beta, improvement]);
  });
});
