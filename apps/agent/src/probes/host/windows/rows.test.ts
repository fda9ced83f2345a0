import { describe, expect, it } from '@jest/globals';
import type { Fact, FactKind } from '@lockstep/core/health';
import { MuxClient } from '../../../device/index.js';
import { type FileEntry, type FileStat, ReadFailed, RecordedMachine, type Recording, writePlist } from '../../../machine/index.js';
import { askHost, type HostProbe, type ProbeContext } from '../../probe.js';
import { runProbes, surveyHost } from '../../survey.js';
import { HOST_QUESTIONS } from '../questions.js';

const UDID = '00008110-0011223344556677';
const OTHER = '00008101-0099887766554433';
const OLD = '0123456789abcdef0123456789abcdef01234567';
const NOW = Date.parse('2026-11-24T09:00:00Z');
const HOMES = [
  { LocalPath: 'C:\\Users\\away', Loaded: false },
  { LocalPath: 'c:\\Users\\zoe', Loaded: true },
];
const PROCESSES = [
  { Id: 4, ProcessName: 'System', SessionId: 0 },
  { Id: 5, ProcessName: 'explorer', SessionId: 1 },
];
const says = (body: object) => ({ stdout: `${JSON.stringify({ v: 1, at: '2026-11-24T09:00:00Z', ...body })}\r\n` });
const now = (more: object = {}) => ({
  nodes: { ok: [] },
  services: { ok: [] },
  processes: { ok: PROCESSES },
  port: { ok: [] },
  proxy: { ok: [] },
  glass: { ok: [1] },
  homes: { ok: HOMES },
  restores: { ok: [] },
  events: { ok: [] },
  ...more,
});
const running = (...names: string[]) => ({
  processes: { ok: [...PROCESSES, ...names.map((ProcessName, i) => ({ Id: 100 + i, ProcessName, SessionId: 1 }))] },
});
const stat = (more: Partial<FileStat> = {}): FileStat => ({
  kind: 'file',
  bytes: 1,
  mode: 0o666,
  uid: 0,
  gid: 0,
  modifiedAt: NOW,
  ...more,
});
const folder = (name: string): FileEntry => ({ name, ...stat({ kind: 'folder' }) });
const missing = new ReadFailed('missing', 'x');
const zoe =
  <T>(found: T) =>
  ({ home }: { home?: string }) =>
    home === 'C:\\Users\\zoe' ? found : missing;

function contextOf(recording: Partial<Recording>, more: Partial<ProbeContext> = {}) {
  const machine = new RecordedMachine({
    os: 'windows',
    restMissing: true,
    now: () => NOW,
    openMux: async () => Promise.reject(Object.assign(new Error(), { code: 'ECONNREFUSED' })),
    ...recording,
  });
  const ctx: ProbeContext = {
    machine,
    mux: new MuxClient({ open: () => machine.openMux() }),
    agent: '0.1.0',
    outbox: () => ({ waiting: 0, dropped: 0 }),
    onCrash: (probe, error) => {
      throw new Error(`${probe} died`, { cause: error });
    },
    ...more,
  };
  return { machine, ctx };
}

function probeOf(kind: FactKind): HostProbe {
  const probe = HOST_QUESTIONS.find((p) => p.kinds.includes(kind));
  if (!probe) throw new Error(`nobody asks ${kind}`);
  return probe;
}

/** Asks one question of a recorded Windows computer, on which there is nothing but what is written down. */
async function ask(kind: FactKind, recording: Partial<Recording>, phones: string[] = [UDID], more: Partial<ProbeContext> = {}) {
  const { ctx } = contextOf(recording, more);
  const facts = await askHost(probeOf(kind), ctx, phones, undefined);
  return facts.filter((f) => f.kind === kind).map(short);
}
const short = (f: Fact) => (f.state === 'seen' ? f.reading : f.state === 'failed' ? f.reason : 'absent');

