import { describe, expect, it } from '@jest/globals';
import { type Params, ReadFailed, type Recording, writePlist } from '../../../machine/index.js';
import { ask, entry, NOW, OTHER, PROCESSES, SIGNED_IN, said, settings, UDID } from './asked.js';

const OLD = '0123456789abcdef0123456789abcdef01234567';

describe('the agents of the person in front', () => {
  const idle = (label: string) => ({ stdout: `gui/501/${label} = {\n\tstate = not running\n\truns = 0\n}\n` });
  const commands: Recording['commands'] = {
    ...SIGNED_IN,
    'launchctl-discovery-agent': idle('com.apple.AMPDeviceDiscoveryAgent'),
    'launchctl-devices-agent': { stdout: said('macos-26/devices-agent-running', 'launchctl-devices-agent') },
    'launchctl-updater-agent': { exit: 113 },
    'launchctl-disabled': { stdout: 'disabled services = {\n\t"com.apple.AMPDeviceDiscoveryAgent" => disabled\n\t"x" => enabled\n}\n' },
    'process-list': PROCESSES,
  };
  it('are switched off, running, missing, and each saw the phone or did not', async () => {
    const log = (process: string, s: number) =>
      JSON.stringify({
        timestamp: `2026-11-24 09:00:${String(s).padStart(2, '0')}.000000+0000`,
        eventMessage: 'Entered:_AMMuxedVersion2DeviceConnected, mux-device:338',
        processImagePath: `/x/${process}`,
      });
    const files = { 'mac-own-crashes': [entry('AMPDevicesAgent-2026-11-24-081213.ips')] };
    const told = { ...commands, 'log-devices': { stdout: `${log('AMPDevicesAgent', 1)}\n${log('MobileDeviceUpdater', 2)}\n` } };
    const base = { managed: false, crashes24h: 0 };
    expect(await ask('sync-agents', { commands: told, files })).toEqual([
      {
        agents: [
          { ...base, name: 'AMPDeviceDiscoveryAgent', state: 'disabled', pid: null, sawPhone: false },
          { ...base, name: 'AMPDevicesAgent', state: 'running', pid: 1204, crashes24h: 1, sawPhone: true },
          { ...base, name: 'MobileDeviceUpdater', state: 'missing', pid: null, sawPhone: true },
        ],
      },
    ]);
  });
  it('are held stopped when ps says so', async () => {
    const held = { ...commands, 'process-list': { stdout: PROCESSES.stdout.replace('501 S ', '501 T ') } };
    const [reading] = await ask('sync-agents', { commands: held });
    expect(reading).toMatchObject({ agents: [{}, { name: 'AMPDevicesAgent', state: 'suspended', sawPhone: null }, {}] });
  });
  it('are nobody’s without a person, and root’s session is never looked into', async () => {
    const nobody = { 'ioreg-root': { stdout: said('macos-26/session-login-window', 'ioreg-root') } };
    expect(await ask('sync-agents', { commands: nobody })).toEqual(['no-session']);
  });
});

describe('preferences that hide phones', () => {
  it('are found in a person’s own and in managed ones', async () => {
    const files = {
      'mac-itunes-helper': settings({ 'ignore-devices': true }),
      'mac-managed-discovery-agent': settings({ 'reveal-devices': false, 'ignore-devices': 1 }),
      'mac-global': writePlist({ AppleLocale: 'de_CH' }),
    };
    expect(await ask('hiding-preferences', { commands: SIGNED_IN, files })).toEqual([
      {
        preferences: [
          { domain: 'com.apple.iTunesHelper', key: 'ignore-devices', managed: false },
          { domain: 'com.apple.AMPDeviceDiscoveryAgent', key: 'ignore-devices', managed: true },
          { domain: 'com.apple.AMPDeviceDiscoveryAgent', key: 'reveal-devices', managed: true },
        ],
        sidebar: null,
      },
    ]);
  });
  it('are unknown, not none, when a file may not be read', async () => {
    const files = { 'mac-global': new ReadFailed('denied', '/x') };
    expect(await ask('hiding-preferences', { commands: SIGNED_IN, files })).toEqual(['denied']);
    expect(await ask('hiding-preferences', { commands: SIGNED_IN })).toEqual([{ preferences: [], sidebar: null }]);
  });
});

