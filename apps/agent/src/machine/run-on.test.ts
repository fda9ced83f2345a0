import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { runRow, type Startable } from './run.js';

const row = (program: string, deadlineMs = 10_000, outputBytes = 1_024): Startable => ({
  os: 'linux',
  programs: [program],
  args: [],
  deadlineMs,
  outputBytes,
  outlives: true,
});

describe('a program that must not be cut off', () => {
  let dir: string;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'lockstep-outlives-'));
  });
  afterAll(async () => {
    await rm(dir, { recursive: true, force: true });
  });

  const script = async (name: string, body: string) => {
    const path = join(dir, name);
    await writeFile(path, `#!/bin/sh\n${body}\n`);
    await chmod(path, 0o755);
    return path;
  };
  /** Waits until a file says what is expected: the program goes on by itself. */
  const saysInTheEnd = async (path: string) => {
    for (let n = 0; n < 200; n++) {
      const text = await readFile(path, 'utf8').catch(() => '');
      if (text !== '') return text;
      await new Promise((r) => setTimeout(r, 25));
    }
    return '';
  };

  it('gives exit code and both outputs, and leaves no file behind', async () => {
    const before = (await readdir(tmpdir())).filter((n) => n.startsWith('lockstep-run-'));
    const path = await script('say', 'echo "$LC_ALL"; echo bad >&2; exit 3');
    expect(await runRow(row(path))).toEqual({ exit: 3, stdout: 'C\n', stderr: 'bad\n', failure: null });
    const after = (await readdir(tmpdir())).filter((n) => n.startsWith('lockstep-run-'));
    expect(after.filter((n) => !before.includes(n))).toEqual([]);
  });

  it('the end of a long output is what is read: the result stands there', async () => {
    const path = await script('long', 'i=0; while [ $i -lt 200 ]; do echo "line $i of many"; i=$((i+1)); done; echo result');
    const { stdout } = await runRow(row(path));
    expect(stdout.length).toBe(1_024);
    expect(stdout.endsWith('\nresult\n')).toBe(true);
  });

  it('is not ended at its deadline', async () => {
    const path = await script('slow', `echo begun; sleep 0.4; echo through >${join(dir, 'slow-end')}`);
    expect(await runRow(row(path, 150))).toMatchObject({ exit: null, stdout: 'begun\n', failure: 'timeout' });
    expect(await saysInTheEnd(join(dir, 'slow-end'))).toBe('through\n');
  });

  it('is not ended when the agent is told to stop, and its outputs still have a place', async () => {
    const stop = new AbortController();
    const path = await script(
      'stopped',
      `echo begun >${join(dir, 'stopped-begun')}; sleep 0.4; echo said; echo through >${join(dir, 'stopped-end')}`,
    );
    const running = runRow(row(path), stop.signal);
    expect(await saysInTheEnd(join(dir, 'stopped-begun'))).toBe('begun\n');
    stop.abort();
    expect(await running).toMatchObject({ exit: null, failure: 'aborted' });
    expect(await saysInTheEnd(join(dir, 'stopped-end'))).toBe('through\n');
  });

  it('is not begun after that, and a missing one is told', async () => {
    const path = await script('never', `echo through >${join(dir, 'never-end')}`);
    expect(await runRow(row(path), AbortSignal.abort())).toMatchObject({ failure: 'aborted' });
    expect(await runRow(row(join(dir, 'none')))).toMatchObject({ failure: 'missing-tool' });
    expect(await readFile(join(dir, 'never-end'), 'utf8').catch(() => '')).toBe('');
  });
});
