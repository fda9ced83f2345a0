// What `npm start` can be told: flags and environment variables, in one table; and their reading.
import { createHash } from 'node:crypto';
import { isIP } from 'node:net';
import { join, resolve } from 'node:path';
import { Sentence } from '../sentence.mjs';

/** @typedef {{ name: string, meaning: string, default: string }} Row */

/** Where root's data lies, one folder for each checkout. */
export const ROOTS_DATA = '/var/lib/lockstep';

/** @type {Row[]} */
export const FLAGS = [
  { name: '--no-lab', meaning: 'do not start the simulated computers and phones', default: 'the lab starts' },
  { name: '--fresh', meaning: 'first throw away everything Lockstep keeps in the data folder (asks nothing)', default: 'data is kept' },
  { name: '--print-admin-token', meaning: 'also print an API token of an admin, for use without a browser', default: 'not printed' },
  { name: '--help', meaning: 'print this table and end', default: '' },
];

/** Every variable that start itself or the server reads. The server's own table is checked against this one by a test. @type {Row[]} */
export const VARIABLES = [
  { name: 'PORT', meaning: 'port of the console, the API and the agents; 0 takes any free one', default: '4600' },
  { name: 'LOCKSTEP_HOST', meaning: 'address to listen on; 0.0.0.0 and :: mean every address', default: '127.0.0.1' },
  {
    name: 'DATABASE_URL',
    meaning: 'a PostgreSQL database (13 or newer) to use instead of the embedded one',
    default: 'embedded PostgreSQL 18',
  },
  {
    name: 'REDIS_URL',
    meaning: 'a Redis (6.2 or newer) for the queue and for messages between servers; with it several servers may share the database',
    default: 'none: the queue is in the database, and there is one server',
  },
  {
    name: 'LOCKSTEP_DATA_DIR',
    meaning: 'folder of everything Lockstep keeps',
    default: '.lockstep in the checkout; as root /var/lib/lockstep/<name>',
  },
  {
    name: 'LOCKSTEP_ORDER_KEY_FILE',
    meaning: 'the key that signs orders; agents obey no other, keep a copy',
    default: 'order-key.pem in the data folder',
  },
  {
    name: 'LOCKSTEP_TLS_CERT',
    meaning: 'certificate chain (PEM); needed before another computer may enrol, unless a proxy speaks TLS',
    default: 'none: plain http',
  },
  { name: 'LOCKSTEP_TLS_KEY', meaning: 'private key (PEM) of the certificate', default: 'none' },
  {
    name: 'LOCKSTEP_PUBLIC_URL',
    meaning: 'the address people and agents type, where it differs from the one listened on',
    default: 'none',
  },
  {
    name: 'LOCKSTEP_ALLOWED_HOSTS',
    meaning: 'further names the server answers to, comma-separated',
    default: 'localhost and loopback addresses',
  },
  { name: 'LOCKSTEP_TRUSTED_PROXY', meaning: 'addresses or networks of proxies whose X-Forwarded-* is believed', default: 'none' },
  { name: 'LOCKSTEP_LOG_LEVEL', meaning: 'how much the server logs: trace, debug, info, warn, error, fatal', default: 'info' },
  { name: 'LOCKSTEP_DATABASE_CONNECTIONS', meaning: 'connections to the database', default: '10' },
  { name: 'LOCKSTEP_ADMIN_TOKEN_FILE', meaning: 'file that gets an API token of an admin, unless it holds a valid one', default: 'none' },
  {
    name: 'LOCKSTEP_ENROL_TOKEN_FILE',
    meaning: 'file that gets a fresh enrolment token at every start',
    default: 'run/enrol-token in the data folder',
  },
  {
    name: 'LOCKSTEP_SETUP_TOKEN_FILE',
    meaning: 'file of the one-time token for the first admin, while there is none',
    default: 'run/setup-token in the data folder',
  },
  {
    name: 'LOCKSTEP_TICKET_HOLD_OFF',
    meaning: 'seconds a cause has to be open before a ticket is filed, one number for all causes',
    default: 'each family its own, 10 minutes to a day',
  },
  {
    name: 'LOCKSTEP_ORDER_KEY_OVERLAP_DAYS',
    meaning: 'days for which an order key still serves computers that have not met its successor',
    default: '400',
  },
  {
    name: 'LOCKSTEP_DISRUPTIVE_PER_HOUR',
    meaning: 'fixes that interrupt people which may be sent in an hour in the whole fleet; more wait',
    default: '60',
  },
  { name: 'LOCKSTEP_FEEDS', meaning: 'whether Apple’s lists of released software are read from the internet: on or off', default: 'on' },
  {
    name: 'LOCKSTEP_FEEDS_HOURS',
    meaning: 'hours between two readings of those lists; older than 72 hours they judge nothing',
    default: '6',
  },
  { name: 'LOCKSTEP_FEEDS_GDMF', meaning: 'where Apple’s software lookup service is read', default: 'https://gdmf.apple.com/v2/pmv' },
  { name: 'LOCKSTEP_FEEDS_SOFA', meaning: 'the folder of SOFA’s feeds', default: 'https://sofafeed.macadmins.io/v2/' },
  {
    name: 'LOCKSTEP_FEEDS_CA',
    meaning: 'certificates (PEM) of authorities that may also vouch for those addresses, such as a proxy that looks into TLS',
    default: 'Apple’s own root for gdmf.apple.com, the public ones else',
  },
  { name: 'LOCKSTEP_TICKET_DWELL', meaning: 'seconds a cause has to stay proven gone before its ticket closes', default: '600' },
];