describe('backups on Windows', () => {
  const status = (state: string, at: string) => Buffer.from(writePlist({ SnapshotState: state, IsFullBackup: false, Date: new Date(at) }));
  const files: NonNullable<Recording['files']> = {
    'win-backups': zoe([folder(UDID)]),
    'win-backup-status': status('finished', '2026-11-01T08:00:00Z'),
    'win-backup-manifest': Buffer.from(writePlist({ IsEncrypted: true })),
    'win-backup-info': Buffer.from(writePlist({ 'Product Version': '26.6.1', 'Last Backup Date': new Date('2026-11-01T08:00:00Z') })),
    'win-backup-database': stat(),
    'win-backup-folder': stat({ kind: 'folder', modifiedAt: NOW - 125_000 }),
  };
  const commands = { 'windows-now': says(now()) };
  it('are found in each person’s folder, by whichever of Apple’s programs', async () => {
    expect(await ask('backup', { commands, files }, [UDID, OTHER])).toEqual([
      { snapshot: 'finished', at: '2026-11-01T08:00:00.000Z', full: false, encrypted: true, manifest: true, productVersion: '26.6.1' },
      'absent',
    ]);
    const both = {
      ...files,
      'win-store-backups': zoe([folder(UDID)]),
      'win-store-backup-status': status('uploading', '2026-11-20T08:00:00Z'),
    };
    expect(await ask('backup', { commands, files: both })).toMatchObject([
      { snapshot: 'uploading', at: '2026-11-20T08:00:00.000Z', manifest: false, encrypted: null },
    ]);
  });
  it('that may not be looked at are not said to be none', async () => {
    const denied = {
      'win-backups': ({ home }: { home?: string }) => (home === 'C:\\Users\\zoe' ? missing : new ReadFailed('denied', 'x')),
    };
    expect(await ask('backup', { commands, files: denied })).toEqual(['denied']);
    expect(await ask('backup', { commands: { 'windows-now': says(now({ homes: { ok: [] } })) }, files: {} })).toEqual(['unsupported']);
    expect(await ask('backup', { commands, files: { ...files, 'win-backup-status': 'no plist' } })).toEqual(['garbage']);
    expect(await ask('backup', { files })).toEqual(['missing-tool']);
  });
  it('under way are those of the phone whose snapshot is open', async () => {
    const backing = { 'windows-now': says(now(running('AppleMobileBackup'))) };
    const open = {
      ...files,
      'win-backup-status': status('uploading', '2026-11-01T08:00:00Z'),
      'win-backup-database': stat({ modifiedAt: NOW - 130_000 }),
    };
    expect(await ask('backup-activity', { commands: backing, files: open }, [UDID, OTHER])).toEqual([
      { stalledS: 120, waitsForPasscode: null, lastError: null },
      'absent',
    ]);
    expect(await ask('backup-activity', { commands: backing, files }, [UDID, OTHER])).toEqual(['absent', 'absent']);
    expect(await ask('backup-activity', { commands: backing, files: {} })).toMatchObject([{ stalledS: null }]);
    expect(await ask('backup-activity', { commands, files: open })).toEqual(['absent']);
  });
});

describe('a restore', () => {
  const restore = (at: string, lines: string[], ...names: string[]) => ({
    commands: { 'windows-now': says(now({ ...running(...names), restores: { ok: [{ at, lines }] } })) },
  });
  it('is under way while its log is young; an open iTunes alone is none', async () => {
    expect(await ask('updater-activity', restore('2026-11-24T08:58:30Z', ['Restore started'], 'iTunes'))).toEqual([
      { programs: ['itunes'], logAgeS: 60, lastError: null, lastErrorAt: null },
    ]);
    expect(await ask('updater-activity', restore('2026-11-20T08:00:00Z', [], 'iTunes', 'AppleDevices'))).toMatchObject([
      { programs: [], lastError: null },
    ]);
    expect(await ask('updater-activity', { commands: { 'windows-now': says(now(running('iTunes'))) } })).toEqual([
      { programs: [], logAgeS: null, lastError: null, lastErrorAt: null },
    ]);
  });
  it('leaves its error', async () => {
    expect(
      await ask('updater-activity', restore('2026-11-24T08:30:00Z', ['Restore started', 'failed with error 4013'], 'AppleDevices')),
    ).toEqual([{ programs: ['apple-devices'], logAgeS: 1_800, lastError: 4013, lastErrorAt: '2026-11-24T08:30:00.000Z' }]);
  });
});

describe('the history', () => {
  const commands = { 'windows-now': says(now()) };
  const history = (devices: Record<string, Record<string, string | Date>>) => ({
    'win-device-history': zoe(Buffer.from(writePlist({ Devices: devices }))),
  });
  it('is of the phone whose ECID or UDID stands there', async () => {
    const files = history({ '11223344556677': { 'Firmware Version String': '18.6.2', Connected: new Date('2025-09-01T10:00:00Z') } });
    expect(await ask('device-history', { commands, files }, [UDID, OTHER, OLD])).toEqual([
      { productVersion: '18.6.2', writtenAt: '2025-09-01T10:00:00.000Z' },
      'absent',
      'unsupported',
    ]);
    const byUdid = history({ x: { 'Unique Device ID': OLD.toUpperCase(), 'Firmware Version String': 'beta' } });
    expect(await ask('device-history', { commands, files: byUdid }, [OLD])).toEqual([{ productVersion: null, writtenAt: null }]);
  });
  it('that is nowhere is none, and one that may not be read is not known', async () => {
    expect(await ask('device-history', { commands, files: {} }, [UDID, OLD])).toEqual(['absent', 'absent']);
    expect(await ask('device-history', { commands, files: { 'win-device-history': new ReadFailed('denied', 'x') } })).toEqual(['denied']);
  });
});

