import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MuxClient } from '@lockstep/agent/device';
import { HOST_FAULTS } from '../computer/index.js';
import { FAULTS } from '../phone/index.js';
import { CommandError } from './command.js';
import { faultsCommand } from './faults-command.js';
import { phoneCommand } from './phone-command.js';

describe('lockstep-lab faults', () => {
  it('lists every fault with its cause and what it shows', async () => {
    const out: string[] = [];
    const io = { out: (l: string) => out.push(l), err: () => {}, stop: new AbortController().signal };
    expect(await faultsCommand.run([], io)).toBe(0);
    expect(out).toHaveLength(Object.keys(FAULTS).length + Object.keys(HOST_FAULTS).length);
    expect(out).toContain(`not-listed\tC39\t${FAULTS['not-listed'].shows}`);
    expect(out).toContain(`trust-denied\tC43 once it is asked to pair\t${FAULTS['trust-denied'].shows}`);
    expect(out.find((l) => l.startsWith('flap\t'))).toMatch(/^flap\tC11\t/);
    expect(out).toContain(`service-stopped\tC29\t${HOST_FAULTS['service-stopped'].shows} (windows)`);
    for (const line of out) expect(line.split('\t')).toHaveLength(3);
    const names = out.map((line) => line.split('\t')[0]);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('lockstep-lab phone', () => {
  let dir: string;
  let stop: AbortController;
  let out: string[];

  /** Starts the command and waits for its first line; `ended` gives its exit code. */
  const start = async (...args: string[]) => {
    let ready: (line: string) => void = () => {};
    const first = new Promise<string>((done) => {
      ready = done;
    });
    const io = {
      out: (line: string) => {
        out.push(line);
        ready(line);
      },
      err: () => {},
      stop: stop.signal,
    };
    const ended = phoneCommand.run(args, io);
    return { line: await Promise.race([first, ended.then((code) => `ended with ${code}`)]), ended };
  };
  const refused = async (...args: string[]) => {
    const error: unknown = await phoneCommand.run(args, { out: () => {}, err: () => {}, stop: stop.signal }).catch((e: unknown) => e);
    if (!(error instanceof CommandError)) throw error;
    return { code: error.exitCode, message: error.message };
  };
  const labFolders = () => readdirSync(tmpdir()).filter((n) => n.startsWith('lockstep-lab-') && !n.startsWith('lockstep-lab-test-'));

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'lockstep-lab-test-'));
    stop = new AbortController();
    out = [];
  });
  afterEach(() => {
    stop.abort();
    rmSync(dir, { recursive: true, force: true });
  });

  it('serves until it is stopped, and leaves nothing behind', async () => {
    const before = labFolders();
    const [socket, sysfs, control] = [join(dir, 'mux'), join(dir, 'sys'), join(dir, 'control')];
    const { line, ended } = await start(
      '--listen',
      `UNIX:${socket}`,
      '--phone',
      'anna',
      '--phone',
      'ben=forgets-host',
      '--sysfs',
      sysfs,
      '--control',
      control,
      '--seed',
      '7',
    );
    expect(line).toMatch(/^ready UNIX:\S+ anna=[0-9A-Fa-f-]+ ben=[0-9A-Fa-f-]+$/);
    const client = new MuxClient({
      open: () =>
        new Promise((done, fail) => {
          const s = createConnection(socket);
          s.once('connect', () => done(s));
          s.once('error', fail);
        }),
    });
    const { devices } = await client.listDevices();
    expect(devices.map((d) => `${d.udid}`)).toEqual([...line.matchAll(/=(\S+)/g)].map((m) => m[1]));
    // The phone that forgot left the computer its record; the new one never had one.
    const [anna, ben] = devices;
    expect(anna && (await client.readPairRecord(anna.udid))).toBeNull();
    expect(ben && (await client.readPairRecord(ben.udid))).not.toBeNull();
    expect([existsSync(join(sysfs, 'bus/usb/devices/1-2:4.1')), existsSync(control)]).toEqual([true, true]);
    stop.abort();
    expect(await ended).toBe(0);
    expect([existsSync(socket), existsSync(control), existsSync(join(sysfs, 'bus'))]).toEqual([false, false, false]);
    expect(labFolders()).toEqual(before);
  });

  it('takes a free port, and is the same lab for the same seed', async () => {
    const { line, ended } = await start('--listen', '127.0.0.1:0', '--seed', '3');
    expect(line).toMatch(/^ready 127\.0\.0\.1:[1-9]\d+ phone-1=\S+$/);
    stop.abort();
    await ended;
    stop = new AbortController();
    const again = await start('--listen', '127.0.0.1:0', '--seed', '3');
    expect(again.line.split(' ')[2]).toBe(line.split(' ')[2]);
    stop.abort();
    await again.ended;
  });

  it('starts with a daemon that is down', async () => {
    const { ended } = await start('--listen', `UNIX:${join(dir, 'mux')}`, '--mux', 'mux-stopped');
    expect(existsSync(join(dir, 'mux'))).toBe(false);
    stop.abort();
    expect(await ended).toBe(0);
  });

  it.each([
    [[], '--listen: missing'],
    [['--listen'], '--listen'],
    [['--listen', 'nonsense'], '--listen: must be UNIX:/path or host:port'],
    [['--listen', '0.0.0.0:27015'], '--listen: the host must be this computer itself'],
    [['--listen', '127.0.0.1:99999'], '--listen: must be'],
    [['--listen', `UNIX:/${'x'.repeat(120)}`], '--listen: the socket path is longer than'],
    [['--listen', '127.0.0.1:0', '--phone', 'anna=odd'], '--phone: unknown fault "odd"'],
    [['--listen', '127.0.0.1:0', '--phone', 'anna=mux-stopped'], 'mux-stopped is a fault of the multiplexer; give it with --mux'],
    [['--listen', '127.0.0.1:0', '--phone', '../x'], '--phone: must be NAME'],
    [['--listen', '127.0.0.1:0', '--phone', 'anna', '--phone', 'anna=hang'], '--phone: "anna" is named twice'],
    [['--listen', '127.0.0.1:0', '--seed', 'x'], '--seed: must be a whole number'],
    [['--listen', '127.0.0.1:0', '--mux', 'hang'], '--mux: must be one of'],
    [['--listen', '127.0.0.1:0', '--trust-after', 'soon'], '--trust-after: must be milliseconds'],
    [['--listen', '127.0.0.1:0', '--sysfs', ''], '--sysfs: must name a folder'],
    [['--listen', '127.0.0.1:0', '--speed', '9'], "'--speed'"],
    [['--listen', '127.0.0.1:0', 'anna'], "'anna'"],
  ])('refuses %j naming what is wrong', async (args, message) => {
    const { code, message: said } = await refused(...args);
    expect(said).toContain(message);
    expect(code).toBe(64);
    expect(said).not.toContain('\n');
  });

  it('says which flag names a place that cannot be had, and leaves it as it was', async () => {
    const held = join(dir, 'held');
    mkdirSync(join(held, 'devices'), { recursive: true });
    writeFileSync(join(dir, 'file'), 'kept');
    expect(await refused('--listen', '127.0.0.1:0', '--sysfs', held)).toMatchObject({
      code: 64,
      message: expect.stringMatching(/^--sysfs: .*did not make/),
    });
    expect(await refused('--listen', `UNIX:${join(dir, 'file')}`)).toMatchObject({
      code: 69,
      message: expect.stringMatching(/^--listen: .*is not a socket/),
    });
    expect(await refused('--listen', '127.0.0.1:0', '--control', join(dir, 'none', 'c'))).toMatchObject({
      code: 69,
      message: expect.stringMatching(/^--control: .*does not exist/),
    });
    expect(await refused('--listen', '127.0.0.1:0', '--records', join(dir, 'file'))).toMatchObject({
      code: 64,
      message: expect.stringMatching(/^--records: /),
    });
    mkdirSync(join(dir, 'state'));
    writeFileSync(join(dir, 'state', 'anna.json'), '{}');
    expect(await refused('--listen', '127.0.0.1:0', '--phone', 'anna', '--state', join(dir, 'state'))).toMatchObject({
      code: 64,
      message: expect.stringMatching(/^--state: .*anna\.json/),
    });
    expect(existsSync(join(held, 'devices'))).toBe(true);
  });
});
