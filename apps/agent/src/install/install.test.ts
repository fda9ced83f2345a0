import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { FakeInstallSystem } from '../../test/fake-install-system.js';
import type { Os } from '../machine/index.js';
import { carryOut, installSteps, SERVICE_DIR, SERVICE_FILE, serviceState, uninstallSteps } from './index.js';

const SYSTEMS = ['linux', 'macos', 'windows'] as const;
let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'lockstep-install-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const system = (os: Os) => new FakeInstallSystem(os, join(root, os));
const install = async (s: FakeInstallSystem, dry = false) => carryOut(installSteps(s.os, s.program), s, await serviceState(s), dry);
const uninstall = async (s: FakeInstallSystem, purge = false) => carryOut(uninstallSteps(s.os, { purge }), s, await serviceState(s), false);
const did = (o: Awaited<ReturnType<typeof install>>) => o.done.filter((d) => d.what === 'did').length;

describe.each(SYSTEMS)('install on %s', (os) => {
  it('writes, enables and starts; twice changes nothing', async () => {
    const s = system(os);
    expect((await serviceState(s)).installed).toBe(false);
    expect((await install(s)).failed).toBeNull();
    expect(await serviceState(s)).toMatchObject({ installed: true, known: true, enabled: true, running: true, why: null });
    expect(s.loaded).toEqual(readFileSync(s.locate(SERVICE_FILE[os])));
    const before = [...s.ran];
    const again = await install(s);
    expect([again.failed, did(again), s.ran]).toEqual([null, 0, before]);
  });

  it('puts a changed file right again and starts the agent anew with it', async () => {
    const s = system(os);
    await install(s);
    const path = s.locate(SERVICE_FILE[os]);
    const right = readFileSync(path);
    writeFileSync(path, 'something else');
    s.ran.length = 0;
    expect((await install(s)).failed).toBeNull();
    expect(readFileSync(path)).toEqual(right);
    expect([s.loaded, s.running]).toEqual([right, true]);
    expect(s.ran.length).toBeGreaterThan(1);
  });

  it('starts and enables again what somebody stopped or switched off, and writes nothing for it', async () => {
    const s = system(os);
    await install(s);
    s.running = s.enabled = false;
    const again = await install(s);
    expect(again.failed).toBeNull();
    expect(await serviceState(s)).toMatchObject({ enabled: true, running: true });
    expect(again.done.filter((d) => d.what === 'did').every((d) => d.step.do === 'run')).toBe(true);
  });

  it('--dry-run changes nothing and finds the same steps', async () => {
    const s = system(os);
    const dry = await install(s, true);
    expect([s.ran, existsSync(s.folder)]).toEqual([[], false]);
    const real = await install(s);
    const told = (o: typeof dry) => o.done.map(({ step, what }) => [what, step.do, step.do === 'run' ? step.id : step.path]);
    expect(told(dry)).toEqual(told(real));
  });

  it('goes away again and leaves key and spool; purged, those too; twice is fine', async () => {
    const s = system(os);
    await install(s);
    const dir = s.locate(SERVICE_DIR[os]);
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, 'identity.key'), 'secret');
    expect((await uninstall(s)).failed).toBeNull();
    expect(await serviceState(s)).toMatchObject({ installed: false, known: false, running: false });
    expect(readFileSync(join(dir, 'identity.key'), 'utf8')).toBe('secret');
    expect(did(await uninstall(s))).toBe(0);
    expect((await uninstall(s, true)).failed).toBeNull();
    expect(existsSync(dir)).toBe(false);
    expect(did(await uninstall(s, true))).toBe(0);
  });

  it('a command that fails ends it there, is told with its own words, and the next call goes on', async () => {
    const s = system(os);
    const last = { linux: 'unit-restart', macos: 'daemon-bootstrap', windows: 'task-run' } as const;
    s.script[last[os]] = Array.from({ length: os === 'macos' ? 10 : 1 }, () => ({ exit: 1, stderr: 'Unit is masked.\nmore' }));
    const first = await install(s);
    expect(first.failed).toMatchObject({ why: expect.stringMatching(/: exit 1: Unit is masked\.\.$/), denied: false });
    expect(first.failed?.why).not.toContain('more');
    expect((await install(s)).failed).toBeNull();
    expect(s.running).toBe(true);
  });
});

