import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from '@jest/globals';
import { parsePlistDict } from '../device/index.js';
import { bootTask } from './boot-task.js';
import { daemonPlist, helperPlist } from './launchd-plists.js';
import { objectionTo, wayTo } from './program.js';
import { systemdUnit } from './systemd-unit.js';

const dir = mkdtempSync(join(tmpdir(), 'lockstep-service-files-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Programs of this machine that check a file by the rules of its reader. Where one is missing, the reason is printed. */
function has(name: string, args: string[], debian: string): boolean {
  if (spawnSync(name, args).status === 0) return true;
  process.stdout.write(`${name}'s check of a service file is left out: it is not installed (Debian: ${debian})\n`);
  return false;
}
const withAnalyze = has('systemd-analyze', ['--version'], 'systemd') ? it : it.skip;
const withXmllint = has('xmllint', ['--version'], 'libxml2-utils') ? it : it.skip;
/** The system's own before one that a version manager puts in front of it, which takes seconds to start. */
const python = ['/usr/bin/python3', 'python3'].find((name) => spawnSync(name, ['-c', 'import plistlib']).status === 0);
if (!python) process.stdout.write("Python's plistlib is left out: it is not installed (Debian: python3)\n");
const withPython = python ? it : it.skip;

const PROGRAM = { node: process.execPath, script: '/opt/lockstep/apps/agent/bin/lockstep-agent.mjs' };
const AWKWARD = { node: '/opt/no de/bin/node', script: "/opt/50%$HOME's/<a> & b/lockstep-agent.mjs" };

describe('the systemd unit', () => {
  const verify = (text: string) => {
    const path = join(dir, 'lockstep-agent.service');
    writeFileSync(path, text);
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', path], { encoding: 'utf8' });
    // It also tells of the system's own units.
    return { status, said: stderr.split('\n').filter((line) => line.includes('lockstep-agent')) };
  };
  withAnalyze('passes systemd-analyze verify without a word', () => {
    expect(verify(systemdUnit(PROGRAM))).toEqual({ status: 0, said: [] });
  });
  withAnalyze('of which a wrong word, a wrong value and a missing program do not', () => {
    const unit = systemdUnit(PROGRAM);
    expect(verify(unit.replace('ProtectSystem=', 'ProtectSytem=')).said.join()).toContain('ProtectSytem');
    expect(verify(unit.replace('RestartSec=30', 'RestartSec=soon')).said.join()).toContain('Failed to parse sec value');
    expect(verify(systemdUnit({ ...PROGRAM, node: '/nowhere/node' })).status).not.toBe(0);
  });
  withAnalyze('is rated no worse than "ok" by systemd-analyze security', () => {
    const path = join(dir, 'lockstep-agent.service');
    writeFileSync(path, systemdUnit(PROGRAM));
    // Exposure 5.0 and below is what systemd calls "medium" to "ok"; a service as root without any of this is at 9.6.
    const { status, stdout } = spawnSync('systemd-analyze', ['security', '--offline=true', '--threshold=50', '--no-pager', path], {
      encoding: 'utf8',
    });
    expect({ status, last: stdout.trim().split('\n').at(-1) }).toMatchObject({ status: 0 });
  });
  it('quotes and escapes the program, so that each path stays one word', () => {
    expect(systemdUnit(AWKWARD)).toContain(`ExecStart="/opt/no de/bin/node" "/opt/50%%$$HOME's/<a> & b/lockstep-agent.mjs" run --wait\n`);
  });
  it('keeps its folder where the agent looks for it, private', () => {
    const unit = systemdUnit(PROGRAM);
    for (const line of [
      'StateDirectory=lockstep-agent',
      'StateDirectoryMode=0700',
      'Environment=LOCKSTEP_AGENT_DIR=/var/lib/lockstep-agent',
    ])
      expect(unit.split('\n')).toContain(line);
    expect(unit).not.toMatch(/^WatchdogSec/m);
  });
});

it('neither system cuts off what writes a phone’s firmware when the agent is stopped', () => {
  expect(systemdUnit(PROGRAM)).toMatch(/^KillMode=process$/m);
  expect(parsePlistDict(daemonPlist(PROGRAM)).AbandonProcessGroup).toBe(true);
});

describe('the launchd plists', () => {
  it('are read back by this project’s own reader', () => {
    expect(parsePlistDict(daemonPlist(AWKWARD))).toMatchObject({
      Label: 'lockstep.agent',
      ProgramArguments: [AWKWARD.node, AWKWARD.script, 'run', '--wait'],
      RunAtLoad: true,
      KeepAlive: { SuccessfulExit: false },
      Umask: 0o077,
    });
    expect(parsePlistDict(helperPlist(AWKWARD))).toMatchObject({
      Label: 'lockstep.session',
      ProgramArguments: [AWKWARD.node, AWKWARD.script, 'session', '--into', '/Library/Application Support/Lockstep Session'],
      LimitLoadToSessionType: 'Aqua',
      StartInterval: 300,
    });
  });
  withPython('are read the same by Python’s plistlib, which refuses a broken one', () => {
    const plists = [daemonPlist(AWKWARD), helperPlist(AWKWARD)];
    const broken = Buffer.from(daemonPlist(PROGRAM).toString().replace('</dict>', ''));
    const script = `
import base64, json, plistlib, sys
def read(text):
    try:
        return plistlib.loads(base64.b64decode(text), fmt=plistlib.FMT_XML)
    except Exception as error:
        return type(error).__name__
print(json.dumps([read(text) for text in json.load(sys.stdin)]))
`;
    const input = JSON.stringify([...plists, broken].map((bytes) => bytes.toString('base64')));
    const { stdout, stderr } = spawnSync(python ?? '', ['-c', script], { input, encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual([...plists.map((bytes) => parsePlistDict(bytes)), expect.stringMatching(/^\w+$/)]);
  });
  it('use only keys of launchd.plist(5), each with its type', () => {
    const TYPES: Record<string, string> = {
      Label: 'string',
      ProgramArguments: 'array',
      RunAtLoad: 'boolean',
      KeepAlive: 'object',
      ThrottleInterval: 'number',
      ProcessType: 'string',
      ExitTimeOut: 'number',
      AbandonProcessGroup: 'boolean',
      Umask: 'number',
      StandardErrorPath: 'string',
      LimitLoadToSessionType: 'string',
      StartInterval: 'number',
      LowPriorityIO: 'boolean',
      Nice: 'number',
    };
    for (const plist of [daemonPlist(PROGRAM), helperPlist(PROGRAM)])
      for (const [key, value] of Object.entries(parsePlistDict(plist)))
        expect([key, Array.isArray(value) ? 'array' : typeof value]).toEqual([key, TYPES[key]]);
  });
});

describe('the boot task', () => {
  const WINDOWS = { node: 'C:\\Program Files\\nodejs\\node.exe', script: 'C:\\Program Files\\Lock & Step\\bin\\lockstep-agent.mjs' };
  const xsd = fileURLToPath(new URL('../../test/task-scheduler.xsd', import.meta.url));
  const lint = (bytes: Buffer) => {
    const path = join(dir, 'task.xml');
    writeFileSync(path, bytes);
    return spawnSync('xmllint', ['--noout', '--schema', xsd, path], { encoding: 'utf8' });
  };
  const text = (program = WINDOWS) => bootTask(program).subarray(2).toString('utf16le');
  const changed = (from: string, to: string) => {
    expect(text()).toContain(from);
    return Buffer.from(`\ufeff${text().replace(from, to)}`, 'utf16le');
  };

  withXmllint('is valid by Task Scheduler’s schema', () => {
    expect(lint(bootTask(WINDOWS))).toMatchObject({ status: 0 });
  });
  withXmllint.each([
    ['more restarts than an unsigned byte holds', '<Count>255</Count>', '<Count>999</Count>'],
    ['an interval under a minute', '<Interval>PT1M</Interval>', '<Interval>PT30S</Interval>'],
    ['an order that the schema does not have', '<Repetition>', '<Delay>PT1M</Delay><Repetition>'],
    ['an element that there is not', '<WakeToRun>false</WakeToRun>', '<WakeUp>false</WakeUp>'],
    ['a context without a principal', 'Context="System"', 'Context="Other"'],
    ['no command', '<Command>', '<Comand>'],
  ])('of which %s is not', (_what, from, to) => {
    expect(lint(changed(from, to)).status).not.toBe(0);
  });
  it('is UTF-16 with its mark and says so', () => {
    expect([...bootTask(WINDOWS).subarray(0, 2)]).toEqual([0xff, 0xfe]);
    expect(text()).toMatch(/^<\?xml version="1\.0" encoding="UTF-16"\?>\r\n/);
  });
  it('is SYSTEM’s, at the start of the computer, on battery too, for ever, and begun again', () => {
    for (const part of [
      '<BootTrigger>',
      '<UserId>S-1-5-18</UserId>',
      '<DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>',
      '<StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>',
      '<StopOnIdleEnd>false</StopOnIdleEnd>',
      '<ExecutionTimeLimit>PT0S</ExecutionTimeLimit>',
      '<MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>',
      '<Command>C:\\Program Files\\nodejs\\node.exe</Command>',
      '<Arguments>"C:\\Program Files\\Lock &amp; Step\\bin\\lockstep-agent.mjs" run --wait</Arguments>',
    ])
      expect(text()).toContain(part);
  });
});

describe('a program that a service may run', () => {
  const root = () => ({ uid: 0, mode: 0o100755 });
  it('is root’s on every step of the way', () => {
    expect(objectionTo(PROGRAM, 'linux', root)).toBeNull();
    expect(wayTo('/a/b/c')).toEqual(['/a/b/c', '/a/b', '/a', '/']);
    expect(wayTo('C:\\a\\b')).toEqual(['C:\\a\\b', 'C:\\a', 'C:\\']);
  });
  it.each([
    ['/opt/lockstep', { uid: 1000, mode: 0o40755 }, 'belongs to user 1000'],
    ['/opt/lockstep/apps', { uid: 0, mode: 0o40777 }, 'mode 777'],
    ['/opt/lockstep/apps/agent/bin/lockstep-agent.mjs', { uid: 0, mode: 0o100664 }, 'mode 664'],
  ])('%s that somebody else can change is named', (path, owner, why) => {
    const objection = objectionTo(PROGRAM, 'linux', (p) => (p === path ? owner : root()));
    expect(objection).toContain(path);
    expect(objection).toContain(why);
  });
  it.each([
    ['macos', '/opt/line\nbreak', 'character'],
    ['linux', '/opt/quo"te', 'character'],
    ['windows', 'C:\\Users\\ana\\lockstep-agent.mjs', 'Program Files'],
    ['windows', `C:\\Program Files\\${'x'.repeat(250)}`, '260'],
  ] as const)('on %s %j is refused', (os, script, why) => {
    expect(objectionTo({ node: os === 'windows' ? 'C:\\Program Files\\nodejs\\node.exe' : '/usr/bin/node', script }, os, root)).toContain(
      why,
    );
  });
});
