import { describe, expect, it } from '@jest/globals';
import { parseAgentEnv } from './env.js';
import { formatMuxAddress, isLoopback, parseMuxAddress, UsageError } from './mux-address.js';

describe('USBMUXD_SOCKET_ADDRESS', () => {
  it.each([
    ['UNIX:/run/usbmuxd', { kind: 'unix', path: '/run/usbmuxd' }],
    ['unix:/tmp/with:colon', { kind: 'unix', path: '/tmp/with:colon' }],
    ['/tmp/mux.sock', { kind: 'unix', path: '/tmp/mux.sock' }],
    ['127.0.0.1:27015', { kind: 'tcp', host: '127.0.0.1', port: 27015 }],
    ['localhost:1', { kind: 'tcp', host: 'localhost', port: 1 }],
    ['[::1]:27015', { kind: 'tcp', host: '::1', port: 27015 }],
  ] as const)('%s', (raw, address) => {
    expect(parseMuxAddress(raw)).toEqual(address);
    expect(parseMuxAddress(formatMuxAddress(address))).toEqual(address);
  });

  it.each([
    'UNIX:relative',
    'UNIX:',
    'mux.sock',
    'host:',
    ':27015',
    'host:0',
    'host:65536',
    'host:12a',
    'ho st:80',
    '::1',
    `UNIX:/${'x'.repeat(200)}`,
    '/a\u0000b',
  ])('%j is refused, named, with exit code 64', (raw) => {
    expect(() => parseMuxAddress(raw)).toThrow(UsageError);
    try {
      parseMuxAddress(raw);
    } catch (e) {
      expect((e as UsageError).exitCode).toBe(64);
      expect((e as UsageError).message).toContain('USBMUXD_SOCKET_ADDRESS');
    }
  });

  it('knows what stays on this computer', () => {
    expect(['127.0.0.1', '127.8.9.1', 'localhost', '::1'].map(isLoopback)).toEqual([true, true, true, true]);
    expect(['10.0.0.1', '0.0.0.0', 'example.com', '127.0.0.1.evil.com'].map(isLoopback)).toEqual([false, false, false, false]);
  });
});

describe('environment', () => {
  it('has defaults, and an empty value is none', () => {
    expect(parseAgentEnv({ USBMUXD_SOCKET_ADDRESS: '', LOCKSTEP_LAB: '' }, 'linux', 0)).toEqual({
      mux: { kind: 'unix', path: '/var/run/usbmuxd' },
      sysfs: '/sys',
      dir: '/var/lib/lockstep-agent',
      lab: false,
    });
  });

  it('names a variable that cannot be used', () => {
    expect(() => parseAgentEnv({ LOCKSTEP_LAB: 'yes' }, 'linux', 0)).toThrow(/LOCKSTEP_LAB/);
    expect(() => parseAgentEnv({ LOCKSTEP_SYSFS: '/a\u0000b' }, 'linux', 0)).toThrow(/LOCKSTEP_SYSFS/);
  });
});
