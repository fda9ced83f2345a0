import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { spread } from './spread-waits.mjs';

const path = (/** @type {string} */ text) => join(...text.split('/'));
const order = (/** @type {string[]} */ tests) => spread(tests.map(path), (test) => test);

it('puts what waits between what computes, the longest first, and ends with what computes', () => {
  const rooms = Array.from({ length: 10 }, (_, i) => `packages/core/src/${i}.test.ts`);
  const told = order([...rooms, 'e2e/stories.test.ts', 'e2e/fire/fire.test.mjs']);
  expect(told).toEqual(
    ['e2e/fire/fire.test.mjs', ...rooms.slice(0, 4), 'e2e/stories.test.ts', ...rooms.slice(4, 8), ...rooms.slice(8)].map(path),
  );
});

it('keeps an order of one kind, and loses nothing', () => {
  expect(order([])).toEqual([]);
  expect(order(['apps/web/a.test.ts', 'apps/server/b.test.ts'])).toEqual(['apps/web/a.test.ts', 'apps/server/b.test.ts'].map(path));
  expect(order(['e2e/a.test.ts', 'apps/lab/b.test.ts'])).toEqual(['e2e/a.test.ts', 'apps/lab/b.test.ts'].map(path));
});
