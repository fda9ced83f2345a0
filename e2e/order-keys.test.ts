import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { enrol, Link, readEnrolment } from '../apps/agent/src/link/index.js';
import { startTestServer, type TestServer } from '../apps/server/test/server.js';
import { eventually } from './eventually.js';

const HOST = { hostname: 'lnx-0417', os: 'linux' as const, osVersion: 'Debian 12', arch: 'x64', agent: '0.1.0' };

let server: TestServer;
let cookie: string;
let dir: string;
/** The key used when the test began. */
let first: string;
const links: Link[] = [];
beforeAll(async () => {
  server = await startTestServer();
  cookie = await server.signIn();
});
afterAll(() => server.end());
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'ls-keys-'));
  first = server.orderKeys.current.keyId;
});
afterEach(async () => {
  for (const link of links.splice(0)) await link.stop();
  rmSync(dir, { recursive: true, force: true });
});

const url = () => `http://127.0.0.1:${server.port}`;
const token = async () => String((await server.ask('POST', '/api/v1/enrolment-tokens', { cookie, json: {} })).json.token);
const rotate = async () => String((await server.ask('POST', '/api/v1/order-keys/rotate', { cookie, json: {} })).json.keyId);
const pins = () => readEnrolment(dir)?.orderKeys.map((k) => k.keyId);
/** The key that this host named when it connected last. */
const named = async () => {
  const { pool } = server.platform.db;
  const { rows } = await pool.query<{ key: string }>('SELECT order_key_id AS key FROM host_link WHERE host_id = $1', [
    readEnrolment(dir)?.hostId,
  ]);
  return rows.map((r) => r.key);
};
const pinned = (...keys: string[]) =>
  eventually(`the agent pins ${keys.join(' ')}`, async () => JSON.stringify(pins()) === JSON.stringify(keys), 20);
const online = (link: Link) => eventually('the agent is connected', async () => link.status().state === 'online', 20);

async function connect(): Promise<Link> {
  const link = new Link({
    dir,
    host: () => HOST,
    log: () => undefined,
    onOrder: async () => ({ mechanics: 'refused', detail: 'test', facts: [] }),
    onHalfDone: async () => [],
    onFullPicture: async () => [],
    timing: { baseMs: 5, capMs: 50, stopMs: 100 },
  });
  links.push(link);
  link.start();
  await online(link);
  return link;
}

describe('the real agent and the real server', () => {
  it('follow a rotation on the open connection, and end the first key at the next', async () => {
    await enrol({ dir, server: url(), token: await token(), host: HOST });
    const link = await connect();
    const second = await rotate();
    await pinned(second, first);
    await link.stop();
    await connect();
    await pinned(second);
    expect(await named()).toEqual([second]);
  });

  it('find each other after two rotations and a restart of the server during which the agent was away', async () => {
    await enrol({ dir, server: url(), token: await token(), host: HOST });
    await (await connect()).stop();
    const second = await rotate();
    const third = await rotate();
    await server.stop();
    const again = await startTestServer({ dir: server.dir, database: server.database, env: { PORT: String(server.port) } });
    server = again;
    await (await connect()).stop();
    await pinned(third, second, first);
    await connect();
    await pinned(third);
    expect(await named()).toEqual([third]);
  });

  it('part for good when every key that the agent knows was revoked, and the agent says so', async () => {
    await enrol({ dir, server: url(), token: await token(), host: HOST });
    await (await connect()).stop();
    await rotate();
    expect((await server.ask('DELETE', `/api/v1/order-keys/${first}`, { cookie })).status).toBe(204);
    const link = new Link({
      dir,
      host: () => HOST,
      log: () => undefined,
      onOrder: async () => ({ mechanics: 'refused', detail: null, facts: [] }),
      onHalfDone: async () => [],
      onFullPicture: async () => [],
      timing: { baseMs: 5, capMs: 50, stopMs: 100 },
    });
    links.push(link);
    link.start();
    await eventually('the agent is refused', async () => link.status().lastEnd === '4401 not-authenticated', 20);
    expect(link.status().advice).toContain('Enrol it again');
    // Enrolled again, with a token that names the key used now, it is back.
    await link.stop();
    await enrol({ dir, server: url(), token: await token(), host: HOST, again: true });
    await connect();
  });

  it('a connected agent whose key is revoked comes back by the successor within moments', async () => {
    await enrol({ dir, server: url(), token: await token(), host: HOST });
    const link = await connect();
    const second = await rotate();
    await pinned(second, first);
    await server.ask('DELETE', `/api/v1/order-keys/${first}`, { cookie });
    await pinned(second);
    await online(link);
    expect(await named()).toEqual([second]);
  });

  it('a token from before the rotation lets a computer in, which pins the successor at once', async () => {
    const old = await token();
    const second = await rotate();
    await enrol({ dir, server: url(), token: old, host: HOST });
    expect(pins()).toEqual([second, first]);
    await connect();
    expect(await named()).toEqual([second]);
    await pinned(second);
  });
});
