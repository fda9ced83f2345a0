// Everything that burns: the real database, Redis, two servers behind a balancer, computers with real agents, and talkers.
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { House } from '../../bench/house.mjs';
import { startThrowaway } from '../../scripts/postgres/throwaway.mjs';
import { Balancer } from '../balancer.mjs';
import { Computers } from './computers.mjs';
import { steadyPort } from './ports.mjs';
import { noRedis, Redis } from './redis.mjs';
import { Talkers } from './talkers.mjs';
import { Victim } from './victims.mjs';

/** Tickets in seconds instead of minutes, and room for as many fixes as the agents' own caps leave. */
const SERVER_ENV = {
  LOCKSTEP_TICKET_HOLD_OFF: '1',
  LOCKSTEP_TICKET_DWELL: '2',
  LOCKSTEP_DISRUPTIVE_PER_HOUR: '10000',
  LOCKSTEP_DATABASE_CONNECTIONS: '6',
  LOCKSTEP_LOG_LEVEL: 'info',
};
const READY_MS = 120_000;

/**
 * @typedef {object} Size
 * @property {number} groups processes of computers
 * @property {number} computers in each group
 * @property {number} phones in each group
 * @property {number} talkers
 * @property {readonly [number, number]} troubled how often something goes wrong in a group, ms
 *
 * @typedef {object} SceneOptions
 * @property {number} seed
 * @property {Size} size
 * @property {string | null} keep a folder for the servers' logs, which outlives the run
 * @property {boolean} [isSpread] each group of computers stays with one server, in turn; else all go where the balancer sends them
 */

/** The scene. `end()` has to be called. */
export class Scene {
  /** @type {(() => unknown)[]} */
  #undo = [];
  /** @type {readonly [number, number] | null} */
  #troubled = null;
  /** @type {House[]} */
  houses = [];
  /** @type {Computers[]} */
  groups = [];
  /** @type {Victim[]} */
  victims = [];
  /** Where the logs of this run are. */
  folder = '';
  /** Why there is no Redis in it; null when there is. */
  withoutRedis = noRedis();
  /** @type {Redis | null} */
  redis = null;

  /**
   * @param {SceneOptions} options
   * @returns {Promise<Scene>}
   */
  static async open(options) {
    const scene = new Scene();
    try {
      await scene.#open(options);
    } catch (error) {
      await scene.end();
      throw error;
    }
    return scene;
  }

  /** @param {SceneOptions} options */
  async #open({ seed, size, keep, isSpread = false }) {
    this.folder = keep ?? mkdtempSync(join(tmpdir(), 'lockstep-fire-'));
    mkdirSync(this.folder, { recursive: true });
    if (keep === null) this.#undo.push(() => rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 }));

    // As in production, and on its port for as long as the run lasts: every acknowledged commit is on the disk.
    const postgres = await startThrowaway({ durable: true, port: await steadyPort() });
    this.#undo.push(() => postgres.stop());
    this.pool = new pg.Pool({ connectionString: postgres.url, max: 3, connectionTimeoutMillis: 3_000, query_timeout: 10_000 });
    this.pool.on('error', () => undefined); // it is killed all the time
    this.#undo.push(() => this.pool?.end());
    this.victims.push(
      new Victim({ name: 'postgres', kind: 'postgres', kill: () => postgres.crash(), start: () => postgres.again(), ended: () => null }),
    );

    if (this.withoutRedis === null) {
      const redis = await Redis.start();
      this.redis = redis;
      this.#undo.push(() => redis.end());
      this.victims.push(new Victim({ name: 'redis', kind: 'redis', kill: () => redis.down(), start: () => redis.up(), ended: () => null }));
    }

    const tokenFile = join(this.folder, 'enrolment-token');
    const adminTokenFile = join(this.folder, 'admin-token');
    const env = {
      ...SERVER_ENV,
      LOCKSTEP_ORDER_KEY_FILE: join(this.folder, 'order-key.pem'),
      LOCKSTEP_ENROL_TOKEN_FILE: tokenFile,
      LOCKSTEP_ADMIN_TOKEN_FILE: adminTokenFile,
      ...(this.redis ? { REDIS_URL: this.redis.url } : {}),
    };
    // Without Redis there is one server: a second would refuse to start.
    for (const name of this.redis ? ['server-a', 'server-b'] : ['server-a']) {
      const house = new House(postgres.url, this.folder, { name });
      house.port = await steadyPort();
      this.houses.push(house);
      this.#undo.push(() => house.kill());
      await house.start({ env });
      this.victims.push(
        new Victim({
          name,
          kind: 'server',
          kill: () => house.kill(),
          start: () => startAgain(house, env),
          ended: () => house.ended?.then(({ code, signal, lastWords }) => `${code ?? signal}, ${lastWords.join(' | ')}`) ?? null,
        }),
      );
    }
    this.balancer = await Balancer.listen(this.houses.map((house) => house.port));
    this.#undo.push(() => this.balancer?.close());
    this.token = readFileSync(adminTokenFile, 'utf8').trim();