describe('files', () => {
  it('are written whole, readable for the service manager whatever the umask, and not through a link', async () => {
    const s = system('linux');
    const path = s.locate(SERVICE_FILE.linux);
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(join(root, 'victim'), 'mine');
    symlinkSync(join(root, 'victim'), path);
    const before = process.umask(0o077);
    try {
      expect((await install(s)).failed).toBeNull();
    } finally {
      process.umask(before);
    }
    expect(readFileSync(join(root, 'victim'), 'utf8')).toBe('mine');
    expect([statSync(path).mode & 0o777, existsSync(`${path}.next`)]).toEqual([0o644, false]);
  });

  it('a folder that does not take them is told by name, and nothing is started', async () => {
    const s = system('linux');
    mkdirSync(s.locate('/etc'), { recursive: true });
    writeFileSync(s.locate('/etc/systemd'), 'a file');
    const { failed } = await install(s);
    expect(failed?.why).toContain('/etc/systemd/system/lockstep-agent.service: ');
    expect(s.ran).toEqual([]);
  });
});

describe('macOS', () => {
  it('waits for a service that was booted out to be gone', async () => {
    const s = system('macos');
    s.script['daemon-bootstrap'] = [{ exit: 37 }, { exit: 5 }];
    expect((await install(s)).failed).toBeNull();
    expect([s.running, s.waited]).toEqual([true, 2_000]);
  });
  it('the notes’ folder is open to be put into, and closed to be looked into', async () => {
    const s = system('macos');
    await install(s);
    expect(statSync(s.locate('/Library/Application Support/Lockstep Session')).mode & 0o7777).toBe(0o1733);
  });
});

describe('Windows', () => {
  it('closes the folder of the key before the task is made', async () => {
    const s = system('windows');
    await install(s);
    expect(s.ran).toEqual(['folder-own', 'folder-close', 'folder-inherit', 'task-create', 'task-run']);
  });
  it('who may not see tasks cannot tell', async () => {
    const s = system('windows');
    await install(s);
    s.isPrivileged = false;
    expect(await serviceState(s)).toMatchObject({ installed: true, known: null, running: null, why: expect.stringContaining('elevated') });
  });
});

describe('purge', () => {
  it('waits for the agent to end, and removes nothing under one that still runs', async () => {
    const s = system('linux');
    const dir = s.locate(SERVICE_DIR.linux);
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, 'identity.key'), 'secret');
    writeFileSync(join(dir, 'agent.lock'), `${process.ppid}\n`);
    const { failed } = await uninstall(s, true);
    expect(failed?.why).toContain(String(process.ppid));
    expect(readFileSync(join(dir, 'identity.key'), 'utf8')).toBe('secret');
    expect(s.waited).toBe(20_000);
  });
  it('does not follow a link in the folder’s place', async () => {
    const s = system('linux');
    const victim = join(root, 'victim');
    mkdirSync(victim);
    writeFileSync(join(victim, 'file'), 'mine');
    mkdirSync(s.locate('/var/lib'), { recursive: true });
    symlinkSync(victim, s.locate(SERVICE_DIR.linux));
    expect((await uninstall(s, true)).failed).toBeNull();
    expect(readFileSync(join(victim, 'file'), 'utf8')).toBe('mine');
  });
});

describe('a service manager that cannot be asked', () => {
  it.each([
    ['linux', 'unit-show', { exit: 1, stderr: 'Failed to connect to bus: Host is down' }, 'Host is down'],
    ['linux', 'unit-show', { stdout: 'ActiveState=active\n' }, 'cannot be read'],
    ['linux', 'unit-show', { failure: 'timeout', exit: null }, 'timeout'],
    ['macos', 'daemon-print', { exit: 1, stderr: 'Could not print' }, 'Could not print'],
    ['windows', 'task-query', { failure: 'missing-tool', exit: null }, 'missing-tool'],
    ['windows', 'task-state', { stdout: 'Running' }, 'Get-ScheduledTask'],
  ] as const)('%s %s: not known is neither running nor stopped', async (os, id, answer, why) => {
    const s = system(os);
    await install(s);
    s.script[id] = [answer];
    expect(await serviceState(s)).toMatchObject({ installed: true, enabled: null, running: null, why: expect.stringContaining(why) });
  });
  it('without systemd nothing is asked', async () => {
    const s = system('linux');
    s.manager = false;
    expect(await serviceState(s)).toMatchObject({ installed: false, running: null });
    expect(s.ran).toEqual([]);
  });
});
