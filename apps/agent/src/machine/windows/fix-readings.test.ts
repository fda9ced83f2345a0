import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Ran } from '../port.js';
import { readPhoneNodes } from './bus.js';
import { readDocument, type WindowsDocument } from './document.js';
import { readAppleDrivers, readAppleService, readProxyRules, readStoreApps, readSuspend, readUsbipd } from './fix-readings.js';
import { readBlocks } from './policies.js';

const ran = (stdout: string, more: Partial<Ran> = {}): Ran => ({ exit: 0, stdout, stderr: '', failure: null, ...more });
function document(sections: object): WindowsDocument {
  const read = readDocument(ran(JSON.stringify({ v: 1, at: '2026-11-24T09:00:00Z', ...sections })));
  if (!read.read) throw new Error(read.reason);
  return read.document;
}

describe('what a fix on Windows asks before it acts', () => {
  it.each([
    ['Running', 'Auto', 3_108, { running: true, between: false, pid: 3_108, mode: 'Auto' }],
    ['Stopped', 'Disabled', 0, { running: false, between: false, pid: null, mode: 'Disabled' }],
    ['Stop Pending', 'Manual', 3_108, { running: false, between: true, pid: 3_108, mode: 'Manual' }],
  ] as const)('Apple’s service that is %s and starts %s', (State, StartMode, ProcessId, service) => {
    const services = { ok: [{ Name: 'Bonjour Service', State: 'Running', StartMode: 'Auto', ProcessId: 1 }] as object[] };
    services.ok.push({ Name: 'Apple Mobile Device Service', State, StartMode, ProcessId });
    expect(readAppleService(document({ services }))).toEqual({ read: true, rows: [service] });
    expect(readAppleService(document({ services: { ok: services.ok.slice(0, 1) } }))).toEqual({ read: true, rows: [] });
  });

  it('takes a driver for Apple’s only where it stands in the store with a good signature of Apple’s or Microsoft’s', () => {
    const at = (name: string, hash: string) => `C:\\Windows\\System32\\DriverStore\\FileRepository\\${name}.inf_amd64_${hash}\\${name}.inf`;
    const tested = 'CN=Microsoft Windows Hardware Compatibility Publisher, O=Microsoft Corporation, C=US';
    const good = { signed: 0, signer: tested };
    const packages = {
      ok: [
        { path: at('usbaapl64', '0123456789abcdef'), version: '6.0.9999.69', ...good },
        { path: at('appleusb', '0123456789abcdef'), version: '486.0.0.0', signed: 0, signer: 'CN=Apple Inc., O=Apple Inc., C=US' },
        { path: at('appleusb', 'fedcba9876543210'), version: '538.0.0.0', ...good },
        { path: at('appleusb', '1111111111111111'), version: '999.0.0.0', signed: 2, signer: tested },
        { path: at('appleusb', '2222222222222222'), version: '999.0.0.0', signed: 0, signer: 'CN=libwdi, O=Not Apple Inc.' },
        { path: 'C:\\Temp\\appleusb.inf', version: '999.0.0.0', ...good },
      ],
    };
    const drivers = readAppleDrivers(document({ packages }));
    expect(drivers.read && drivers.rows.map((d) => d.version)).toEqual(['538.0.0.0', '486.0.0.0', '6.0.9999.69']);
  });

  it('reads the rules that stand in front of the multiplexer’s port, each whole, and no other', () => {
    const rule = (listen: string, to = '10.0.0.9/27015', type = 'v4tov4') => ({ type, listen, to });
    const read = readProxyRules(
      document({
        rules: { ok: [rule('127.0.0.1/27015'), rule('*/27015', 'fe80::1/1', 'v4tov6'), rule('127.0.0.1/8080'), rule('10.0.0.5/27015')] },
      }),
    );
    expect(read).toEqual({
      read: true,
      rows: [
        { proxy: 'v4tov4', listen: '127.0.0.1', target: '10.0.0.9', port: '27015' },
        { proxy: 'v4tov6', listen: null, target: 'fe80::1', port: '1' },
      ],
    });
    for (const to of ['10.0.0.9', '-x/1', 'a b/1', '10.0.0.9/0', ''])
      expect(readProxyRules(document({ rules: { ok: [rule('127.0.0.1/27015', to)] } }))).toEqual({ read: false, reason: 'garbage' });
  });

  it('reads the power plan’s two values in any language, and nothing else for them', () => {
    const said = 'GUID: 0x00000009\r\n    Aktueller Index: 0x00000001\r\n    Aktueller Index: 0x00000000\r\n';
    expect(readSuspend(ran(said))).toEqual({ mains: 1, battery: 0 });
    expect(readSuspend(ran('0x00000001'))).toBeNull();
    expect(readSuspend(ran(said, { exit: 1 }))).toBeNull();
    expect(readSuspend(ran('', { exit: null, failure: 'timeout' }))).toBeNull();
  });

  it('reads which devices usbipd-win has handed on', () => {
    const device = (BusId: string | null, ClientIPAddress: string | null) => ({
      BusId,
      ClientIPAddress,
      InstanceId: 'USB\\VID_05AC&PID_12A8\\1',
    });
    const state = { Devices: [device('1-4', '172.22.16.9'), device('1-5', null), device(null, null), device('--all', '1.1.1.1')] };
    expect(readUsbipd(ran(JSON.stringify(state)))).toEqual({
      read: true,
      attached: [{ busid: '1-4', instance: 'USB\\VID_05AC&PID_12A8\\1' }],
    });
    expect(readUsbipd(ran('usbipd: error', { exit: 1 }))).toEqual({ read: false, reason: 'garbage' });
    expect(readUsbipd(ran('', { exit: null, failure: 'missing-tool' }))).toEqual({ read: false, reason: 'missing-tool' });
  });

  it('dies of no answer', () => {
    const read = [readAppleService, readAppleDrivers, readProxyRules, readStoreApps, readBlocks, readPhoneNodes];
    const name = fc.constantFrom('services', 'packages', 'rules', 'apps', 'policies', 'nodes');
    fc.assert(
      fc.property(fc.dictionary(name, fc.oneof(fc.jsonValue(), fc.record({ ok: fc.jsonValue() }))), (sections) => {
        for (const one of read) expect(typeof one(document(sections as object)).read).toBe('boolean');
      }),
      { numRuns: 300 },
    );
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => typeof readUsbipd(ran(text)).read === 'boolean'));
  });
});
