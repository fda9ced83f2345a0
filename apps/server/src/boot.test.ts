import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, get } from 'node:http';
import { get as getTls } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { AGENT_PATH, AGENT_SUBPROTOCOL, LIVE_PATH, LIVE_SUBPROTOCOL } from '@lockstep/core/protocol';
import WebSocket from 'ws';
import { freshDatabase, type TestDatabase } from '../test/database.js';
import { startTestServer, type TestServer, testEnv } from '../test/server.js';
import { startServer } from './boot.js';
import { createLog } from './platform/index.js';
import { startSentence } from './start-error.js';

const TLS = {
  cert: fileURLToPath(new URL('../test/tls/loopback.crt.pem', import.meta.url)),
  key: fileURLToPath(new URL('../test/tls/loopback.key.pem', import.meta.url)),
};

/** What an upgrade is answered: 101, or the status and code of its refusal. */
function upgrade(url: string, protocol: string, options: WebSocket.ClientOptions = {}): Promise<string> {
  return new Promise((done, fail) => {
    const ws = new WebSocket(url, protocol, { ...options, handshakeTimeout: 10_000 });
    ws.on('open', () => {
      ws.terminate();
      done(`101 ${ws.protocol} ${ws.extensions}`.trim());
    });
    ws.on('unexpected-response', (_request, response) => {
      let text = '';
      response.on('data', (d) => {
        text += d;
      });
      response.on('end', () => done(`${response.statusCode} ${JSON.parse(text).code}`));
    });
    ws.on('error', fail);
  });
}

/** Bytes on a bare connection, and everything that comes back until it is closed. */
function raw(port: number, bytes: string): Promise<string> {
  return new Promise((done, fail) => {
    let text = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    socket
      .setEncoding('utf8')
      .on('data', (d) => {
        text += d;
      })
      .on('error', fail)
      .on('close', () => done(text));
  });
}

