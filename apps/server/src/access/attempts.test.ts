import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../test/clock.js';
import { ProblemError } from '../platform/index.js';
import { Attempts, addressKey } from './attempts.js';

describe('attempts', () => {
  const refusal = (attempts: Attempts, key: string): ProblemError | null => {
    try {
      attempts.take(key);
      return null;
    } catch (error) {
      if (error instanceof ProblemError) return error;
      throw error;
    }
  };

  it('are limited per key in a sliding window, and told when to come back', () => {
    const clock = new ManualClock();
    const attempts = new Attempts(clock, 3, 60_000);
    for (let i = 0; i < 3; i++) {
      expect(refusal(attempts, 'a')).toBeNull();
      clock.advance(10_000);
    }
    expect(refusal(attempts, 'a')).toMatchObject({ status: 429, code: 'too-many-attempts', headers: { 'retry-after': '30' } });
    expect(refusal(attempts, 'b')).toBeNull();
    clock.advance(30_000);
    expect(refusal(attempts, 'a')).toBeNull();
    expect(refusal(attempts, 'a')).not.toBeNull();
  });

  it('that were honest are taken back', () => {
    const attempts = new Attempts(new ManualClock(), 2, 60_000);
    for (let i = 0; i < 10; i++) attempts.take('a')();
    attempts.take('a');
    attempts.take('a');
    expect(refusal(attempts, 'a')).not.toBeNull();
  });

  it('that were honest are taken back when others were made meanwhile', () => {
    const clock = new ManualClock();
    const attempts = new Attempts(clock, 3, 60_000);
    for (let i = 0; i < 10; i++) {
      const first = attempts.take('a');
      clock.advance(10);
      const second = attempts.take('a');
      first();
      second();
    }
    expect(refusal(attempts, 'a')).toBeNull();
  });

  it('do not grow without end', () => {
    const attempts = new Attempts(new ManualClock(), 2, 60_000);
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < 100_000; i++) attempts.take(`somebody-${i}@example.org`);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(60 * 1024 * 1024);
    // The last ones are remembered.
    attempts.take('somebody-99999@example.org');
    expect(refusal(attempts, 'somebody-99999@example.org')).not.toBeNull();
  });

  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2:ffff::1', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
  ])('take %s as %s', (address, key) => {
    expect(addressKey(address)).toBe(key);
  });
});
