import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { COMMANDS, type CommandId, commandRow, paramsOf } from './commands/index.js';
import { FileAccess, pathsOf } from './file-access.js';
import { FILES, type FileId, fileParamsOf, fileRow } from './files.js';
import { BadParam, checkedParams, PARAMS, type ParamId } from './params.js';
import { RecordedMachine } from './recorded.js';
import { argumentsOf } from './run.js';

const UDID = '00008110-0011223344556677';
const GOOD: Record<ParamId, string[]> = {
  uid: ['501', '1000', '4294967294'],
  account: ['zoe', '_agent', 'zoe.meier-2'],
  udid: [UDID, '0123456789abcdef0123456789abcdef01234567'],
  ecid: ['0x11223344556677', '0xA'],
  instance: [
    'USB\\VID_05AC&PID_12A8\\000081100011223344556677',
    'USB\\VID_05AC&PID_12A8&MI_01\\7&1A2B3C4D&0&0001',
    'USB\\ROOT_HUB30\\4&1&0&0',
  ],
  session: ['2', 'c1'],
  unit: ['usbmuxd.service', 'avahi-daemon.socket'],
  home: ['/Users/zoe', '/home/a.b_c', 'C:\\Users\\Zoe Meier'],
  pid: ['2', '412', '4294967295'],
  inf: ['oem44.inf', 'OEM0.INF'],
  product: ['{D8F8E4C0-3C5B-4F0A-9A5E-0B3F7C1D2E44}'],
  storeInf: [
    'C:\\Windows\\System32\\DriverStore\\FileRepository\\appleusb.inf_amd64_0123456789abcdef\\appleusb.inf',
    'C:\\Windows\\System32\\DriverStore\\FileRepository\\usbaapl64.inf_amd64_0123456789abcdef\\usbaapl64.inf',
  ],
  folder: ['C:\\ProgramData\\Lockstep\\agent\\drivers\\oem44-inf-1795510800000'],
  busid: ['1-4', '12-3'],
  proxy: ['v4tov4', 'v4tov6'],
  listen: ['127.0.0.1', '0.0.0.0', 'localhost'],
  target: ['192.168.0.99', 'fe80::1', 'relay.example', 'a'],
  port: ['1', '27015', '65535'],
  onOff: ['0', '1'],
  startMode: ['auto', 'demand', 'delayed-auto'],
  zone: ['home', 'FedoraWorkstation', 'nm-shared'],
  iface: ['eth0', 'wlp0s20f3', 'enx00e04c680001'],
  ifindex: ['1', '21', '999999999'],
  metric: ['1', '60', '9999'],
};
const BAD: Record<ParamId, string[]> = {
  account: ['', '-n', '../zoe', 'zoe meier', '1zoe', 'zoe/..'],
  uid: ['0', '00', '-1', '501 ', '4294967295', '99999999999', '1;id', ''],
  udid: ['00008110-001122334455667', 'ABCDEF0123456789abcdef0123456789abcdef01', '../../etc', ''],
  ecid: ['11223344556677', '0x', '0x12345678901234567', '0x1;', '-e'],
  instance: ['PCI\\VEN_8086', 'USB\\VID_05AC&PID_12A8\\a b', 'USB\\VID_05AC&PID_12A8\\x"; rm', 'USB\\VID_05AC&PID_12A8\\..\\..', ''],
  session: ['-h', 'a b', '../1', '', 'x'.repeat(17)],
  unit: ['-x.service', 'a/b.service', 'usbmuxd', 'a b.service', ''],
  zone: ['', '-x', '--zone', 'a b', 'x;y', 'x'.repeat(18)],
  iface: ['', '-x', 'a b', 'eth0;x', 'x'.repeat(16), '../x'],
  ifindex: ['0', '-1', '1 2', '1;x', '', '1234567890'],
  metric: ['0', '10000', '-1', '6 0', ''],
  home: ['/Users/../etc', 'Users/zoe', '/Users/zoe/', '/Users//zoe', '/Users/zoe;x', 'C:Users', '/', ''],
  pid: ['0', '1', '-9', '-1', '4294967296', '12a', ''],
  product: [
    '',
    'D8F8E4C0-3C5B-4F0A-9A5E-0B3F7C1D2E44',
    '{D8F8E4C0-3C5B-4F0A-9A5E-0B3F7C1D2E44} /norestart',
    '{d8f8e4c0-3c5b-4f0a-9a5e-0b3f7c1d2e44}',
    'C:\\x.msi',
  ],
  inf: ['winusb.inf', 'oem.inf', 'oem44.inf.x', '..\\oem44.inf', '*', 'oem44.inf /force', ''],
  storeInf: [
    'C:\\Windows\\System32\\DriverStore\\FileRepository\\appleusb.inf_amd64_0123456789abcdef\\usbaapl64.inf',
    'C:\\Windows\\System32\\DriverStore\\FileRepository\\..\\appleusb.inf_amd64_0123456789abcdef\\appleusb.inf',
    'D:\\appleusb.inf',
    'appleusb.inf',
    '',
  ],
  folder: ['C:\\', 'C:\\Users', 'C:\\a\\..\\b', 'C:\\a\\b*', 'C:\\a\\b\\', '\\\\server\\share', 'C:\\a\\b.', ''],
  busid: ['1', '1-', '-1-2', '1-2.3', '1-2 --all', ''],
  proxy: ['v6tov4', 'reset', ''],
  listen: ['*', '256.0.0.1', '127.0.0.1 x', '1.2.3', ''],
  target: ['-x', 'a b', 'a/b', '.', ''],
  port: ['0', '65536', '080', '1 2', ''],
  onOff: ['2', '00', ''],
  startMode: ['disabled', 'boot', 'system', ''],
};

