// What a bench measures on: a throw-away PostgreSQL that syncs to disk as the real one does, and the built server as a process.
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startService } from '../scripts/processes/service.mjs';

export const ROOT = fileURLToPath(new URL('../', import.meta.url)).replace(/[\\/]$/, '');
const READY_MS = 60_000;
const STOP_MS = 15_000;

/**
 * @typedef {object} Deferred what has to be undone at the end, whatever happens
 * @property {(undo: () => unknown) => void} defer
 */

/**
 * @param {Deferred} end
 * @returns {Promise<{ url: string, pid: number }>}
 */
export async function startDatabase(end) {
  const { startThrowaway } = await import('../scripts/postgres/throwaway.mjs');
  const postgres = await startThrowaway({ durable: true });
  end.defer(() => postgres.stop());
  return postgres;
}

/**
 * A folder of this run, gone with it.
 * @param {Deferred} end
 */
export function temporaryFolder(end) {
  const folder = mkdtempSync(join(tmpdir(), 'lockstep-bench-'));
  const remove = () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  process.once('exit', remove);
  end.defer(remove);
  return folder;
}

/** The server, which can be ended and started again on its port and its folder. */
export class House {
  /** @type {import('../scripts/processes/service.mjs').Service | null} */
  #service = null;
  port = 0;

  /**
   * @param {string} databaseUrl
   * @param {string} folder
   * @param {{ program?: string, name?: string }} [options] `program`: another one that says `ready` as the server does
   */
  constructor(databaseUrl, folder, { program = join(ROOT, 'apps/server/dist/main.js'), name = 'server' } = {}) {
    this.databaseUrl = databaseUrl;
    this.program = program;
    this.folder = join(folder, name);
    mkdirSync(this.folder, { mode: 0o700 });
  }

  get url() {
    return `http://127.0.0.1:${this.port}`;
  }

  get pid() {
    return this.#service?.pid ?? 0;
  }

  /** Settles when the server that runs now ends, for whatever reason; null while there is none. */
  get ended() {
    return this.#service?.ended ?? null;
  }

  /**
   * Starts the server as `npm start` does; resolves when it is ready.
   * @param {{ preload?: string, env?: Record<string, string> }} [options] `preload`: a module loaded before the server, for what cannot be
   * seen from outside
   */
  async start({ preload, env = {} } = {}) {
    const inherited = Object.fromEntries(
      ['PATH', 'HOME', 'TMPDIR'].flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])),
    );
    /** @type {(port: number) => void} */
    let tell = () => undefined;
    const ready = new Promise((/** @type {(port: number) => void} */ resolve) => {
      tell = resolve;
    });
    const service = startService({
      args: [...(preload === undefined ? [] : ['--import', preload]), this.program],
      cwd: ROOT,
      log: join(this.folder, 'server.log'),
      env: {
        ...inherited,
        PORT: String(this.port),
        DATABASE_URL: this.databaseUrl,
        LOCKSTEP_HOST: '127.0.0.1',
        LOCKSTEP_DATA_DIR: this.folder,
        LOCKSTEP_ADMIN_TOKEN_FILE: join(this.folder, 'admin-token'),
        LOCKSTEP_FEEDS: 'off',
        ...env,
      },
      onLine: (line) => {
        if (!line.includes('"ready"')) return;
        const said = JSON.parse(line);
        if (said.msg === 'ready') tell(said.port);
      },
    });
    this.#service = service;
    /** @type {NodeJS.Timeout | undefined} */
    let timer;
    try {
      this.port = await Promise.race([
        ready,
        service.ended.then((ended) =>
          Promise.reject(new Error(`the server ended with ${ended.code ?? ended.signal}:\n${ended.lastWords.join('\n')}`)),
        ),
        new Promise((/** @type {(port: number) => void} */ _, reject) => {
          timer = setTimeout(() => reject(new Error(`the server was not ready within ${READY_MS / 1000} s`)), READY_MS);
        }),
      ]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends it as an operator does. */
  async stop() {
    const service = this.#service;
    this.#service = null;
    await service?.stop(STOP_MS);
  }

  /** `kill -9`. */
  async kill() {
    const service = this.#service;
    this.#service = null;
    service?.kill();
    await service?.ended;
  }

  /** The one-time token of the first admin. */
  setupToken() {
    return readFileSync(join(this.folder, 'setup-token'), 'utf8').trim();
  }

  adminToken() {
    return readFileSync(join(this.folder, 'admin-token'), 'utf8').trim();
  }

  /**
   * Asks the API as an admin.
   * @param {string} method
   * @param {string} path
   * @param {unknown} [json]
   * @returns {Promise<any>}
   */
  async ask(method, path, json) {
    const response = await fetch(`${this.url}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.adminToken()}`,
        ...(json === undefined ? {} : { 'content-type': 'application/json', 'idempotency-key': crypto.randomUUID() }),
      },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} was answered ${response.status}: ${text}`);
    return text === '' ? null : JSON.parse(text);
  }

  /**
   * Enrolment tokens for `count` computers. Several, because enrolments with one token take turns.
   * @param {number} count
   * @returns {Promise<string[]>}
   */
  async enrolmentTokens(count) {
    const tokens = Array.from({ length: 8 }, () =>
      this.ask('POST', '/enrolment-tokens', { uses: Math.ceil(count / 8) + 1, note: 'bench' }),
    );
    return (await Promise.all(tokens)).map((made) => made.token);
  }
}
