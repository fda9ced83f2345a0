import { describe, expect, it } from '@jest/globals';
import { CLOSE, LIMITS } from '@lockstep/core/protocol';
import { BACKOFF, Backoff } from './backoff.js';
import { Pace } from './pace.js';
import { ServerClock } from './server-clock.js';

const closed = (code: number) => ({ why: 'closed' as const, code, reason: '' });

describe('backoff', () => {
  it('LIVE-4 ceilings double from 1 s to 300 s, and never pass it', () => {
    const backoff = new Backoff(BACKOFF, () => 1);
    const waits = Array.from({ length: 60 }, () => backoff.after({ why: 'unreachable', detail: 'ECONNREFUSED' }, 0).waitMs / 1000);
    expect(waits.slice(0, 10)).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300]);
    expect(Math.max(...waits)).toBe(300);
  });

  it('LIVE-4 full jitter: the wait is anything from nothing to the ceiling', () => {
    expect(new Backoff(BACKOFF, () => 0).after(closed(1006), 0).waitMs).toBe(0);
    expect(new Backoff(BACKOFF, () => 0.5).after(closed(CLOSE.serverClosing[0]), 0).waitMs).toBe(500);
  });

  it('LIVE-4 only a connection that lasted a minute ends a series of failures', () => {
    const backoff = new Backoff(BACKOFF, () => 1);
    for (let i = 0; i < 5; i++) backoff.after(closed(1006), 0);
    expect(backoff.after(closed(1006), 59_999).waitMs).toBe(32_000);
    expect(backoff.after(closed(1006), 60_000).waitMs).toBe(1_000);
    expect(backoff.after(closed(1006), 0).waitMs).toBe(2_000);
  });

  it.each([
    [closed(CLOSE.revoked[0]), 'revoked'],
    [closed(CLOSE.notAuthenticated[0]), 'Enrol it again'],
    [closed(CLOSE.version[0]), 'Update the agent'],
    [closed(CLOSE.replaced[0]), 'cloned'],
    [{ why: 'not-our-server' as const, detail: 'its signature does not hold' }, 'its signature does not hold'],
  ])('LIVE-5 waits long and says why: %j', (ended, word) => {
    for (const random of [0, 0.999]) {
      const { waitMs, say } = new Backoff(BACKOFF, () => random).after(ended, 0);
      expect(waitMs).toBeGreaterThanOrEqual(150_000);
      expect(waitMs).toBeLessThanOrEqual(300_000);
      expect(say).toContain(word);
    }
  });
});

describe('pace', () => {
  it('LIM-3 never fills the server’s bucket, however long the backlog', () => {
    let ms = 0;
    const pace = new Pace(() => ms);
    let bucket = 0;
    let worst = 0;
    for (let sent = 0; sent < 2_000; ) {
      const wait = pace.wait();
      if (wait > 0) {
        ms += wait;
        bucket = Math.max(0, bucket - (wait / 1000) * LIMITS.perSecond);
      } else {
        pace.sent();
        sent++;
        worst = Math.max(worst, ++bucket);
      }
    }
    expect(worst).toBeLessThanOrEqual(LIMITS.burst / 2);
    // 2,000 messages, 100 of them at once, the rest at 40 a second.
    expect(ms / 1000).toBeGreaterThan(45);
    expect(ms / 1000).toBeLessThan(50);
  });
});

describe('server time', () => {
  const T = Date.parse('2026-11-24T09:00:00.000Z');
  const clocks = { wallMs: 1_000_000, monoMs: 50, wall: () => clocks.wallMs, monotonic: () => clocks.monoMs };
  const make = () => {
    Object.assign(clocks, { wallMs: 1_000_000, monoMs: 50 });
    return new ServerClock(clocks, { wall: 1_000_000, monotonic: 50 }, T);
  };

  it('TIME-1 runs from the moment the hello was sent, whatever the wall clock says', () => {
    const clock = make();
    clocks.monoMs += 3_000;
    clocks.wallMs += 3_000;
    expect(clock.now()).toBe(T + 3_000);
    clocks.wallMs -= 86_400_000;
    expect(clock.now()).toBe(T + 3_000);
    expect(clock.offsetMs()).toBe(T - 1_000_000);
  });

  it('TIME-1 LIVE-3 time slept counts, and is noticed', () => {
    const clock = make();
    clocks.wallMs += 3_600_000;
    expect(clock.now()).toBe(T + 3_600_000);
    expect(clock.jumped()).toBe(true);
    clocks.wallMs = 1_000_000 - 3_600_000;
    expect(clock.jumped()).toBe(true);
    clocks.wallMs = 1_000_000 + 9_000;
    expect(clock.jumped()).toBe(false);
  });
});
