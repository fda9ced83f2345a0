import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { Fact } from '@lockstep/core/health';
import fc from 'fast-check';
import { z } from 'zod';
import { WINDOWS_COMMANDS } from '../commands/windows.js';
import { decodeOutput } from '../decode.js';
import { proveWindowsListener } from '../listener-proof.js';
import { DEFAULT_MUX } from '../mux-address.js';
import type { Ran } from '../port.js';
import { partsOf, udidOfInstance } from './bus.js';
import { field, instantOf } from './document.js';
import { readDocument, readStoreAcl } from './index.js';

const SAMPLES = fileURLToPath(new URL('../../../samples/windows-11/', import.meta.url));
const said = (body: object): Ran => ({
  exit: 0,
  stdout: JSON.stringify({ v: 1, at: '2026-11-24T09:00:00Z', ...body }),
  stderr: '',
  failure: null,
});

function documentOf(body: object) {
  const doc = readDocument(said(body));
  if (!doc.read) throw new Error(doc.reason);
  return doc.document;
}

describe('a section', () => {
  const reasonOf = (why: string, code: number | null) => {
    const section = documentOf({ x: { why, code } }).section('x', z.string());
    return section.read ? section.rows : section.reason;
  };
  it.each([
    ['HRESULT 0x80070005,Get-NetTCPConnection', null, 'denied'],
    ['anything', 0x8007_0005 | 0, 'denied'],
    ['HRESULT 0x80041003,Get-CimInstance', null, 'denied'],
    ['CommandNotFoundException', null, 'unsupported'],
    ['NoMatchingLogsFound,Microsoft.PowerShell.Commands.GetWinEventCommand', null, 'unsupported'],
    ['HRESULT 0x80041010,Get-CimInstance', null, 'unsupported'],
    ['x', 0x8007_06ba | 0, 'unreachable'],
    ['x', 0x8007_05b4 | 0, 'timeout'],
    ['etwas anderes', 1, 'io'],
    ['NoMatchingEventsFound,Microsoft.PowerShell.Commands.GetWinEventCommand', -2146233088, []],
    ['CmdletizationQuery_NotFound_LocalPort,Get-NetTCPConnection', null, []],
  ])('that failed with %j %j is %j: by id and number, never by its words', (why, code, reason) => {
    expect(reasonOf(why, code)).toEqual(reason);
  });

  it('with one row that is no row is garbage, and so is one that is not there', () => {
    const document = documentOf({ x: { ok: ['a', 1] }, y: 7 });
    for (const name of ['x', 'y', 'z', '__proto__', 'toString'])
      expect(document.section(name, z.string())).toEqual({ read: false, reason: 'garbage' });
  });

  it('is a list however PowerShell wrote it', () => {
    const rows = (ok: unknown) => documentOf({ x: { ok } }).section('x', z.string());
    for (const ok of [['a'], 'a', { value: ['a'], Count: 1 }, [{ value: 'a', PSPath: 'C:\\x' }], [null, 'a']])
      expect(rows(ok)).toEqual({ read: true, rows: ['a'] });
    expect(rows(null)).toEqual({ read: true, rows: [] });
  });
});

describe('a date', () => {
  it('is ISO or .NET’s, and never 1601', () => {
    expect(instantOf('2026-11-24T09:00:00.1234567Z')).toBe(Date.parse('2026-11-24T09:00:00.123Z'));
    expect(instantOf('/Date(1795510800000)/')).toBe(1_795_510_800_000);
    for (const raw of ['1601-01-01T00:00:00Z', '24.11.2026 10:00', '令和8年', '', '/Date(x)/'])
      expect([raw, instantOf(raw)]).toEqual([raw, null]);
  });
  it('and numbers come as numbers or digits', () => {
    expect(field.number.parse('5011')).toBe(5_011);
    expect(field.number.parse('5.011')).toBeNull();
    expect(field.number.parse(undefined)).toBeNull();
  });
});

describe('an instance id', () => {
  it('tells vendor, product, interface and serial number', () => {
    expect(partsOf('USB\\VID_05AC&PID_12A8&MI_01\\7&1A2B3C4D&0&0001')).toEqual({
      vendor: 0x05ac,
      product: 0x12a8,
      mi: 1,
      tail: '7&1A2B3C4D&0&0001',
    });
    expect(udidOfInstance('USB\\VID_05AC&PID_12A8\\000081100011223344556677')).toBe('00008110-0011223344556677');
    expect(udidOfInstance('USB\\VID_05AC&PID_12A8\\6&1A2B3C4D&0&4')).toBeNull();
    expect(udidOfInstance('USB\\VID_046D&PID_12A8\\000081100011223344556677')).toBeNull();
  });
  it('of any shape ends nothing', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (id) => udidOfInstance(`USB\\VID_05AC&PID_12A8\\${id}`) !== undefined),
    );
  });
});

