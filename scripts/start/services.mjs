// The server and the lab as children: how each is started, and how it says that it is ready.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startService } from '../processes/service.mjs';
import { Sentence } from '../sentence.mjs';

/** Migrations of a large database come before `ready`. */
const SERVER_PATIENCE_MS = 120_000;
const LAB_PATIENCE_MS = 60_000;
/** sockaddr_un holds 108 bytes with the closing NUL on Linux, 104 on macOS. */
const SOCKET_PATH_BYTES = 100;

/**
 * @typedef {object} Started
 * @property {import('../processes/service.mjs').Service} service
 * @property {() => void} cleanUp
 */

/**
 * @param {object} options
 * @param {string} options.root
 * @param {import('./environment.mjs').Settings} options.settings
 * @param {number} options.port
 * @param {string} options.databaseUrl
 * @param {string | null} options.adminTokenFile
 * @param {NodeJS.ProcessEnv} options.env
 * @param {(text: string) => void} options.warn what the operator should see at once
 * @param {(service: import('../processes/service.mjs').Service) => void} options.onStarted
 * @param {AbortSignal} options.signal
 * @returns {Promise<import('../processes/service.mjs').Service>} ready
 */
export async function startServer({ root, settings, port, databaseUrl, adminTokenFile, env, warn, onStarted, signal }) {
  const ready = announced();
  const service = startService({
    args: [join(root, 'apps/server/dist/main.js')],
    cwd: root,
    log: join(settings.dataDir, 'log', 'server.log'),
    env: {
      ...withoutNpm(env),
      PORT: String(port),
      LOCKSTEP_HOST: settings.host,
      DATABASE_URL: databaseUrl,
      LOCKSTEP_DATA_DIR: settings.dataDir,
      LOCKSTEP_ENROL_TOKEN_FILE: settings.enrolTokenFile,
      LOCKSTEP_SETUP_TOKEN_FILE: settings.setupTokenFile,
      ...(adminTokenFile === null ? {} : { LOCKSTEP_ADMIN_TOKEN_FILE: adminTokenFile }),
    },
    onLine(line) {
      const said = readLogLine(line);
      if (said === null) return;
      if (said.message === 'ready') ready.tell();
      else if (said.serious) warn(`server: ${said.text}`);
    },
  });
  onStarted(service);
  await untilReady('server', service, ready.told, SERVER_PATIENCE_MS, signal);
  return service;
}

/**
 * @param {object} options
 * @param {string} options.root
 * @param {import('./environment.mjs').Settings} options.settings
 * @param {string} options.server its address for the lab's agents
 * @param {NodeJS.ProcessEnv} options.env
 * @param {(started: Started) => void} options.onStarted
 * @param {AbortSignal} options.signal
 * @returns {Promise<string>} what it said when it was ready
 */
export async function startLab({ root, settings, server, env, onStarted, signal }) {
  const ready = announced();
  const folder = join(settings.dataDir, 'lab');
  let control = join(folder, 'control.sock');
  let cleanUp = () => undefined;
  if (Buffer.byteLength(control) > SOCKET_PATH_BYTES) {
    const short = mkdtempSync(join(tmpdir(), 'lockstep-lab-'));
    control = join(short, 'control.sock');
    cleanUp = () => void rmSync(short, { recursive: true, force: true });
  }
  const service = startService({
    args: [
      join(root, 'apps/lab/bin/lockstep-lab.mjs'),
      'fleet',
      '--server',
      server,
      '--enrol-token-file',
      settings.enrolTokenFile,
      '--dir',
      folder,
      '--control',
      control,
    ],
    cwd: root,
    log: join(settings.dataDir, 'log', 'lab.log'),
    env: {
      ...onlyOf(env, ['PATH', 'HOME', 'TMPDIR', 'TEMP', 'TMP', 'SystemRoot', 'LANG', 'NODE_OPTIONS']),
      LOCKSTEP_LAB: '1',
      ...(settings.tlsCert === null ? {} : { NODE_EXTRA_CA_CERTS: settings.tlsCert }),
    },
    onLine(line) {
      const text = line.startsWith('ready') ? line : (readLogLine(line)?.message ?? '');
      if (text.startsWith('ready')) ready.tell(text);
    },
  });
  onStarted({ service, cleanUp });
  return untilReady('lab', service, ready.told, LAB_PATIENCE_MS, signal);
}

function announced() {
  /** @type {(text?: string) => void} */
  let tell = () => undefined;
  const told = new Promise((/** @type {(text: string) => void} */ resolve) => {
    tell = (text = '') => resolve(text);
  });
  return { told, tell: (/** @type {string} */ text = '') => tell(text) };
}

/**
 * @param {string} name
 * @param {import('../processes/service.mjs').Service} service
 * @param {Promise<string>} told
 * @param {number} ms
 * @param {AbortSignal} signal
 * @returns {Promise<string>}
 */
async function untilReady(name, service, told, ms, signal) {
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  try {
    return await Promise.race([
      told,
      service.ended.then((ended) => Promise.reject(new Sentence(`The ${name} did not start: ${lastWordsOf(ended)}.`))),
      new Promise((_, reject) => {
        timer = setTimeout(() => reject(new Sentence(`The ${name} was not ready within ${ms / 1000} seconds.`)), ms);
      }),
      new Promise((_, reject) => {
        if (signal.aborted) reject(signal.reason);
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      }),
    ]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * @param {import('../processes/service.mjs').Ended} ended
 * @returns {string} without a full stop
 */
export function lastWordsOf(ended) {
  const how = ended.signal === null ? `exit ${ended.code}` : ended.signal;
  // A sentence for a person, or a log line of weight; the rest of a log only says what was going on.
  const texts = ended.lastWords.map((line) => {
    const said = readLogLine(line);
    return said === null ? line.trim() : said.serious ? said.text : '';
  });
  const words = texts.filter((text) => text !== '').at(-1) ?? 'it said nothing';
  return `${words.replace(/\.$/, '')} (${how})`;
}

/**
 * A structured log line: JSON with `msg` and `level`, a pino number (40 = warn) or its name.
 * @param {string} line
 * @returns {{ message: string, text: string, serious: boolean } | null} null for any other line
 */
export function readLogLine(line) {
  if (!line.startsWith('{')) return null;
  try {
    const value = JSON.parse(line);
    if (typeof value?.msg !== 'string') return null;
    const serious = typeof value.level === 'number' ? value.level >= 40 : ['warn', 'error', 'fatal'].includes(value.level);
    const cause = value.err?.message ?? value.error?.message ?? (typeof value.error === 'string' ? value.error : undefined);
    return { message: value.msg, text: cause === undefined || cause === value.msg ? value.msg : `${value.msg}: ${cause}`, serious };
  } catch {
    return null;
  }
}

/**
 * A file's text without its line end; '' when there is none.
 * @param {string} path
 */
export function readToken(path) {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}

/**
 * npm adds some forty variables of its own to what it runs.
 * @param {NodeJS.ProcessEnv} env
 */
function withoutNpm(env) {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/^npm_/i.test(name)));
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @param {string[]} names
 */
function onlyOf(env, names) {
  return Object.fromEntries(names.filter((name) => env[name] !== undefined).map((name) => [name, env[name]]));
}
