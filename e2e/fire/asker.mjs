// The person at the console: orders a fix for whatever is found, and clicks again when the answer got lost.
import { setTimeout as sleep } from 'node:timers/promises';

/** What is open and has a fix. */
const OPEN = `SELECT f.host_id, f.udid, f.cause, p.id AS pair_id FROM finding f LEFT JOIN pair p ON p.host_id = f.host_id AND p.udid = f.udid
  WHERE f.state = 'open' AND f.closed_at IS NULL AND f.cause IN ('C30', 'C39', 'C40', 'C42', 'C43', 'C44') AND f.host_id = ANY($1::uuid[])`;

/** @type {Readonly<Record<string, string>>} */
const FIX = { C30: 'F08', C39: 'F08', C40: 'F11', C42: 'F11', C43: 'F11', C44: 'F12' };
const LOOK_MS = 300;
/** What was refused is not asked for again for so long, ms. */
const REST_MS = 4_000;
/** An answer that got lost is asked for again so often, with the same key. */
const TRIES = 4;

/** @typedef {{ key: string, runId: string }} Asked an order that was answered with 202 */

export class Asker {
  /** @type {Asked[]} */
  asked = [];
  /** Requests whose answer never came. */
  unanswered = 0;
  /** Called when an order was taken. */
  onSpark = () => {};
  #isOver = false;
  /** @type {Promise<void>} */
  #loop = Promise.resolve();
  /** @type {Map<string, number>} */
  #restsUntil = new Map();

  /** @param {import('./scene.mjs').Scene} scene */
  constructor(scene) {
    this.scene = scene;
  }

  start() {
    this.#loop = this.#run();
  }

  async stop() {
    this.#isOver = true;
    await this.#loop;
  }

  async #run() {
    while (!this.#isOver) {
      await sleep(LOOK_MS);
      try {
        const { rows } = await this.scene.query(OPEN, [this.scene.hostIds]);
        await Promise.all(rows.map((row) => this.#order(row)));
      } catch {
        // The database is down; it comes back.
      }
    }
  }

  /** @param {{ host_id: string, pair_id: string | null, cause: string }} found */
  async #order({ host_id: hostId, pair_id: pairId, cause }) {
    const fix = FIX[cause] ?? '';
    const about = `${hostId} ${pairId} ${fix}`;
    if ((this.#restsUntil.get(about) ?? 0) > Date.now()) return;
    const key = crypto.randomUUID();
    const json = pairId === null ? { hostId, fix } : { pairId, fix };
    for (let tries = 0; tries < TRIES; tries++) {
      try {
        const { status, json: run } = await this.scene.ask('POST', '/fix-runs', { json, key });
        if (status === 202) {
          this.asked.push({ key, runId: run.id });
          this.onSpark();
        }
        if (status < 500) {
          this.#restsUntil.set(about, Date.now() + REST_MS);
          return;
        }
      } catch {
        // No answer: nobody knows whether it was taken, and the same key finds out.
      }
      await sleep(300);
    }
    this.unanswered += 1;
  }
}
