import { describe, expect, it } from '@jest/globals';
import type { Ran } from '../port.js';
import { readAccount } from './console.js';
import { readDisabled } from './launchd.js';
import { readDefaultRoute } from './network-state.js';
import { readRestoreLog } from './restore-log.js';
import { readSwVers } from './sysctl.js';
import { macName } from './system-version.js';
import { hubDepthOf, hubOf, placeOf } from './usb-place.js';

const ran = (stdout: string, exit = 0): Ran => ({ exit, stdout, stderr: '', failure: null });

describe('a place on the bus', () => {
  it.each([
    [0x0110_0000, '0x01100000', 0, 0x0100_0000],
    [0x1423_0000, '0x14230000', 1, 0x1420_0000],
    [0x0124_2100, '0x01242100', 3, 0x0124_2000],
    [0x8011_1111, '0x80111111', 5, 0x8011_1110],
    [0x1400_0000, '0x14000000', 0, 0x1400_0000],
  ])('%i is written %s behind %i hubs', (location, place, depth, hub) => {
    expect([placeOf(location), hubDepthOf(location), hubOf(location)]).toEqual([place, depth, hub]);
  });
});

describe('an account', () => {
  it('has a name and a home that may stand in the table of files, or is not looked into', () => {
    expect(readAccount(ran('name: zoe\nuid: 501\ndir: /Users/zoe\n'))).toEqual({ read: true, account: 'zoe', home: '/Users/zoe' });
    expect(readAccount(ran(''))).toEqual({ read: false, reason: 'garbage' });
    for (const dir of ['/Users/../etc', '/Users/zoë', '', '/Users/a;b'])
      expect(readAccount(ran(`name: zoe\ndir: ${dir}\n`))).toEqual({ read: false, reason: 'unsupported' });
  });
});

describe('labels that are switched off', () => {
  it('are read as launchd writes them now and wrote them before', () => {
    const now = readDisabled(ran('disabled services = {\n\t"com.apple.AMPDevicesAgent" => disabled\n\t"a" => enabled\n}\n'));
    const before = readDisabled(ran('\tdisabled services = {\n\t\t"com.apple.AMPDevicesAgent" => true\n\t\t"a" => false\n\t}\n'));
    for (const found of [now, before]) expect(found).toEqual({ read: true, labels: new Set(['com.apple.AMPDevicesAgent']) });
    expect(readDisabled(ran('', 112))).toEqual({ read: false, reason: 'no-session' });
    expect(readDisabled(ran('what?'))).toEqual({ read: false, reason: 'garbage' });
  });
});

describe('the end of a restore’s log', () => {
  it.each([
    ['AMRestorePerformRecoveryModeRestore failed with error: 4005\n', 4005],
    ['Restore failed (error code = 14)\n', 14],
    ['failed with error: 4013\nRestore complete\n', null],
    ['error: 4013\n2026-11-24 Restore started\n', null],
    ['progress 90 of 100\n', null],
    ['failed with error: 40', null],
  ])('%j ends with %p', (text, code) => {
    expect(readRestoreLog(ran(text))).toEqual({ lastError: code });
  });
  it('that cannot be read says nothing', () => {
    expect(readRestoreLog(ran('', 1))).toBeNull();
  });
});

describe('small answers', () => {
  it('are read or refused', () => {
    expect(readDefaultRoute(ran('   route to: default\n    gateway: 192.0.2.1\n  interface: en0\n'))).toBe('en0');
    expect(readDefaultRoute(ran('', 1))).toBeNull();
    expect(readSwVers(ran('ProductName:\tmacOS\nProductVersion:\t26.1\nBuildVersion:\t25B78\n'))).toEqual({
      version: '26.1',
      build: '25B78',
    });
    expect(readSwVers(ran('ProductVersion:\tnone\n'))).toBeNull();
    const version =
      '<?xml version="1.0"?><plist version="1.0"><dict><key>ProductName</key><string>macOS</string><key>ProductVersion</key><string>26.1</string><key>ProductBuildVersion</key><string>25B78</string></dict></plist>';
    expect(macName(Buffer.from(version))).toBe('macOS 26.1 (25B78)');
    expect(macName(Buffer.from('none'))).toBeNull();
  });
});
