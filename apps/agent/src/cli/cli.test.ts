import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Fact } from '@lockstep/core/health';
import { parsedCommands, RecordedMachine, type Recording, UsageError } from '../machine/index.js';
import { AGENT_VERSION } from '../version.js';
import { readArguments } from './arguments.js';
import { runCli } from './index.js';

const SHOW = 'MainPID=0\nNRestarts=0\nLoadState=loaded\nActiveState=inactive\nSubState=dead\nUnitFileState=static\n';
const SAMPLES = new URL('../../samples/', import.meta.url);

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'lockstep-cli-'));
});
afterEach(async () => {
  await rm(dir, { recursive: true, force: true });
});

async function cli(argv: string[], o: { stdin?: string; recording?: Partial<Recording> } = {}) {
  const out: string[] = [];
  const talk: string[] = [];
  const recording: Recording = {
    os: 'linux',
    sysfs: { 'bus/usb/devices/usb1/idVendor': '1d6b' },
    commands: { 'usbmuxd-show': { stdout: SHOW } },
    restMissing: true,
    openMux: async () => Promise.reject(Object.assign(new Error(), { code: 'ENOENT' })),
    listener: { proven: false, why: 'missing' },
    ...o.recording,
  };
  const code = await runCli(argv, {
    terminal: {
      out: (t) => void out.push(t),
      talk: (t) => void talk.push(t),
      interactive: false,
      input: async (limit) => ((o.stdin ?? '').length > limit ? null : (o.stdin ?? '')),
    },
    machine: () => new RecordedMachine(recording),
    env: () => ({ mux: { kind: 'unix', path: '/run/usbmuxd' }, sysfs: '/sys', dir, lab: false }),
  });
  return { code, out: out.join(''), talk: talk.join('') };
}

describe('arguments', () => {
  it('are options, values and words', () => {
    expect(
      readArguments(['a', '--json', '--exit', '3', '--stderr=f=g', '--', '--x'], { json: 'flag', exit: 'value', stderr: 'value' }),
    ).toEqual({
      options: { json: true, exit: '3', stderr: 'f=g' },
      words: ['a', '--x'],
    });
  });
  it.each([['--nope'], ['-j'], ['--json=1'], ['--json', '--json'], ['--exit'], ['--exit='], ['--__proto__'], ['--constructor']])(
    '%j is refused by name',
    (...argv) => {
      expect(() => readArguments(argv, { json: 'flag', exit: 'value' })).toThrow(UsageError);
    },
  );
});

describe('version and help', () => {
  it('say the version of the package', async () => {
    const pkg = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
    expect(AGENT_VERSION).toBe(pkg.version);
    expect(await cli(['version'])).toEqual({ code: 0, out: `${AGENT_VERSION}\n`, talk: '' });
    expect((await cli(['help'])).out).toContain('USBMUXD_SOCKET_ADDRESS');
  });
  it.each([[[]], [['explode']], [['__proto__']], [['version', 'x']], [['doctor', '--yes']], [['probe', 'all']], [['parse']], [['enroll']]])(
    '%j is exit 64 and talk only',
    async (argv) => {
      const { code, out, talk } = await cli(argv);
      expect([code, out, talk.length > 0]).toEqual([64, '', true]);
    },
  );
});

