import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { runCli } from '@lockstep/agent/cli';
import { commandRow, isCommand, type Machine, parseAgentEnv, RecordedMachine, thisMachine } from '@lockstep/agent/machine';
import { Bench } from '../daemon/index.js';
import { SysfsTree } from '../sysfs/index.js';

/** `lockstep-agent record` on this computer, with simulated phones on a simulated bus. */

const NAME = 'Philippa’s iPhone';
let dir: string;
let bench: Bench;
let env: Record<string, string>;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'lockstep-record-'));
  mkdirSync(join(dir, 'sys'));
  bench = new Bench({ seed: 'record', recordsDir: join(dir, 'records'), tree: new SysfsTree(join(dir, 'sys')) });
  bench.add({ name: 'p1', deviceName: NAME });
  bench.plug('p1');
  await bench.mux.listen({ kind: 'unix', path: join(dir, 'mux') });
  env = {
    USBMUXD_SOCKET_ADDRESS: join(dir, 'mux'),
    LOCKSTEP_SYSFS: join(dir, 'sys'),
    LOCKSTEP_LAB: '1',
    LOCKSTEP_AGENT_DIR: join(dir, 'agent'),
  };
});
afterEach(async () => {
  await bench.close();
  rmSync(dir, { recursive: true, force: true });
});

async function record(into: string, machine: Machine = thisMachine(parseAgentEnv(env, process.platform, process.getuid?.() ?? null))) {
  const out: string[] = [];
  const talk: string[] = [];
  const code = await runCli(['record', into], {
    terminal: { out: (t) => void out.push(t), talk: (t) => void talk.push(t), interactive: false, input: async () => '' },
    machine: () => machine,
  });
  return { code, out: out.join(''), talk: talk.join('') };
}

/** Every sample of a recording: its command, its files, all its text. */
function samplesIn(folder: string) {
  return readdirSync(folder).flatMap((system) =>
    readdirSync(join(folder, system)).map((name) => {
      const at = join(folder, system, name);
      const files = Object.fromEntries(readdirSync(at).map((file) => [file, readFileSync(join(at, file), 'utf8')]));
      const id =
        Object.keys(files)
          .find((f) => f.endsWith('.stdout'))
          ?.slice(0, -'.stdout'.length) ?? '';
      if (!isCommand(id)) throw new Error(`${id} is no command`);
      return { id, system, name, files, text: Object.values(files).join('\n') };
    }),
  );
}

/** The sample passes the test that every sample of this repository has to pass. */
function proven({ id, files }: ReturnType<typeof samplesIn>[number]) {
  const meta = JSON.parse(files['meta.json'] ?? '') as { exit: number; origin: string; failure?: 'timeout' };
  expect(meta.origin).toBe('recorded');
  const ran = {
    exit: meta.failure ? null : meta.exit,
    stdout: files[`${id}.stdout`] ?? '',
    stderr: files[`${id}.stderr`] ?? '',
    failure: meta.failure ?? null,
  };
  expect(commandRow(id).parse?.(ran) ?? []).toEqual(JSON.parse(files['expected.json'] ?? ''));
}

describe('record', () => {
  it('writes what the commands of this computer say, and nothing of whose it is', async () => {
    const into = join(dir, 'recording');
    const { code, out, talk } = await record(into);
    expect([code, talk]).toEqual([0, expect.stringMatching(/\d+ samples written\n/)]);
    const samples = samplesIn(into);
    expect(out.trim().split('\n').sort()).toEqual(samples.map(({ system, name }) => join(system, name)).sort());
    // Every Linux has ps and one of the package managers.
    expect(samples.map((s) => s.id)).toContain('process-names');
    for (const sample of samples) {
      expect(commandRow(sample.id)).toMatchObject({ os: 'linux', effect: 'reads' });
      proven(sample);
      expect(sample.text).not.toMatch(/philippa/i);
      if (hostname().length >= 5) expect(sample.text).not.toContain(hostname());
    }
  }, 60_000);

  it('replaces the attached phone and its owner in every output alike, and never asks for its pair record', async () => {
    const { udid } = bench.phone('p1').identity;
    const plain = udid.replace('-', '');
    const real = thisMachine(parseAgentEnv(env, process.platform, null));
    const machine = new RecordedMachine({
      os: 'linux',
      identity: { hostname: 'philippa-desktop' },
      restMissing: true,
      sysfs: {},
      openMux: () => real.openMux(),
      listener: { proven: false, why: 'missing' },
      commands: {
        'usbguard-blocked': {
          stdout: `7: block id 05ac:12a8 serial "${plain}" name "iPhone" hash "iLzj1Y0hN0b5t3mM6Gq9y0pQ2mC7Zb8k5Q1v3x9Lw0E="\n`,
        },
        'journal-kernel': { stdout: `{"MESSAGE":"usb 1-2: SerialNumber: ${plain}"}\n{"MESSAGE":"philippa: ${udid.toLowerCase()}"}\n` },
      },
    });
    const into = join(dir, 'recording');
    const { code, talk } = await record(into, machine);
    expect(code).toBe(0);
    const samples = samplesIn(into);
    expect(samples.map((s) => s.id).sort()).toEqual(['journal-kernel', 'usbguard-blocked']);
    const all = samples.map((s) => s.text).join('\n');
    expect(all.toLowerCase()).not.toMatch(new RegExp(`${plain}|${udid}|philippa|iLzj1Y0h`, 'i'));
    const told = [...all.matchAll(/0000[0-9A-F]{4}-?[0-9A-F]{16}/gi)].map(([u]) => u.replace('-', '').toUpperCase());
    expect([told.length, new Set(told).size]).toEqual([3, 1]);
    expect(talk).toMatch(/taken out: 1 UDIDs, .*words of names/);
    expect(talk).not.toMatch(/philippa/i);
    for (const sample of samples) proven(sample);
    expect(bench.mux.records.read(udid)).not.toBeInstanceOf(Uint8Array);
  }, 30_000);

  it.each([
    [['record'], 64, 'needs the folder'],
    [['record', 'a', 'b'], 64, 'b: not expected'],
    [['record', '--all', 'a'], 64, '--all'],
  ])('%j is refused', async (argv, exit, words) => {
    const talk: string[] = [];
    const code = await runCli(argv, {
      terminal: { out: () => {}, talk: (t) => void talk.push(t), interactive: false, input: async () => '' },
      machine: () => {
        throw new Error('asked');
      },
    });
    expect([code, talk.join('')]).toEqual([exit, expect.stringContaining(words)]);
  });

  it('refuses a folder that holds anything, before it runs anything', async () => {
    const machine = new RecordedMachine({ os: 'linux' });
    const { code, talk } = await record(dir, machine);
    expect([code, talk, machine.started]).toEqual([64, expect.stringContaining('is not empty'), []]);
    expect(await record(join(dir, 'mux'), machine)).toMatchObject({ code: 64, talk: expect.stringContaining('is no folder') });
  });
});
