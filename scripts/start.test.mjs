import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { nodeTooOld } from './node-version.mjs';
import { gone, identityOf, isAlive } from './processes/identity.mjs';
import { closingBlock } from './start/closing-block.mjs';
import { FLAGS, helpText, parseArguments, readSettingsOf, VARIABLES } from './start/environment.mjs';
import { lastWordsOf, readLogLine } from './start/services.mjs';

const root = fileURLToPath(new URL('../', import.meta.url));
const asRoot = process.getuid?.() === 0;
/** `nobody` everywhere. */
const NOBODY = 65_534;
/** A start of this test may have to build first, on a machine that does other things too. */
const PATIENCE_MS = 180_000;

/** @type {string} */
let data;
/** @type {import('node:child_process').ChildProcess[]} */
let started = [];
/** @type {import('./processes/identity.mjs').ProcessIdentity[]} */
let processes = [];

beforeEach(() => {
  data = join(mkdtempSync(join(tmpdir(), 'lockstep-start-')), 'data');
  if (asRoot) chmodSync(join(data, '..'), 0o755);
});

afterEach(() => {
  for (const child of started) child.kill('SIGKILL');
  for (const identity of processes) if (isAlive(identity)) process.kill(identity.pid, 'SIGKILL');
  started = [];
  processes = [];
  rmSync(join(data, '..'), { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
});

/** @param {Record<string, string>} env */
function environment(env) {
  const { DATABASE_URL: _theirs, LOCKSTEP_TEST_DATABASE_URL: _tests, ...rest } = process.env;
  return { ...rest, PORT: '0', LOCKSTEP_DATA_DIR: data, ...env };
}

/**
 * @param {string[]} args
 * @param {{ env?: Record<string, string>, uid?: number, program?: [string, ...string[]] }} [options]
 */
function launch(args, { env = {}, uid, program = [process.execPath, join(root, 'scripts/start.mjs')] } = {}) {
  const [command, ...before] = program;
  const child = spawn(command, [...before, ...args], {
    cwd: root,
    env: environment(env),
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  started.push(child);
  const seen = { out: '', err: '' };
  /** @type {(() => void)[]} */
  const watchers = [];
  child.stdout.on('data', (chunk) => {
    seen.out += chunk;
    for (const watcher of watchers) watcher();
  });
  child.stderr.on('data', (chunk) => {
    seen.err += chunk;
  });
  /** @type {Promise<number | null>} */
  const code = new Promise((resolve) => child.once('close', resolve));
  return {
    child,
    seen,
    code,
    /** @param {RegExp} pattern @returns {Promise<void>} */
    until: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => pattern.test(seen.out) && resolve();
        watchers.push(look);
        look();
        code.then((end) => reject(new Error(`ended with ${end} before ${pattern}: ${seen.out}${seen.err}`)));
      }),
  };
}

/** What the start on record is running. @returns {Record<string, import('./processes/identity.mjs').ProcessIdentity>} */
function children() {
  const { children: found } = JSON.parse(readFileSync(join(data, 'supervisor.json'), 'utf8'));
  processes.push(.../** @type {import('./processes/identity.mjs').ProcessIdentity[]} */ (Object.values(found)));
  return found;
}

/**
 * The command lines of running processes that hold a text (Linux; elsewhere none is found).
 * @param {string} text
 */
function mentioning(text) {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      return line.includes(text) ? [line] : [];
    } catch {
      return []; // it has just ended
    }
  });
}

