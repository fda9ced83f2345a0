import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { cli } from '../../test/cli-rig.js';
import { FakeInstallSystem } from '../../test/fake-install-system.js';
import { LinkServer } from '../../test/link-server.js';
import { SERVICE_DIR, SERVICE_FILE } from '../install/index.js';
import { agentFiles, enrol } from '../link/index.js';
import type { Os } from '../machine/index.js';

const SYSTEMS = ['linux', 'macos', 'windows'] as const;
let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'lockstep-install-cli-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));
const make = (os: Os) => new FakeInstallSystem(os, join(root, os));
const go = (argv: string[], system: FakeInstallSystem, dir: string = SERVICE_DIR[system.os]) => cli(argv, { dir, system });

describe.each(SYSTEMS)('on %s', (os) => {
  it('install says what it did, and the second time that there is nothing to do', async () => {
    const s = make(os);
    const first = await go(['install'], s);
    expect([first.code, first.out]).toEqual([0, expect.stringContaining(`wrote ${SERVICE_FILE[os]}\n`)]);
    expect(first.talk).toContain('not enrolled yet');
    expect(await go(['install'], s)).toMatchObject({ code: 0, out: 'Nothing to do: it is installed already.\n' });
    const removed = await go(['uninstall'], s);
    expect([removed.code, removed.out]).toEqual([0, expect.stringContaining(`removed ${SERVICE_FILE[os]}\n`)]);
    expect(await go(['uninstall'], s)).toMatchObject({ code: 0, out: 'Nothing to do: it is removed already.\n' });
  });

  it('without rights nothing is touched, exit 77, and it says what is needed', async () => {
    const s = make(os);
    s.isPrivileged = false;
    for (const command of ['install', 'uninstall']) {
      const { code, out, talk } = await go([command], s);
      expect([code, out]).toEqual([77, '']);
      expect(talk).toContain(os === 'windows' ? 'Run as administrator' : 'sudo');
    }
    expect([s.ran, existsSync(s.folder)]).toEqual([[], false]);
  });

  it('--dry-run needs no rights, writes nothing, and prints each file whole and each command', async () => {
    const s = make(os);
    s.isPrivileged = false;
    const dry = await go(['install', '--dry-run'], s);
    expect(dry.code).toBe(0);
    expect([s.ran, existsSync(s.folder)]).toEqual([[], false]);
    s.isPrivileged = true;
    const real = await go(['install'], s);
    for (const line of real.out.trim().split('\n')) {
      const [, verb, what = ''] = /^(wrote|made|ran) (.+)$/.exec(line) ?? [];
      expect(dry.out).toContain(`would ${verb === 'wrote' ? 'write' : verb === 'made' ? 'make' : 'run'} ${what}`);
      if (verb !== 'wrote') continue;
      const bytes = readFileSync(s.locate(what));
      const text = os === 'windows' ? bytes.subarray(2).toString('utf16le').replaceAll('\r\n', '\n') : bytes.toString('utf8');
      expect(dry.out).toContain(text.trimEnd());
    }
    const twice = await go(['install', '--dry-run'], s);
    expect(twice.out).toContain(`already as it should be: ${SERVICE_FILE[os]}`);
    expect(twice.out).not.toContain('would');
    const purge = await go(['uninstall', '--purge', '--dry-run'], s);
    expect([purge.code, existsSync(s.locate(SERVICE_FILE[os]))]).toEqual([0, true]);
    expect(purge.out).toContain(`would remove ${SERVICE_FILE[os]}`);
  });
});