describe('any answer', () => {
  const SECTIONS = [
    ...['nodes', 'services', 'processes', 'port', 'proxy', 'glass', 'homes', 'restores', 'events', 'removals', 'problems', 'marks'],
    ...['system', 'restart', 'keys', 'programs', 'apps', 'ownapps', 'drivers', 'policies', 'refusals', 'setupapi', 'suspend', 'hubs'],
    ...['store', 'routes', 'adapters', 'vpns', 'walls', 'rules', 'named', 'metrics', 'networks'],
  ];
  const KEYS = [
    ...['id', 'code', 'service', 'inf', 'version', 'provider', 'places', 'arrived', 'parent', 'above', 'hardware', 'compatible', 'present'],
    ...[
      'Name',
      'State',
      'StartMode',
      'ProcessId',
      'Id',
      'ProcessName',
      'SessionId',
      'address',
      'pid',
      'session',
      'path',
      'signed',
      'signer',
    ],
    ...[
      'at',
      'of',
      'source',
      'lines',
      'build',
      'ubr',
      'renames',
      'key',
      'wow',
      'name',
      'inf',
      'rule',
      'value',
      'list',
      'index',
      'metric',
      'up',
    ],
  ];
  const word = fc.constantFrom(
    'USB\\VID_05AC&PID_12A8\\000081100011223344556677',
    'USB\\VID_0000&PID_0002\\1',
    '2026-11-24T08:59:00Z',
    '0x00000001',
    '\ud800',
    '',
  );
  const value = fc.oneof(
    word,
    fc.integer({ min: -5, max: 30_000 }),
    fc.boolean(),
    fc.constant(null),
    fc.array(word, { maxLength: 2 }),
    fc.jsonValue(),
  );
  const row = fc.oneof(fc.dictionary(fc.constantFrom(...KEYS), value, { maxKeys: 24 }), value);
  const section = fc.oneof(fc.record({ ok: fc.array(row, { maxLength: 3 }) }), fc.record({ ok: row }), fc.jsonValue());
  const answer = fc.dictionary(fc.constantFrom(...SECTIONS), section, { maxKeys: 20 });
  it.each(Object.entries(WINDOWS_COMMANDS))('of %s makes facts of its kinds, and ends nothing', (_id, { parse }) => {
    fc.assert(
      fc.property(answer, (body) => {
        for (const fact of parse(said(body))) {
          const parsed = Fact.safeParse({ ...fact, at: '2026-11-24T09:00:00Z', probe: 'p', tookMs: 0 });
          // Text of other people may be unfit for storing: that is found where facts are stamped.
          if (!parsed.success) expect(parsed.error.issues.every((i) => i.code === 'custom' || i.code === 'too_big')).toBe(true);
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('the access list of the records', () => {
  const acl = (sddl: string) => readStoreAcl(documentOf({ store: { ok: [sddl] } }));
  it.each([
    ['D:(A;OICIID;FA;;;SY)(A;OICIID;FA;;;BA)(A;OICIID;0x1200a9;;;BU)(A;CIID;DCLCRPCR;;;BU)', { writable: true, asShipped: true }],
    ['O:BAG:SYD:PAI(A;OICI;0x1f01ff;;;SY)(A;OICI;FA;;;WD)', { writable: true, asShipped: false }],
    ['D:(A;OICI;0x1200a9;;;SY)(A;OICI;0x1301bf;;;BU)', { writable: false, asShipped: false }],
    ['D:(D;OICI;FA;;;SY)(A;OICI;FA;;;SY)', { writable: false, asShipped: true }],
    ['O:BAG:SY', { writable: null, asShipped: null }],
    ['', { writable: null, asShipped: null }],
  ])('%s', (sddl, expected) => {
    expect(acl(sddl)).toEqual(expected);
  });
});

describe('who listens on Windows', () => {
  const sample = (name: string): Ran => ({
    exit: 0,
    stdout: decodeOutput(readFileSync(join(SAMPLES, name, 'windows-listener.stdout'))),
    stderr: '',
    failure: null,
  });
  const EXPECTED: Record<string, object> = {
    'listener-apple': { proven: true, relaxed: false },
    'listener-store': { proven: true, relaxed: false },
    'listener-user-folder': { proven: false, why: 'unknown-owner' },
    'listener-invalid-signature': { proven: false, why: 'foreign-owner' },
    'listener-lookalike-signer': { proven: false, why: 'foreign-owner' },
    'listener-nobody': { proven: false, why: 'missing' },
    'listener-denied': { proven: false, why: 'unknown-owner' },
    'listener-beside-apple': { proven: false, why: 'foreign-owner' },
    'listener-proxy': { proven: false, why: 'foreign-owner' },
  };
  it.each(readdirSync(SAMPLES).filter((n) => n.startsWith('listener-')))('%s', async (name) => {
    expect(await proveWindowsListener(DEFAULT_MUX.windows, false, async () => sample(name))).toEqual(EXPECTED[name]);
  });
  it('elsewhere is not proven, in a lab a loopback port is, and no answer proves nothing', async () => {
    const never = async (): Promise<Ran> => Promise.reject(new Error('asked'));
    expect(await proveWindowsListener({ kind: 'tcp', host: '192.0.2.1', port: 27_015 }, false, never)).toEqual({
      proven: false,
      why: 'tcp',
    });
    expect(await proveWindowsListener({ kind: 'tcp', host: '127.0.0.1', port: 4_000 }, false, never)).toEqual({
      proven: false,
      why: 'tcp',
    });
    expect(await proveWindowsListener({ kind: 'tcp', host: '127.0.0.1', port: 4_000 }, true, never)).toEqual({
      proven: true,
      relaxed: true,
    });
    expect(await proveWindowsListener({ kind: 'unix', path: '/x' }, false, never)).toEqual({ proven: false, why: 'unsupported' });
    const silent = async (): Promise<Ran> => ({ exit: null, stdout: '', stderr: '', failure: 'timeout' });
    expect(await proveWindowsListener(DEFAULT_MUX.windows, false, silent)).toEqual({ proven: false, why: 'unknown-owner' });
  });
});
