import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';

/** Why suites of Redis cannot run here; null where a redis-server is in the PATH. */
export const NO_REDIS: string | null = (() => {
  try {
    execFileSync('redis-server', ['--version'], { stdio: 'ignore' });
    return null;
  } catch {
    return 'no redis-server in the PATH (Debian: apt-get install redis-server)';
  }
})();

/** A certificate for the loopback interface that its key signed itself, and the key, PEM. */
export const LOOPBACK = {
  cert: fileURLToPath(new URL('./tls/loopback.crt.pem', import.meta.url)),
  key: fileURLToPath(new URL('./tls/loopback.key.pem', import.meta.url)),
} as const;

export interface TestRedisOptions {
  /** Letters and digits: it stands in an address. */
  password?: string;
  /** It speaks TLS only, with the certificate of LOOPBACK. */
  tls?: boolean;
}

/** A Redis of a test's own: it can be ended, hung and started again on its port. */
export class TestRedis {
  #child: ChildProcess | null = null;

  private constructor(
    readonly port: number,
    private readonly dir: string,
    private readonly options: TestRedisOptions,
  ) {}

  get url(): string {
    const { password, tls } = this.options;
    return `${tls ? 'rediss' : 'redis'}://${password === undefined ? '' : `:${password}@`}127.0.0.1:${this.port}/0`;
  }

  /** Starts one on a free port, its files in a folder of its own. */
  static async start(options: TestRedisOptions = {}): Promise<TestRedis> {
    const redis = new TestRedis(await freePort(), mkdtempSync(join(tmpdir(), 'lockstep-redis-')), options);
    await redis.up();
    return redis;
  }

  /** Starts it (again), empty: nothing was kept. Resolves when it answers. */
  async up(): Promise<void> {
    if (this.#child) return;
    const { password, tls } = this.options;
    const door = tls
      ? ['--port', '0', '--tls-port', String(this.port), '--tls-cert-file', LOOPBACK.cert, '--tls-key-file', LOOPBACK.key]
      : ['--port', String(this.port)];
    // Who asks proves itself by the password, not by a certificate; redis-server wants to be told whom it would believe all the same.
    if (tls) door.push('--tls-ca-cert-file', LOOPBACK.cert, '--tls-auth-clients', 'no');
    if (password !== undefined) door.push('--requirepass', password);
    const args = [...door, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', this.dir];
    const child = spawn('redis-server', args, { stdio: 'ignore' });
    this.#child = child;
    let failed: Error | null = null;
    child.once('error', (error) => {
      failed = error;
    });
    child.once('exit', (code) => {
      failed ??= new Error(`redis-server ended with ${code}`);
    });
    const client = new Redis(this.url, {
      lazyConnect: true,
      retryStrategy: () => null,
      maxRetriesPerRequest: 0,
      ...(tls ? { tls: { ca: readFileSync(LOOPBACK.cert) } } : {}),
    });
    client.on('error', () => undefined);
    for (const until = Date.now() + 20_000; ; await new Promise((r) => setTimeout(r, 50))) {
      if (failed) throw failed;
      try {
        await client.connect();
        await client.ping();
        break;
      } catch (error) {
        if (Date.now() > until) throw error;
      }
    }
    client.disconnect();
  }

  /** Ends it at once: what it held is gone. */
  async down(): Promise<void> {
    const child = this.#child;
    if (!child) return;
    this.#child = null;
    child.removeAllListeners('exit');
    const gone = new Promise<void>((done) => child.once('exit', () => done()));
    child.kill('SIGKILL');
    await gone;
  }

  /** It stops answering without closing a connection, or answers again. */
  hang(isHung: boolean): void {
    this.#child?.kill(isHung ? 'SIGSTOP' : 'SIGCONT');
  }

  /** Ends it and removes its folder. */
  async end(): Promise<void> {
    await this.down();
    rmSync(this.dir, { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}
