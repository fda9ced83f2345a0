import { describe, expect, it } from '@jest/globals';
import { priorityOf, severityOf } from './priority.js';

describe('priority', () => {
  it.each([
    ['broken', 0, 0, 'normal'],
    ['broken', 1, 0, 'normal'],
    ['broken', 2, 0, 'high'],
    ['broken', 4, 0, 'high'],
    ['broken', 5, 0, 'urgent'],
    ['waiting', 1, 0, 'low'],
    ['unknown', 1, 0, 'low'],
    ['degraded', 1, 0, 'low'],
    ['unknown', 3, 0, 'normal'],
    ['waiting', 9, 0, 'high'],
    ['broken', 1, 1, 'normal'],
    ['broken', 1, 2, 'high'],
    ['broken', 6, 7, 'urgent'],
    ['waiting', 1, 2, 'normal'],
  ] as const)('of a %s pair, %i phones, reopened %i times is %s', (health, pairs, reopened, priority) =>
    expect(priorityOf({ health, pairs, reopened })).toBe(priority),
  );

  it('speaks the four severities of event receivers', () =>
    expect((['broken', 'waiting', 'unknown', 'degraded', 'advisory'] as const).map(severityOf)).toEqual([
      'error',
      'warning',
      'warning',
      'warning',
      'info',
    ]));
});
