import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { cli } from '../../test/cli-rig.js';
import { LinkServer } from '../../test/link-server.js';
import { agentFiles, enrol } from '../link/index.js';

/** What lies on an agent's disk may be damaged, hidden, full or read-only. Each time: a sentence with file and field, and nothing lost. */

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const isRoot = process.geteuid?.() === 0;
const NOBODY = 65_534;

let root = '';
let dir = '';
let server: LinkServer;
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'lockstep-bad-input-'));
  dir = join(root, 'agent');
  server = await LinkServer.listen();
});
afterEach(async () => {
  await server.close();
  rmSync(root, { recursive: true, force: true });
});

const host = { hostname: 'pc-1', os: 'linux' as const, osVersion: '1', arch: 'x64', agent: '0.1.0' };
const enrolled = (at = dir) => enrol({ dir: at, server: server.url, token: server.token, host });
/** Every file with its bytes and rights. */
const all = (at = dir) =>
  Object.fromEntries(
    readdirSync(at)
      .sort()
      .map((name) => [name, `${(statSync(join(at, name)).mode & 0o777).toString(8)} ${readFileSync(join(at, name)).toString('base64')}`]),
  );

/** Runs the agent until the server has heard from it, or until it gives up by itself. */
async function runOnce(at = dir): Promise<{ code: number; talk: string; connected: boolean }> {
  const before = server.received.length;
  let over = false;
  let connected = false;
  const stopped = async () => {
    while (!over && server.received.length === before) await new Promise((resolve) => setTimeout(resolve, 5));
    connected = !over;
  };
  const { code, talk } = await cli(['run'], { dir: at, stopped });
  over = true;
  return { code, talk, connected };
}

describe('a damaged file', () => {
  const FILES = ['enrolment', 'key'] as const;
  const damage: [string, (good: string) => string, string][] = [
    ['is empty', () => '', ''],
    ['was cut', (good) => good.slice(0, good.length / 2), ''],
    ['is binary', () => '\u0000\u0001\u0002', ''],
    ['is of another kind', () => '[]\n', ''],
  ];
  for (const file of FILES)
    it.each(damage)(`${file}: %s: run and enroll are exit 77, name it, and leave everything as it is`, async (_what, spoil) => {
      await enrolled();
      const path = agentFiles(dir)[file];
      writeFileSync(path, spoil(readFileSync(path, 'utf8')));
      const before = all();
      for (const argv of [['run'], ['enroll', '--server', server.url], ['enroll', '--server', server.url, '--again']]) {
        // Only the enrolment itself is asked for before --again is.
        if (file === 'key' && argv.length === 3) continue;
        const { code, talk, out } = await cli(argv, { dir, stdin: server.token });
        expect([code, out]).toEqual([77, '']);
        expect(talk).toContain(path);
        expect(talk).toContain('left as it is');
        expect(all()).toEqual(before);
      }
    });

  it.each([
    ['"schema": 1', '"schema": 9', 'schema'],
    ['"server": "http', '"server": "gopher', 'server'],
    ['"hostId": "', '"hostId": "x', 'hostId'],
    ['"publicKey": "', '"publicKey": "!', 'publicKey'],
    ['"keyId": "', '"keyId": "Z', 'orderKeys.0.keyId'],
    ['"enrolledAt": "', '"enrolledAt": "soon ', 'enrolledAt'],
  ])('a field of the enrolment that cannot be: %s -> %s is named', async (from, to, field) => {
    await enrolled();
    const path = agentFiles(dir).enrolment;
    writeFileSync(path, readFileSync(path, 'utf8').replace(from, to));
    const before = all();
    const { code, talk } = await cli(['run'], { dir });
    expect([77, 64]).toContain(code);
    expect(talk).toContain(`${path}: ${field}: `);
    expect(all()).toEqual(before);
  });

  it('spool and journal: the agent runs on, and what was there is kept beside', async () => {
    await enrolled();
    await runOnce();
    const files = agentFiles(dir);
    const damaged = Buffer.concat([readFileSync(files.spool), Buffer.from('0000000f ffffffff {"half":"a line\n')]);
    for (const path of [files.spool, files.journal]) writeFileSync(path, damaged);
    const { code, connected } = await runOnce();
    expect([code, connected]).toEqual([0, true]);
    for (const path of [files.spool, files.journal]) expect(readFileSync(`${path}.damaged`).equals(damaged)).toBe(true);
    expect(existsSync(files.key)).toBe(true);
  });

  it('spool that cannot even be read is put aside, not overwritten', async () => {
    await enrolled();
    const { spool } = agentFiles(dir);
    mkdirSync(spool);
    writeFileSync(join(spool, 'file'), 'kept');
    expect(await runOnce()).toMatchObject({ code: 0, connected: true });
    expect(readFileSync(join(`${spool}.damaged`, 'file'), 'utf8')).toBe('kept');
  });

  it('the note of the last run is of no account', async () => {
    await enrolled();
    writeFileSync(agentFiles(dir).lastRun, '{');
    expect(await runOnce()).toMatchObject({ code: 0, connected: true });
    expect(JSON.parse(readFileSync(agentFiles(dir).lastRun, 'utf8'))).toMatchObject({ schema: 1, contactAt: expect.any(String) });
  });
});

