import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EnrolAnswer, enrolText, OrderKeyView, OrderStopView, OrdersView, SIGNED } from '@lockstep/core/protocol';
import { TestAgent, TestKey } from '../test/agent.js';
import { Browser } from '../test/browser.js';
import { enrolled } from '../test/enrolled.js';
import { type Answer, startTestServer, type TestServer } from '../test/server.js';

let server: TestServer;
let cookie: string;
const tokens: Record<'viewer' | 'technician' | 'admin', string> = { viewer: '', technician: '', admin: '' };
beforeAll(async () => {
  server = await startTestServer({ env: { LOCKSTEP_DISRUPTIVE_PER_HOUR: '7' } });
  cookie = await server.signIn();
  for (const role of ['viewer', 'technician', 'admin'] as const) {
    const made = await server.ask('POST', '/api/v1/api-tokens', { cookie, json: { name: `a ${role}`, role } });
    tokens[role] = String(made.json.secret);
  }
});
afterAll(() => server.end());

const as = (role: keyof typeof tokens, method: string, path: string, json?: unknown): Promise<Answer> =>
  server.ask(method, `/api/v1/${path}`, { token: tokens[role], ...(json === undefined ? {} : { json }) });
const word = (a: Answer) => `${a.status} ${String(a.json.code)}`;
const audit = async (action: string) => {
  const { text } = await as('admin', 'GET', `audit?action=${action}&limit=20`);
  return (JSON.parse(text).items as { actor: { name: string }; action: string; subject: unknown; detail: unknown }[]).map((r) => ({
    by: r.actor.name,
    detail: r.detail,
  }));
};

describe('the switch, over the API', () => {
  it('is seen by everybody, thrown by technicians, thrown back by admins', async () => {
    const stop = { stopped: true, reason: 'wrong phones are asked' };
    expect(OrderStopView.parse((await as('viewer', 'GET', 'orders/stop')).json)).toEqual({
      stopped: false,
      reason: null,
      by: null,
      at: null,
    });
    expect(word(await as('viewer', 'PUT', 'orders/stop', stop))).toBe('403 forbidden');
    const thrown = await as('technician', 'PUT', 'orders/stop', stop);
    expect([thrown.status, OrderStopView.parse(thrown.json)]).toMatchObject([
      200,
      { stopped: true, by: 'a technician', reason: stop.reason },
    ]);
    expect(OrdersView.parse((await as('viewer', 'GET', 'orders')).json)).toMatchObject({
      stop: { stopped: true },
      cap: { perHour: 7, used: 0, waiting: 0, freeAt: null },
    });
    expect(word(await as('technician', 'PUT', 'orders/stop', { stopped: false, reason: 'never mind' }))).toBe('403 forbidden');
    expect(OrderStopView.parse((await as('admin', 'PUT', 'orders/stop', { stopped: false, reason: 'mended' })).json)).toMatchObject({
      stopped: false,
      by: 'a admin',
    });
    expect(await audit('orders.stopped')).toEqual([{ by: 'a technician', detail: { reason: stop.reason } }]);
    expect(await audit('orders.resumed')).toEqual([{ by: 'a admin', detail: { reason: 'mended' } }]);
    // Whatever happened to orders, newest first; and to nothing whose word only begins like it.
    expect((await audit('orders')).map((r) => r.detail)).toEqual([{ reason: 'mended' }, { reason: stop.reason }]);
    expect(await audit('order')).toEqual([]);
  });

  it.each([
    [{ stopped: true }, 'reason'],
    [{ stopped: true, reason: '' }, 'reason'],
    [{ stopped: true, reason: '   ' }, 'reason'],
    [{ stopped: true, reason: 'x'.repeat(301) }, 'reason'],
    [{ stopped: 'yes', reason: 'x' }, 'stopped'],
    [{ stopped: true, reason: 'x', until: 'tomorrow' }, 'until'],
  ])('refuses %j and names %s', async (json, field) => {
    const answer = await as('admin', 'PUT', 'orders/stop', json);
    expect([answer.status, JSON.parse(answer.text).errors[0].field]).toEqual([400, field]);
    expect((await as('viewer', 'GET', 'orders/stop')).json).toMatchObject({ stopped: false });
  });

  it('is told to every browser at once, whatever it watches, and to one that opens while it is thrown', async () => {
    const headers = { cookie, origin: `http://127.0.0.1:${server.port}` };
    const told = (browser: Browser, stopped: boolean) =>
      browser.until((all) => all.find((m) => m.type === 'orders' && m.orders.stop.stopped === stopped));
    const early = await Browser.open(server.port, headers);
    await early.until((all) => all.find((m) => m.type === 'hello'));
    await as('technician', 'PUT', 'orders/stop', { stopped: true, reason: 'look' });
    await told(early, true);
    const late = await Browser.open(server.port, headers);
    await told(late, true);
    await as('admin', 'PUT', 'orders/stop', { stopped: false, reason: 'done' });
    await told(early, false);
    await told(late, false);
    for (const b of [early, late]) b.ws.close();
  });
});

