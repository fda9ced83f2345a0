// A Redis that is killed and comes back empty, as one without persistence does.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { steadyPort } from './ports.mjs';

const READY_MS = 20_000;

/** Why there can be none here; null where a redis-server is in the PATH. */
export function noRedis() {
  return spawnSync('redis-server', ['--version'], { stdio: 'ignore' }).status === 0
    ? null
    : 'no redis-server in the PATH (Debian: apt-get install redis-server)';
}

export class Redis {
  /** @type {import('node:child_process').ChildProcess | null} */
  #child = null;
  #folder = mkdtempSync(join(tmpdir(), 'lockstep-fire-redis-'));

  /** @param {number} port */
  constructor(port) {
    this.port = port;
  }

  static async start() {
    const redis = new Redis(await steadyPort());
    await redis.up();
    return redis;
  }

  get url() {
    return `redis://127.0.0.1:${this.port}/0`;
  }

  /** Starts it, empty. Resolves when it answers. */
  async up() {
    const args = ['--port', String(this.port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', this.#folder];
    const child = spawn('redis-server', args, { stdio: 'ignore' });
    child.on('error', () => undefined); // seen as one that ended
    this.#child = child;
    for (const until = Date.now() + READY_MS; ; await sleep(20)) {
      if (await answers(this.port)) return;
      if (child.exitCode !== null || child.signalCode !== null) throw new Error(`redis-server ended with ${child.exitCode}`);
      if (Date.now() > until) throw new Error('redis-server does not answer');
    }
  }

  /** `kill -9`. */
  async down() {
    const child = this.#child;
    this.#child = null;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  }

  async end() {
    await this.down();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** @param {number} port @returns {Promise<boolean>} */
function answers(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    const end = (/** @type {boolean} */ isUp) => {
      socket.destroy();
      resolve(isUp);
    };
    socket.once('data', (data) => end(data.toString().startsWith('+PONG')));
    socket.once('error', () => end(false));
    socket.setTimeout(1_000, () => end(false));
  });
}
