import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EnrolAnswer, enrolText, SIGNED } from '@lockstep/core/protocol';
import { ManualClock } from '../../test/clock.js';
import { startTestServer, type TestServer } from '../../test/server.js';
import { HostKeys } from './host-keys.js';

interface Computer {
  publicKey: string;
  key: KeyObject;
}

function computer(): Computer {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  return { publicKey: publicKey.export({ format: 'jwk' }).x ?? '', key: privateKey };
}

describe('enrolment', () => {
  let server: TestServer;
  let cookie: string;
  const clock = new ManualClock();
  beforeAll(async () => {
    server = await startTestServer({ clock });
    cookie = await server.signIn();
  });
  afterAll(() => server.end());

  const token = async (uses = 1, minutes = 60) => {
    const { json } = await server.ask('POST', '/api/v1/enrolment-tokens', { cookie, json: { uses, minutes } });
    return { id: String(json.id), text: String(json.token) };
  };
  const usesLeft = async (id: string) => (await server.platform.db.prisma.enrolmentToken.findUniqueOrThrow({ where: { id } })).usesLeft;
  const body = (c: Computer, tokenText: string, over: Record<string, unknown> = {}) => {
    const signature = sign(null, Buffer.from(SIGNED.enrol + enrolText({ token: tokenText, publicKey: c.publicKey })), c.key).toString(
      'base64url',
    );
    return {
      version: 1,
      token: tokenText,
      publicKey: c.publicKey,
      host: { hostname: 'desk-1', os: 'linux', osVersion: '12', arch: 'x64', agent: '0.1.0' },
      signature,
      ...over,
    };
  };
  const enrol = (json: unknown, headers: Record<string, string> = {}) => server.ask('POST', '/agent/v1/enrol', { json, headers });
  const code = async (json: unknown) => {
    const answer = await enrol(json);
    return `${answer.status} ${String(answer.json.code)}`;
  };

  it('makes a host of a computer that holds a key and a token, and gives it the order key the token promised', async () => {
    const t = await token();
    const c = computer();
    const answer = await enrol(body(c, t.text));
    expect(answer.status).toBe(201);
    const host = EnrolAnswer.parse(answer.json);
    expect([host.orderKey, host.orderKeyId]).toEqual([server.orderKey.publicKey, server.orderKey.keyId]);
    expect(await usesLeft(t.id)).toBe(0);
    const key = await server.app.get(HostKeys).get(host.hostId);
    expect(key).toMatchObject({ hostId: host.hostId, publicKey: c.publicKey, label: { hostname: 'desk-1', os: 'linux' }, revokedAt: null });
  });

  it('gives the same key the same host, also when the token is used up, and takes no second use', async () => {
    const t = await token(2);
    const c = computer();
    const first = await enrol(body(c, t.text));
    const again = await enrol(
      body(c, t.text, { host: { hostname: 'desk-renamed', os: 'linux', osVersion: '13', arch: 'x64', agent: '0.1.0' } }),
    );
    expect(again.json).toEqual(first.json);
    expect(await usesLeft(t.id)).toBe(1);
    expect((await server.app.get(HostKeys).get(String(first.json.hostId)))?.label.hostname).toBe('desk-renamed');
    await enrol(body(computer(), t.text));
    expect(await usesLeft(t.id)).toBe(0);
    expect((await enrol(body(c, t.text))).json).toEqual(first.json);
    expect(await code(body(computer(), t.text))).toBe('401 token-used-up');
  });

  it('takes a use once per computer under any race', async () => {
    const t = await token(3);
    const computers = Array.from({ length: 8 }, computer);
    const answers = await Promise.all([...computers, ...computers].map((c) => enrol(body(c, t.text))));
    expect(await usesLeft(t.id)).toBe(0);
    const hosts = new Set(answers.filter((a) => a.status === 201).map((a) => String(a.json.hostId)));
    expect(hosts.size).toBe(3);
    const rows = await server.platform.db.pool.query('SELECT 1 FROM host_key WHERE enrolled_by = $1', [t.id]);
    expect(rows.rowCount).toBe(3);
  });

  it('of one key with two tokens at once makes one host', async () => {
    const [a, b] = [await token(), await token()];
    const c = computer();
    const answers = await Promise.all([a, b, a, b].map((t) => enrol(body(c, t.text))));
    expect(new Set(answers.map((x) => `${x.status} ${String(x.json.hostId)}`)).size).toBe(1);
  });

  it('is refused, each reason by its own word', async () => {
    const t = await token(5);
    const c = computer();
    const [, secret = '', fingerprint = ''] = t.text.split('.');
    const otherSecret = `lse1.${'A'.repeat(32)}.${fingerprint}`;
    const otherServer = `lse1.${secret}.${'A'.repeat(43)}`;
    expect(await code(body(c, otherSecret))).toBe('401 token-unknown');
    expect(await code(body(c, otherServer))).toBe('401 token-of-other-server');
    expect(await code(body(c, t.text, { publicKey: computer().publicKey }))).toBe('401 bad-signature');
    expect(await code(body(c, t.text, { signature: 'A'.repeat(86) }))).toBe('401 bad-signature');
    expect(await code(body({ ...c, publicKey: 'A'.repeat(43) }, t.text))).toBe('401 bad-signature');
    expect(await code(body(c, t.text, { version: 2 }))).toBe('400 version-not-served');
    expect(await usesLeft(t.id)).toBe(5);
    await server.ask('DELETE', `/api/v1/enrolment-tokens/${t.id}`, { cookie });
    expect(await code(body(c, t.text))).toBe('401 token-revoked');
    const short = await token(1, 1);
    clock.advance(61_000);
    expect(await code(body(c, short.text))).toBe('401 token-expired');
  });

  it('is not for a key that was revoked', async () => {
    const t = await token(2);
    const c = computer();
    const hostId = String((await enrol(body(c, t.text))).json.hostId);
    const told: string[] = [];
    server.platform.bus.subscribe('host.revoked', (m) => void told.push(m.hostId));
    expect((await server.ask('DELETE', `/api/v1/hosts/${hostId}`, { cookie })).status).toBe(204);
    expect(told).toEqual([hostId]);
    expect((await server.app.get(HostKeys).get(hostId))?.revokedAt).toBeInstanceOf(Date);
    expect(await code(body(c, t.text))).toBe('403 host-revoked');
    expect((await server.ask('DELETE', '/api/v1/hosts/6c1a1f5e-0000-4000-8000-000000000000', { cookie })).status).toBe(404);
  });

  it('names each bad field, hostile text included', async () => {
    const t = await token();
    const c = computer();
    const fields = async (over: Record<string, unknown>) => {
      const answer = await enrol(body(c, t.text, over));
      return [answer.status, ...JSON.parse(answer.text).errors.map((e: { field: string }) => e.field)];
    };
    expect(await fields({ token: 'x' })).toEqual([400, 'token']);
    expect(await fields({ publicKey: 'short' })).toEqual([400, 'publicKey']);
    expect(await fields({ host: { hostname: 'x', os: 'beos', osVersion: '1', arch: 'x', agent: '1' } })).toEqual([400, 'host.os']);
    expect(await fields({ host: { hostname: 'a\u0000b', os: 'linux', osVersion: '1', arch: 'x', agent: '1' } })).toEqual([
      400,
      'host.hostname',
    ]);
    expect(await fields({ version: 'one' })).toEqual([400, 'version']);
  });

  it('is refused to a page, and to whoever comes through a proxy that nobody vouches for', async () => {
    const json = body(computer(), (await token()).text);
    expect((await enrol(json, { origin: 'https://evil.example' })).json).toMatchObject({ status: 403, code: 'origin-not-allowed' });
    expect((await enrol(json, { 'x-forwarded-for': '198.51.100.7' })).json).toMatchObject({ status: 403, code: 'tls-required' });
  });

  it('writes down who came and who was refused', async () => {
    const { rows } = await server.platform.db.pool.query<{ action: string; n: string }>(
      `SELECT action, count(*) AS n FROM audit WHERE action LIKE 'host.%' GROUP BY 1`,
    );
    expect(Object.fromEntries(rows.map((r) => [r.action, Number(r.n) > 0]))).toEqual({
      'host.enrolled': true,
      'host.refused': true,
      'host.revoked': true,
    });
  });

  it('is limited per address for those who are refused', async () => {
    clock.advance(3_600_000);
    const c = computer();
    let limited = 0;
    for (let i = 0; i < 62; i++)
      if ((await enrol(body(c, `lse1.${'A'.repeat(32)}.${server.orderKey.fingerprint}`))).status === 429) limited++;
    expect(limited).toBe(2);
  });
});