describe('parse', () => {
  it('lists commands with their system', async () => {
    const { code, out, talk } = await cli(['parse', '--list']);
    expect([code, talk]).toEqual([0, '']);
    const lines = out.split('\n').slice(0, -1);
    expect(lines).toEqual(parsedCommands().map(({ id, os }) => `${id}\t${os}`));
    expect(lines).toContain('usbmuxd-show\tlinux');
    expect(lines).not.toContain('usbmuxd-restart\tlinux');
  });
  it('gives the facts of recorded output', async () => {
    const stdin = readFileSync(new URL('debian-12/running/usbmuxd-show.stdout', SAMPLES), 'utf8');
    const { code, out } = await cli(['parse', 'usbmuxd-show'], { stdin });
    const { facts } = JSON.parse(out) as { facts: unknown[] };
    expect(code).toBe(0);
    expect(facts.map((f) => Fact.parse(f))).toMatchObject([
      { kind: 'mux-daemon', subject: 'host', state: 'seen', reading: { state: 'running', pid: 1432, socket: null } },
    ]);
  });
  it('takes exit code and stderr; what cannot be read is a failed fact and exit 0', async () => {
    await writeFile(join(dir, 'err'), 'Failed to get properties: Access denied\n');
    const denied = await cli(['parse', 'usbmuxd-show', '--exit', '1', '--stderr', join(dir, 'err')]);
    expect([denied.code, JSON.parse(denied.out)]).toMatchObject([0, { facts: [{ state: 'failed', reason: 'denied' }] }]);
    const empty = await cli(['parse', 'usbmuxd-show']);
    expect([empty.code, JSON.parse(empty.out)]).toMatchObject([0, { facts: [{ state: 'failed', reason: 'garbage' }] }]);
    const huge = await cli(['parse', 'usbmuxd-show'], { stdin: 'x'.repeat(2_000_000) });
    expect([huge.code, JSON.parse(huge.out)]).toMatchObject([0, { facts: [{ state: 'failed', reason: 'too-large' }] }]);
  });
  it.each([
    [['nope'], 'nope'],
    [['usbmuxd-restart'], 'usbmuxd-restart'],
    [['usbmuxd-show', '--exit', 'x'], '--exit'],
    [['usbmuxd-show', '--stderr', '/nowhere/at/all'], '--stderr'],
    [['usbmuxd-show', 'more'], 'more'],
  ])('%j is exit 64 and names it', async (argv, name) => {
    const { code, talk } = await cli(['parse', ...argv]);
    expect(code).toBe(64);
    expect(talk).toContain(name);
  });
});

describe('probe and doctor without a phone', () => {
  it('exit 0 when nothing is attached and that could be told', async () => {
    const { code, out } = await cli(['probe', '--json', '--diagnose']);
    const json = JSON.parse(out) as { facts: unknown[] };
    expect(code).toBe(0);
    expect(json).toMatchObject({
      schema: 1,
      agent: AGENT_VERSION,
      host: { os: 'linux', version: 'Debian GNU/Linux 12 (bookworm)', findings: [] },
      pairs: [],
    });
    for (const f of json.facts) Fact.parse(f);
    expect(await cli(['doctor'])).toMatchObject({ code: 0, out: expect.stringContaining('No phone is plugged in.') });
  });
  it('without --diagnose say no verdict', async () => {
    const json = JSON.parse((await cli(['probe', '--json'])).out) as object;
    expect(json).not.toHaveProperty('pairs');
    expect(json).not.toHaveProperty('host.findings');
  });
  it('exit 2 when it could not be told', async () => {
    const blind = { sysfs: {} };
    expect((await cli(['probe'], { recording: blind })).code).toBe(2);
    expect(await cli(['doctor'], { recording: blind })).toMatchObject({ code: 2, out: expect.stringContaining('could not be told') });
  });
  it('a hostname cannot move the cursor', async () => {
    const { out } = await cli(['doctor'], { recording: { identity: { hostname: 'a\u001b[2Jb\u202ec' } } });
    expect(out).not.toMatch(/[\u001b\u202e]/);
  });
  it('says that a lab relaxes the guards', async () => {
    const { out } = await cli(['doctor'], { recording: { identity: { lab: true }, listener: { proven: true, relaxed: true } } });
    expect(out).toContain('LOCKSTEP_LAB=1');
    expect(out).toContain('only because this is a lab');
  });
});

describe('enroll and run', () => {
  it.each([
    [['enroll'], '--server'],
    [['enroll', '--server', 'http://example.com', '--token-file', '/nowhere'], '--token-file'],
    [['enroll', '--server', 'ftp://example.com'], 'https://'],
    [['enroll', '--server', 'http://example.com'], 'not encrypted'],
    [['enroll', '--server', 'https://example.com'], 'lse1'],
    [['run'], 'not enrolled'],
  ])('%j is exit 64 and says why', async (argv, why) => {
    const { code, talk, out } = await cli(argv, { stdin: 'no token' });
    expect([code, out]).toEqual([64, '']);
    expect(talk).toContain(why);
  });
  it('an unreachable server is exit 69', async () => {
    const token = `lse1.${'a'.repeat(32)}.${'b'.repeat(43)}`;
    const { code, talk } = await cli(['enroll', '--server', 'http://127.0.0.1:9'], { stdin: token });
    expect(code).toBe(69);
    expect(talk).not.toContain(token);
  });
});
