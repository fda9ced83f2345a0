import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { freshDatabase, type TestDatabase } from '../../test/database.js';
import { startTestServer, type TestServer } from '../../test/server.js';

describe('token files', () => {
  let dir: string;
  let database: TestDatabase;
  const kept: TestDatabase = { url: '', drop: async () => {} };
  const file = (name: string) => join(dir, name);
  const read = (name: string) => readFileSync(file(name), 'utf8').trim();
  const start = () =>
    startTestServer({
      database: kept,
      dir: mkdtempSync(join(dir, 'run-')),
      env: {
        LOCKSTEP_ADMIN_TOKEN_FILE: file('admin'),
        LOCKSTEP_ENROL_TOKEN_FILE: file('enrol'),
        LOCKSTEP_SETUP_TOKEN_FILE: file('setup'),
        LOCKSTEP_ORDER_KEY_FILE: file('order-key.pem'),
      },
    });
  const works = async (server: TestServer, token: string) => (await server.ask('GET', '/api/v1/api-tokens', { token })).status === 200;

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'lockstep-tokens-'));
    database = await freshDatabase();
    kept.url = database.url;
  });
  afterAll(async () => {
    await database.drop();
    rmSync(dir, { recursive: true, force: true });
  });

  it('let scripts in without a browser, readable by their user only', async () => {
    const server = await start();
    try {
      for (const name of ['admin', 'enrol', 'setup']) expect([name, statSync(file(name)).mode & 0o777]).toEqual([name, 0o600]);
      expect(await works(server, read('admin'))).toBe(true);
      expect(read('setup')).toBe(await server.setupToken());
      const list = JSON.parse((await server.ask('GET', '/api/v1/enrolment-tokens', { token: read('admin') })).text);
      expect(list.items[0]).toMatchObject({ uses: 100, usesLeft: 100, createdBy: null });
      expect(Date.parse(list.items[0].expiresAt) - Date.parse(list.items[0].createdAt)).toBe(3_600_000);
      expect(server.logged.join('')).not.toContain(read('admin'));
    } finally {
      await server.end();
    }
  });

  it('keep a valid admin token, replace the set-up and enrolment tokens at each start', async () => {
    const [admin, enrol, setup] = [read('admin'), read('enrol'), read('setup')];
    const server = await start();
    try {
      expect(read('admin')).toBe(admin);
      expect(read('enrol')).not.toBe(enrol);
      expect(read('setup')).not.toBe(setup);
    } finally {
      await server.end();
    }
  });

  it('hold one admin token at a time: what was lost is revoked when a new one is made', async () => {
    const lost = read('admin');
    writeFileSync(file('admin'), 'rubbish\n');
    chmodSync(file('admin'), 0o644);
    const server = await start();
    try {
      expect(read('admin')).not.toBe(lost);
      expect(statSync(file('admin')).mode & 0o777).toBe(0o600);
      expect(await works(server, read('admin'))).toBe(true);
      expect(await works(server, lost)).toBe(false);
    } finally {
      await server.end();
    }
  });

  it('lose the set-up token with the first admin, also after a restart', async () => {
    const server = await start();
    try {
      await server.signIn();
      expect(existsSync(file('setup'))).toBe(false);
    } finally {
      await server.end();
    }
    writeFileSync(file('setup'), 'left by somebody');
    const again = await start();
    await again.end();
    expect(existsSync(file('setup'))).toBe(false);
  });

  it('that cannot be written stop the start, in one sentence, and leave no token behind', async () => {
    writeFileSync(file('blocked'), '');
    const fails = startTestServer({
      database: kept,
      dir: mkdtempSync(join(dir, 'run-')),
      env: { LOCKSTEP_ADMIN_TOKEN_FILE: join(file('blocked'), 'admin') },
    });
    await expect(fails).rejects.toThrow(/LOCKSTEP_ADMIN_TOKEN_FILE: .* cannot be written \(E[A-Z]+\)/);
  });
});
