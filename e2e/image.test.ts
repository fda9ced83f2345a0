import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { freshDatabase, type TestDatabase } from '../apps/server/test/database.js';
import { NO_REDIS, TestRedis } from '../apps/server/test/redis.js';
import { composeEnvironment, type Image, readImage } from './image.js';

const root = fileURLToPath(new URL('../', import.meta.url));
const COMPOSE = join(root, 'docker-compose.yml');
const MINUTES = 60_000;
/** `nobody` everywhere: a user that owns nothing, as the image's own. */
const NOBODY = 65_534;
const asRoot = process.getuid?.() === 0;

/** The first of these that is here; null when none is. */
function composeClient(): string[] | null {
  for (const [program, ...args] of [['docker', 'compose'], ['docker-compose']] as [string, ...string[]][]) {
    try {
      execFileSync(program, [...args, 'version'], { stdio: 'ignore' });
      return [program, ...args];
    } catch {
      // not here, or without the plug-in
    }
  }
  return null;
}

describe('docker-compose.yml', () => {
  const client = composeClient();
  if (client === null) process.stdout.write('    skipped: the check of docker-compose.yml by its client, because there is none here\n');
  const [program = '', ...args] = client ?? [];
  const config = (env: Record<string, string>) =>
    new Promise<{ code: number; said: string }>((done) => {
      execFile(
        program,
        [...args, '-f', COMPOSE, 'config'],
        { env: { PATH: process.env.PATH, HOME: tmpdir(), ...env } },
        (error, out, err) => done({ code: error ? 1 : 0, said: out + err }),
      );
    });

  (client === null ? it.skip : it)(
    'is taken by its client, and asks for what has no default',
    async () => {
      const whole = await config({ POSTGRES_PASSWORD: 'secret', LOCKSTEP_PUBLIC_URL: 'https://lockstep.example.com' });
      expect(whole).toMatchObject({ code: 0 });
      for (const said of ['postgresql://lockstep:secret@postgres:5432/lockstep', 'redis://redis:6379/0', 'service_healthy'])
        expect(whole.said).toContain(said);
      const without = await config({});
      expect(without.code).toBe(1);
      expect(without.said).toMatch(/POSTGRES_PASSWORD|LOCKSTEP_PUBLIC_URL/);
    },
    MINUTES,
  );

  it('gives the server only variables that the server reads', () => {
    const table = execFileSync(process.execPath, [join(root, 'apps/server/dist/main.js'), '--help'], { encoding: 'utf8' });
    const given = { ...readImage(join(root, 'Dockerfile')).env, ...composeEnvironment(COMPOSE, 'server') };
    expect(Object.keys(given)).toEqual(expect.arrayContaining(['DATABASE_URL', 'REDIS_URL', 'LOCKSTEP_DATA_DIR', 'PORT']));
    for (const name of Object.keys(given)) if (name !== 'NODE_ENV') expect(table).toContain(`  ${name} `);
  });
});

describe('the image', () => {
  let image: Image;
  let folder: string;
  let app: string;
  let data: string;
  let database: TestDatabase;
  let redis: TestRedis | null = null;
  let child: ChildProcess | null = null;

  beforeAll(async () => {
    if (NO_REDIS !== null) process.stdout.write(`    the image's command runs without Redis, because there is ${NO_REDIS}\n`);
    image = readImage(join(root, 'Dockerfile'));
    folder = mkdtempSync(join(tmpdir(), 'lockstep-image-'));
    chmodSync(folder, 0o755);
    app = join(folder, 'app');
    // Not beside the checkout: a file that the image lacks must not be found in a folder above.
    for (const { from, to } of image.copies) {
      mkdirSync(dirname(join(app, to)), { recursive: true });
      copy(join(root, from), join(app, to));
    }
    data = join(folder, 'data');
    mkdirSync(data, { mode: 0o700 });
    if (asRoot) chownSync(data, NOBODY, NOBODY);
    database = await freshDatabase();
    redis = NO_REDIS === null ? await TestRedis.start() : null;
  }, 3 * MINUTES);
  afterAll(async () => {
    child?.kill('SIGKILL');
    await redis?.end();
    await database?.drop();
    if (folder) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }, MINUTES);

  it('runs as an ordinary user, keeps its key in a volume, and is asked by a health check', () => {
    expect(image.user).toBe('node');
    expect(image.volumes).toEqual([image.env.LOCKSTEP_DATA_DIR]);
    expect(image.health.join(' ')).toContain('/readyz');
  });

  it(
    'has every file it needs: its own command, in its own environment, answers its own health check and ends at SIGTERM',
    async () => {
      const compose = composeEnvironment(COMPOSE, 'server');
      const here = (path: string) => path.replace(image.env.LOCKSTEP_DATA_DIR ?? '/data', data);
      // As in the container, but for what can only be so in one: the address of every interface, the fixed port, the paths of volumes.
      const env = {
        PATH: process.env.PATH,
        ...image.env,
        ...compose,
        PORT: '0',
        LOCKSTEP_HOST: '127.0.0.1',
        LOCKSTEP_DATA_DIR: data,
        LOCKSTEP_SETUP_TOKEN_FILE: here(compose.LOCKSTEP_SETUP_TOKEN_FILE ?? ''),
        LOCKSTEP_PUBLIC_URL: 'https://lockstep.example.com',
        LOCKSTEP_TRUSTED_PROXY: '172.16.0.0/12',
        DATABASE_URL: database.url,
        REDIS_URL: redis?.url ?? '',
      };
      const run = (command: string[]) => {
        const [program = '', ...rest] = command;
        return spawn(program === 'node' ? process.execPath : program, rest, {
          cwd: app,
          env,
          stdio: ['ignore', 'pipe', 'pipe'],
          ...(asRoot ? { uid: NOBODY, gid: NOBODY } : {}),
        });
      };
      child = run(image.command);
      const said: string[] = [];
      const exited = new Promise<number | null>((done) => child?.once('exit', (code) => done(code)));
      const port = await new Promise<number>((ready, fail) => {
        const read = (chunk: Buffer) => {
          said.push(chunk.toString());
          const line = said
            .join('')
            .split('\n')
            .find((l) => l.includes('"msg":"ready"'));
          if (line !== undefined) ready((JSON.parse(line) as { port: number }).port);
        };
        child?.stdout?.on('data', read);
        child?.stderr?.on('data', read);
        void exited.then((code) => fail(new Error(`ended with ${code}:\n${said.join('')}`)));
      });

      const check = run(image.health.map((word) => word.replaceAll('127.0.0.1:4600', `127.0.0.1:${port}`)));
      expect(await new Promise((done) => check.once('exit', done))).toBe(0);
      // The console is in it, and the set-up token is where docker-compose.yml says.
      const page = await fetch(`http://127.0.0.1:${port}/`, { headers: { accept: 'text/html' } });
      expect(page.status).toBe(200);
      expect(await page.text()).toContain('<div id="root">');
      expect(readFileSync(join(data, 'setup-token'), 'utf8').trim()).toMatch(/^[\w-]{32}$/);
      child.kill('SIGTERM');
      expect(await exited).toBe(0);
    },
    3 * MINUTES,
  );
});

/** Copies a tree, by hard links where the file system has them: it is read only. */
function copy(from: string, to: string): void {
  try {
    execFileSync('cp', ['-al', from, to], { stdio: 'ignore' });
  } catch {
    rmSync(to, { recursive: true, force: true });
    execFileSync('cp', ['-a', from, to]);
  }
}
