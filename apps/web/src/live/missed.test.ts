import { describe, expect, it } from '@jest/globals';
import type { StatusView } from '@lockstep/core/protocol';
import { Missed, READ_MS } from './missed.js';

const status = (...parts: StatusView['troubles'][number]['part'][]): StatusView => ({
  status: parts.length > 0 ? 'degraded' : 'ok',
  troubles: parts.map((part) => ({ part, since: '2026-11-24T09:00:00.000Z', sentence: 'It does not answer.' })),
  at: '2026-11-24T09:00:05.000Z',
});

function clock() {
  const waiting = new Set<{ ms: number; run: () => void }>();
  return {
    later: (ms: number, run: () => void) => {
      const timer = { ms, run };
      waiting.add(timer);
      return () => waiting.delete(timer);
    },
    /** Runs what waits now. */
    pass: () => {
      for (const timer of [...waiting]) {
        waiting.delete(timer);
        expect(timer.ms).toBe(READ_MS);
        timer.run();
      }
    },
    get size() {
      return waiting.size;
    },
  };
}

describe('what the socket cannot tell', () => {
  it('is read again and again while servers do not hear each other, and once when they do', () => {
    const time = clock();
    let reads = 0;
    const missed = new Missed(time.later, () => void reads++);
    missed.take(status('queue', 'bus'));
    missed.take(status('bus'));
    expect([reads, time.size]).toEqual([0, 1]);
    time.pass();
    time.pass();
    expect(reads).toBe(2);
    missed.take(status());
    expect([reads, time.size]).toEqual([3, 0]);
    missed.take(status());
    expect(reads).toBe(3);
  });

  it('is not read for parts that lose no change, nor after the page is left', () => {
    const time = clock();
    let reads = 0;
    const missed = new Missed(time.later, () => void reads++);
    missed.take(status('database'));
    expect(time.size).toBe(0);
    missed.take(status('bus'));
    missed.stop();
    time.pass();
    expect(reads).toBe(0);
  });

  it('is read once after a new connection, where nothing bad is known any more', () => {
    const time = clock();
    let reads = 0;
    const missed = new Missed(time.later, () => void reads++);
    missed.take(status('bus'));
    missed.take(null);
    expect([reads, time.size]).toEqual([1, 0]);
  });
});
