import { describe, expect, it } from '@jest/globals';
import { Bus } from './bus.js';
import { createLog } from './log.js';

describe('the bus', () => {
  it('delivers after the running code, to everybody, whatever one of them does', async () => {
    const lines: string[] = [];
    const bus = new Bus(createLog('error', { write: (l) => void lines.push(l) }));
    const got: string[] = [];
    bus.subscribe('host.changed', () => {
      throw new Error('a bad subscriber');
    });
    const end = bus.subscribe('host.changed', ({ hostId }) => void got.push(hostId));
    bus.publish('host.changed', { hostId: 'a' });
    expect(got).toEqual([]);
    await Promise.resolve();
    expect(got).toEqual(['a']);
    expect(lines.join('')).toContain('a bad subscriber');
    end();
    bus.publish('host.changed', { hostId: 'b' });
    await Promise.resolve();
    expect(got).toEqual(['a']);
  });
});
