import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { freshDatabase, type TestDatabase } from '../test/database.js';

const ROOM = fileURLToPath(new URL('..', import.meta.url));

/** `npm test` has built already; a run of this suite alone may come after an edit. Nothing is written when the build is newer than its sources. */
function buildWhenStale(): void {
  const built = statSync(join(ROOM, 'dist', 'main.js'), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const sources = readdirSync(join(ROOM, 'src'), { recursive: true, withFileTypes: true }).filter(
    (f) => f.isFile() && f.name.endsWith('.ts') && !f.name.endsWith('.test.ts'),
  );
  if (sources.every((f) => statSync(join(f.parentPath, f.name)).mtimeMs <= built)) return;
  const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');
  execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { cwd: ROOM });
}

interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** The server as a process of its own: what only shows there are exit codes, signals, and an event loop that runs empty. */
describe('the server process', () => {
  let dir: string;
  let database: TestDatabase;
  const children: ChildProcess[] = [];

  beforeAll(async () => {
    buildWhenStale();
    dir = mkdtempSync(join(tmpdir(), 'lockstep-main-'));
    database = await freshDatabase();
  }, 120_000);
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });
  afterAll(async () => {
    await database.drop();
    rmSync(dir, { recursive: true, force: true });
  });

  function run(
    args: string[] = [],
    env: Record<string, string> = {},
  ): { child: ChildProcess; ended: Promise<Ended>; line(msg: string): Promise<Record<string, unknown>> } {
    const child = spawn(process.execPath, [join(ROOM, 'dist', 'main.js'), ...args], {
      env: { PATH: process.env.PATH, HOME: dir, PORT: '0', DATABASE_URL: database.url, LOCKSTEP_DATA_DIR: join(dir, 'data'), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.push(child);
    let [stdout, stderr] = ['', ''];
    child.stdout?.setEncoding('utf8').on('data', (d) => {
      stdout += d;
    });
    child.stderr?.setEncoding('utf8').on('data', (d) => {
      stderr += d;
    });
    const ended = new Promise<Ended>((done) => child.once('close', (code, signal) => done({ code, signal, stdout, stderr })));
    const line = async (msg: string) => {
      const over = ended.then(() => 'over' as const);
      for (;;) {
        const found = stdout.split('\n').find((l) => l.includes(`"msg":"${msg}"`));
        if (found !== undefined) return JSON.parse(found) as Record<string, unknown>;
        const state = await Promise.race([over, new Promise<'waiting'>((done) => setTimeout(() => done('waiting'), 50))]);
        if (state === 'over' && !stdout.includes(`"msg":"${msg}"`)) throw new Error(`ended without "${msg}": ${stdout}${stderr}`);
      }
    };
    return { child, ended, line };
  }

  it('shows every variable with --help, and refuses what it does not know', async () => {
    const help = await run(['--help'], { DATABASE_URL: '' }).ended;
    expect(help.code).toBe(0);
    for (const name of ['PORT', 'DATABASE_URL', 'LOCKSTEP_DATA_DIR', 'LOCKSTEP_TRUSTED_PROXY']) expect(help.stdout).toContain(name);
    expect(await run(['--bogus']).ended).toMatchObject({ code: 64, stdout: '' });
  });

  it.each([
    [{ PORT: 'abc' }, /^The configuration cannot be used: PORT must be a whole number/],
    [{ DATABASE_URL: '' }, /^The configuration cannot be used: DATABASE_URL is required/],
    [{ DATABASE_URL: 'postgres://u:hunter2@127.0.0.1:1/db' }, /^No database answers at 127\.0\.0\.1:1\/db/],
  ])('ends with 1 and one sentence when started with %j', async (env, sentence) => {
    const { code, stdout, stderr } = await run([], env as Record<string, string>).ended;
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(sentence);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).not.toContain('hunter2');
  });

  it('says when it is ready, keeps a second one out, and ends cleanly on SIGTERM', async () => {
    const first = run();
    const ready = await first.line('ready');
    expect(ready).toMatchObject({ level: 'info', setupNeeded: true });
    expect((await fetch(`${String(ready.url)}/readyz`)).status).toBe(200);
    const second = await run().ended;
    expect([second.code, second.stdout]).toEqual([1, '']);
    expect(second.stderr).toMatch(new RegExp(`^Another Lockstep server \\(lockstep server ${first.child.pid}@`));
    first.child.kill('SIGTERM');
    const { code, signal, stdout, stderr } = await first.ended;
    expect([code, signal, stderr]).toEqual([0, null, '']);
    expect(stdout).toContain('"msg":"stopped"');
  }, 180_000);

  it('comes back at once after kill -9, with the same order key', async () => {
    const key = readFileSync(join(dir, 'data', 'order-key.pem'), 'utf8');
    const first = run();
    await first.line('ready');
    first.child.kill('SIGKILL');
    await first.ended;
    const second = run();
    await second.line('ready');
    expect(readFileSync(join(dir, 'data', 'order-key.pem'), 'utf8')).toBe(key);
    second.child.kill('SIGINT');
    expect((await second.ended).code).toBe(0);
  }, 180_000);
});