/** What lies where in the data folder; these names and no others are Lockstep's, and `--fresh` removes them. */
export const DATA_ENTRIES = {
  postgres:
    'the embedded database (postgres/cluster), its port and password (postgres/settings.json, 0600), its messages (postgres/cluster/log)',
  'order-key.pem': 'the key that signs orders to agents (0600)',
  'order-key.earlier': 'the order keys before it, for as long as they still serve (0700)',
  lab: 'keys and spools of the simulated computers',
  log: 'what the server and the lab said (16 MiB each, and one older)',
  run: 'tokens of this start (0600)',
};

/**
 * @typedef {object} Arguments
 * @property {boolean} lab
 * @property {boolean} fresh
 * @property {boolean} printAdminToken
 * @property {boolean} help
 */

/**
 * @param {string[]} args
 * @returns {Arguments}
 * @throws {Sentence} that names an unknown flag
 */
export function parseArguments(args) {
  const parsed = { lab: true, fresh: false, printAdminToken: false, help: false };
  for (const arg of args) {
    if (arg === '--no-lab') parsed.lab = false;
    else if (arg === '--fresh') parsed.fresh = true;
    else if (arg === '--print-admin-token') parsed.printAdminToken = true;
    else if (arg === '--help' || arg === '-h') parsed.help = true;
    else throw new Sentence(`There is no flag ${JSON.stringify(arg)}: npm start -- --help lists them.`);
  }
  return parsed;
}

/**
 * @typedef {object} Settings
 * @property {number} port 0 = any free one
 * @property {string} host
 * @property {string | null} databaseUrl null = embedded
 * @property {string} dataDir
 * @property {boolean} tls
 * @property {string | null} tlsCert
 * @property {string | null} publicUrl without a slash at its end
 * @property {string} enrolTokenFile
 * @property {string} setupTokenFile
 * @property {string | null} adminTokenFile
 */

/**
 * Reads what start itself needs; the server reads and checks the rest.
 * @param {NodeJS.ProcessEnv} env
 * @param {string} root of the checkout
 * @returns {Settings}
 * @throws {Sentence} that names the variable
 */