describe('a variable of the environment that cannot be', () => {
  it.each([
    ['LOCKSTEP_LAB', 'yes'],
    ['USBMUXD_SOCKET_ADDRESS', 'host:port:more'],
  ])('%s=%j is exit 64 and named', (name, value) => {
    const { status, stderr } = spawnSync(process.execPath, [MAIN, 'status'], { env: { PATH: '', [name]: value }, encoding: 'utf8' });
    expect(status).toBe(64);
    expect(stderr).toContain(`${name}: `);
  });
});

describe('a key that others can read', () => {
  it.each([
    ['644', 0o644],
    ['640', 0o640],
    ['604', 0o604],
  ])('mode %s is exit 77 with what to do, and is not changed', async (_octal, mode) => {
    await enrolled();
    const { key } = agentFiles(dir);
    chmodSync(key, mode);
    const before = all();
    expect(await cli(['run'], { dir })).toMatchObject({ code: 77, talk: expect.stringContaining(`chmod 600 ${key}`) });
    expect(all()).toEqual(before);
    chmodSync(key, 0o600);
    expect(await runOnce()).toMatchObject({ code: 0, connected: true });
  });
});

describe('a clock that was set back', () => {
  it('behind the enrolment, the last run or the last contact: said with file and field, and the agent goes on', async () => {
    await enrolled();
    await runOnce();
    const { lastRun, enrolment } = agentFiles(dir);
    const future = new Date(Date.now() + 3_600_000).toISOString();
    const set = (path: string, change: object) => {
      const good = JSON.parse(readFileSync(path, 'utf8')) as object;
      writeFileSync(path, JSON.stringify({ ...good, ...change }));
      return good;
    };
    for (const [path, field] of [
      [lastRun, 'ranAt'],
      [lastRun, 'contactAt'],
      [enrolment, 'enrolledAt'],
    ] as const) {
      const good = set(path, { [field]: future });
      expect(await cli(['status'], { dir })).toMatchObject({ code: 1, out: expect.stringContaining(`${path}: ${field}`) });
      const ran = await runOnce();
      expect(ran).toMatchObject({ code: 0, connected: true });
      const warned = ran.talk.split('\n').filter((line) => line.includes('"warn"') && line.includes(`(${path}: ${field})`));
      expect(warned).toHaveLength(1);
      set(path, good);
    }
    // Heard again, the note is right again.
    await runOnce();
    expect((await runOnce()).talk).not.toContain('set back');
  });
});

