import 'reflect-metadata';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Running, startServer } from '../src/boot.js';
import { type Clock, createLog, type Env, parseEnv } from '../src/platform/index.js';
import { freshDatabase, type TestDatabase } from './database.js';

export const ADMIN = { name: 'Ada Admin', email: 'ada@example.org', password: 'correct horse battery' } as const;

export interface TestServer extends Running {
  database: TestDatabase;
  /** The server's folder: order key and token files. */
  dir: string;
  /** What was logged, one JSON line each. */
  logged: string[];
  /** Asks the server; `json` is sent as the body. */
  ask(method: string, path: string, options?: AskOptions): Promise<Answer>;
  /** Sets up the first admin, or signs in as them; the Cookie header of the session. */
  signIn(): Promise<string>;
  /** Stops the server, drops its database, removes its folder. */
  end(): Promise<void>;
}

export interface AskOptions {
  json?: unknown;
  /** Sent as it is, instead of `json`. */
  body?: string;
  /** A session's Cookie header; the Origin that a browser would add comes with it. */
  cookie?: string;
  token?: string;
  headers?: Record<string, string>;
}

/** JSON that a test looks into. */
export interface Tree {
  readonly [key: string]: Tree | undefined;
}

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  /** The body as JSON; an empty object when it is none. */
  json: Tree;
}

export interface TestServerOptions {
  env?: Record<string, string>;
  clock?: Clock;
  database?: TestDatabase;
  dir?: string;
  consoleDir?: string;
}

/** The configuration of a server for tests: any free port of the loopback interface, its files in `dir`, nothing read from the internet. */
export function testEnv(databaseUrl: string, dir: string, extra: Record<string, string> = {}): Env {
  return parseEnv({
    PORT: '0',
    DATABASE_URL: databaseUrl,
    LOCKSTEP_DATA_DIR: dir,
    LOCKSTEP_DATABASE_CONNECTIONS: '6',
    LOCKSTEP_FEEDS: 'off',
    ...extra,
  });
}

/** Starts the whole server on a fresh database. `end()` has to be called. */
export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const dir = options.dir ?? mkdtempSync(join(tmpdir(), 'lockstep-server-'));
  const database = options.database ?? (await freshDatabase());
  const logged: string[] = [];
  const log = createLog('debug', { write: (line) => void logged.push(line) });
  const discard = async () => {
    await database.drop();
    rmSync(dir, { recursive: true, force: true });
  };
  let running: Running;
  try {
    running = await startServer(testEnv(database.url, dir, options.env), log, {
      ...(options.clock ? { clock: options.clock } : {}),
      consoleDir: options.consoleDir ?? join(dir, 'no-console'),
    });
  } catch (error) {
    await discard();
    throw error;
  }
  const base = `http://127.0.0.1:${running.port}`;
  const ask = async (method: string, path: string, o: AskOptions = {}): Promise<Answer> => {
    const body = o.body ?? (o.json === undefined ? undefined : JSON.stringify(o.json));
    const response = await fetch(`${base}${path}`, {
      method,
      redirect: 'manual',
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(o.cookie === undefined ? {} : { cookie: o.cookie, origin: base }),
        ...(o.token === undefined ? {} : { authorization: `Bearer ${o.token}` }),
        ...o.headers,
      },
      ...(body === undefined ? {} : { body }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, json: parsed(text) };
  };
  const signIn = async (): Promise<string> => {
    const token = await running.setupToken();
    const { email, password } = ADMIN;
    const answer =
      token === null
        ? await ask('POST', '/api/v1/session', { json: { email, password } })
        : await ask('POST', '/api/v1/setup', { json: { token, ...ADMIN } });
    if (answer.status !== 201) throw new Error(`sign-in was answered ${answer.status}: ${answer.text}`);
    return cookieOf(answer);
  };
  return {
    ...running,
    database,
    dir,
    logged,
    ask,
    signIn,
    end: async () => {
      await running.stop();
      await discard();
    },
  };
}

/** The Cookie header that a browser would send after this answer. */
export function cookieOf(answer: Answer): string {
  return answer.headers
    .getSetCookie()
    .map((c) => c.split(';')[0])
    .join('; ');
}

function parsed(text: string): Tree {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
