import { describe, expect, it } from '@jest/globals';
import { CalledOff, Overdue, pause, within } from './deadline.js';

describe('within', () => {
  it('gives what the work gives', async () => {
    expect(await within(1_000, undefined, async () => 7)).toBe(7);
    await expect(within(1_000, undefined, async () => Promise.reject(new TypeError('x')))).rejects.toThrow(TypeError);
  });

  it('ends at the deadline, tells the work, and does not care what it says later', async () => {
    let told = false;
    const work = within(50, undefined, async (signal) => {
      await new Promise<void>((r) => signal.addEventListener('abort', () => r()));
      told = true;
      throw new Error('too late to matter');
    });
    await expect(work).rejects.toThrow(Overdue);
    expect(told).toBe(true);
  });

  it('ends when it is called off, also before it began', async () => {
    const stop = new AbortController();
    const work = within(10_000, stop.signal, () => new Promise(() => {}));
    stop.abort();
    await expect(work).rejects.toThrow(CalledOff);
    let begun = false;
    await expect(
      within(10_000, stop.signal, async () => {
        begun = true;
      }),
    ).rejects.toThrow(CalledOff);
    expect(begun).toBe(false);
  });
});

describe('pause', () => {
  it('waits, or ends when it is called off', async () => {
    await pause(5);
    await expect(pause(10_000, AbortSignal.timeout(20))).rejects.toThrow(CalledOff);
    await expect(pause(10_000, AbortSignal.abort())).rejects.toThrow(CalledOff);
  });
});