describe('install refuses', () => {
  it('where no systemd runs: exit 69', async () => {
    const s = make('linux');
    s.manager = false;
    expect(await go(['install'], s)).toMatchObject({ code: 69, talk: expect.stringContaining('not started by systemd') });
    expect((await go(['install', '--dry-run'], s)).out).toContain('[Service]');
  });
  it('a folder of the agent that the service would not use: exit 64', async () => {
    expect(await go(['install'], make('linux'), '/srv/agent')).toMatchObject({
      code: 64,
      talk: expect.stringContaining('LOCKSTEP_AGENT_DIR'),
    });
  });
  it('a program that somebody else can change: exit 77, unless told', async () => {
    const s = make('linux');
    s.owners['/opt/lock step'] = { uid: 1000, mode: 0o40755 };
    const refused = await go(['install'], s);
    expect([refused.code, s.ran]).toEqual([77, []]);
    expect(refused.talk).toContain('/opt/lock step belongs to user 1000');
    expect(await go(['install', '--even-if-writable'], s)).toMatchObject({
      code: 0,
      talk: expect.stringContaining('Warning: /opt/lock step'),
    });
  });
  it('what it does not know', async () => {
    for (const argv of [
      ['install', 'now'],
      ['uninstall', '--force'],
      ['status', 'x'],
      ['session', 'x'],
    ])
      expect((await go(argv, make('linux'))).code).toBe(64);
  });
  it('a command that fails is exit 1, or 77 when it is for rights', async () => {
    const s = make('linux');
    s.script['unit-enable'] = [
      { exit: 1, stderr: 'Unit file is masked.' },
      { exit: null, failure: 'denied' },
    ];
    expect(await go(['install'], s)).toMatchObject({ code: 1, talk: expect.stringContaining('Unit file is masked.') });
    expect((await go(['install'], s)).code).toBe(77);
    expect(await go(['install'], s)).toMatchObject({ code: 0 });
  });
});

describe('uninstall', () => {
  it('leaves the key, and says where; --purge takes it too', async () => {
    const s = make('linux');
    await go(['install'], s);
    const dir = s.locate(SERVICE_DIR.linux);
    mkdirSync(dir, { recursive: true });
    writeFileSync(agentFiles(dir).key, 'secret');
    expect(await go(['uninstall'], s)).toMatchObject({ code: 0, talk: expect.stringContaining('--purge') });
    expect(readFileSync(agentFiles(dir).key, 'utf8')).toBe('secret');
    expect((await go(['uninstall', '--purge'], s)).code).toBe(0);
    expect(existsSync(dir)).toBe(false);
  });
});

