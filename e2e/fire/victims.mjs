// What is killed, and comes back as a service manager would bring it back.
import { setTimeout as sleep } from 'node:timers/promises';

export const KINDS = /** @type {const} */ (['server', 'postgres', 'redis', 'agents']);
/** @typedef {(typeof KINDS)[number]} Kind */

/** Between two attempts to start what did not start: a server ends by itself while its database is away. */
const AGAIN_MS = 400;
/** What is not back by then does not come back. */
const BACK_MS = 120_000;

/** One process that may be killed at any moment while it is up. */
export class Victim {
  kills = 0;
  /** Starts that failed and were tried again. */
  failedStarts = 0;
  /** From the kill until it did its work again, all of them together, ms. */
  awayMs = 0;
  /** Ends that nobody brought about, each with its last words. @type {string[]} */
  died = [];
  #isUp = true;
  #isOver = false;
  /** @type {Promise<void>} */
  #revival = Promise.resolve();

  /**
   * @param {object} about
   * @param {string} about.name
   * @param {Kind} about.kind
   * @param {() => Promise<void>} about.kill SIGKILL; resolves when it is gone
   * @param {() => Promise<void>} about.start on the same files; resolves when it does its work
   * @param {() => Promise<string> | null} about.ended asked once it is up: settles with its last words when it ends, whoever ended it
   */
  constructor({ name, kind, kill, start, ended }) {
    this.name = name;
    this.kind = kind;
    this.kill = kill;
    this.start = start;
    this.ended = ended;
    this.#watch();
  }

  get isUp() {
    return this.#isUp;
  }

  /**
   * Kills it and brings it back.
   * @param {number} downMs how long its supervisor takes to notice
   */
  strike(downMs) {
    if (!this.#isUp) throw new Error(`${this.name} is down already`);
    this.kills += 1;
    this.#isUp = false;
    this.#revival = this.#revive(downMs);
    this.#revival.catch(() => undefined); // told by back()
  }

  /** What ends by itself is brought back too, and remembered. */
  #watch() {
    const { kills } = this;
    this.ended()?.then((lastWords) => {
      if (!this.#isUp || this.kills !== kills || this.#isOver) return;
      this.died.push(`${this.name} ended by itself: ${lastWords}`);
      this.#isUp = false;
      this.#revival = this.#revive(0);
      this.#revival.catch(() => undefined);
    });
  }

  /** What ends from now on is ended by us. */
  over() {
    this.#isOver = true;
  }

  /** Resolves when it is up. @throws when it did not come back */
  back() {
    return this.#revival;
  }

  /** @param {number} downMs */
  async #revive(downMs) {
    const killedAt = performance.now();
    await this.kill();
    await sleep(downMs);
    for (const until = Date.now() + BACK_MS; ; ) {
      try {
        await this.start();
        break;
      } catch (error) {
        this.failedStarts += 1;
        if (Date.now() > until) throw new Error(`${this.name} did not come back`, { cause: error });
      }
      await sleep(AGAIN_MS);
    }
    this.awayMs += performance.now() - killedAt;
    this.#isUp = true;
    this.#watch();
  }
}