/** A disk of its own, so small that it can be filled, and that can be made read-only: a tmpfs, where this process may mount one. */
function smallDisk(kib: number): string | null {
  const at = join(root, 'disk');
  mkdirSync(at);
  return isRoot && spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${kib}k,mode=0700`, 'tmpfs', at]).status === 0 ? at : null;
}
const mounts = isRoot && process.platform === 'linux' && canMount() ? it : it.skip;
function canMount(): boolean {
  const at = mkdtempSync(join(tmpdir(), 'lockstep-mount-'));
  const can = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', at]).status === 0;
  if (can) spawnSync('umount', [at]);
  rmSync(at, { recursive: true, force: true });
  return can;
}
if (mounts === it.skip) process.stdout.write('full and read-only disks are left out: this process may not mount a tmpfs (run as root)\n');

describe('a disk', () => {
  let disk: string;
  beforeEach(() => {
    disk = smallDisk(256) ?? '';
  });
  afterEach(() => {
    if (disk) spawnSync('umount', ['-l', disk]);
  });
  const fill = () => {
    for (const block of [65_536, 4_096])
      for (let n = 0; n < 200; n++) {
        try {
          writeFileSync(join(disk, `fill-${block}-${n}`), Buffer.alloc(block));
        } catch {
          rmSync(join(disk, `fill-${block}-${n}`), { force: true });
          break;
        }
      }
  };
  const free = () => {
    for (const name of readdirSync(disk)) if (name.startsWith('fill-')) rmSync(join(disk, name));
  };

  mounts('that is full: enroll is exit 77, says so with the file, and the token is good for the next try', async () => {
    const at = join(disk, 'agent');
    mkdirSync(at, { mode: 0o700 });
    fill();
    const full = await cli(['enroll', '--server', server.url], { dir: at, stdin: server.token });
    expect([full.code, full.out]).toEqual([77, '']);
    expect(full.talk).toMatch(/identity\.key\.pending cannot be written: the disk is full \(ENOSPC\)/);
    expect(server.hosts.size).toBe(0);
    free();
    expect((await cli(['enroll', '--server', server.url], { dir: at, stdin: server.token })).code).toBe(0);
  });

  mounts('that fills up while the server answers: the key is kept, and the next try gets the same host', async () => {
    const at = join(disk, 'agent');
    server.enrolAnswer = (request) => {
      server.enrolAnswer = null;
      fill();
      const hostId = crypto.randomUUID();
      server.hosts.set(hostId, { publicKey: request.publicKey, revoked: false, epochs: new Map() });
      return { status: 201, body: { hostId, orderKeyId: server.keyId, orderKey: server.publicKey } };
    };
    const full = await cli(['enroll', '--server', server.url], { dir: at, stdin: server.token });
    expect([full.code, full.talk]).toEqual([77, expect.stringContaining('enrolment.json cannot be written: the disk is full')]);
    expect(existsSync(agentFiles(at).nextKey)).toBe(true);
    free();
    const again = await cli(['enroll', '--server', server.url], { dir: at, stdin: server.token });
    expect([again.code, [...server.hosts.keys()]]).toEqual([0, [again.out.trim()]]);
  });

  mounts('that is full: run goes on from memory, keeps every file, and is whole again when there is room', async () => {
    const at = join(disk, 'agent');
    await enrolled(at);
    await runOnce(at);
    fill();
    const before = all(at);
    expect(await runOnce(at)).toMatchObject({ code: 0, connected: true });
    const after = all(at);
    for (const name of ['identity.key', 'enrolment.json', 'outbox.log']) expect(after[name]).toBe(before[name]);
    free();
    expect(await runOnce(at)).toMatchObject({ code: 0, connected: true });
    expect((await cli(['status'], { dir: at })).out).not.toContain('PROBLEM');
  });

  mounts('that is read-only: enroll and run are exit 77, say so with the path, and change nothing', async () => {
    const at = join(disk, 'agent');
    await enrolled(at);
    const before = all(at);
    expect(spawnSync('mount', ['-o', 'remount,ro', disk]).status).toBe(0);
    for (const argv of [['run'], ['enroll', '--server', server.url, '--again']]) {
      const { code, talk } = await cli(argv, { dir: at, stdin: server.token });
      expect(code).toBe(77);
      expect(talk).toMatch(/the file system is read-only \(EROFS\)/);
      expect(talk).toContain(at);
    }
    const fresh = await cli(['enroll', '--server', server.url], { dir: join(disk, 'new'), stdin: server.token });
    expect([fresh.code, fresh.talk]).toEqual([
      77,
      expect.stringContaining(`${join(disk, 'new')} cannot be used: the file system is read-only`),
    ]);
    expect(all(at)).toEqual(before);
    expect((await cli(['status', '--json'], { dir: at })).out).toContain('"key": "usable"');
    expect(spawnSync('mount', ['-o', 'remount,rw', disk]).status).toBe(0);
    expect(await runOnce(at)).toMatchObject({ code: 0, connected: true });
  });
});

/** Runs the built command as a user without rights (as root, by giving them up; else as who runs the tests). */
function asUser(argv: string[], env: Record<string, string>, input = '') {
  return spawnSync(process.execPath, [MAIN, ...argv], {
    env: { PATH: '/usr/bin:/bin', USBMUXD_SOCKET_ADDRESS: join(root, 'no-mux'), ...env },
    encoding: 'utf8',
    input,
    ...(isRoot ? { uid: NOBODY, gid: NOBODY } : {}),
  });
}

describe('a user without rights', () => {
  const own = (path: string) => {
    if (isRoot) chownSync(path, NOBODY, NOBODY);
  };
  beforeEach(() => chmodSync(root, 0o755));

  it('with a home that cannot be written: exit 77, and the folder is named', () => {
    const home = join(root, 'home');
    mkdirSync(home, { mode: 0o555 });
    own(home);
    const token = `lse1.${'a'.repeat(32)}.${'b'.repeat(43)}`;
    const { status, stderr } = asUser(['enroll', '--server', server.url], { HOME: home }, token);
    expect([status, stderr]).toEqual([
      77,
      expect.stringContaining(`${home}/.local/state/lockstep-agent cannot be used: this user has no right to it (EACCES)`),
    ]);
    expect(readdirSync(home)).toEqual([]);
  });

  it('with a key that it may not read: exit 77, the key is named and stays', async () => {
    await enrolled();
    const { key, enrolment } = agentFiles(dir);
    own(dir);
    own(enrolment);
    // Root's, as after an enrolment with sudo; where nobody is root, hidden from its own owner.
    if (!isRoot) chmodSync(key, 0);
    const ran = asUser(['run'], { LOCKSTEP_AGENT_DIR: dir });
    expect([ran.status, ran.stderr]).toEqual([
      77,
      expect.stringContaining(`The key ${key} cannot be read: this user has no right to it (EACCES)`),
    ]);
    const status = asUser(['status'], { LOCKSTEP_AGENT_DIR: dir });
    expect([status.status, status.stdout]).toEqual([1, expect.stringContaining(key)]);
    if (!isRoot) chmodSync(key, 0o600);
    expect(readFileSync(key, 'utf8')).toContain('PRIVATE KEY');
  });

  it('that may not look into the folder is told so by status: exit 77', async () => {
    await enrolled();
    if (!isRoot) chmodSync(dir, 0);
    const { status, stdout, stderr } = asUser(['status'], { LOCKSTEP_AGENT_DIR: dir });
    if (!isRoot) chmodSync(dir, 0o700);
    expect([status, stderr]).toEqual([77, expect.stringContaining(dir)]);
    expect(stdout).toMatch(/^enrolled\s+not known$/m);
  });
});
