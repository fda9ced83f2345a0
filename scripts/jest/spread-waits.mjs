// The order of the suites. Stories wait most of their time (for processes to start, for a look that comes every half minute), suites of
// rooms and rules compute. One after the other the cores would stand idle first and be fought over later; so they take turns, the long ones
// early, that none is left running alone at the end.
import { sep } from 'node:path';
import sequencer from '@jest/test-sequencer';

/** Suites that start whole programs and wait for them. */
const WAITING = ['e2e', `apps${sep}lab`, `scripts${sep}postgres`, `bench${sep}load`];
/** The longest of all: it kills servers for minutes. */
const FIRST = `e2e${sep}fire${sep}fire.test.mjs`;
/** The waiting ones are through when this share of the others has begun. */
const THROUGH_AT = 0.8;

/** The package's types are those of its CommonJS build, which wraps what its ES module gives as it is. */
const Sequencer = /** @type {typeof import('@jest/test-sequencer').default} */ (/** @type {unknown} */ (sequencer));

export default class SpreadWaits extends Sequencer {
  /**
   * @override
   * @type {InstanceType<typeof Sequencer>['sort']}
   */
  async sort(tests) {
    const sorted = await super.sort(tests);
    const root = sorted[0]?.context.config.rootDir ?? '';
    return spread(sorted, (test) => test.path.slice(root.length + 1));
  }
}

/**
 * Puts the suites that wait between the others, each kind in the order in which it came.
 * @template T
 * @param {readonly T[]} tests
 * @param {(test: T) => string} pathOf below the root
 * @returns {T[]}
 */
export function spread(tests, pathOf) {
  const waits = (/** @type {T} */ t) => WAITING.some((folder) => pathOf(t).startsWith(`${folder}${sep}`));
  const waiting = tests.filter(waits).sort((a, b) => Number(pathOf(b) === FIRST) - Number(pathOf(a) === FIRST));
  const others = tests.filter((t) => !waits(t));
  const each = waiting.length > 0 ? (others.length * THROUGH_AT) / waiting.length : 0;
  /** @type {T[]} */
  const order = [];
  let taken = 0;
  for (const [i, test] of waiting.entries()) {
    order.push(test);
    const until = Math.floor((i + 1) * each);
    order.push(...others.slice(taken, until));
    taken = until;
  }
  return [...order, ...others.slice(taken)];
}