describe('order keys, over the API', () => {
  const keys = async () => OrderKeyView.array().parse(JSON.parse((await as('admin', 'GET', 'order-keys')).text).items);
  const newToken = async () => String((await as('admin', 'POST', 'enrolment-tokens', { uses: 3 })).json.token);
  const enrol = (token: string, key = new TestKey()) =>
    server.ask('POST', '/agent/v1/enrol', {
      json: {
        version: 1,
        token,
        publicKey: key.publicKey,
        host: { hostname: 'desk-7', os: 'linux', osVersion: '12', arch: 'x64', agent: '0.1.0' },
        signature: key.sign(SIGNED.enrol + enrolText({ token, publicKey: key.publicKey })),
      },
    });

  it('are for admins only', async () => {
    for (const role of ['viewer', 'technician'] as const) {
      expect(word(await as(role, 'GET', 'order-keys'))).toBe('403 forbidden');
      expect(word(await as(role, 'POST', 'order-keys/rotate', {}))).toBe('403 forbidden');
      expect(word(await as(role, 'DELETE', `order-keys/${server.orderKey.keyId}`))).toBe('403 forbidden');
    }
    expect(await keys()).toHaveLength(1);
  });

  it('rotate: who did it is in the audit, new tokens name the new key, older tokens still let computers in', async () => {
    const before = await newToken();
    const host = await enrolled(server, cookie, 'desk-1');
    const agent = await TestAgent.connect(`http://127.0.0.1:${server.port}`, host);
    const rotated = await as('admin', 'POST', 'order-keys/rotate', {});
    const key = OrderKeyView.parse(rotated.json);
    expect([rotated.status, key.state, key.keyId]).toEqual([201, 'current', server.orderKeys.current.keyId]);
    expect(await keys()).toMatchObject([
      { keyId: key.keyId, state: 'current', until: null },
      { keyId: server.orderKey.keyId, state: 'overlap', since: null },
    ]);
    expect(await audit('order-key.rotated')).toEqual([{ by: 'a admin', detail: { from: server.orderKey.keyId, to: key.keyId } }]);
    await agent.next('server.keys');
    expect(OrdersView.parse((await as('admin', 'GET', 'orders')).json).keys).toEqual([{ keyId: server.orderKey.keyId, hosts: 1 }]);
    await agent.close();

    const after = await newToken();
    expect([before, after].map((t) => t.split('.')[2])).toEqual([server.orderKey.fingerprint, key.fingerprint]);
    const old = EnrolAnswer.parse((await enrol(before)).json);
    expect(old).toMatchObject({
      orderKeyId: server.orderKey.keyId,
      orderKey: server.orderKey.publicKey,
      successors: [{ nextKeyId: key.keyId }],
    });
    const fresh = EnrolAnswer.parse((await enrol(after)).json);
    expect([fresh.orderKeyId, fresh.successors]).toEqual([key.keyId, undefined]);
  });

  it('that are revoked are gone from the disk, with the tokens that name them', async () => {
    const current = server.orderKeys.current.keyId;
    const token = `lse1.${'A'.repeat(32)}.${server.orderKey.fingerprint}`;
    expect(word(await as('admin', 'DELETE', `order-keys/${current}`))).toBe('409 current-key');
    expect(word(await as('admin', 'DELETE', 'order-keys/0123456789abcdef'))).toBe('404 not-found');
    expect(word(await as('admin', 'DELETE', 'order-keys/..%2forder-key'))).toBe('400 invalid-input');
    expect(word(await enrol(token))).toBe('401 token-unknown');
    expect((await as('admin', 'DELETE', `order-keys/${server.orderKey.keyId}`)).status).toBe(204);
    expect((await keys()).map((k) => k.keyId)).toEqual([current]);
    expect(word(await enrol(token))).toBe('401 token-of-other-server');
    expect(readdirSync(server.dir, { recursive: true }).filter((f) => String(f).endsWith('.pem'))).toEqual(['order-key.pem']);
    expect(await audit('order-key.revoked')).toEqual([{ by: 'a admin', detail: {} }]);
  });

  it('are never in the database', async () => {
    await as('admin', 'POST', 'order-keys/rotate', {});
    const { pool } = server.platform.db;
    const { rows } = await pool.query<{ t: string }>(
      `SELECT table_schema || '.' || quote_ident(table_name) AS t FROM information_schema.tables WHERE table_schema NOT IN ('pg_catalog', 'information_schema')`,
    );
    expect(rows.length).toBeGreaterThan(15);
    for (const { t } of rows) {
      const found = await pool.query(`SELECT 1 FROM ${t} x WHERE x::text LIKE '%PRIVATE KEY%'`);
      expect([t, found.rowCount]).toEqual([t, 0]);
    }
  });
});