describe('the running server', () => {
  let server: TestServer;
  let consoleDir: string;
  beforeAll(async () => {
    consoleDir = mkdtempSync(join(tmpdir(), 'lockstep-console-'));
    mkdirSync(join(consoleDir, 'assets'));
    writeFileSync(join(consoleDir, 'index.html'), '<!doctype html><title>Console</title>');
    writeFileSync(join(consoleDir, 'assets', 'index-abc123.js'), 'export const x = 1;');
    writeFileSync(join(consoleDir, '..', `${consoleDir.split('/').at(-1)}-secret.txt`), 'outside');
    server = await startTestServer({ consoleDir });
  });
  afterAll(async () => {
    await server.end();
    rmSync(consoleDir, { recursive: true, force: true });
    rmSync(`${consoleDir}-secret.txt`, { force: true });
  });

  it('is alive and ready', async () => {
    expect((await server.ask('GET', '/healthz')).text).toBe('{"status":"ok"}');
    expect((await server.ask('GET', '/readyz')).text).toBe('{"status":"ok"}');
  });

  it('serves the console for every page address, its files as they are, and nothing else', async () => {
    for (const path of ['/', '/pairs', '/pairs/6c1a1f5e-0000-4000-8000-000000000000?tab=runs', '/sign-in']) {
      const page = await server.ask('GET', path);
      expect([path, page.status, page.headers.get('content-type'), page.headers.get('cache-control')]).toEqual([
        path,
        200,
        'text/html; charset=utf-8',
        'no-cache',
      ]);
      expect(page.text).toContain('Console');
    }
    const script = await server.ask('GET', '/assets/index-abc123.js');
    expect([script.text, script.headers.get('content-type'), script.headers.get('cache-control')]).toEqual([
      'export const x = 1;',
      'text/javascript; charset=utf-8',
      'public, max-age=31536000, immutable',
    ]);
    expect(script.headers.get('content-encoding')).toBe('gzip');
    expect(
      (await server.ask('GET', '/assets/index-abc123.js', { headers: { 'if-none-match': script.headers.get('etag') ?? '' } })).status,
    ).toBe(304);
    for (const path of ['/assets/none.js', '/api/v1/none', '/api', '/agent/v2', '/live', '/metrics/x']) {
      const answer = await server.ask('GET', path);
      expect([path, answer.status, answer.json.code]).toEqual([path, 404, 'not-found']);
    }
    for (const path of ['/../x-secret.txt', '/..%2f..%2fetc%2fpasswd', '/assets/../../secret.txt', '/%2e%2e/secret.txt', '/assets/%00']) {
      expect(await raw(server.port, `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`)).not.toMatch(/outside|root:/);
    }
  });

  it('tells browsers what its pages may do', async () => {
    const page = await server.ask('GET', '/');
    const csp = page.headers.get('content-security-policy') ?? '';
    for (const rule of [
      "default-src 'self'",
      "script-src 'self'",
      "style-src 'self' 'unsafe-inline'",
      "connect-src 'self' ws:",
      "frame-ancestors 'none'",
      "object-src 'none'",
    ])
      expect(csp.split(';')).toContain(rule);
    expect(csp).not.toContain('unsafe-eval');
    expect([
      page.headers.get('x-content-type-options'),
      page.headers.get('x-frame-options'),
      page.headers.get('referrer-policy'),
      page.headers.get('strict-transport-security'),
    ]).toEqual(['nosniff', 'DENY', 'no-referrer', null]);
    expect((await server.ask('GET', '/api/v1/setup')).headers.get('cache-control')).toBe('no-store');
  });

  it('answers to its own names only, on requests and on upgrades', async () => {
    const status = (host: string) =>
      raw(server.port, `GET /api/v1/setup HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`).then((t) => t.split(' ')[1]);
    expect(await status('localhost')).toBe('200');
    expect(await status('evil.example')).toBe('421');
    expect(await status(`127.0.0.1:${server.port}`)).toBe('200');
    const url = `ws://127.0.0.1:${server.port}`;
    expect(await upgrade(`${url}${AGENT_PATH}`, AGENT_SUBPROTOCOL, { headers: { host: 'evil.example' } })).toBe('421 host-not-allowed');
  });

  it('opens its sockets to our pages and to agents, without compression', async () => {
    const url = `ws://127.0.0.1:${server.port}`;
    const cookie = await server.signIn();
    expect(await upgrade(`${url}${AGENT_PATH}`, AGENT_SUBPROTOCOL)).toBe(`101 ${AGENT_SUBPROTOCOL}`);
    expect(await upgrade(`${url}${AGENT_PATH}`, AGENT_SUBPROTOCOL, { origin: 'https://evil.example' })).toBe('403 origin-not-allowed');
    expect(await upgrade(`${url}${AGENT_PATH}`, AGENT_SUBPROTOCOL, { headers: { 'x-forwarded-for': '192.0.2.1' } })).toBe(
      '403 tls-required',
    );
    expect(await upgrade(`${url}${LIVE_PATH}`, LIVE_SUBPROTOCOL, { headers: { cookie }, origin: `http://127.0.0.1:${server.port}` })).toBe(
      `101 ${LIVE_SUBPROTOCOL}`,
    );
    expect(await upgrade(`${url}${LIVE_PATH}`, LIVE_SUBPROTOCOL, { headers: { cookie }, origin: 'https://evil.example' })).toBe(
      '403 origin-not-allowed',
    );
    expect(await upgrade(`${url}${LIVE_PATH}`, LIVE_SUBPROTOCOL, { headers: { cookie } })).toBe('403 origin-required');
  });

  it('answers what is not HTTP at all, and headers without end', async () => {
    expect(await raw(server.port, 'rubbish\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 Bad Request[\s\S]*"code":"bad-request"/);
    expect(await raw(server.port, `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 431 [\s\S]*"code":"too-large"/,
    );
    expect(await raw(server.port, 'GET /%E0%A4%A HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')).toMatch(
      /^HTTP\/1\.1 400 [\s\S]*"code":"bad-request"/,
    );
    expect((await server.ask('GET', '/healthz')).status).toBe(200);
  });

  it('says that it is not ready while the database is away, and recovers', async () => {
    const { db } = server.platform;
    const real = db.pool.query;
    db.pool.query = () => {
      throw Object.assign(new Error('terminating connection'), { code: '57P01' });
    };
    try {
      const away = await server.ask('GET', '/readyz');
      expect([away.status, away.json.code, away.headers.get('retry-after')]).toEqual([503, 'not-ready', '2']);
      expect(away.text).toContain('"field":"database"');
      expect((await server.ask('GET', '/api/v1/audit', { token: 'lst1.x' })).json).toMatchObject({
        status: 503,
        code: 'database-unavailable',
      });
      expect((await server.ask('GET', '/healthz')).status).toBe(200);
    } finally {
      db.pool.query = real;
    }
    expect((await server.ask('GET', '/readyz')).status).toBe(200);
  });
});

describe('the server with TLS', () => {
  it('speaks https and wss, marks its cookie secure, and lets other computers enrol', async () => {
    const server = await startTestServer({ env: { LOCKSTEP_TLS_CERT: TLS.cert, LOCKSTEP_TLS_KEY: TLS.key } });
    try {
      expect(server.url).toBe(`https://127.0.0.1:${server.port}`);
      const answer = await new Promise<{ status: number; hsts: unknown; csp: unknown }>((done, fail) => {
        getTls({ port: server.port, host: '127.0.0.1', path: '/healthz', rejectUnauthorized: false, agent: false }, (res) => {
          res.resume();
          done({
            status: res.statusCode ?? 0,
            hsts: res.headers['strict-transport-security'],
            csp: res.headers['content-security-policy'],
          });
        }).on('error', fail);
      });
      expect(answer.status).toBe(200);
      expect(answer.hsts).toBe('max-age=31536000');
      expect(String(answer.csp)).toContain("connect-src 'self' wss:");
      expect(
        await upgrade(`wss://127.0.0.1:${server.port}${AGENT_PATH}`, AGENT_SUBPROTOCOL, {
          rejectUnauthorized: false,
          headers: { 'x-forwarded-for': '192.0.2.1' },
        }),
      ).toBe(`101 ${AGENT_SUBPROTOCOL}`);
    } finally {
      await server.end();
    }
  });
});

describe('a start that cannot be', () => {
  let dir: string;
  let database: TestDatabase;
  const quiet = createLog('silent');
  const sentence = (env: Record<string, string>, url = database.url) =>
    startServer(testEnv(url, dir, env), quiet).then(async (s) => {
      await s.stop();
      return 'started';
    }, startSentence);
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'lockstep-start-'));
    database = await freshDatabase();
  });
  afterAll(async () => {
    await database.drop();
    rmSync(dir, { recursive: true, force: true });
  });

  it('because the database is not there, not ours, or not open to us, says so in one sentence', async () => {
    const at = (change: (u: URL) => void) => {
      const url = new URL(database.url);
      change(url);
      return url.toString();
    };
    const closed = createServer();
    await new Promise<void>((done) => closed.listen(0, '127.0.0.1', done));
    const { port } = closed.address() as AddressInfo;
    await new Promise((done) => closed.close(done));
    expect(
      await sentence(
        {},
        at((u) => {
          u.port = String(port);
        }),
      ),
    ).toMatch(/^No database answers at 127\.0\.0\.1:\d+/);
    expect(
      await sentence(
        {},
        at((u) => {
          u.pathname = '/no_such_database';
        }),
      ),
    ).toMatch(/^There is no such database/);
    const refused = await sentence(
      {},
      at((u) => {
        u.password = 'wrong-password';
      }),
    );
    expect(refused).toMatch(/refuses the user or password/);
    expect(refused).not.toContain('wrong-password');
  });

  it('because the port is taken, says so, and leaves nothing behind', async () => {
    const other = createServer();
    await new Promise<void>((done) => other.listen(0, '127.0.0.1', done));
    const { port } = other.address() as AddressInfo;
    expect(await sentence({ PORT: String(port) })).toBe(`Port ${port} on 127.0.0.1 is in use: stop the program that has it, or set PORT.`);
    await new Promise((done) => other.close(done));
    expect(await sentence({ PORT: String(port) })).toBe('started');
  });

  it('because another server works on the database, says which', async () => {
    const first = await startServer(testEnv(database.url, dir), quiet);
    try {
      expect(await sentence({})).toMatch(/^Another Lockstep server \(lockstep server \d+@.*works on this database/);
      expect((await fetch(`${first.url}/readyz`)).status).toBe(200);
    } finally {
      await first.stop();
    }
    expect(await sentence({})).toBe('started');
  });

  it('because the address is not this computer’s, or the certificate is missing', async () => {
    expect(await sentence({ LOCKSTEP_HOST: '192.0.2.1' })).toMatch(/has no address 192\.0\.2\.1/);
    expect(await sentence({ LOCKSTEP_TLS_CERT: join(dir, 'none.pem'), LOCKSTEP_TLS_KEY: join(dir, 'none.pem') })).toMatch(
      /^LOCKSTEP_TLS_CERT: .*none\.pem cannot be read \(ENOENT\)/,
    );
    expect(await sentence({ LOCKSTEP_TLS_CERT: TLS.key, LOCKSTEP_TLS_KEY: TLS.key })).toMatch(
      /^LOCKSTEP_TLS_CERT and LOCKSTEP_TLS_KEY cannot be used/,
    );
  });
});