describe('the folder of the records on Windows', () => {
  const files: NonNullable<Recording['files']> = {
    'record-folder': stat({ kind: 'folder' }),
    'record-files': [{ name: `${UDID}.plist`, ...stat() }],
    'record-space': { freeBytes: 209_715_201, totalBytes: 5e11 },
  };
  const acl = (sddl: string) => ({ 'windows-slow': says({ store: { ok: [sddl] } }) });
  it('is told by its access list', async () => {
    const commands = acl('D:(A;OICIID;FA;;;SY)(A;OICIID;0x1200a9;;;BU)');
    expect(await ask('record-store', { commands, files })).toEqual([
      { writable: true, asShipped: true, freeBytes: 209_715_200, records: 1, otherBuid: null, identityAt: null },
    ]);
    expect(await ask('record-store', { commands: {}, files })).toMatchObject([{ writable: null, asShipped: null, records: 1 }]);
    expect(await ask('record-store', { commands: {}, files: { 'record-folder': missing } })).toEqual(['absent']);
  });
});

describe('the clock on Windows', () => {
  const network: NonNullable<ProbeContext['network']> = {
    interfaces: () => [],
    ask: async () => [],
    reach: async () => ({ outcome: 'no-name' }),
    captive: async () => null,
  };
  it('is held against a time server only where the agent may use the network', async () => {
    const commands = { 'windows-time': { stdout: '10:00:00, -12.4000000s\r\n' } };
    expect(await ask('clock', { commands }, [], { network })).toEqual([{ skewS: 12, against: 'time-server' }]);
    expect(await ask('clock', { commands }, [], {})).toEqual(['unsupported']);
    expect(await ask('clock', { commands: {} }, [], { network, serverOffsetMs: () => 3_000 })).toEqual([
      { skewS: -3, against: 'lockstep-server' },
    ]);
  });
  it('and so is the responder, by its service', async () => {
    const services = { ok: [{ Name: 'Bonjour Service', State: 'Stopped', StartMode: 'Auto', ProcessId: 0 }] };
    expect(await ask('mdns-responder', { commands: { 'windows-slow': says({ services }) } }, [], { network })).toEqual([
      { state: 'stopped', hearsOthers: false },
    ]);
  });
});

describe('the bus’s history', () => {
  it('answers for each phone, also for one that it does not name, and fails for all', async () => {
    const marks = {
      ok: [{ id: 'USB\\VID_05AC&PID_12A8\\000081100011223344556677', present: true, arrived: '2026-11-24T08:00:00Z', places: [] }],
    };
    const commands = { 'windows-log': says({ marks, removals: { ok: [] }, problems: { ok: [] }, events: { ok: [] } }) };
    expect(await ask('usb-churn', { commands }, [UDID, OTHER])).toMatchObject([{ attaches: 1 }, { attaches: 0 }]);
    expect(await ask('usb-churn', {}, [UDID, OTHER])).toEqual(['missing-tool', 'missing-tool']);
  });
});

describe('what a Windows computer runs on', () => {
  it.each([
    ['is in a dock', [2], [{ mains: true }]],
    ['runs on its battery', [1], [{ mains: false }]],
    ['has two batteries, one of them nearly empty', [2, 5], [{ mains: false }]],
    ['has none', [], [{ mains: true }]],
  ])('it %s', async (_name, status, reading) => {
    const { ctx } = contextOf({ commands: { 'windows-slow': says({ batteries: { ok: status.map((n) => ({ status: n })) } }) } });
    const probe = HOST_QUESTIONS.find((p) => p.kinds.includes('power-source'));
    if (!probe) throw new Error('nobody asks');
    expect((await askHost(probe, ctx, [], undefined)).map(short)).toEqual(reading);
  });
});

describe('a look at a Windows computer', () => {
  it('starts PowerShell for what is asked often once, and for everything once each', async () => {
    const commands = { 'windows-now': says(now()), 'windows-slow': says({}), 'windows-network': says({}), 'windows-log': says({}) };
    const all = contextOf({ commands });
    await runProbes(all.ctx, [UDID], undefined, { all: true });
    expect(all.machine.started.filter((id) => id !== 'windows-time').sort()).toEqual([
      'windows-log',
      'windows-network',
      'windows-now',
      'windows-slow',
    ]);
  });
  it('tells that nothing is installed', async () => {
    const { ctx } = contextOf({ commands: { 'windows-now': says(now()) } });
    const { facts } = await surveyHost(ctx, [UDID]);
    const of = (kind: FactKind) => facts.filter((f) => f.kind === kind).map(short);
    expect([of('usb-bus'), of('usb-device'), of('mux-daemon')]).toEqual([[{ devices: [] }], ['absent'], ['absent']]);
  });
  it('tells both halves of the service that runs and does not answer', async () => {
    const services = { ok: [{ Name: 'Apple Mobile Device Service', State: 'Running', StartMode: 'Auto', ProcessId: 2212 }] };
    const { ctx } = contextOf({ commands: { 'windows-now': says(now({ services })) } });
    const { facts } = await surveyHost(ctx, []);
    expect(facts.filter((f) => f.kind === 'mux-daemon').map(short)).toEqual([
      { state: 'running', pid: 2212, restarts: null, socket: 'refused', latencyMs: null, flavour: 'windows-service', crashes24h: 0 },
    ]);
  });
});
