import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { ENV_TABLE, EnvError, parseEnv } from './env.js';

const DATABASE_URL = 'postgres://u:p@127.0.0.1:5432/lockstep';

function refusal(source: Record<string, string>): string {
  try {
    parseEnv({ DATABASE_URL, ...source });
  } catch (error) {
    if (error instanceof EnvError) return error.message;
    throw error;
  }
  throw new Error('was taken');
}

describe('the environment', () => {
  it('has a default for everything but the database', () => {
    const env = parseEnv({ DATABASE_URL });
    expect(env).toMatchObject({
      port: 4600,
      host: '127.0.0.1',
      databaseUrl: DATABASE_URL,
      redisUrl: null,
      tls: null,
      publicUrl: null,
      allowedHosts: [],
      trustedProxies: [],
      adminTokenFile: null,
    });
    expect(env.dataDir).toBe(join(homedir(), '.lockstep'));
    expect(env.orderKeyFile).toBe(join(homedir(), '.lockstep', 'order-key.pem'));
    expect(env.setupTokenFile).toBe(join(homedir(), '.lockstep', 'setup-token'));
  });

  it('takes an empty variable as not set', () => {
    expect(parseEnv({ DATABASE_URL, PORT: '', LOCKSTEP_TLS_CERT: '' }).port).toBe(4600);
  });

  it('reads lists', () => {
    const env = parseEnv({
      DATABASE_URL,
      LOCKSTEP_ALLOWED_HOSTS: 'a.example, b.example:8443,[::1]:4600',
      LOCKSTEP_TRUSTED_PROXY: '10.0.0.0/8, 2001:db8::1',
    });
    expect(env.allowedHosts).toEqual(['a.example', 'b.example:8443', '[::1]:4600']);
    expect(env.trustedProxies).toEqual(['10.0.0.0/8', '2001:db8::1']);
  });

  it.each([
    ['PORT', '70000'],
    ['PORT', '-1'],
    ['PORT', '4600x'],
    ['PORT', '1e3'],
    ['REDIS_URL', 'localhost:6379'],
    ['REDIS_URL', 'http://localhost:6379'],
    ['LOCKSTEP_HOST', 'not an address'],
    ['LOCKSTEP_LOG_LEVEL', 'loud'],
    ['LOCKSTEP_ALLOWED_HOSTS', 'https://a.example'],
    ['LOCKSTEP_TRUSTED_PROXY', '10.0.0.0/33'],
    ['LOCKSTEP_TRUSTED_PROXY', 'proxy.example'],
    ['LOCKSTEP_PUBLIC_URL', 'ftp://a.example'],
    ['LOCKSTEP_PUBLIC_URL', 'https://a.example/console'],
    ['DATABASE_URL', 'mysql://x'],
    ['LOCKSTEP_DATABASE_CONNECTIONS', '1'],
    ['LOCKSTEP_FEEDS', 'yes'],
    ['LOCKSTEP_FEEDS_HOURS', '0'],
    ['LOCKSTEP_FEEDS_GDMF', 'file:///etc/passwd'],
    ['LOCKSTEP_FEEDS_GDMF', 'https://me:secret@mirror.example/pmv'],
    ['LOCKSTEP_FEEDS_SOFA', 'https://mirror.example/v2'],
  ])('names %s when it is %s', (name, value) => {
    expect(refusal({ [name]: value })).toContain(name);
  });

  it('names the database when it is missing, and every other bad variable with it', () => {
    expect(() => parseEnv({ PORT: 'x' })).toThrow(/PORT.*DATABASE_URL|DATABASE_URL.*PORT/s);
  });

  it('wants certificate and key together', () => {
    expect(refusal({ LOCKSTEP_TLS_CERT: '/c.pem' })).toContain('LOCKSTEP_TLS_KEY');
    expect(refusal({ LOCKSTEP_TLS_KEY: '/k.pem' })).toContain('LOCKSTEP_TLS_CERT');
  });

  it('does not repeat a value, which may be secret', () => {
    expect(refusal({ DATABASE_URL: 'postgres//u:hunter2@h/d' })).not.toContain('hunter2');
  });

  it('is described by a table without gaps', () => {
    expect(ENV_TABLE.map((v) => v.name)).toContain('DATABASE_URL');
    for (const row of ENV_TABLE) expect([row.name, row.meaning.length > 10, row.default.length > 0]).toEqual([row.name, true, true]);
  });
});
