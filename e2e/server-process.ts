import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../apps/server/dist/main.js', import.meta.url));
/** A start takes about a second here; a loaded machine gets a minute. */
const READY_MS = 60_000;

export interface ServerOptions {
  databaseUrl: string;
  /** The server's folder: order key and token files. */
  dir: string;
  /** 0 takes a free one. A server that comes back has to come back on its port. */
  port?: number;
  env?: Record<string, string>;
}

/** The real, built server as a process of its own, so that it can be killed. */
export class ServerProcess {
  private constructor(
    private readonly child: ChildProcess,
    readonly port: number,
    readonly log: string[],
    private readonly options: ServerOptions,
  ) {}

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  get enrolTokenFile(): string {
    return enrolTokenFile(this.options.dir);
  }

  /** The one-time token of the first admin. */
  setupToken(): string {
    return readFileSync(join(this.options.dir, 'setup-token'), 'utf8').trim();
  }

  /** An API token of an admin, made when the server started. */
  adminToken(): string {
    return readFileSync(join(this.options.dir, 'admin-token'), 'utf8').trim();
  }

  static async start(options: ServerOptions): Promise<ServerProcess> {
    mkdirSync(options.dir, { recursive: true, mode: 0o700 });
    const child = spawn(process.execPath, [MAIN], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        PORT: String(options.port ?? 0),
        DATABASE_URL: options.databaseUrl,
        LOCKSTEP_DATA_DIR: options.dir,
        LOCKSTEP_DATABASE_CONNECTIONS: '6',
        LOCKSTEP_FEEDS: 'off',
        LOCKSTEP_ADMIN_TOKEN_FILE: join(options.dir, 'admin-token'),
        LOCKSTEP_ENROL_TOKEN_FILE: enrolTokenFile(options.dir),
        ...options.env,
      },
    });
    const log: string[] = [];
    const port = await new Promise<number>((ready, fail) => {
      const timer = setTimeout(() => fail(new Error(`the server was not ready in ${READY_MS / 1000} s:\n${log.join('\n')}`)), READY_MS);
      const lines = (chunk: Buffer) => {
        for (const line of chunk
          .toString()
          .split('\n')
          .filter((l) => l.trim() !== '')) {
          log.push(line);
          if (!line.includes('"ready"')) continue;
          const entry = JSON.parse(line) as { msg?: string; port?: number };
          if (entry.msg !== 'ready' || entry.port === undefined) continue;
          clearTimeout(timer);
          ready(entry.port);
        }
      };
      child.stdout?.on('data', lines);
      child.stderr?.on('data', lines);
      child.once('exit', (code) => {
        clearTimeout(timer);
        fail(new Error(`the server ended with ${code}:\n${log.join('\n')}`));
      });
    });
    return new ServerProcess(child, port, log, options);
  }

  /** SIGKILL: no goodbye, nothing flushed. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  async stop(): Promise<void> {
    await this.end('SIGTERM');
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = new Promise<void>((done) => this.child.once('exit', () => done()));
    this.child.kill(signal);
    await gone;
  }

  /** Asks the API as an admin. */
  async ask(method: string, path: string, json?: unknown): Promise<{ status: number; json: unknown }> {
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.adminToken()}`,
        ...(json === undefined ? {} : { 'content-type': 'application/json', 'idempotency-key': crypto.randomUUID() }),
      },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    });
    const text = await response.text();
    return { status: response.status, json: text === '' ? null : JSON.parse(text) };
  }
}

function enrolTokenFile(dir: string): string {
  return join(dir, 'enrolment-token');
}
