import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { HOSTS_MARK } from '../../machine/index.js';
import { isApples, namesIn } from './clear-hosts.js';
import { zoneOf } from './let-names-in.js';

describe('lines of a hosts file', () => {
  it.each(['17.0.0.1 gs.apple.com', '0.0.0.0\tGS.Apple.Com.', '::1 a.b.icloud.com mesu.apple.com # jailbreak', '127.0.0.1 apple.com\r'])(
    '%j is about Apple alone',
    (line) => {
      expect(isApples(line)).toBe(true);
    },
  );

  it.each([
    '',
    '# 17.0.0.1 gs.apple.com',
    `${HOSTS_MARK}17.0.0.1 gs.apple.com`,
    '17.0.0.1',
    '127.0.0.1 localhost',
    '10.0.0.1 pineapple.com',
    '10.0.0.1 updates.cdn-apple.com',
    '10.0.0.1 apple.com.evil.example',
    '10.0.0.1 gs.apple.com nas',
    '10.0.0.1 nas # gs.apple.com',
  ])('%j is not', (line) => {
    expect(isApples(line)).toBe(false);
  });

  it('whatever stands in them: only whole names of Apple make one Apple’s', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (line) => {
        if (isApples(line)) for (const name of namesIn(line)) expect(`.${name}`).toMatch(/\.(apple|icloud)\.com$/);
      }),
    );
  });
});

describe('firewalld’s zones', () => {
  const ZONES =
    'home\n  interfaces: wlp2s0 eth0\npublic (default)\n  interfaces: enp5s0\n  sources: 10.0.0.0/8\nlibvirt\n  interfaces: virbr0\n';
  it.each([
    ['eth0', 'home'],
    ['wlp2s0', 'home'],
    ['enp5s0', 'public'],
    ['eth', null],
    ['10.0.0.0/8', null],
  ])('%s is in %j', (iface, zone) => {
    expect(zoneOf(ZONES, iface)).toBe(zone);
  });

  it('in an answer of anything else are not known', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (text) => {
        const zone = zoneOf(text, 'eth0');
        if (zone !== null) expect(zone).toMatch(/^[A-Za-z][A-Za-z0-9_-]{0,16}$/);
      }),
    );
  });
});