describe('a stop', () => {
  let ended: TestServer | undefined;
  afterEach(async () => {
    await ended?.end();
    ended = undefined;
  });

  it('answers what is under way, then takes nothing more, and leaves no connection to the database', async () => {
    const server = await startTestServer();
    ended = server;
    // A request that is half sent when the stop begins.
    const slow = connect(server.port, '127.0.0.1');
    const answer = new Promise<string>((done) => {
      let text = '';
      slow
        .setEncoding('utf8')
        .on('data', (d) => {
          text += d;
        })
        .on('close', () => done(text));
    });
    const body = JSON.stringify({ email: 'nobody@example.org', password: 'x' });
    slow.write(
      `POST /api/v1/session HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, 10)}`,
    );
    await new Promise((done) => setTimeout(done, 100));
    const stopped = server.stop();
    slow.write(body.slice(10));
    expect(await answer).toMatch(/^HTTP\/1\.1 401 /);
    await stopped;
    await expect(new Promise((done, fail) => get(`http://127.0.0.1:${server.port}/healthz`, done).on('error', fail))).rejects.toMatchObject(
      { code: 'ECONNREFUSED' },
    );
    const left = await countConnections(server.database.url);
    expect(left).toBe(0);
    await server.stop();
  });
});

async function countConnections(url: string): Promise<number> {
  const { Client } = (await import('pg')).default;
  const admin = new URL(url);
  const name = admin.pathname.slice(1);
  admin.pathname = '/postgres';
  const client = new Client({ connectionString: admin.toString() });
  await client.connect();
  try {
    for (let i = 0; ; i++) {
      const n = Number((await client.query('SELECT count(*) AS n FROM pg_stat_activity WHERE datname = $1', [name])).rows[0].n);
      if (n === 0 || i >= 40) return n;
      await new Promise((done) => setTimeout(done, 50));
    }
  } finally {
    await client.end();
  }
}

it('has its certificates for tests', () => {
  expect(existsSync(TLS.cert) && existsSync(TLS.key)).toBe(true);
});
