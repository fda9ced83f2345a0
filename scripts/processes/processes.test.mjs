import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { claimFolder, Occupied } from './claim.mjs';
import { gone, identityOf, isAlive, startedAt } from './identity.mjs';
import { LogFile } from './log-file.mjs';
import { run } from './run.mjs';
import { startService } from './service.mjs';

/** @type {string} */
let folder;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lockstep-processes-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const ENDED = { pid: 999_999_999, started: 'long ago' };

describe('identity of a process', () => {
  it('is not its number alone', () => {
    const self = identityOf(process.pid);
    expect(isAlive(self)).toBe(true);
    expect(isAlive({ pid: process.pid, started: 'another moment' })).toBe(false);
    expect(startedAt(ENDED.pid)).toBeNull();
    for (const pid of [0, -1, 1.5, Number.NaN]) expect(startedAt(pid)).toBeNull();
  });

  it('ends with the process, even before its parent asks how', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    const identity = identityOf(child.pid ?? 0);
    expect(isAlive(identity)).toBe(true);
    child.kill('SIGKILL');
    expect(await gone(identity, 5_000)).toBe(true);
  });
});

describe('the claim of a folder', () => {
  it('is one supervisor’s', () => {
    const claim = claimFolder(folder, 'here');
    expect(() => claimFolder(folder, 'there')).toThrow(Occupied);
    claim.release();
    expect(claimFolder(folder, 'there').predecessor).toBeNull();
  });

  it('passes on what a dead supervisor had started', () => {
    const record = { supervisor: ENDED, checkout: 'there', children: { server: { pid: 7, started: 'then' } } };
    writeFileSync(join(folder, 'supervisor.json'), JSON.stringify(record));
    const claim = claimFolder(folder, 'here');
    expect(claim.predecessor).toEqual(record);
    claim.child('database', process.pid);
    expect(JSON.parse(readFileSync(join(folder, 'supervisor.json'), 'utf8')).children.database).toEqual(identityOf(process.pid));
    claim.child('database', null);
    expect(JSON.parse(readFileSync(join(folder, 'supervisor.json'), 'utf8')).children).toEqual({});
    claim.release();
    expect(existsSync(join(folder, 'supervisor.json'))).toBe(false);
  });

  it('is not taken from a folder whose record cannot be read', () => {
    writeFileSync(join(folder, 'supervisor.json'), '{"supervisor":');
    expect(() => claimFolder(folder, 'here')).toThrow(/is not a record of Lockstep/);
  });

  it('goes to one of many that want it at once', async () => {
    writeFileSync(join(folder, 'supervisor.json'), JSON.stringify({ supervisor: ENDED, checkout: 'there', children: {} }));
    const claim = fileURLToPath(new URL('./claim.mjs', import.meta.url));
    const source = `import { claimFolder } from ${JSON.stringify(claim)};
      try { claimFolder(process.argv[1], 'here'); console.log('mine'); setTimeout(() => {}, 3000); } catch (error) { console.log(error.message); }`;
    const outputs = await Promise.all(
      Array.from({ length: 6 }, () => run(process.execPath, ['--input-type=module', '-e', source, folder])),
    );
    expect(outputs.filter(({ output }) => output.trim() === 'mine')).toHaveLength(1);
    for (const { output } of outputs) expect(output).toMatch(/^mine|^Lockstep already runs on|^Another Lockstep is just starting/);
  });
});

describe('a service', () => {
  const endless = "process.on('SIGTERM', () => process.exit(7)); setInterval(() => {}, 1000); console.log('ready');";
  const service = (/** @type {string} */ source) => {
    /** @type {(line: string) => void} */
    let hear = () => undefined;
    const line = new Promise((/** @type {(value: string) => void} */ resolve) => {
      hear = resolve;
    });
    const started = startService({
      args: ['-e', source],
      env: process.env,
      cwd: folder,
      log: join(folder, 'log'),
      onLine: (text) => hear(text),
    });
    return { started, line };
  };

  it('is told to end, and its words are kept', async () => {
    const { started, line } = service(endless);
    expect(await line).toBe('ready');
    await started.stop(5_000);
    expect(await started.ended).toMatchObject({ code: 7, lastWords: ['ready'] });
    expect(readFileSync(join(folder, 'log'), 'utf8')).toBe('ready\n');
  });

  it('is ended hard when it does not listen', async () => {
    const { started, line } = service("process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); console.log('deaf');");
    await line;
    await started.stop(200);
    expect(await started.ended).toMatchObject({ signal: 'SIGKILL' });
  });

  it('ends by itself when its supervisor is ended outright', async () => {
    const module = new URL('./service.mjs', import.meta.url).href;
    const source = `import { startService } from ${JSON.stringify(module)};
      const service = startService({ args: ['-e', ${JSON.stringify(endless)}], env: process.env, cwd: '/', log: ${JSON.stringify(join(folder, 'log'))}, onLine: () => console.log(service.pid) });`;
    const supervisor = spawn(process.execPath, ['--input-type=module', '-e', source], { stdio: ['ignore', 'pipe', 'inherit'] });
    const pid = await new Promise((/** @type {(value: number) => void} */ resolve) =>
      supervisor.stdout.once('data', (chunk) => resolve(Number(chunk))),
    );
    const identity = identityOf(pid);
    expect(isAlive(identity)).toBe(true);
    supervisor.kill('SIGKILL');
    expect(await gone(identity, 10_000)).toBe(true);
  });
});

describe('a command', () => {
  it('is ended with all it started when that is asked for', async () => {
    const abort = new AbortController();
    const child =
      "require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' }); setInterval(() => {}, 1000)";
    const running = run(process.execPath, ['-e', child], { signal: abort.signal });
    setTimeout(() => abort.abort(new Error('enough')), 300);
    await expect(running).rejects.toThrow('enough'); // both held its output open; it closed
  });

  it('tells its exit and its words', async () => {
    expect(await run(process.execPath, ['-e', "console.log('a'); console.error('b'); process.exitCode = 3"])).toEqual({
      code: 3,
      output: expect.stringMatching(/^(a\nb|b\na)\n$/),
    });
  });
});

describe('a log file', () => {
  it('keeps itself and one predecessor small', () => {
    const path = join(folder, 'log');
    const file = new LogFile(path);
    const line = 'x'.repeat(1024 * 1024);
    for (let written = 0; written < 40; written += 1) file.write(line);
    file.close();
    expect(statSync(path).size).toBeLessThanOrEqual(16 * 1024 * 1024);
    expect(statSync(`${path}.1`).size).toBeLessThanOrEqual(16 * 1024 * 1024);
    expect(existsSync(`${path}.2`)).toBe(false);
  });
});