export function readSettingsOf(env, root) {
  const get = (/** @type {string} */ name) => (env[name] === undefined || env[name] === '' ? null : env[name]);
  const port = get('PORT') ?? '4600';
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535)
    throw new Sentence(`PORT must be a number from 0 to 65535, not ${JSON.stringify(port)}.`);
  const host = get('LOCKSTEP_HOST') ?? '127.0.0.1';
  if (host !== 'localhost' && isIP(host) === 0)
    throw new Sentence(`LOCKSTEP_HOST must be an IP address or localhost, not ${JSON.stringify(host)}.`);
  const databaseUrl = get('DATABASE_URL');
  if (databaseUrl !== null && (!/^postgres(ql)?:\/\//.test(databaseUrl) || !URL.canParse(databaseUrl))) {
    throw new Sentence('DATABASE_URL must look like postgresql://user:password@host:5432/database.');
  }
  const publicUrl = get('LOCKSTEP_PUBLIC_URL');
  if (publicUrl !== null && (!/^https?:\/\//.test(publicUrl) || !URL.canParse(publicUrl))) {
    throw new Sentence('LOCKSTEP_PUBLIC_URL must look like https://lockstep.example.com.');
  }
  const cert = get('LOCKSTEP_TLS_CERT');
  const key = get('LOCKSTEP_TLS_KEY');
  if ((cert === null) !== (key === null))
    throw new Sentence(
      `${cert === null ? 'LOCKSTEP_TLS_CERT' : 'LOCKSTEP_TLS_KEY'} has to be set too: a certificate and its key go together.`,
    );
  const dataDir = resolve(get('LOCKSTEP_DATA_DIR') ?? defaultDataDir(root, process.getuid?.() === 0));
  const file = (/** @type {string} */ name, /** @type {string} */ fallback) => resolve(get(name) ?? join(dataDir, 'run', fallback));
  const adminTokenFile = get('LOCKSTEP_ADMIN_TOKEN_FILE');
  return {
    port: Number(port),
    host,
    databaseUrl,
    dataDir,
    tls: cert !== null,
    tlsCert: cert === null ? null : resolve(cert),
    publicUrl: publicUrl === null ? null : publicUrl.replace(/\/+$/, ''),
    enrolTokenFile: file('LOCKSTEP_ENROL_TOKEN_FILE', 'enrol-token'),
    setupTokenFile: file('LOCKSTEP_SETUP_TOKEN_FILE', 'setup-token'),
    adminTokenFile: adminTokenFile === null ? null : resolve(adminTokenFile),
  };
}

/**
 * In the checkout; but root's database runs as another user, who cannot pass a checkout under /root, so root's data lies in the system's place for it,
 * one folder for each checkout.
 * @param {string} root
 * @param {boolean} asRoot
 */
export function defaultDataDir(root, asRoot) {
  if (!asRoot) return join(root, '.lockstep');
  return join(ROOTS_DATA, createHash('sha256').update(resolve(root)).digest('hex').slice(0, 12));
}

/**
 * @param {string} dataDir
 * @param {Row[]} server the rows of the built server
 * @returns {string}
 */
export function helpText(dataDir, server) {
  const known = new Set(VARIABLES.map((row) => row.name));
  const rows = [...FLAGS, ...VARIABLES, ...server.filter((row) => !known.has(row.name))];
  const name = Math.max(...rows.map((row) => row.name.length));
  const meaning = 60;
  const lines = [
    'Lockstep: keeps every pair of a computer and an iPhone syncing.',
    '',
    'npm start [-- flags]',
    '',
    `${'name'.padEnd(name)}  ${'meaning'.padEnd(meaning)}  default`,
  ];
  for (const row of rows) {
    const wrapped = wrap(row.meaning, meaning);
    wrapped.forEach((part, index) => {
      lines.push(
        index === 0 ? `${row.name.padEnd(name)}  ${part.padEnd(meaning)}  ${row.default}`.trimEnd() : `${' '.repeat(name)}  ${part}`,
      );
    });
  }
  lines.push('', `Data lies in ${dataDir}:`);
  const entry = Math.max(...Object.keys(DATA_ENTRIES).map((key) => key.length));
  for (const [key, text] of Object.entries(DATA_ENTRIES)) lines.push(`  ${key.padEnd(entry)}  ${text}`);
  lines.push('', 'Ctrl-C or SIGTERM ends everything that was started; the data stays. docs/operations.md says how to run it for others.');
  return lines.join('\n');
}

/**
 * @param {string} text
 * @param {number} width
 */
function wrap(text, width) {
  /** @type {string[]} */
  const lines = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
