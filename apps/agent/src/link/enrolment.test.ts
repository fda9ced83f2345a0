import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LinkServer } from '../../test/link-server.js';
import { agentFiles } from './disk.js';
import { enrol, parseToken } from './enrolment.js';
import { loadEnrolled } from './identity.js';

const host = { hostname: 'mac-042', os: 'linux' as const, osVersion: '6.1', arch: 'x64', agent: '0.1.0' };
let dir = '';
let server: LinkServer;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'lockstep-enrol-'));
  server = await LinkServer.listen();
});
afterEach(async () => {
  await server.close();
  rmSync(dir, { recursive: true, force: true });
});
const go = (more: Partial<Parameters<typeof enrol>[0]> = {}) =>
  enrol({ dir, server: more.server ?? server.url, token: server.token, host, ...more });
const left = () => readdirSync(dir).sort();

describe('enrolment', () => {
  it('ENR-2 ENR-4 ENR-5 makes a key, proves it, and pins the order key of the token', async () => {
    const enrolment = await go();
    expect(enrolment.orderKeys).toEqual([{ keyId: server.keyId, publicKey: server.publicKey }]);
    expect(server.hosts.get(enrolment.hostId)?.publicKey).toBe(loadEnrolled(dir).identity.publicKey);
    expect(left()).toEqual(['enrolment.json', 'identity.key']);
  });

  it('ENR-4 refuses a server whose key is not the token’s, and keeps nothing', async () => {
    const other = await LinkServer.listen();
    server.enrolAnswer = () => ({ status: 201, body: { hostId: crypto.randomUUID(), orderKeyId: other.keyId, orderKey: other.publicKey } });
    await expect(go()).rejects.toMatchObject({ code: 'wrong-server' });
    expect(left()).toEqual([]);
    await other.close();
  });

  it('ENR-4 refuses a key id that is not the key’s', async () => {
    server.enrolAnswer = () => ({
      status: 201,
      body: { hostId: crypto.randomUUID(), orderKeyId: '0'.repeat(16), orderKey: server.publicKey },
    });
    await expect(go()).rejects.toMatchObject({ code: 'wrong-server' });
    expect(left()).toEqual([]);
  });

  it('WIRE-2 sends no token over plain text to another computer', async () => {
    await expect(go({ server: 'http://lockstep.example:4600' })).rejects.toMatchObject({
      code: 'plain-text',
      message: expect.stringContaining('lockstep.example:4600'),
    });
    expect(left()).toEqual([]);
  });

  it.each(['', 'lse1', 'lse2.a.b', `lse1.${'a'.repeat(32)}.${'b'.repeat(42)}`, `lse1.${'a'.repeat(31)}!.${'b'.repeat(43)}`])(
    'a token like %j is refused here, and not repeated',
    async (token) => {
      await expect(go({ token })).rejects.toMatchObject({ code: 'bad-token', message: expect.not.stringContaining('aaaa') });
      expect(left()).toEqual([]);
    },
  );

  it('takes a token with the newline of the file it came in', () => {
    expect(parseToken(`${server.token}\n`).token).toBe(server.token);
  });

  it('ENR-6 says what the server refused, names fields, never the token, and leaves nothing', async () => {
    server.enrolAnswer = () => ({
      status: 400,
      body: {
        type: 'about:blank',
        title: 'Bad',
        status: 400,
        code: 'bad-request',
        detail: 'Something is wrong.',
        errors: [{ field: 'host.os', message: 'is unknown' }],
      },
    });
    await expect(go()).rejects.toMatchObject({ code: 'refused', message: expect.stringContaining('host.os: is unknown') });
    server.enrolAnswer = () => ({
      status: 401,
      body: { type: 'about:blank', title: 'No', status: 401, code: 'token-refused', detail: 'This token was used up.' },
    });
    const error = await go().catch((e: Error) => e);
    expect(String(error)).toContain('This token was used up.');
    expect(String(error)).not.toContain(server.token.slice(5, 20));
    expect(left()).toEqual([]);
  });

  it.each([
    ['HTML', 200, '<html>welcome to your router</html>'],
    ['another JSON', 200, { ok: true }],
    ['a redirect', 302, ''],
    ['too much', 200, 'x'.repeat(100_000)],
  ])('an answer that is %s is not taken', async (_name, status, body) => {
    server.enrolAnswer = () => ({ status, body });
    await expect(go()).rejects.toMatchObject({ code: expect.stringMatching(/bad-answer|refused/) });
    expect(left()).toEqual([]);
  });

  it('ENR-7 keeps the key when the answer was lost, and gets the same host with it', async () => {
    let seen = '';
    server.enrolAnswer = (req) => {
      seen = req.publicKey;
      return { status: 503, body: {} };
    };
    await expect(go()).rejects.toMatchObject({ code: 'unreachable' });
    expect(left()).toEqual(['identity.key.pending']);
    server.enrolAnswer = null;
    const first = await go();
    expect(server.hosts.get(first.hostId)?.publicKey).toBe(seen);
    expect(left()).toEqual(['enrolment.json', 'identity.key']);
  });

  it('says when nobody answers, or not in time', async () => {
    const url = server.url;
    await expect(go({ timeoutMs: 1 })).rejects.toMatchObject({ code: 'unreachable' });
    await server.close();
    await expect(go({ server: url })).rejects.toMatchObject({ code: 'unreachable', message: expect.stringContaining('ECONNREFUSED') });
    server = await LinkServer.listen();
  });

  it('ENR-5 an enrolled computer stays what it is unless told; again, it is a new host with a new key', async () => {
    const first = await go();
    await expect(go()).rejects.toMatchObject({ code: 'already-enrolled' });
    expect(loadEnrolled(dir).enrolment).toEqual(first);
    server.enrolAnswer = () => ({ status: 401, body: {} });
    await expect(go({ again: true })).rejects.toMatchObject({ code: 'refused' });
    expect(loadEnrolled(dir).enrolment).toEqual(first);
    server.enrolAnswer = null;
    const second = await go({ again: true });
    expect(second.hostId).not.toBe(first.hostId);
    expect(loadEnrolled(dir).identity.publicKey).toBe(server.hosts.get(second.hostId)?.publicKey);
    expect(existsSync(agentFiles(dir).nextKey)).toBe(false);
  });
});
