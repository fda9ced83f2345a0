import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newPairingKeys } from '@lockstep/agent/device';
import {
  COMMANDS,
  type CommandId,
  commandRow,
  FILES,
  type FileId,
  fileParamsOf,
  fileRow,
  type Os,
  type ParamId,
  type Params,
  paramsOf,
  ReadFailed,
  Unscripted,
} from '@lockstep/agent/machine';
import { FACT_KINDS } from '@lockstep/core/health';
import { SimulatedComputer } from './index.js';

const keys = newPairingKeys();
const HOMES: Record<Os, string> = { linux: '/home/anna', macos: '/Users/anna', windows: 'C:\\Users\\anna' };

describe.each(['linux', 'macos', 'windows'] as const)('a computer with %s', (os) => {
  let dir: string;
  let computer: SimulatedComputer;
  let params: Record<ParamId, string>;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'lockstep-answers-'));
    computer = new SimulatedComputer({ name: 'c-0001', seed: 'answers', dir, os, keys: () => keys });
    await computer.start();
    const { udid, identity } = computer.addPhone({ name: 'anna' });
    await computer.bench.pair('anna');
    computer.bench.plug('anna');
    computer.condition.mac.configurator = 'answers';
    computer.condition.backups = 'finished';
    computer.condition.restoreError = 4013;
    params = {
      uid: '501',
      account: 'anna',
      udid,
      ecid: `0x${identity.ecid.toString(16)}`,
      instance: 'USB\\VID_05AC&PID_12A8\\1',
      session: '2',
      unit: 'usbmuxd.service',
      home: HOMES[os],
      zone: 'home',
      iface: 'eth0',
      ifindex: '21',
      metric: '60',
      pid: '412',
      inf: 'oem44.inf',
      product: '{6E3D0A41-7B5C-4E1D-8F20-000000000004}',
      storeInf: 'C:\\Windows\\System32\\DriverStore\\FileRepository\\appleusb.inf_amd64_0123456789abcdef\\appleusb.inf',
      folder: 'C:\\ProgramData\\Lockstep\\agent\\drivers\\oem44-inf-1',
      busid: '1-4',
      proxy: 'v4tov4',
      listen: '127.0.0.1',
      target: '192.168.0.99',
      port: '27015',
      onOff: '0',
      startMode: 'auto',
    };
  });
  afterAll(async () => {
    await computer.close();
    await rm(dir, { recursive: true, force: true });
  });

  const given = (wanted: readonly ParamId[]): Params => Object.fromEntries(wanted.map((w) => [w, params[w]]));
  const commands = (Object.keys(COMMANDS) as CommandId[]).filter((id) => commandRow(id).os === os && commandRow(id).effect === 'reads');
  const files = (Object.keys(FILES) as FileId[]).filter((id) => fileRow(id).paths[os] !== undefined);

  it.each(commands)('answers %s so that it is understood', async (id) => {
    const row = commandRow(id);
    const ran = await computer.run(id, undefined, given(paramsOf(row)));
    // A tool of another distribution is not there; every other one gives an answer.
    if (ran.failure !== null) return expect([os, ran.failure]).toEqual(['linux', 'missing-tool']);
    expect(ran.exit).toBe(0);
    const drafts = row.parse?.(ran) ?? [];
    for (const draft of drafts) {
      // macOS 26 answers System Information's old question with an empty list.
      if (id === 'profiler-usb-legacy') expect(draft).toMatchObject({ state: 'failed', reason: 'unsupported' });
      else expect(draft).not.toMatchObject({ state: 'failed' });
      if (draft.state === 'seen') FACT_KINDS[draft.kind].reading.parse(draft.reading);
    }
  });

  it.each(files)('knows %s', async (id) => {
    const row = fileRow(id);
    const wanted = given(fileParamsOf(row));
    const look = {
      read: () => computer.readBytes(id as never, wanted),
      stat: () => computer.stat(id as never, wanted),
      list: () => computer.list(id as never, wanted),
      space: () => computer.space(id as never, wanted),
    };
    // What is not there is not there; what nobody wrote down would end the test.
    const found = await look[row.effect]().catch((e: unknown) => e);
    expect(found instanceof ReadFailed ? found.reason : found instanceof Error ? found.message : 'found').toMatch(/^(found|missing)$/);
  });

  it('runs no other system’s command and nothing unknown', async () => {
    const other = (Object.keys(COMMANDS) as CommandId[]).find((id) => commandRow(id).os !== os && paramsOf(commandRow(id)).length === 0);
    if (other === undefined) throw new Error('no other command');
    expect(await computer.run(other)).toMatchObject({ exit: null, failure: 'unsupported' });
    const late = new SimulatedComputer({ name: 'c-0002', seed: 'answers', dir: join(dir, 'late'), os });
    (late as unknown as { toolSays(): null }).toolSays = () => null;
    const [command] = commands.filter((id) => paramsOf(commandRow(id)).length === 0 && id !== 'usbmuxd-show');
    if (command === undefined) throw new Error('no command');
    await expect(late.run(command)).rejects.toThrow(Unscripted);
    await expect(late.run(command)).rejects.toThrow(command);
    await late.close();
  });
});

it('a Mac with macOS 15 answers the old question about its bus and not the new one', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'lockstep-answers-'));
  const mac = new SimulatedComputer({ name: 'mac-0015', seed: 'answers', dir, os: 'macos', osVersion: 'macOS 15.7.2 (24G325)' });
  try {
    mac.addPhone({ name: 'anna' });
    mac.bench.plug('anna');
    const parsed = async (id: CommandId) => commandRow(id).parse?.(await mac.run(id));
    const devices = [expect.objectContaining({ mode: 'normal', udid: mac.bench.phone('anna').udid })];
    expect(await parsed('profiler-usb-legacy')).toMatchObject([{ state: 'seen', reading: { devices } }]);
    expect(await parsed('profiler-usb')).toMatchObject([{ state: 'failed', reason: 'unsupported' }]);
  } finally {
    await mac.close();
    await rm(dir, { recursive: true, force: true });
  }
});
