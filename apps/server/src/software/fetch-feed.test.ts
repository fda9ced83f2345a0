import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { rootCertificates } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Authorities, DATA_DIR } from './authorities.js';
import { FeedError } from './feed-error.js';
import { type FetchLimits, fetchFeed } from './fetch-feed.js';

const TLS_DIR = new URL('../../test/tls/', import.meta.url);
const CERT = new URL('loopback.crt.pem', TLS_DIR);
const LIMITS: FetchLimits = { timeoutMs: 400, bytes: 1_000, redirects: 3 };

/** How the server answers the next questions; asked: what it was asked. */
let answer: http.RequestListener;
const asked: http.IncomingMessage[] = [];
const listener: http.RequestListener = (request, response) => {
  asked.push(request);
  answer(request, response);
};
const plain = http.createServer(listener);
const secure = https.createServer({ cert: readFileSync(CERT), key: readFileSync(new URL('loopback.key.pem', TLS_DIR)) }, listener);
let at: string;
let safe: string;

beforeAll(async () => {
  for (const server of [plain, secure]) await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  at = `http://127.0.0.1:${(plain.address() as AddressInfo).port}`;
  safe = `https://127.0.0.1:${(secure.address() as AddressInfo).port}`;
});
afterEach(() => void asked.splice(0));
afterAll(async () => {
  for (const server of [plain, secure]) {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  }
});

const nobody = new Authorities(null);
const get = (
  url: string,
  marks: { etag?: string; lastModified?: string } = {},
  authorities: Pick<Authorities, 'for'> = nobody,
  limits = LIMITS,
) => fetchFeed({ url: new URL(url), etag: marks.etag ?? null, lastModified: marks.lastModified ?? null }, authorities, limits);
/** The fault and the sentence; a word when there was none. */
const refusal = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'was read',
    (error: unknown) => (error instanceof FeedError ? `${error.fault}: ${error.message}` : `threw ${String(error)}`),
  );

describe('a feed', () => {
  it('is read with its marks, and asked for with them', async () => {
    answer = (_, response) => response.writeHead(200, { etag: '"v1"', 'last-modified': 'Mon, 26 Oct 2026 10:00:00 GMT' }).end('{"a":"ü"}');
    expect(await get(`${at}/feed.json`)).toEqual({
      kind: 'new',
      text: '{"a":"ü"}',
      etag: '"v1"',
      lastModified: 'Mon, 26 Oct 2026 10:00:00 GMT',
    });
    expect(asked[0]?.headers).toMatchObject({ 'accept-encoding': 'identity', 'user-agent': 'Lockstep' });
    expect(asked[0]?.headers['if-none-match']).toBeUndefined();
    answer = (_, response) => response.writeHead(304).end();
    expect(await get(at, { etag: '"v1"', lastModified: 'Mon, 26 Oct 2026 10:00:00 GMT' })).toEqual({ kind: 'same' });
    expect(asked[1]?.headers).toMatchObject({ 'if-none-match': '"v1"', 'if-modified-since': 'Mon, 26 Oct 2026 10:00:00 GMT' });
  });

  it('keeps no mark that is larger than a mark', async () => {
    answer = (_, response) => response.writeHead(200, { etag: `"${'x'.repeat(600)}"` }).end('{}');
    expect(await get(at)).toMatchObject({ etag: null });
  });

  it.each([500, 404, 403, 204, 206])('that answers %i is not read', async (status) => {
    answer = (_, response) => response.writeHead(status).end('{}');
    expect(await refusal(get(at))).toBe(`status: answered ${status}`);
  });

  it('that is larger than it may be is cut off, whether it says so or not', async () => {
    answer = (_, response) => response.writeHead(200, { 'content-length': '2000' }).end('x'.repeat(2_000));
    expect(await refusal(get(at))).toBe('too-large: is larger than 1000 bytes');
    let sent = 0;
    let closed: () => void = () => undefined;
    const ended = new Promise<void>((done) => (closed = done));
    answer = (_, response) => {
      response.writeHead(200);
      const more = setInterval(() => {
        sent += 1;
        response.write('x'.repeat(400));
      }, 5);
      response.on('close', () => {
        clearInterval(more);
        closed();
      });
    };
    expect(await refusal(get(at))).toMatch(/^too-large/);
    await ended;
    expect(sent).toBeLessThan(20);
  });

  it('that is slow is given up: at the headers, and in the middle', async () => {
    answer = () => undefined;
    expect(await refusal(get(at))).toBe('timeout: did not answer within 0.4 s');
    answer = (_, response) => response.writeHead(200, { 'content-length': '10' }).write('{');
    expect(await refusal(get(at))).toMatch(/^timeout/);
  });

  it('that breaks off is not read', async () => {
    answer = (_, response) => {
      response.writeHead(200, { 'content-length': '10' });
      response.write('{', () => response.destroy());
    };
    expect(await refusal(get(at))).toMatch(/^unreachable/);
  });

  it('is followed where it is sent on, three times at most', async () => {
    answer = (request, response) => {
      const n = Number(request.url?.slice(1) || 0);
      if (n < 3) response.writeHead(302, { location: `/${n + 1}` }).end();
      else response.end('{}');
    };
    expect(await get(at)).toMatchObject({ kind: 'new', text: '{}' });
    expect(asked.map((r) => r.url)).toEqual(['/', '/1', '/2', '/3']);
    answer = (_, response) => response.writeHead(301, { location: '/again' }).end();
    expect(await refusal(get(at))).toMatch(/^redirects: was sent on more than 3 times/);
  });

  it.each([
    ['file:///etc/passwd', /^redirects: was sent on to file:/],
    ['http://[', /^redirects: was sent on to no address/],
    [undefined, /^redirects: was sent on to no address/],
  ])('is not followed to %s', async (location, words) => {
    answer = (_, response) => response.writeHead(302, location === undefined ? {} : { location }).end();
    expect(await refusal(get(at))).toMatch(words);
  });

  it('that is not there is unreachable', async () => {
    const free = http.createServer();
    await new Promise<void>((done) => free.listen(0, '127.0.0.1', done));
    const { port } = free.address() as AddressInfo;
    await new Promise((done) => free.close(done));
    expect(await refusal(get(`http://127.0.0.1:${port}/`))).toBe(`unreachable: 127.0.0.1:${port} could not be reached (ECONNREFUSED)`);
    expect(await refusal(get('http://name.invalid/'))).toMatch(/^unreachable: name\.invalid/);
  });

  it('ends with the server that reads it', async () => {
    answer = () => undefined;
    const stop = new AbortController();
    const reading = refusal(fetchFeed({ url: new URL(at), etag: null, lastModified: null }, nobody, LIMITS, stop.signal));
    stop.abort();
    expect(await reading).toMatch(/^unreachable/);
  });
});