describe('status', () => {
  let server: LinkServer;
  beforeEach(async () => {
    server = await LinkServer.listen();
  });
  afterEach(() => server.close());
  const enrolled = async (s: FakeInstallSystem) => {
    const dir = s.locate(SERVICE_DIR[s.os]);
    const host = { hostname: 'pc-1', os: s.os, osVersion: '1', arch: 'x64', agent: '0.1.0' };
    await enrol({ dir, server: server.url, token: server.token, host });
    return dir;
  };
  const json = async (s: FakeInstallSystem) => {
    const { code, out } = await go(['status', '--json'], s, join(root, 'elsewhere'));
    return { code, told: JSON.parse(out) as Record<string, unknown> };
  };

  it.each(SYSTEMS)('on %s is 0 only when all of it is so', async (os) => {
    const s = make(os);
    expect(await json(s)).toMatchObject({
      code: 1,
      told: { service: { installed: false }, enrolled: null, key: 'missing', folder: 'missing' },
    });
    await go(['install'], s);
    expect(await json(s)).toMatchObject({ code: 1, told: { service: { installed: true, running: true }, enrolled: null } });
    const dir = await enrolled(s);
    expect(await json(s)).toMatchObject({
      code: 0,
      told: {
        schema: 1,
        os,
        service: { file: SERVICE_FILE[os], installed: true, enabled: true, running: true, why: null },
        dir,
        enrolled: { server: server.url },
        key: 'usable',
        lastContact: null,
        problems: [],
      },
    });
    s.running = false;
    expect((await json(s)).code).toBe(1);
  });

  it('that could not be told is 2, and in words', async () => {
    const s = make('linux');
    await go(['install'], s);
    await enrolled(s);
    s.script['unit-show'] = [
      { failure: 'timeout', exit: null },
      { failure: 'timeout', exit: null },
    ];
    expect(await json(s)).toMatchObject({ code: 2, told: { service: { running: null, why: expect.stringContaining('timeout') } } });
    expect((await go(['status'], s)).out).toContain('service   installed, systemctl show: timeout');
  });

  it('names each damage with file and field, and changes nothing of it', async () => {
    const s = make('linux');
    await go(['install'], s);
    const dir = await enrolled(s);
    const files = agentFiles(dir);
    const good = readFileSync(files.enrolment, 'utf8');
    const cases = [
      [files.enrolment, good.replace(/"hostId": "[^"]+"/, '"hostId": "me"'), 'hostId'],
      [files.enrolment, '', 'not JSON'],
      [files.key, 'no key', files.key],
      [files.spool, '00000001 00000000 {\n', files.spool],
    ] as const;
    for (const [path, content, word] of cases) {
      const before = existsSync(path) ? readFileSync(path) : null;
      writeFileSync(path, content);
      const { code, out } = await go(['status'], s);
      expect(code).toBe(1);
      const problems = out.split('\n').filter((line) => line.startsWith('PROBLEM'));
      expect(problems.filter((line) => line.includes(path) && line.includes(word))).toHaveLength(1);
      expect(readFileSync(path, 'utf8')).toBe(content);
      if (before) writeFileSync(path, before);
      else rmSync(path);
    }
    expect((await go(['status'], s)).code).toBe(0);
  });
});

describe('run --wait', () => {
  it('waits until the computer is enrolled, says so once, and runs then', async () => {
    const server = await LinkServer.listen();
    const dir = join(root, 'agent');
    const running = cli(['run', '--wait'], {
      dir,
      stopped: () => server.until(() => server.received.length > 0, 'the agent told something'),
    });
    await new Promise((resolve) => setTimeout(resolve, 20));
    const host = { hostname: 'pc-1', os: 'linux' as const, osVersion: '1', arch: 'x64', agent: '0.1.0' };
    await enrol({ dir, server: server.url, token: server.token, host });
    const { code, talk } = await running;
    await server.close();
    const said = talk
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { msg: string }).msg);
    expect([code, said.filter((m) => m.startsWith('not enrolled yet')).length, said.includes('agent started')]).toEqual([0, 1, true]);
  });
  it('ends when it is asked to, without an enrolment; what is damaged it does not wait for', async () => {
    const dir = join(root, 'agent');
    expect(await cli(['run', '--wait'], { dir, stopped: async () => undefined })).toMatchObject({ code: 0 });
    mkdirSync(dir, { mode: 0o700 });
    writeFileSync(agentFiles(dir).enrolment, '{');
    expect(await cli(['run', '--wait'], { dir })).toMatchObject({ code: 77, talk: expect.stringContaining('enrolment.json') });
  });
});

describe('session', () => {
  it('leaves a note that status shows on macOS, and says when it cannot', async () => {
    const s = make('macos');
    await go(['install'], s);
    const into = s.locate('/Library/Application Support/Lockstep Session');
    expect(await cli(['session', '--into', into], { dir: root })).toMatchObject({ code: 0, out: '' });
    const { out } = await go(['status', '--json'], s);
    const { session } = JSON.parse(out) as { session: { uid: number; facts: { subject: unknown }[] }[] };
    expect(session).toHaveLength(1);
    expect(session[0]?.facts.length).toBeGreaterThan(0);
    expect(session[0]?.facts.every((f) => f.subject === 'host')).toBe(true);
    expect((await go(['status'], s)).out).toMatch(/session\s+user \d+: \d+ readings, /);
    expect(await cli(['session', '--into', join(root, 'nowhere')], { dir: root })).toMatchObject({
      code: 77,
      talk: expect.stringContaining('nowhere'),
    });
  });
});
