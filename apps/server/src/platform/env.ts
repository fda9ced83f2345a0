import { isIP } from 'node:net';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { DEFAULT_PACE, type Pace } from '@lockstep/core/tickets';
import { z } from 'zod';
import { LOG_LEVELS } from './log.js';
import { fieldErrors } from './problem.js';

const path = z
  .string()
  .min(1)
  .transform((p) => resolve(p));
const list = z.string().transform((s) =>
  s
    .split(',')
    .map((x) => x.trim())
    .filter((x) => x !== ''),
);
const whole = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.number().min(min).max(max));

/** `console.example.org` or `console.example.org:8443`, `[2001:db8::1]:4600`: what a Host header holds. */
const HOST_NAME = /^([A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?$/;
const Hosts = list.pipe(z.array(z.string().regex(HOST_NAME, 'must be a host name, with a port or without')));

/** `10.0.0.1` or `10.0.0.0/8`. */
function isNetwork(s: string): boolean {
  const [address = '', bits, ...rest] = s.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
}
const Networks = list.pipe(z.array(z.string().refine(isNetwork, 'must be an address or a network such as 10.0.0.0/8')));

const PublicUrl = z
  .url({ protocol: /^https?$/ })
  .transform((s) => new URL(s))
  .refine((u) => u.pathname === '/' && u.search === '' && u.username === '', 'must be an origin, such as https://console.example.org');
const PostgresUrl = z
  .string()
  .refine((s) => /^postgres(ql)?:\/\//.test(s) && URL.canParse(s), 'must look like postgres://user:password@host:5432/database');
const RedisUrl = z
  .string()
  .refine((s) => /^rediss?:\/\//.test(s) && URL.canParse(s), 'must look like redis://:password@host:6379/0, or rediss:// for TLS');

const FeedUrl = z
  .url({ protocol: /^https?$/ })
  .transform((s) => new URL(s))
  .refine((u) => u.username === '' && u.password === '' && u.hash === '', 'must hold neither a name, nor a password, nor a fragment');

interface Variable<T extends z.ZodType> {
  schema: T;
  meaning: string;
  /** As shown to people. */
  fallback: string;
}
const row = <T extends z.ZodType>(schema: T, meaning: string, fallback: string): Variable<T> => ({ schema, meaning, fallback });

const VARIABLES = {
  PORT: row(whole(0, 65_535).default(4600), 'Port of the console, the API and the agents; 0 takes any free one', '4600'),
  LOCKSTEP_HOST: row(
    z
      .string()
      .refine((s) => s === 'localhost' || isIP(s) !== 0, 'must be an IP address or localhost')
      .default('127.0.0.1'),
    'Address to listen on; 0.0.0.0 and :: mean every address',
    '127.0.0.1',
  ),
  DATABASE_URL: row(
    PostgresUrl,
    'The PostgreSQL database (13 or newer). `npm start` runs its own when this is not set',
    'required by the server itself',
  ),
  REDIS_URL: row(
    RedisUrl.optional(),
    'A Redis (6.2 or newer) for the queue and for messages between servers; with it several servers may share the database',
    'none: the queue is in the database, and there is one server',
  ),
  LOCKSTEP_DATA_DIR: row(path.default(join(homedir(), '.lockstep')), 'Folder of the server’s own files', '~/.lockstep'),
  LOCKSTEP_ORDER_KEY_FILE: row(
    path.optional(),
    'The key that signs orders to agents: made at the first start, readable by its user only. Keep a copy: agents obey no other',
    'order-key.pem in LOCKSTEP_DATA_DIR',
  ),
  LOCKSTEP_TLS_CERT: row(path.optional(), 'Certificate chain (PEM) for https and wss; needs LOCKSTEP_TLS_KEY', 'none: plain http'),
  LOCKSTEP_TLS_KEY: row(path.optional(), 'Private key (PEM) of the certificate', 'none'),
  LOCKSTEP_PUBLIC_URL: row(PublicUrl.optional(), 'The address people type, where it differs from the one listened on', 'none'),
  LOCKSTEP_ALLOWED_HOSTS: row(
    Hosts.default([]),
    'Further names the server answers to, comma-separated: a request for any other Host is refused',
    'localhost and loopback addresses',
  ),
  LOCKSTEP_TRUSTED_PROXY: row(
    Networks.default([]),
    'Addresses or networks of reverse proxies whose X-Forwarded-For and X-Forwarded-Proto are believed',
    'none',
  ),
  LOCKSTEP_LOG_LEVEL: row(z.enum(LOG_LEVELS).default('info'), `How much is logged: ${LOG_LEVELS.join(', ')}`, 'info'),
  LOCKSTEP_DATABASE_CONNECTIONS: row(whole(4, 200).default(10), 'Connections to the database; the queue takes a few more', '10'),
  LOCKSTEP_ADMIN_TOKEN_FILE: row(path.optional(), 'File that gets an API token of an admin, unless it holds a valid one', 'none'),
  LOCKSTEP_ENROL_TOKEN_FILE: row(path.optional(), 'File that gets a fresh enrolment token (100 uses, one hour) at every start', 'none'),
  LOCKSTEP_SETUP_TOKEN_FILE: row(
    path.optional(),
    'File that holds the one-time token for setting up the first admin, as long as there is none',
    'setup-token in LOCKSTEP_DATA_DIR',
  ),
  LOCKSTEP_ORDER_KEY_OVERLAP_DAYS: row(
    whole(1, 3650).default(400),
    'Days for which an order key still serves computers that have not met its successor: a year in a drawer and a month to come back',
    '400',
  ),
  LOCKSTEP_DISRUPTIVE_PER_HOUR: row(
    whole(1, 100_000).default(60),
    'Fixes that interrupt people which may be sent in an hour, in the whole fleet; more wait. One a minute is what a help desk can follow, and a fix that does harm is noticed before it reached everybody',
    '60',
  ),
  LOCKSTEP_TICKET_HOLD_OFF: row(
    whole(0, 2_592_000).optional(),
    'Seconds a cause has to be open before a ticket is filed, one number for all causes',
    'each family of causes its own, 10 minutes to a day',
  ),
  LOCKSTEP_TICKET_DWELL: row(
    whole(0, 2_592_000).default(DEFAULT_PACE.dwellMs / 1000),
    'Seconds a cause has to stay proven gone before its ticket closes',
    String(DEFAULT_PACE.dwellMs / 1000),
  ),
  LOCKSTEP_FEEDS: row(
    z.enum(['on', 'off']).default('on'),
    'Whether the server reads Apple’s lists of released software from the internet, to say what is out of date: on or off',
    'on',
  ),
  LOCKSTEP_FEEDS_HOURS: row(
    whole(1, 48).default(6),
    'Hours between two readings of those lists; lists older than 72 hours judge nothing',
    '6',
  ),
  LOCKSTEP_FEEDS_GDMF: row(
    FeedUrl.default(new URL('https://gdmf.apple.com/v2/pmv')),
    'Where Apple’s software lookup service, or a mirror of its answer, is read',
    'https://gdmf.apple.com/v2/pmv',
  ),
  LOCKSTEP_FEEDS_SOFA: row(
    FeedUrl.refine((u) => u.pathname.endsWith('/'), 'must end in a slash: the feeds’ names are put behind it').default(
      new URL('https://sofafeed.macadmins.io/v2/'),
    ),
    'The folder of SOFA’s feeds ios_data_feed.json and macos_data_feed.json',
    'https://sofafeed.macadmins.io/v2/',
  ),
  LOCKSTEP_FEEDS_CA: row(
    path.optional(),
    'Certificates (PEM) of authorities that may also vouch for those addresses: of a proxy that looks into TLS, or of a mirror',
    'Apple’s own root for gdmf.apple.com, the public ones for other names',
  ),
} as const;
type Name = keyof typeof VARIABLES;

/** One line per environment variable, for `--help` and the documentation. */
export const ENV_TABLE: readonly { name: string; meaning: string; default: string }[] = (Object.keys(VARIABLES) as Name[]).map((name) => ({
  name,
  meaning: VARIABLES[name].meaning,
  default: VARIABLES[name].fallback,
}));

const Schema = z
  .object(Object.fromEntries(Object.entries(VARIABLES).map(([k, v]) => [k, v.schema])) as { [K in Name]: (typeof VARIABLES)[K]['schema'] })
  .superRefine((e, ctx) => {
    if ((e.LOCKSTEP_TLS_CERT === undefined) !== (e.LOCKSTEP_TLS_KEY === undefined)) {
      const absent = e.LOCKSTEP_TLS_CERT === undefined ? 'LOCKSTEP_TLS_CERT' : 'LOCKSTEP_TLS_KEY';
      ctx.addIssue({ code: 'custom', path: [absent], message: 'has to be set too: a certificate and its key go together' });
    }
  });

/** The server's configuration, read once. */
export interface Env {
  port: number;
  host: string;
  databaseUrl: string;
  databaseConnections: number;
  /** Null: one server, its queue in the database. */
  redisUrl: string | null;
  dataDir: string;
  orderKeyFile: string;
  tls: { certFile: string; keyFile: string } | null;
  publicUrl: URL | null;
  allowedHosts: readonly string[];
  trustedProxies: readonly string[];
  logLevel: (typeof LOG_LEVELS)[number];
  adminTokenFile: string | null;
  enrolTokenFile: string | null;
  setupTokenFile: string;
  /** How long an order key that has a successor still serves, ms. */
  orderKeyOverlapMs: number;
  /** Fixes that interrupt people which may be sent in an hour, in the whole fleet. */
  disruptivePerHour: number;
  /** How patient the desk is before it files and before it closes. */
  ticketPace: Pace;
  feeds: FeedSettings;
}

/** How Apple's lists of released software are read. */
export interface FeedSettings {
  online: boolean;
  everyMs: number;
  gdmf: URL;
  /** Ends in a slash. */
  sofa: URL;
  caFile: string | null;
}

/** The configuration cannot be used; `message` names each variable. */
export class EnvError extends Error {
  override readonly name = 'EnvError';
}

/**
 * Reads the configuration. A variable that is set to the empty string counts as not set.
 * @throws EnvError that names every variable that cannot be used; values are not repeated, they may be secret.
 */
export function parseEnv(source: Readonly<Record<string, string | undefined>>): Env {
  const given = Object.fromEntries(
    (Object.keys(VARIABLES) as Name[]).map((name) => [name, source[name] === '' ? undefined : source[name]]),
  );
  const read = Schema.safeParse(given);
  if (!read.success)
    throw new EnvError(
      fieldErrors(read.error, 'environment')
        .map((e) => `${e.field} ${e.message}`)
        .join('; '),
    );
  const e = read.data;
  return {
    port: e.PORT,
    host: e.LOCKSTEP_HOST,
    databaseUrl: e.DATABASE_URL,
    databaseConnections: e.LOCKSTEP_DATABASE_CONNECTIONS,
    redisUrl: e.REDIS_URL ?? null,
    dataDir: e.LOCKSTEP_DATA_DIR,
    orderKeyFile: e.LOCKSTEP_ORDER_KEY_FILE ?? join(e.LOCKSTEP_DATA_DIR, 'order-key.pem'),
    tls:
      e.LOCKSTEP_TLS_CERT !== undefined && e.LOCKSTEP_TLS_KEY !== undefined
        ? { certFile: e.LOCKSTEP_TLS_CERT, keyFile: e.LOCKSTEP_TLS_KEY }
        : null,
    publicUrl: e.LOCKSTEP_PUBLIC_URL ?? null,
    allowedHosts: e.LOCKSTEP_ALLOWED_HOSTS,
    trustedProxies: e.LOCKSTEP_TRUSTED_PROXY,
    logLevel: e.LOCKSTEP_LOG_LEVEL,
    adminTokenFile: e.LOCKSTEP_ADMIN_TOKEN_FILE ?? null,
    enrolTokenFile: e.LOCKSTEP_ENROL_TOKEN_FILE ?? null,
    setupTokenFile: e.LOCKSTEP_SETUP_TOKEN_FILE ?? join(e.LOCKSTEP_DATA_DIR, 'setup-token'),
    orderKeyOverlapMs: e.LOCKSTEP_ORDER_KEY_OVERLAP_DAYS * 86_400_000,
    disruptivePerHour: e.LOCKSTEP_DISRUPTIVE_PER_HOUR,
    ticketPace: {
      ...DEFAULT_PACE,
      holdOffMs: e.LOCKSTEP_TICKET_HOLD_OFF === undefined ? null : e.LOCKSTEP_TICKET_HOLD_OFF * 1000,
      dwellMs: e.LOCKSTEP_TICKET_DWELL * 1000,
    },
    feeds: {
      online: e.LOCKSTEP_FEEDS === 'on',
      everyMs: e.LOCKSTEP_FEEDS_HOURS * 3_600_000,
      gdmf: e.LOCKSTEP_FEEDS_GDMF,
      sofa: e.LOCKSTEP_FEEDS_SOFA,
      caFile: e.LOCKSTEP_FEEDS_CA ?? null,
    },
  };
}

/** The one reader of the process's environment. */
export function readEnv(): Env {
  return parseEnv(process.env);
}