describe('the history of phones', () => {
  const file = settings({
    Devices: {
      '0011223344556677': {
        'Firmware Version String': '18.6.2',
        Connected: new Date('2026-10-01T08:00:00Z'),
        'Serial Number': 'ABCDEFGHIJ',
        IMEI: '350000000000006',
      },
      '00AABBCCDDEEFF99': { 'Firmware Version String': '26.1' },
    },
  });
  it('gives version and time by ECID, and nothing else that stands in it', async () => {
    const facts = await ask('device-history', { commands: SIGNED_IN, files: { 'mac-device-history': file } }, [UDID, OTHER, OLD]);
    expect(facts).toEqual([{ productVersion: '18.6.2', writtenAt: '2026-10-01T08:00:00.000Z' }, 'absent', 'unsupported']);
    expect(JSON.stringify(facts)).not.toMatch(/350000|ABCDEFGHIJ/);
  });
  it('is absent without a file, and unknown when it may not be read', async () => {
    expect(await ask('device-history', { commands: SIGNED_IN })).toEqual(['absent']);
    const files = { 'mac-device-history': new ReadFailed('denied', '/x') };
    expect(await ask('device-history', { commands: SIGNED_IN, files })).toEqual(['denied']);
  });
});

describe('Configurator', () => {
  const files = { 'mac-configurator-tool': entry('cfgutil') };
  const list = { stdout: said('macos-26/cfgutil-one', 'cfgutil-list') };
  const open = {
    stdout: `${PROCESSES.stdout} 3000   501 S      0.0       10:00 /Applications/Apple Configurator.app/Contents/MacOS/Apple Configurator\n`,
  };
  it('is asked as the person in front, by root and by that person alike', async () => {
    let uid: string | undefined;
    const listed = (params: Params) => {
      uid = params.uid;
      return list;
    };
    const devices = [{ ecid: '0x11223344556677', mode: 'Booted' }];
    const root = { ...SIGNED_IN, 'process-list': open, 'cfgutil-list': listed };
    expect(await ask('configurator', { commands: root, files })).toEqual([{ running: true, tool: 'answers', devices }]);
    expect(uid).toBe('501');
    const own = { ...SIGNED_IN, 'process-list': PROCESSES, 'cfgutil-list-own': list };
    expect(await ask('configurator', { commands: own, files, identity: { privileged: false } })).toEqual([
      { running: false, tool: 'answers', devices },
    ]);
  });
  it('that hangs is said to hang; not installed it is absent; with nobody in front it cannot be asked', async () => {
    const hangs = { ...SIGNED_IN, 'cfgutil-list': { exit: null, failure: 'timeout' as const } };
    expect(await ask('configurator', { commands: hangs, files })).toEqual([{ running: null, tool: 'hangs', devices: [] }]);
    expect(await ask('configurator', { commands: SIGNED_IN })).toEqual(['absent']);
    const nobody = { 'ioreg-root': { stdout: said('macos-14/session-nobody', 'ioreg-root') } };
    expect(await ask('configurator', { commands: nobody, files })).toEqual(['no-session']);
  });
});