describe('over TLS', () => {
  beforeAll(() => {
    answer = (_, response) => response.end('{}');
  });

  it('is read from whom a given authority vouches for, and from nobody else', async () => {
    answer = (_, response) => response.end('{}');
    expect(await refusal(get(safe))).toMatch(
      /^untrusted: 127\.0\.0\.1:\d+ showed a certificate that is not trusted \(.*LOCKSTEP_FEEDS_CA$/,
    );
    expect(await get(safe, {}, new Authorities(CERT.pathname))).toMatchObject({ text: '{}' });
  });

  it('is never followed to plain text', async () => {
    answer = (_, response) => response.writeHead(302, { location: `${at}/plain` }).end();
    expect(await refusal(get(safe, {}, new Authorities(CERT.pathname)))).toMatch(/^redirects: was sent on from https to http:/);
    expect(asked).toHaveLength(1);
  });
});

describe('authorities', () => {
  it('for Apple’s service is Apple’s root alone: no public authority can vouch for it', () => {
    const [only, ...more] = nobody.for('gdmf.apple.com');
    expect(more).toEqual([]);
    const root = new X509Certificate(only ?? '');
    expect(root.fingerprint256).toBe('B0:B1:73:0E:CB:C7:FF:45:05:14:2C:49:F1:29:5E:6E:DA:6B:CA:ED:7E:2C:68:C5:BE:91:B5:A1:10:01:F0:24');
    expect([root.ca, root.verify(root.publicKey), root.subject.includes('CN=Apple Root CA')]).toEqual([true, true, true]);
    expect(Date.parse(root.validTo)).toBeGreaterThan(Date.UTC(2035, 0, 1));
  });

  it('for every other name are the public ones', () => {
    expect(nobody.for('sofafeed.macadmins.io')).toEqual([...rootCertificates]);
    expect(nobody.for('gdmf.apple.com.evil.example')).toEqual([...rootCertificates]);
  });

  it('of one’s own come on top, for both', () => {
    const own = new Authorities(CERT.pathname);
    const text = readFileSync(CERT, 'utf8');
    expect([own.for('gdmf.apple.com').at(-1), own.for('sofafeed.macadmins.io').at(-1)]).toEqual([text, text]);
    expect(() => new Authorities('/nowhere/ca.pem')).toThrow(/ENOENT/);
  });

  it('lie where the server finds them', () => {
    expect(readFileSync(new URL('apple-root-ca.pem', DATA_DIR), 'utf8')).toContain('BEGIN CERTIFICATE');
  });
});
