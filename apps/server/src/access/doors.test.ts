import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { describe, expect, it } from '@jest/globals';
import { type Env, ProblemError } from '../platform/index.js';
import { Doors } from './doors.js';

type Config = Pick<Env, 'host' | 'allowedHosts' | 'trustedProxies' | 'publicUrl'>;
const doors = (over: Partial<Config> = {}) =>
  new Doors({ host: '127.0.0.1', allowedHosts: [], trustedProxies: [], publicUrl: null, ...over });

function request(remoteAddress: string, headers: Record<string, string> = {}, tls = false): IncomingMessage {
  const socket = tls ? new TLSSocket(new Socket()) : new Socket();
  Object.defineProperty(socket, 'remoteAddress', { value: remoteAddress });
  const req = new IncomingMessage(socket);
  Object.assign(req.headers, headers);
  return req;
}

const code = (work: () => void): string => {
  try {
    work();
    return 'passes';
  } catch (error) {
    if (error instanceof ProblemError) return error.code;
    throw error;
  }
};

describe('the other end', () => {
  it('is who the socket says, and forwarding headers count for nothing, without a trusted proxy', () => {
    expect(doors().peer(request('203.0.113.9', { 'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'https' }))).toEqual({
      address: '203.0.113.9',
      secure: false,
      local: false,
    });
    expect(doors().peer(request('::ffff:127.0.0.1'))).toEqual({ address: '127.0.0.1', secure: false, local: true });
    expect(doors().peer(request('::1', {}, true))).toEqual({ address: '::1', secure: true, local: true });
    expect(doors().peer(request('127.0.0.7')).local).toBe(true);
  });

  it.each([
    ['x-forwarded-for', '198.51.100.1'],
    ['forwarded', 'for=198.51.100.1'],
    ['x-real-ip', '198.51.100.1'],
  ])('is not this computer when something on it forwards: %s', (name, value) => {
    expect(doors().peer(request('127.0.0.1', { [name]: value })).local).toBe(false);
  });

  it('is the first address, from the right, that no trusted proxy holds', () => {
    const d = doors({ trustedProxies: ['10.0.0.0/8', '2001:db8::5'] });
    const peer = (from: string, chain: string, proto?: string) =>
      d.peer(request(from, { 'x-forwarded-for': chain, ...(proto === undefined ? {} : { 'x-forwarded-proto': proto }) }));
    expect(peer('10.0.0.1', '198.51.100.1', 'https')).toEqual({ address: '198.51.100.1', secure: true, local: false });
    expect(peer('10.0.0.1', '127.0.0.1, 198.51.100.1, 10.0.0.2')).toMatchObject({ address: '198.51.100.1', secure: false });
    expect(peer('2001:db8::5', '198.51.100.1', 'http').secure).toBe(false);
    expect(peer('10.0.0.1', '127.0.0.1').local).toBe(false);
    expect(peer('10.0.0.1', 'garbage, 198.51.100.1').address).toBe('198.51.100.1');
    expect(peer('203.0.113.9', '198.51.100.1', 'https')).toMatchObject({ address: '203.0.113.9', secure: false });
  });
});

describe('the Host door', () => {
  const host = (value: string | undefined, over: Partial<Config> = {}) =>
    code(() => doors(over).checkHost(request('127.0.0.1', value === undefined ? {} : { host: value })));

  it.each(['localhost', 'localhost:4600', 'LOCALHOST:1', '127.0.0.1:4600', '127.0.0.9', '[::1]:4600'])('lets %s in', (value) => {
    expect(host(value)).toBe('passes');
  });

  it.each([
    undefined,
    '',
    'evil.example',
    'evil.example:4600',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '10.0.0.5:4600',
    'localhost@evil.example',
    'a b',
    '[::1',
    '0.0.0.0',
  ])('keeps %s out', (value) => {
    expect(host(value)).toBe('host-not-allowed');
  });

  it('lets in what is configured, with the port when one is given', () => {
    expect(host('console.example', { allowedHosts: ['console.example'] })).toBe('passes');
    expect(host('Console.Example:8443', { allowedHosts: ['console.example'] })).toBe('passes');
    expect(host('console.example:8443', { allowedHosts: ['console.example:8443'] })).toBe('passes');
    expect(host('console.example:9', { allowedHosts: ['console.example:8443'] })).toBe('host-not-allowed');
    expect(host('desk.example', { publicUrl: new URL('https://desk.example') })).toBe('passes');
    expect(host('10.0.0.5:4600', { host: '10.0.0.5' })).toBe('passes');
    expect(host('10.0.0.5:4600', { host: '0.0.0.0' })).toBe('host-not-allowed');
  });
});

describe('the Origin door', () => {
  const origin = (
    value: string | undefined,
    { tls = false, required = true, ...over }: Partial<Config> & { tls?: boolean; required?: boolean } = {},
  ) => {
    const d = doors(over);
    const req = request('127.0.0.1', { host: 'localhost:4600', ...(value === undefined ? {} : { origin: value }) }, tls);
    return code(() => d.checkOrigin(req, d.peer(req), required));
  };

  it('lets our own pages in', () => {
    expect(origin('http://localhost:4600')).toBe('passes');
    expect(origin('https://localhost:4600', { tls: true })).toBe('passes');
    expect(origin('https://desk.example', { publicUrl: new URL('https://desk.example') })).toBe('passes');
  });

  it.each([
    'https://evil.example',
    'http://localhost:4601',
    'http://localhost',
    'https://localhost:4600',
    'http://127.0.0.1:4600',
    'null',
    '',
    'http://localhost:4600.evil.example',
    'http://localhost:4600/',
  ])('keeps %s out', (value) => {
    expect(origin(value)).toBe('origin-not-allowed');
    expect(origin(value, { required: false })).toBe('origin-not-allowed');
  });

  it('has to be named where a cookie speaks', () => {
    expect(origin(undefined)).toBe('origin-required');
    expect(origin(undefined, { required: false })).toBe('passes');
  });
});

describe('the TLS door', () => {
  const plain = (req: IncomingMessage, over: Partial<Config> = {}) => {
    const d = doors(over);
    return code(() => d.checkEncrypted(d.peer(req)));
  };

  it('is open to this computer, and to others over TLS only', () => {
    expect(plain(request('127.0.0.1'))).toBe('passes');
    expect(plain(request('192.168.1.20'))).toBe('tls-required');
    expect(plain(request('192.168.1.20', {}, true))).toBe('passes');
    expect(plain(request('127.0.0.1', { 'x-forwarded-for': '192.168.1.20' }))).toBe('tls-required');
    expect(plain(request('192.168.1.20', { 'x-forwarded-proto': 'https' }))).toBe('tls-required');
  });

  it('believes a trusted proxy', () => {
    const over = { trustedProxies: ['10.0.0.1'] };
    expect(plain(request('10.0.0.1', { 'x-forwarded-for': '192.168.1.20', 'x-forwarded-proto': 'https' }), over)).toBe('passes');
    expect(plain(request('10.0.0.1', { 'x-forwarded-for': '192.168.1.20', 'x-forwarded-proto': 'http' }), over)).toBe('tls-required');
    expect(plain(request('10.0.0.1', { 'x-forwarded-for': '192.168.1.20' }), over)).toBe('tls-required');
  });
});