describe('updates and restores', () => {
  const end = 'Restore started\n2026-11-24 09:12:00 [7:AMRestore] failed with error: 4013\nFinishing\n';
  it('leave the number of the last error in their log', async () => {
    const commands = { ...SIGNED_IN, 'process-list': PROCESSES, 'restore-log-end': { stdout: end } };
    const files = { 'mac-restore-log': entry('iPhoneUpdater 1.log', { modifiedAt: NOW - 150_000 }) };
    expect(await ask('updater-activity', { commands, files })).toEqual([
      { programs: [], logAgeS: 120, lastError: 4013, lastErrorAt: '2026-11-24T08:57:30.000Z' },
    ]);
  });
  it('that were begun again or ended well have none', async () => {
    const commands = { ...SIGNED_IN, 'process-list': PROCESSES, 'restore-log-end': { stdout: `${end}Restore started\n` } };
    const files = { 'mac-restore-log': entry('iPhoneUpdater 1.log', { modifiedAt: NOW - 90_000_000 }) };
    expect(await ask('updater-activity', { commands, files })).toMatchObject([{ logAgeS: 86_400, lastError: null, lastErrorAt: null }]);
    expect(await ask('updater-activity', { commands: { 'process-list': PROCESSES } })).toMatchObject([{ logAgeS: null }]);
  });
});

describe('backups', () => {
  const folder = [entry(UDID, { kind: 'folder' })];
  const status = (SnapshotState: string) =>
    settings({ BackupState: 'new', Date: new Date('2026-11-23T20:00:00Z'), IsFullBackup: false, SnapshotState });
  const files = {
    'mac-backups': folder,
    'mac-backup-status': status('finished'),
    'mac-backup-info': writePlist({ 'Product Version': '26.1', IMEI: '350000000000006', 'Phone Number': '+41 00 000 00 00' }),
    'mac-backup-manifest': settings({ IsEncrypted: true, BackupKeyBag: new Uint8Array([1, 2, 3]) }),
    'mac-backup-database': entry('Manifest.db'),
  };
  it('are told by their own files, for each phone', async () => {
    const facts = await ask('backup', { commands: SIGNED_IN, files }, [UDID, OTHER]);
    expect(facts).toEqual([
      { snapshot: 'finished', at: '2026-11-23T20:00:00.000Z', full: false, encrypted: true, manifest: true, productVersion: '26.1' },
      'absent',
    ]);
    expect(JSON.stringify(facts)).not.toMatch(/350000|\+41/);
  });
  it('that broke off have no database and are not finished', async () => {
    const broken = { ...files, 'mac-backup-status': status('uploading'), 'mac-backup-database': new ReadFailed('missing', '/x') };
    expect(await ask('backup', { commands: SIGNED_IN, files: broken })).toMatchObject([{ snapshot: 'uploading', manifest: false }]);
  });
  it('behind Full Disk Access are denied, never absent', async () => {
    const shut = { 'mac-backups': new ReadFailed('denied', '/x') };
    expect(await ask('backup', { commands: SIGNED_IN, files: shut })).toEqual(['denied']);
    const half = { ...files, 'mac-backup-manifest': new ReadFailed('denied', '/x') };
    expect(await ask('backup', { commands: SIGNED_IN, files: half })).toEqual(['denied']);
  });
  it('under way are the phone’s whose snapshot is not finished', async () => {
    const running = { stdout: `${PROCESSES.stdout} 4000   501 S      9.0       10:00 /x/AppleMobileBackup\n` };
    const commands = { ...SIGNED_IN, 'process-list': running };
    const now = {
      'mac-backup-status': (p: Params) => (p.udid === UDID ? status('uploading') : status('finished')),
      'mac-backup-folder': entry(UDID, { kind: 'folder', modifiedAt: NOW - 1_000_000 }),
      'mac-backup-database': entry('Manifest.db', { modifiedAt: NOW - 200_000 }),
    };
    expect(await ask('backup-activity', { commands, files: now }, [UDID, OTHER])).toEqual([
      { stalledS: 180, waitsForPasscode: null, lastError: null },
      'absent',
    ]);
    expect(await ask('backup-activity', { commands: { 'process-list': PROCESSES } })).toEqual(['absent']);
  });
});