describe('npm start, refusing', () => {
  it('names an unknown flag', async () => {
    const { code, seen } = launch(['--no-lap']);
    expect(await code).toBe(1);
    expect(seen.err).toBe('There is no flag "--no-lap": npm start -- --help lists them.\n');
  });

  it('says which port is taken, and how to take another', async () => {
    const blocker = createServer().listen(0, '127.0.0.1');
    try {
      await new Promise((resolve) => blocker.once('listening', resolve));
      const { port } = /** @type {import('node:net').AddressInfo} */ (blocker.address());
      const { code, seen } = launch([], { env: { PORT: String(port) } });
      expect(await code).toBe(1);
      expect(seen.err).toBe(
        `Port ${port} on 127.0.0.1 is taken by another program: stop that one, or choose another port with PORT (PORT=4700 npm start).\n`,
      );
      expect(existsSync(join(data, 'supervisor.json'))).toBe(false);
    } finally {
      blocker.close();
    }
  });

  it('says that the data folder cannot be written', async () => {
    const locked = join(data, '..', 'locked');
    mkdirSync(locked, { mode: 0o555 });
    // Root passes every mode, so there the one who starts is somebody else.
    const { code, seen } = launch([], { env: { LOCKSTEP_DATA_DIR: join(locked, 'data') }, ...(asRoot ? { uid: NOBODY } : {}) });
    expect(await code).toBe(1);
    expect(seen.err).toBe(
      `Lockstep cannot write its data in ${join(locked, 'data')} (this user may not): choose another folder with LOCKSTEP_DATA_DIR.\n`,
    );
  });

  it(
    'says that DATABASE_URL does not answer, without its password',
    async () => {
      const { code, seen } = launch(['--no-lab'], { env: { DATABASE_URL: 'postgresql://me:very-secret@127.0.0.1:1/lockstep' } });
      expect(await code).toBe(1);
      expect(seen.err).toBe('The database of DATABASE_URL (me@127.0.0.1:1/lockstep) does not answer: nothing listens there.\n');
      expect(seen.out).not.toContain('very-secret');
      expect(existsSync(join(data, 'supervisor.json'))).toBe(false);
    },
    PATIENCE_MS,
  );

  it('does not empty a database that it did not make', async () => {
    const { code, seen } = launch(['--fresh'], { env: { DATABASE_URL: 'postgresql://me@127.0.0.1:1/lockstep' } });
    expect(await code).toBe(1);
    expect(seen.err).toMatch(/^--fresh empties only the embedded database/);
  });

  it('tells an old Node what it needs', () => {
    for (const version of ['14.21.3', '18.20.8', '20.18.1', '21.7.3', '22.11.0'])
      expect(nodeTooOld(version)).toBe(
        `Lockstep needs Node 20.19 (or 22.12, or newer), and this is Node ${version}: install a newer one from https://nodejs.org and start again.`,
      );
    for (const version of ['20.19.0', '20.20.2', '22.12.0', '22.23.2', '23.0.0', '24.1.0']) expect(nodeTooOld(version)).toBe('');
  });

  it('keeps the files an old Node reads first to what it can read', () => {
    // Node 14 knows neither `??=` nor a top-level await; what these files import statically is themselves.
    for (const file of ['start.mjs', 'test.mjs', 'node-version.mjs']) {
      const text = readFileSync(join(root, 'scripts', file), 'utf8');
      expect(text).not.toMatch(/\?\?=|\|\|=|&&=|\?\.|\?\?|^\s*await |#\w|\.at\(|replaceAll/m);
      expect(
        [...text.matchAll(/^import .* from '([^']+)'/gm)].map((match) => match[1]).filter((from) => from !== './node-version.mjs'),
      ).toEqual([]);
    }
  });

  it.each([
    [{ PORT: '99999' }, /^PORT must be/],
    [{ PORT: 'http' }, /^PORT must be/],
    [{ LOCKSTEP_HOST: 'my-host' }, /^LOCKSTEP_HOST must be/],
    [{ DATABASE_URL: 'mysql://x' }, /^DATABASE_URL must look like/],
    [{ LOCKSTEP_PUBLIC_URL: 'lockstep.example.com' }, /^LOCKSTEP_PUBLIC_URL must look like/],
    [{ LOCKSTEP_TLS_CERT: '/cert.pem' }, /^LOCKSTEP_TLS_KEY has to be set too/],
    [{ LOCKSTEP_TLS_KEY: '/key.pem' }, /^LOCKSTEP_TLS_CERT has to be set too/],
  ])('names the variable: %j', (env, sentence) => {
    expect(() => readSettingsOf(env, root)).toThrow(sentence);
  });
});

describe('npm start -- --help', () => {
  it('prints every flag and variable, and where data lies', async () => {
    const { code, seen } = launch(['--help']);
    expect(await code).toBe(0);
    for (const { name } of [...FLAGS, ...VARIABLES]) expect(seen.out).toMatch(new RegExp(`^${name} `, 'm'));
    expect(seen.out).toContain(`Data lies in ${data}:`);
    expect(existsSync(data)).toBe(false);
  });

  it('lists what the server reads, in one table', async () => {
    const source = readFileSync(join(root, 'apps/server/src/platform/env.ts'), 'utf8');
    const names = [...source.matchAll(/^ {2}([A-Z_]+): row\(/gm)].map((match) => match[1]);
    expect(names.length).toBeGreaterThan(10);
    expect(names.filter((name) => !VARIABLES.some((row) => row.name === name))).toEqual([]);
    const built = pathToFileURL(join(root, 'apps/server/dist/platform/env.js')).href;
    if (existsSync(new URL(built))) {
      const { ENV_TABLE } = await import(built);
      for (const row of ENV_TABLE) expect(VARIABLES.map(({ name }) => name)).toContain(row.name);
      expect(helpText('/data', [{ name: 'LOCKSTEP_NEW', meaning: 'a variable only the server knows', default: 'none' }])).toMatch(
        /^LOCKSTEP_NEW /m,
      );
    }
  });
});

describe('the pieces of npm start', () => {
  it('reads flags', () => {
    expect(parseArguments([])).toEqual({ lab: true, fresh: false, printAdminToken: false, help: false });
    expect(parseArguments(['--no-lab', '--fresh', '--print-admin-token'])).toEqual({
      lab: false,
      fresh: true,
      printAdminToken: true,
      help: false,
    });
  });

  it('puts data in the checkout, and for root where the database user can reach it', () => {
    const { dataDir } = readSettingsOf({}, '/home/me/lockstep');
    if (asRoot) expect(dataDir).toMatch(/^\/var\/lib\/lockstep\/[0-9a-f]{12}$/);
    else expect(dataDir).toBe('/home/me/lockstep/.lockstep');
  });

  it('finds the words of a server that died', () => {
    expect(readLogLine('{"level":50,"msg":"no","error":{"message":"why"}}')).toEqual({ message: 'no', text: 'no: why', serious: true });
    expect(readLogLine('{"level":"info","msg":"ready"}')).toEqual({ message: 'ready', text: 'ready', serious: false });
    expect(readLogLine('{"level":')).toBeNull();
    expect(
      lastWordsOf({
        code: 1,
        signal: null,
        lastWords: ['{"level":"warn","msg":"earlier"}', 'Another server works on this database.', '{"level":"info","msg":"stopping"}'],
      }),
    ).toBe('Another server works on this database (exit 1)');
    expect(lastWordsOf({ code: null, signal: 'SIGKILL', lastWords: [] })).toBe('it said nothing (SIGKILL)');
  });

  it('closes with what a person needs', () => {
    const facts = {
      address: 'http://127.0.0.1:4600',
      setupToken: 'abc',
      enrolTokenFile: "/data/it's/enrol-token",
      encrypted: false,
      dataDir: '/data',
      embedded: true,
      adminToken: null,
    };
    expect(closingBlock(facts)).toContain('http://127.0.0.1:4600/setup#token=abc');
    expect(closingBlock(facts)).toContain("--token-file '/data/it'\\''s/enrol-token'");
    expect(closingBlock(facts)).toContain('only over TLS');
    expect(closingBlock({ ...facts, setupToken: '' })).toContain('Console      http://127.0.0.1:4600/\n');
    expect(closingBlock({ ...facts, adminToken: '' })).toContain('none was made');
  });
});

describe('npm start, running', () => {
  it(
    'serves, ends everything on SIGTERM to npm, and keeps the data',
    async () => {
      const first = launch(['start', '--', '--no-lab', '--print-admin-token'], { program: ['npm'] });
      await first.until(/ {2}End {2}/);
      const { server, database } = children();
      expect(server && isAlive(server) && database && isAlive(database)).toBe(true);
      const link = /(http:\/\/127\.0\.0\.1:\d+)\/setup#token=(\S+)/.exec(first.seen.out);
      expect(link).not.toBeNull();
      expect((await fetch(`${link?.[1]}/readyz`)).status).toBe(200);
      const token = /Admin token {2}(\S+)/.exec(first.seen.out)?.[1] ?? '';
      const hosts = await fetch(`${link?.[1]}/api/v1/hosts`, { headers: { authorization: `Bearer ${token}` } });
      expect(hosts.status).toBe(200);
      first.child.kill('SIGTERM');
      await first.code;
      for (const identity of processes) expect(await gone(identity, 15_000)).toBe(true);
      expect(existsSync(join(data, 'supervisor.json'))).toBe(false);

      // Ended outright, nothing but the database stays, and the next start takes it over.
      const second = launch(['--no-lab']);
      await second.until(/ {2}End {2}/);
      const left = children();
      second.child.kill('SIGKILL');
      await second.code;
      if (left.server) expect(await gone(left.server, 15_000)).toBe(true);
      expect(left.database && isAlive(left.database)).toBe(true);
      const third = launch(['--no-lab']);
      await third.until(/ {2}End {2}/);
      expect(third.seen.out).toContain('found running and adopted');
      expect(children().database).toEqual(left.database);

      // A child that dies takes the rest with it, in a sentence.
      const { server: victim } = children();
      if (victim) process.kill(victim.pid, 'SIGKILL');
      expect(await third.code).toBe(1);
      expect(third.seen.err).toMatch(/^The server ended by itself: .* \(SIGKILL\)\. All it said is in .*server\.log\.$/m);
      for (const identity of processes) expect(await gone(identity, 1_000)).toBe(true);
    },
    PATIENCE_MS,
  );

  it.each(['build', 'database'])(
    'leaves nothing when a signal comes right after: %s',
    async (phase) => {
      const { child, code, until, seen } = launch(['--no-lab']);
      await until(new RegExp(`^ {2}${phase} `, 'm'));
      child.kill('SIGINT');
      expect(await code).toBe(0);
      expect(seen.err).toBe('');
      expect(existsSync(join(data, 'supervisor.json'))).toBe(false);
      expect(mentioning(data)).toEqual([]);
    },
    PATIENCE_MS,
  );

  it(
    'refuses a second start on the same data',
    async () => {
      const first = launch(['--no-lab']);
      await first.until(/ {2}database /);
      const second = launch(['--no-lab']);
      expect(await second.code).toBe(1);
      expect(second.seen.err).toMatch(/^Lockstep already runs on .* \(process \d+, from .*\): stop it first/);
      expect(isAlive(identityOf(first.child.pid ?? 0))).toBe(true);
      first.child.kill('SIGTERM');
      expect(await first.code).toBe(0);
    },
    PATIENCE_MS,
  );
});
