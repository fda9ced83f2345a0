import { beforeEach, describe, expect, it } from '@jest/globals';
import { LIMITS, MEASURE_MS, Watchdog } from './watchdog.js';

const MB = 1_048_576;

describe('the watchdog', () => {
  let at: number;
  let cpu: number;
  let rss: number;
  let dog: Watchdog;
  let switches: string[];

  beforeEach(() => {
    at = 0;
    cpu = 0;
    rss = 60 * MB;
    switches = [];
    dog = new Watchdog({ monotonic: () => at, rss: () => rss, cpu: () => cpu }, (mode, because) => switches.push(`${mode} ${because}`));
    run(LIMITS.graceMs + MEASURE_MS, 0);
  });

  /** Lets time pass while this share of a processor is used. */
  function run(ms: number, share: number): void {
    for (let t = 0; t < ms; t += MEASURE_MS) {
      at += MEASURE_MS;
      cpu += MEASURE_MS * 1_000 * share;
      dog.sample();
    }
  }

  it('lets everything be while nothing is over a limit', () => {
    run(60_000, 0.04);
    expect(switches).toEqual([]);
    expect(dog.reading(['b', 'a'])).toEqual({ mode: 'all', because: null, rssMb: 60, cpuPercent: 4, paused: ['a', 'b'] });
  });

  it('allows a burst, and no more than that', () => {
    run(4_000, 0.6);
    run(2_000, 0.01);
    run(4_000, 0.6);
    expect(dog.mode).toBe('all');
    run(2_000, 0.06);
    expect(dog.reading([])).toMatchObject({ mode: 'essentials', because: 'cpu', cpuPercent: 6 });
    expect(switches).toEqual(['essentials cpu']);
  });

  it('counts memory beyond what the start took', () => {
    rss = 60 * MB + LIMITS.memoryBytes;
    run(2_000, 0);
    expect(dog.mode).toBe('all');
    rss += MB;
    run(2_000, 0);
    expect(dog.reading([])).toMatchObject({ mode: 'essentials', because: 'memory', rssMb: 161 });
  });

  it('what was needed to start does not count', () => {
    at = 0;
    rss = 50 * MB;
    dog = new Watchdog({ monotonic: () => at, rss: () => rss, cpu: () => cpu });
    run(4_000, 1);
    rss = 140 * MB;
    run(LIMITS.graceMs - 4_000, 1);
    rss = 200 * MB;
    run(4_000, 0);
    expect(dog.mode).toBe('all');
  });

  it('comes back after a calm minute, well below the limits, and not before', () => {
    run(8_000, 0.5);
    expect(dog.mode).toBe('essentials');
    // Just below the limit is not calm.
    run(120_000, 0.045);
    expect(dog.mode).toBe('essentials');
    run(LIMITS.calmMs, 0.01);
    expect(dog.mode).toBe('essentials');
    run(2_000, 0.01);
    expect(dog.mode).toBe('all');
    expect(switches).toEqual(['essentials cpu', 'all null']);
    expect(dog.reading([]).because).toBeNull();
  });

  it('a break in the calm begins it anew', () => {
    run(8_000, 0.5);
    run(LIMITS.calmMs - 4_000, 0.01);
    run(2_000, 0.2);
    run(LIMITS.calmMs - 4_000, 0.01);
    expect(dog.mode).toBe('essentials');
    run(6_000, 0.01);
    expect(dog.mode).toBe('all');
  });
});
