import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { NO_REDIS, TestRedis } from '../../test/redis.js';
import { Bus, type Relay } from './bus.js';
import { createLog } from './log.js';
import { RedisLink } from './redis.js';
import { RedisRelay } from './redis-relay.js';

const HOST = '00000000-0000-4000-8000-00000000000a';
const quiet = createLog('silent');

async function until(what: () => boolean, ms = 20_000): Promise<void> {
  for (const end = Date.now() + ms; !what(); await new Promise((done) => setTimeout(done, 20)))
    if (Date.now() > end) throw new Error(`not within ${ms} ms`);
}

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

  it('takes from other processes only what its schemas know', async () => {
    const lines: string[] = [];
    const bus = new Bus(createLog('warn', { write: (l) => void lines.push(l) }));
    let hear: (text: string) => void = () => undefined;
    const relay: Relay = {
      send: () => undefined,
      receive: (handler) => {
        hear = handler;
      },
    };
    bus.connect(relay);
    const got: unknown[] = [];
    bus.subscribe('host.held', (m) => void got.push(m));
    bus.subscribe('pair.changed', (m) => void got.push(m));
    const held = { hostId: HOST, nodeId: HOST, signOn: 3 };
    for (const text of [
      'not json',
      '{}',
      '[]',
      JSON.stringify({ topic: 'nonsense', message: {} }),
      JSON.stringify({ topic: '__proto__', message: held }),
      JSON.stringify({ topic: 'host.held', message: { ...held, signOn: '3' } }),
      JSON.stringify({ topic: 'host.held', message: { ...held, hostId: "'; DROP TABLE" } }),
      JSON.stringify({ topic: 'pair.changed', message: { hostId: HOST, pairIds: [null] } }),
      JSON.stringify({ topic: 'pair.changed', message: '['.repeat(10_000) }),
      '['.repeat(10_000),
    ])
      hear(text);
    await Promise.resolve();
    expect(got).toEqual([]);
    expect(lines).toHaveLength(10);
    hear(JSON.stringify({ topic: 'host.held', message: { ...held, added: 'by a later version' } }));
    await Promise.resolve();
    expect(got).toEqual([held]);
  });
});

if (NO_REDIS !== null) process.stdout.write(`    skipped: the bus over Redis, because there is ${NO_REDIS}\n`);
(NO_REDIS === null ? describe : describe.skip)('the bus over Redis', () => {
  let redis: TestRedis;
  const channel = `test-${randomUUID()}`;
  const ends: (() => void)[] = [];
  beforeAll(async () => {
    redis = await TestRedis.start();
  });
  afterAll(async () => {
    for (const end of ends) end();
    await redis.end();
  });

  const process_ = async () => {
    const link = new RedisLink(redis.url, quiet);
    ends.push(() => link.close());
    const bus = new Bus(quiet);
    const relay = new RedisRelay(link, channel, randomUUID());
    bus.connect(relay);
    const got: string[] = [];
    bus.subscribe('host.changed', ({ hostId }) => void got.push(hostId));
    await until(() => relay.isListening);
    return { link, bus, relay, got };
  };

  it('is heard once by everybody, and loses only what is said while Redis is gone', async () => {
    const one = await process_();
    const two = await process_();
    const ids = Array.from({ length: 50 }, () => randomUUID());
    for (const hostId of ids) one.bus.publish('host.changed', { hostId });
    await until(() => two.got.length >= ids.length);
    expect(two.got).toEqual(ids);
    expect(one.got).toEqual(ids);

    let gaps = 0;
    two.relay.onGap(() => void gaps++);
    await redis.down();
    await until(() => !one.link.isUp && !two.relay.isListening);
    const lost = randomUUID();
    one.bus.publish('host.changed', { hostId: lost });
    await Promise.resolve();
    expect(one.got.at(-1)).toBe(lost);

    await redis.up();
    await until(() => one.relay.isListening && two.relay.isListening);
    expect(gaps).toBe(1);
    const after = randomUUID();
    one.bus.publish('host.changed', { hostId: after });
    await until(() => two.got.includes(after));
    expect(two.got).not.toContain(lost);
  }, 60_000);
});