    for (let i = 0; i < size.groups; i++) {
      const name = `fire-${i}`;
      const group = new Computers({
        name,
        dir: join(this.folder, name),
        server: (isSpread ? this.houses[i % this.houses.length]?.url : undefined) ?? this.balancer.url,
        tokenFile,
        computers: size.computers,
        phones: size.phones,
        seed: (seed + i * 0x1000_0000) >>> 0,
        // Troubles begin when everything was well once.
        troubled: null,
      });
      this.groups.push(group);
      this.#undo.push(() => group.kill());
    }
    this.#troubled = size.troubled;
    await Promise.all(this.groups.map((group) => group.start()));
    for (const group of this.groups) {
      const victim = {
        name: `the agents of ${group.setup.name}`,
        kill: () => group.kill(),
        start: () => group.start(),
        ended: () => group.ended,
      };
      this.victims.push(new Victim({ ...victim, kind: 'agents' }));
    }
    this.talkers = await Talkers.enrol({ url: this.balancer.url, token: readFileSync(tokenFile, 'utf8').trim(), count: size.talkers });
    this.#undo.push(() => this.talkers?.stop());
    await this.until('every phone is healthy', READY_MS, async () => (await this.unhealthy()) === 0);
  }

  /** From now on things go wrong, also on computers that are killed and come back. @param {import('./dice.mjs').Dice} dice */
  async trouble(dice) {
    for (const group of this.groups) {
      group.setup.troubled = this.#troubled;
      await group.ask('trouble', { seed: dice.between(0, 0xffff_ffff), everyMs: this.#troubled });
    }
  }

  get url() {
    return this.balancer?.url ?? '';
  }

  /** Phones on the simulated computers. */
  get phones() {
    return this.groups.reduce((n, group) => n + group.setup.phones, 0);
  }

  get hostIds() {
    return this.groups.flatMap((group) => group.members.map((m) => m.hostId));
  }

  /** Pairs of the simulated computers that the server does not show attached and healthy; those it does not know count. */
  async unhealthy() {
    const { rows } = await this.query(
      `SELECT count(*)::int AS n FROM pair WHERE host_id = ANY($1::uuid[]) AND health = 'healthy' AND presence = 'attached'`,
      [this.hostIds],
    );
    return this.phones - rows[0].n;
  }

  /** @param {string} sql @param {unknown[]} [values] @returns {Promise<{ rows: any[] }>} */
  query(sql, values = []) {
    return this.database.query(sql, values);
  }

  get database() {
    if (!this.pool) throw new Error('the scene is not open');
    return this.pool;
  }

  /**
   * Asks the API as an admin, at whichever server answers.
   * @param {string} method
   * @param {string} path
   * @param {{ json?: unknown, key?: string, url?: string }} [options] `key`: of idempotency
   */
  async ask(method, path, { json, key = crypto.randomUUID(), url = this.url } = {}) {
    const response = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.token}`,
        ...(json === undefined ? {} : { 'content-type': 'application/json', 'idempotency-key': key }),
      },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
      signal: AbortSignal.timeout(15_000),
    });
    const text = await response.text();
    return { status: response.status, json: text === '' ? null : JSON.parse(text) };
  }

  /**
   * Looks until it is so.
   * @param {string} what
   * @param {number} ms
   * @param {() => Promise<boolean>} look an error counts as not yet
   * @returns {Promise<number>} after how long, ms
   */
  async until(what, ms, look) {
    const began = performance.now();
    /** @type {unknown} */
    let last;
    while (performance.now() - began < ms) {
      try {
        if (await look()) return performance.now() - began;
        last = undefined;
      } catch (error) {
        last = error;
      }
      await sleep(200);
    }
    throw new Error(`not within ${ms / 1000} s: ${what}`, last === undefined ? {} : { cause: last });
  }

  async end() {
    for (const victim of this.victims) victim.over();
    for (const step of this.#undo.splice(0).reverse()) await step();
  }
}

/** @param {House} house @param {Record<string, string>} env */
async function startAgain(house, env) {
  try {
    await house.start({ env });
  } catch (error) {
    await house.kill();
    throw error;
  }
}
