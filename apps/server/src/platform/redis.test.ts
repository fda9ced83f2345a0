import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from '@jest/globals';
import { NO_REDIS, TestRedis, type TestRedisOptions } from '../../test/redis.js';
import { createLog } from './log.js';
import { RedisQueue } from './queue-backends.js';
import { RedisLink } from './redis.js';

if (NO_REDIS !== null) process.stdout.write(`    skipped: passwords and TLS of Redis, because there is ${NO_REDIS}\n`);

(NO_REDIS === null ? describe : describe.skip)('a Redis that lets nobody in unasked', () => {
  const undo: (() => unknown)[] = [];
  afterEach(async () => {
    for (const step of undo.splice(0).reverse()) await step();
  });

  /** A link to a Redis, by the address that `addressOf` makes of its own, and what it logged. */
  async function link(options: TestRedisOptions, addressOf: (url: string) => string = (url) => url) {
    const redis = await TestRedis.start(options);
    undo.push(() => redis.end());
    const logged: string[] = [];
    const log = createLog('debug', { write: (line) => void logged.push(line) });
    const made = new RedisLink(addressOf(redis.url), log);
    undo.push(() => made.close());
    return { link: made, log, logged };
  }

  it('takes the password of REDIS_URL for every connection, the queue’s too, and says it nowhere', async () => {
    const { link: made, log, logged } = await link({ password: 'hunter2hunter2' });
    await made.begin();
    expect(made.isUp).toBe(true);
    const done: unknown[] = [];
    const queue = new RedisQueue(made, `test-${randomUUID()}`).open('fix.dispatch', async (data) => void done.push(data), log);
    undo.push(() => queue.close());
    await queue.ready();
    await queue.add('fix.dispatch', { n: 1 }, { jobId: 'one' });
    for (const end = Date.now() + 10_000; done.length === 0 && Date.now() < end; ) await new Promise((r) => setTimeout(r, 20));
    expect(done).toEqual([{ n: 1 }]);
    expect([made.place, ...logged].join('\n')).not.toContain('hunter2');
  }, 30_000);

  it.each([
    ['a wrong password', { password: 'right' }, (url: string) => url.replace('right', 'wrongwrong'), /WRONGPASS/],
    ['no password where one is asked for', { password: 'right' }, (url: string) => url.replace(':right@', ''), /NOAUTH/],
    ['a certificate that nobody vouches for', { tls: true }, (url: string) => url, /self.signed certificate/],
    ['plain text where TLS is spoken', { tls: true }, (url: string) => url.replace('rediss:', 'redis:'), /./],
  ])(
    'stays away for %s, and says why',
    async (_, options, addressOf, why) => {
      const { link: made, logged } = await link(options, addressOf);
      const reasons = () => logged.map((line) => JSON.parse(line).error?.message ?? '');
      for (const end = Date.now() + 10_000; !reasons().some((r) => why.test(r)) && Date.now() < end; )
        await new Promise((r) => setTimeout(r, 20));
      expect(reasons()).toContainEqual(expect.stringMatching(why));
      expect(made.isUp).toBe(false);
      expect(logged.join('')).not.toContain('wrongwrong');
    },
    30_000,
  );
});
