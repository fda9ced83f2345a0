import { describe, expect, it } from '@jest/globals';
import { enrolCommands, wholeNumber } from './commands.js';

describe('the commands for the other computer', () => {
  it('carry the address of the console and never the token', () => {
    expect(enrolCommands('https://lockstep.example:8443')).toEqual({
      enrol: 'npx --no-install lockstep-agent enroll --server https://lockstep.example:8443',
      start: 'npx --no-install lockstep-agent run',
      warning: null,
    });
  });
  it.each([
    ['http://127.0.0.1:4600', 'loopback'],
    ['http://localhost:4600', 'loopback'],
    ['http://[::1]:4600', 'loopback'],
    ['https://localhost', 'loopback'],
    ['http://192.168.1.5:4600', 'plain'],
    ['http://127.example.com', 'plain'],
    ['https://127.example.com', null],
  ] as const)('%s: %s', (origin, warning) => expect(enrolCommands(origin).warning).toBe(warning));
});

describe('a whole number', () => {
  it.each([
    ['1', 1],
    [' 20 ', 20],
    ['0', null],
    ['10001', null],
    ['1.5', null],
    ['', null],
    ['1e3', null],
    ['-1', null],
  ] as const)('%j is %j', (text, n) => {
    expect(wholeNumber(text, 1, 10_000)).toBe(n);
  });
});