describe('parameters', () => {
  it.each(Object.keys(PARAMS) as ParamId[])('%s takes what it is and nothing else', (id) => {
    expect(GOOD[id].filter((v) => !PARAMS[id](v))).toEqual([]);
    expect(BAD[id].filter((v) => PARAMS[id](v))).toEqual([]);
  });

  it('hold nothing that ends a line, a string or an argument, and never lead an option', () => {
    for (const id of Object.keys(PARAMS) as ParamId[]) {
      fc.assert(
        fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (v) => {
          if (PARAMS[id](v)) expect(v).not.toMatch(/[\u0000\n\r"'`$|<>*?]|^-/);
        }),
      );
    }
  });

  it('are exactly those of the row; the error names the parameter and not the value', () => {
    expect(checkedParams('x', ['uid'], { uid: '501' })('uid')).toBe('501');
    for (const given of [{}, { uid: '0' }, { uid: '501', udid: UDID }]) {
      let message = '';
      try {
        checkedParams('x', ['uid'], given);
      } catch (e) {
        expect(e).toBeInstanceOf(BadParam);
        message = (e as Error).message;
      }
      expect(message).toMatch(/^x: (uid|udid) /);
      expect(message).not.toMatch(/501|00008110/);
    }
  });

  it('stay one element of an argument list', () => {
    const args = ['print', { param: 'uid', before: 'gui/', after: '/com.apple.AMPDevicesAgent' }] as const;
    expect(argumentsOf(args, () => '501')).toEqual(['print', 'gui/501/com.apple.AMPDevicesAgent']);
  });

  it('are asked for before anything is started or looked at', async () => {
    const m = new RecordedMachine({ os: 'linux', restMissing: true });
    await expect(m.run('session-show', undefined, { session: '-x' })).rejects.toBeInstanceOf(BadParam);
    await expect(m.stat('record-file', { udid: '../x' })).rejects.toBeInstanceOf(BadParam);
    expect([m.started, m.looked]).toEqual([[], []]);
  });
});

describe('the table of commands', () => {
  const FIRMWARE: readonly CommandId[] = [
    'cfgutil-update',
    'cfgutil-revive',
    'cfgutil-restore',
    'idevicerestore-update',
    'idevicerestore-erase',
  ];
  it.each(Object.keys(COMMANDS) as CommandId[])('%s is fixed, absolute and bounded', (id) => {
    const row = commandRow(id);
    for (const program of row.programs) expect(program).toMatch(/^(\/|[A-Z]:\\)/);
    expect(row.programs.some((p) => /\/(ba|da|z)?sh$|\/env$|cmd\.exe$/i.test(p))).toBe(false);
    // What writes a phone's firmware takes its hour and is not cut off; nothing else may.
    expect([row.outlives ?? false, row.deadlineMs <= (row.outlives ? 5_400_000 : 60_000)]).toEqual([FIRMWARE.includes(id), true]);
    expect(row.outputBytes ?? 0).toBeLessThanOrEqual(16_777_216);
    expect(paramsOf(row).every((p) => p in PARAMS)).toBe(true);
    if (row.effect === 'acts') expect(row.parse).toBeNull();
  });
});

describe('the table of files', () => {
  it.each(Object.keys(FILES) as FileId[])('%s is absolute and bounded', (id) => {
    const row = fileRow(id);
    expect(fileParamsOf(row).every((p) => p in PARAMS)).toBe(true);
    for (const [os, paths] of Object.entries(row.paths))
      for (const path of paths) expect([os, path, /^(\/|[A-Z]:\\|\{home\})/.test(path) && !path.includes('..')]).toEqual([os, path, true]);
    expect(row.bytes ?? 0).toBeLessThanOrEqual(16_777_216);
  });

  it('lets nobody read what is in a pair record', () => {
    const records = (Object.keys(FILES) as FileId[]).filter((id) =>
      Object.values(fileRow(id).paths)
        .flat()
        .some((p) => /lockdown/i.test(p)),
    );
    expect(records.length).toBeGreaterThan(0);
    expect(records.filter((id) => fileRow(id).effect === 'read')).toEqual([]);
  });

  it('puts a parameter into a path and nowhere else', () => {
    expect(pathsOf('record-file', 'linux', { udid: UDID })).toEqual([`/var/lib/lockdown/${UDID}.plist`]);
    expect(() => pathsOf('record-file', 'linux', {})).toThrow(BadParam);
    expect(() => pathsOf('os-release', 'windows')).toThrow('unsupported');
  });

  it('are looked at as they are: size, owner, time, and never through a link', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'lockstep-files-'));
    try {
      await mkdir(join(dir, 'folder'));
      await writeFile(join(dir, 'file'), 'twelve bytes');
      await symlink(join(dir, 'file'), join(dir, 'link'));
      const access = new (class extends FileAccess {
        protected override paths(): string[] {
          return [join(dir, 'none'), dir];
        }
      })('linux');
      expect((await access.list('record-files')).map((e) => [e.name, e.kind, e.kind === 'file' ? e.bytes : null])).toEqual([
        ['file', 'file', 12],
        ['folder', 'folder', null],
        ['link', 'link', null],
      ]);
      expect(await access.stat('record-folder')).toMatchObject({ kind: 'folder' });
      expect((await access.space('record-space')).totalBytes).toBeGreaterThan(0);
      await expect(access.read('hosts')).rejects.toMatchObject({ reason: 'io' });
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  });
});
