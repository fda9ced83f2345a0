import { describe, expect, it } from '@jest/globals';
import { parseServerUrl } from './server-url.js';

describe('the server’s URL', () => {
  it.each([
    ['https://lockstep.example', 'wss://lockstep.example/agent/v1', 'https://lockstep.example/agent/v1/enrol'],
    ['https://lockstep.example:8443/', 'wss://lockstep.example:8443/agent/v1', 'https://lockstep.example:8443/agent/v1/enrol'],
    ['wss://lockstep.example', 'wss://lockstep.example/agent/v1', 'https://lockstep.example/agent/v1/enrol'],
    ['http://127.0.0.1:4600', 'ws://127.0.0.1:4600/agent/v1', 'http://127.0.0.1:4600/agent/v1/enrol'],
    ['http://127.8.9.1:4600', 'ws://127.8.9.1:4600/agent/v1', 'http://127.8.9.1:4600/agent/v1/enrol'],
    ['http://[::1]:4600', 'ws://[::1]:4600/agent/v1', 'http://[::1]:4600/agent/v1/enrol'],
    ['ws://localhost:4600', 'ws://localhost:4600/agent/v1', 'http://localhost:4600/agent/v1/enrol'],
  ])('WIRE-1 WIRE-2 %s', (raw, socket, enrol) => {
    const urls = parseServerUrl(raw);
    expect([urls.socket.href, urls.enrol.href]).toEqual([socket, enrol]);
  });

  it.each([
    'http://lockstep.example',
    'ws://10.0.0.7:4600',
    'http://127.0.0.1.example.com',
    'http://localhost.example',
    'http://[::ffff:10.0.0.1]',
    'http://0.0.0.0:4600',
    'http://128.0.0.1',
  ])('WIRE-2 refuses plain text to %s and names it', (raw) => {
    expect(() => parseServerUrl(raw)).toThrow(
      expect.objectContaining({ code: 'plain-text', message: expect.stringContaining(new URL(raw).host) }),
    );
  });

  it.each([
    'lockstep.example',
    '',
    'ftp://x',
    'https://u:p@x',
    'https://x/console',
    'https://x/?a=1',
    'https://x/#a',
    'file:///etc/passwd',
  ])('refuses %j', (raw) => {
    expect(() => parseServerUrl(raw)).toThrow(expect.objectContaining({ code: 'bad-url' }));
  });
});
