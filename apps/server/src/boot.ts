import type { INestApplication, LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Doors, type OrderKey, OrderKeys, Setup, TokenFiles, warmPasswords } from './access/index.js';
import { AppModule } from './app.module.js';
import { CONSOLE_DIR, serveConsole } from './console.js';
import { createHttp, guardPages } from './http.js';
import {
  type Clock,
  type Couriers,
  Database,
  type Env,
  type Log,
  Metrics,
  migrate,
  openCouriers,
  type Platform,
  SingleProcess,
  SystemClock,
} from './platform/index.js';
import { SocketAdapter } from './sockets.adapter.js';
import { databaseSentence, listenSentence, StartError } from './start-error.js';

/** How long requests and jobs that run may take to end when the server stops; then their connections are cut. */
const DRAIN_MS = 10_000;

export interface Running {
  /** Where the server listens. */
  url: string;
  port: number;
  app: INestApplication;
  env: Env;
  platform: Platform;
  orderKeys: OrderKeys;
  /** The order key at the start. */
  orderKey: OrderKey;
  /** The one-time token for the first admin; null once there is one. */
  setupToken(): Promise<string | null>;
  /** Answers what was asked, takes nothing new, closes everything. Called twice it is done once. */
  stop(): Promise<void>;
}

export interface StartOptions {
  clock?: Clock;
  /** The folder with the built console. */
  consoleDir?: string;
  /** Called when the server can no longer be the one that works on its database; it has stopped taking requests then. */
  onLost?: (why: string) => void;
}

/** Nest's own talk, in our log: its start-up lines are of use to developers only. */
function nestLog(log: Log): LoggerService {
  const at =
    (level: 'debug' | 'warn' | 'error') =>
    (message: unknown, ...rest: unknown[]) =>
      log[level](String(message), rest.length > 0 ? { context: rest.map(String) } : {});
  return { log: at('debug'), debug: at('debug'), verbose: at('debug'), warn: at('warn'), error: at('error'), fatal: at('error') };
}

/**
 * Starts the server: one process, one database.
 * @throws StartError, SecondProcessError, OrderKeyError or TokenFileError with a sentence for a person; whatever was opened is closed again.
 */
export async function startServer(env: Env, log: Log, options: StartOptions = {}): Promise<Running> {
  const undo: (() => Promise<unknown>)[] = [];
  try {
    return await start(env, log, options, undo);
  } catch (error) {
    for (const close of undo.reverse()) await close().catch((e: unknown) => log.debug('could not be closed', { error: e }));
    throw error;
  }
}

async function start(env: Env, log: Log, options: StartOptions, undo: (() => Promise<unknown>)[]): Promise<Running> {
  const clock = options.clock ?? new SystemClock();
  let stop: () => Promise<void> = async () => {};
  const lost = (why: string) => {
    log.error('this server can no longer be the one that works on its database', { why });
    void stop().finally(() => options.onLost?.(why));
  };

  const orderKeys = OrderKeys.open(env.orderKeyFile, { clock, overlapMs: env.orderKeyOverlapMs });
  const doors = new Doors(env);
  const metrics = new Metrics();
  const adapter = createHttp(env, doors, log, metrics);
  const db = new Database(env.databaseUrl, { connections: env.databaseConnections, log });
  undo.push(() => db.close());
  const single = await databaseStep(env, () => SingleProcess.acquire(env.databaseUrl, env.redisUrl !== null, log, lost));
  undo.push(() => single.close());
  const applied = await databaseStep(env, () => migrate(env.databaseUrl));
  if (applied.length > 0) log.info('migrations were applied', { migrations: applied });

  const couriers = await databaseStep(env, () => openCouriers(env, db, () => orderKeys.current.keyId, clock, log));
  undo.push(() => couriers.close());
  for (const keyId of await couriers.nodes.otherOrderKeys()) {
    if (orderKeys.find(keyId) === null)
      throw new StartError(
        `Another Lockstep server on this database signs orders with the key ${keyId}, which is not beside ${env.orderKeyFile} (LOCKSTEP_ORDER_KEY_FILE): every server needs the same keys.`,
      );
  }
  const { bus, jobs, nodes, leader, status, relay } = couriers;
  const platform = { clock, log, db, bus, jobs, nodes, leader, status, relay, metrics };
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.of({ env, platform, orderKeys, doors }), adapter, {
    bodyParser: false,
    abortOnError: false,
    logger: nestLog(log),
  });
  undo.push(() => app.close());
  app.useWebSocketAdapter(new SocketAdapter(app, doors));
  const http = adapter.getInstance();
  await guardPages(http, env.tls !== null || env.publicUrl?.protocol === 'https:');
  serveConsole(http, options.consoleDir ?? CONSOLE_DIR);
  // The rooms are made and have said which jobs they do; they begin to work, and to ask for jobs, in init().
  undo.push(() => jobs.close());
  await databaseStep(env, () => jobs.start());
  await databaseStep(env, () => app.init());
  await warmPasswords();
  await databaseStep(env, () => app.get(TokenFiles).write());
  try {
    await app.listen({ port: env.port, host: env.host });
  } catch (error) {
    const sentence = listenSentence(error, env.host, env.port);
    throw sentence === null ? error : new StartError(sentence, { cause: error });
  }
  const port = portOf(http.server.address());
  const url = env.publicUrl?.origin ?? `${env.tls === null ? 'http' : 'https'}://${urlHost(env.host)}:${port}`;
  warnOfPlainText(env, log);

  let stopping: Promise<void> | null = null;
  stop = () => (stopping ??= drain(app, couriers, db, single, log, () => http.server.closeAllConnections()));
  return {
    url,
    port,
    app,
    env,
    platform,
    orderKeys,
    orderKey: orderKeys.current,
    setupToken: () => app.get(Setup).currentToken(),
    stop: () => stop(),
  };
}

async function databaseStep<T>(env: Env, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    const sentence = databaseSentence(error, env.databaseUrl);
    throw sentence === null ? error : new StartError(sentence, { cause: error });
  }
}

async function drain(
  app: INestApplication,
  couriers: Couriers,
  db: Database,
  single: SingleProcess,
  log: Log,
  cut: () => void,
): Promise<void> {
  couriers.status.closing();
  const timer = setTimeout(() => {
    log.warn('requests still run; their connections are cut', { afterMs: DRAIN_MS });
    cut();
  }, DRAIN_MS);
  const steps: [string, () => Promise<unknown>][] = [
    ['the server', () => app.close()],
    ['the queue', () => couriers.jobs.close()],
    ['the way to other servers', () => couriers.close()],
    ['the database', () => db.close()],
    ['the server lock', () => single.close()],
  ];
  for (const [what, close] of steps) {
    try {
      await close();
    } catch (error) {
      log.warn('could not be closed', { what, error });
    }
  }
  clearTimeout(timer);
}

function portOf(address: ReturnType<import('node:http').Server['address']>): number {
  if (address === null || typeof address === 'string') throw new Error('the server listens on no port');
  return address.port;
}

/** A name to reach the address by: every address means this computer too. */
function urlHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}

function warnOfPlainText(env: Env, log: Log): void {
  const loopback = env.host === 'localhost' || env.host === '::1' || env.host.startsWith('127.');
  if (!loopback && env.tls === null && env.trustedProxies.length === 0) {
    log.warn(
      'listening for other computers without TLS: agents of other computers are refused, and passwords of people who sign in travel unprotected',
      { host: env.host },
    );
  }
}
