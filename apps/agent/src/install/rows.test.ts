import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { FIX_IDS, type FixId } from '@lockstep/core/fixes';
import { Order } from '@lockstep/core/protocol';
import { COMMANDS, isCommand, thisMachine } from '../machine/index.js';
import { commandLine, INSTALL_COMMANDS, type InstallCommandId, installRow } from './index.js';

const SRC = fileURLToPath(new URL('../', import.meta.url));
const IDS = Object.keys(INSTALL_COMMANDS) as InstallCommandId[];

/** Every file that is loaded when `start` is, inside this package. */
function reach(start: string, seen = new Set<string>()): Set<string> {
  if (seen.has(start)) return seen;
  seen.add(start);
  for (const [, to = ''] of readFileSync(start, 'utf8').matchAll(/(?:\bfrom|\bimport\(|\bimport)\s*'(\.{1,2}\/[^']+)\.js'/g)) {
    const file = `${resolve(dirname(start), to)}.ts`;
    if (existsSync(file)) reach(file, seen);
  }
  return seen;
}

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((e) => e.isFile() && e.name.endsWith('.ts') && !e.name.endsWith('.test.ts'))
    .map((e) => relative(SRC, join(e.parentPath ?? e.path, e.name)).replaceAll('\\', '/'));
}

describe('the table', () => {
  it.each(IDS)('%s is fixed: absolute programs, fixed words, a deadline, no shell', (id) => {
    const { os, programs, args, deadlineMs } = installRow(id);
    for (const program of programs)
      expect(program).toMatch(os === 'windows' ? /^C:\\Windows\\System32\\[\w.\\]+\.exe$/ : /^\/(usr\/)?bin\/(systemctl|launchctl)$/);
    expect(args.every((a) => typeof a === 'string' && a !== '')).toBe(true);
    expect(deadlineMs).toBeGreaterThan(0);
    expect(deadlineMs).toBeLessThanOrEqual(100_000);
    expect(programs.join()).not.toMatch(/\b(sh|bash|cmd|wscript|cscript)(\.exe)?$/);
    expect(commandLine(id).startsWith(programs[0] ?? '')).toBe(true);
  });

  it('what only reads holds no word that changes something', () => {
    const reads = IDS.filter((id) => installRow(id).effect === 'reads');
    expect(reads.length).toBeGreaterThan(4);
    for (const id of reads) {
      const [verb = ''] = installRow(id).args;
      expect(['show', 'print', 'print-disabled', '/Query', '-NoLogo', '']).toContain(verb);
      expect(installRow(id).args.join(' ')).not.toMatch(/\b(Set|Start|Stop|Register|Unregister|Remove|New)-/i);
    }
  });

  it('a computer runs only its own system’s rows', async () => {
    expect(new Set(IDS.map((id) => installRow(id).os))).toEqual(new Set(['linux', 'macos', 'windows']));
  });
});

describe('no order can choose a row of it', () => {
  const order = (fix: string) => ({ fix, runId: '5f6b0c1e-8a77-4c2b-9f3d-000000000001' });

  it('no row is a fix, a command of the table of fixes, or named like one', async () => {
    const machine = thisMachine({ mux: { kind: 'unix', path: '/nowhere' }, sysfs: '/nowhere', dir: '/nowhere', lab: false });
    for (const id of [...IDS, 'install', 'uninstall', 'purge']) {
      expect(isCommand(id)).toBe(false);
      expect(FIX_IDS).not.toContain(id as FixId);
      // An order is parsed before anything else is made of it: the fix is one of a closed set.
      expect(Order.shape.fix.safeParse(order(id).fix).success).toBe(false);
      await expect((async () => machine.run(id as never))()).rejects.toThrow();
    }
    expect(Order.shape.fix.safeParse(FIX_IDS[0]).success).toBe(true);
  });

  it('no argument list of the two tables is the same', () => {
    const lines = new Set(Object.values(COMMANDS).map(({ programs, args }) => JSON.stringify([programs, args])));
    for (const id of IDS) expect(lines.has(JSON.stringify([installRow(id).programs, installRow(id).args]))).toBe(false);
  });

  it('what a running agent loads does not hold this room', () => {
    const loaded = [...reach(join(SRC, 'agent.ts'))].map((file) => relative(SRC, file).replaceAll('\\', '/'));
    expect(loaded).toContain('fixes/run-fix.ts');
    expect(loaded).toContain('link/runs.ts');
    expect(loaded.filter((file) => file.startsWith('install/') || file.startsWith('cli/'))).toEqual([]);
    // The walk itself finds the room where it is used.
    expect([...reach(join(SRC, 'main.ts'))].some((file) => file.includes('/install/'))).toBe(true);
  });

  it('processes are started in one place, and rows handed to it in two', () => {
    const files = sources(SRC);
    const using = (pattern: RegExp) => files.filter((file) => pattern.test(readFileSync(join(SRC, file), 'utf8'))).sort();
    expect(using(/'(node:)?child_process'/)).toEqual(['machine/run.ts']);
    expect(using(/\brunRow\(/)).toEqual(['install/system.ts', 'machine/real.ts', 'machine/run.ts']);
  });
});
