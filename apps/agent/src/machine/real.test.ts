import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { osReleaseName, parseRoutes } from './linux/index.js';
import { ReadFailed } from './port.js';
import { RealMachine, thisMachine } from './real.js';
import { SysfsTree } from './sysfs.js';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'lockstep-machine-'));
});
afterEach(async () => {
  await rm(dir, { recursive: true, force: true });
});

const env = () => ({ mux: { kind: 'unix' as const, path: join(dir, 'mux') }, sysfs: dir, dir, lab: false });

describe('the device tree', () => {
  it('is read through its links, sorted, without the last newline', async () => {
    await mkdir(join(dir, 'devices', '1-1'), { recursive: true });
    await mkdir(join(dir, 'bus'), { recursive: true });
    await writeFile(join(dir, 'devices', '1-1', 'speed'), '480\n');
    await symlink('../devices/1-1', join(dir, 'bus', '1-1'));
    const tree = new SysfsTree(dir);
    expect(await tree.readText('bus/1-1/speed')).toBe('480');
    expect(await tree.readLink('bus/1-1')).toBe('../devices/1-1');
    expect(await tree.list('bus')).toEqual(['1-1']);
  });

  it.each(['../etc/passwd', '/etc/passwd', 'a/../../b', 'a\u0000b'])('%j is not a path in it', async (path) => {
    const tree = new SysfsTree(dir);
    await expect(tree.readText(path)).rejects.toMatchObject({ reason: 'io' });
    await expect(tree.list(path)).rejects.toMatchObject({ reason: 'io' });
    await expect(tree.readLink(path)).rejects.toMatchObject({ reason: 'io' });
  });

  it('gives one page at most, and does not wait at a pipe', async () => {
    await writeFile(join(dir, 'long'), 'x'.repeat(10_000));
    expect(await new SysfsTree(dir).readText('long')).toHaveLength(4_096);
    await promisify(execFile)('mkfifo', [join(dir, 'pipe')]);
    await expect(new SysfsTree(dir).readText('pipe')).rejects.toMatchObject({ reason: 'io' });
  });

  it('says why it could not be read', async () => {
    await expect(new SysfsTree(dir).readText('none')).rejects.toMatchObject({ reason: 'missing', failReason: 'unsupported' });
    if (process.getuid?.() === 0) return;
    await writeFile(join(dir, 'secret'), 'x');
    await chmod(join(dir, 'secret'), 0);
    await expect(new SysfsTree(dir).readText('secret')).rejects.toMatchObject({ reason: 'denied' });
  });
});

describe('this computer', () => {
  it('says who it is', async () => {
    const me = await thisMachine(env()).identity();
    expect(me).toMatchObject({ lab: false, privileged: process.getuid?.() === 0 });
    expect(me.hostname.length).toBeGreaterThan(0);
    expect(me.osVersion.length).toBeGreaterThan(0);
  });

  it('runs no command of another system, and reads none of its files', async () => {
    for (const os of ['macos', 'windows'] as const) {
      const m = new RealMachine(os, env());
      expect(await m.run('usbmuxd-restart')).toEqual({ exit: null, stdout: '', stderr: '', failure: 'unsupported' });
      await expect(m.readFile('os-release')).rejects.toBeInstanceOf(ReadFailed);
      await expect(m.sysfs.list('bus/usb/devices')).rejects.toMatchObject({ reason: 'unsupported' });
    }
    expect(await new RealMachine('windows', env()).provesMuxListener()).toEqual({ proven: false, why: 'unsupported' });
  });

  it('connects to the multiplexer’s socket, or says the system’s word', async () => {
    const m = thisMachine(env());
    await expect(m.openMux()).rejects.toMatchObject({ code: 'ENOENT' });
    const server = createServer((s) => s.end('hello'));
    await new Promise<void>((r) => server.listen(join(dir, 'mux'), r));
    const stream = await m.openMux();
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).toString()).toBe('hello');
    await new Promise((r) => server.close(r));
  });
});

describe('files of the system', () => {
  it.each([
    ['PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian"\n', 'Debian GNU/Linux 12 (bookworm)'],
    ["NAME='Void'\nVERSION_ID=7\n", 'Void 7'],
    ['NAME=Arch\r\n', 'Arch'],
    ['PRETTY_NAME="A \\"quoted\\" \\$name"\n', 'A "quoted" $name'],
    ['', null],
    ['no pairs\n=x\n', null],
  ])('os-release %j is %j', (content, name) => {
    expect(osReleaseName(content)).toBe(name);
  });

  it('routes that are down, and the kernel’s own reject route, carry nothing', () => {
    const v4 =
      'Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\neth0\t00000000\t0\t0002\t0\t0\t0\t00000000\neth1\t0000A8C0\t0\t0001\t0\t0\t0\t00FFFFFF\n';
    const v6 = `${'0'.repeat(32)} 00 x x x x x x x       lo\nfe80${'0'.repeat(28)} 40 x x x x x x x     eth1\n`;
    expect(parseRoutes(v4, v6)).toEqual({ defaults: [], all: ['eth1'] });
    expect(parseRoutes('', '')).toEqual({ defaults: [], all: [] });
  });
});
