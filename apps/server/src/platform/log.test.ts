import { describe, expect, it } from '@jest/globals';
import { createLog, scrub } from './log.js';

function logged(write: (log: ReturnType<typeof createLog>) => void): { line: string; entry: Record<string, unknown> } {
  let line = '';
  write(
    createLog('info', {
      write: (l) => {
        line += l;
      },
    }),
  );
  return { line, entry: line === '' ? {} : (JSON.parse(line) as Record<string, unknown>) };
}

describe('the log', () => {
  it('writes one JSON line with time, level and message', () => {
    const { entry } = logged((log) => log.info('ready', { url: 'http://127.0.0.1:4600' }));
    expect(entry).toMatchObject({ level: 'info', msg: 'ready', url: 'http://127.0.0.1:4600' });
    expect(Date.parse(String(entry.time))).toBeGreaterThan(0);
  });

  it('leaves out what is below its level', () => {
    expect(logged((log) => log.debug('detail')).line).toBe('');
  });

  it.each([
    { password: 'hunter2' },
    { token: 'hunter2' },
    { deep: { sessionSecret: 'hunter2' } },
    { headers: { cookie: 'hunter2' } },
    { headers: { authorization: 'hunter2' } },
    { list: [{ passwordHash: 'hunter2' }] },
    { privateKey: 'hunter2' },
    { body: { anything: 'hunter2' } },
    { record: 'hunter2' },
  ])('does not write what stands under a secret name: %j', (fields) => {
    expect(logged((log) => log.info('x', fields)).line).not.toContain('hunter2');
  });

  it.each([
    'lse1.CRJl2viGp6HaeZc1CBj2NLM9dcAEwlSh.XqnufBEFupVMH7wjwVOuz6hVksSEtRWHNdd3BTD9vSw',
    'lst1.CRJl2viGp6HaeZc1CBj2NLM9dcAEwlSh',
    'postgres://lockstep:CRJl2viGp6HaeZc1CBj2NLM9dcAEwlSh@127.0.0.1/db',
    'redis://:CRJl2viGp6HaeZc1CBj2NLM9dcAEwlSh@127.0.0.1:6379/0',
    'authorization: Bearer CRJl2viGp6HaeZc1CBj2NLM9dcAEwlSh',
    '-----BEGIN PRIVATE KEY-----\nCRJl2viGp6HaeZc1CBj2NLM9dcAEwlSh\n-----END PRIVATE KEY-----',
  ])('finds a secret inside a text: %s', (text) => {
    for (const { line } of [
      logged((log) => log.warn(`failed for ${text} now`)),
      logged((log) => log.warn('failed', { why: `for ${text} now` })),
      logged((log) => log.error('failed', { error: new Error(text, { cause: new Error(text) }) })),
    ]) {
      expect(line).not.toContain('CRJl2viGp6HaeZc1CBj2NLM9dcAEwlSh');
      expect(line).toContain('redacted');
    }
  });

  it('keeps what an error says, and its cause', () => {
    const { line } = logged((log) =>
      log.error('failed', { error: Object.assign(new Error('no route', { cause: new Error('cable') }), { code: 'EHOSTUNREACH' }) }),
    );
    expect(line).toContain('no route');
    expect(line).toContain('EHOSTUNREACH');
    expect(line).toContain('cable');
  });

  it('makes names of phones harmless, counts bytes, survives cycles and bigints', () => {
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    expect(scrub({ name: 'x\u001b[2J\u202ey', bytes: new Uint8Array(3), big: 2n ** 60n })).toEqual({
      name: 'x\ufffd[2J\ufffdy',
      bytes: '[3 bytes]',
      big: '1152921504606846976',
    });
    expect(JSON.stringify(scrub(cycle))).toContain('[deep]');
  });
});
