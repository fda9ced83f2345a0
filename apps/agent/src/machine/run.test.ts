import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { CommandRow } from './commands/index.js';
import { OUTPUT_BYTES, runRow } from './run.js';

const row = (programs: string[], args: string[] = [], deadlineMs = 5_000): CommandRow => ({
  os: 'linux',
  programs,
  args,
  deadlineMs,
  privilege: 'user',
  effect: 'reads',
  parse: null,
});

describe('running a row', () => {
  let dir: string;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'lockstep-run-'));
  });
  afterAll(async () => {
    await rm(dir, { recursive: true, force: true });
  });

  const script = async (name: string, body: string, mode = 0o755) => {
    const path = join(dir, name);
    await writeFile(path, `#!/bin/sh\n${body}\n`);
    await chmod(path, mode);
    return path;
  };

  it('gives exit code, both outputs, and none of the caller’s environment', async () => {
    process.env.LOCKSTEP_SECRET_PROBE = 'leak';
    const path = await script('say', 'echo "$LC_ALL $LOCKSTEP_SECRET_PROBE"; echo bad >&2; exit 3');
    expect(await runRow(row([path]))).toEqual({ exit: 3, stdout: 'C \n', stderr: 'bad\n', failure: null });
    delete process.env.LOCKSTEP_SECRET_PROBE;
  });

  it('hands arguments over as they are: no shell reads them', async () => {
    const path = await script('args', 'printf "%s|" "$@"');
    expect((await runRow(row([path], ['$(id)', '; rm -rf /', '*']))).stdout).toBe('$(id)|; rm -rf /|*|');
  });

  it('takes the first program that exists', async () => {
    const path = await script('second', 'echo here');
    expect((await runRow(row([join(dir, 'first'), path]))).stdout).toBe('here\n');
  });

  it('a missing tool and one that may not be started are told apart', async () => {
    expect((await runRow(row([join(dir, 'none')]))).failure).toBe('missing-tool');
    const path = await script('plain', 'echo no', 0o644);
    expect((await runRow(row([path]))).failure).toBe('denied');
  });

  it('is over at its deadline, even while a grandchild holds the pipe', async () => {
    const path = await script('slow', 'echo begun; sleep 30 & sleep 30');
    const began = Date.now();
    const ran = await runRow(row([path], [], 300));
    expect(ran).toMatchObject({ exit: null, failure: 'timeout' });
    expect(Date.now() - began).toBeLessThan(5_000);
  });

  it('stops a tool that says too much', async () => {
    const path = await script('loud', 'while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done');
    const ran = await runRow(row([path], [], 20_000));
    expect(ran.failure).toBe('too-large');
    expect(ran.stdout.length).toBeLessThanOrEqual(OUTPUT_BYTES);
  });

  it('stops when it is aborted', async () => {
    const path = await script('wait', 'sleep 30');
    expect((await runRow(row([path]), AbortSignal.timeout(100))).failure).toBe('aborted');
    expect((await runRow(row([path]), AbortSignal.abort())).failure).toBe('aborted');
  });
});
