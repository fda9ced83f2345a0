// The parent's side of a process of simulated computers.
import { fork } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PROCESS = fileURLToPath(new URL('./computers-process.mjs', import.meta.url));

/**
 * @typedef {object} Setup
 * @property {string} name of the group: the same computers every time
 * @property {string} dir everything they remember
 * @property {string} server
 * @property {string} tokenFile for the first enrolment
 * @property {number} computers
 * @property {number} phones
 * @property {number} seed of its troubles
 * @property {readonly [number, number] | null} troubled something goes wrong this often, ms; null: nothing does
 */

/** What happened on a computer, of what a fix may do once. */
/** @typedef {{ hostId: string, effect: 'asked-holder' | 'paired' | 'restart-asked', udid: string | null, at: number }} Effect */

const EFFECTS = new Set(['asked-holder', 'paired', 'restart-asked']);

/** Computers with agents in one process, which can be killed. */
export class Computers {
  /** @type {import('node:child_process').ChildProcess | null} */
  #child = null;
  #next = 1;
  /** @type {Map<number, { resolve: (value: any) => void, reject: (error: Error) => void }>} */
  #asked = new Map();
  /** @type {{ name: string, hostId: string }[]} */
  members = [];
  /** Settles when the process that runs now ends, with what it ended with. @type {Promise<string> | null} */
  ended = null;
  /** Called when something happened on one of them. */
  onSpark = () => {};

  /** @param {Setup} setup */
  constructor(setup) {
    this.setup = setup;
  }

  /** Starts them, with what they remember. Resolves when every agent runs; whether it is connected is another question. */
  async start() {
    await this.kill();
    const child = fork(PROCESS, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], execArgv: [] });
    this.#child = child;
    child.on('message', (/** @type {{ id?: number, value?: unknown, error?: string }} */ answer) => {
      if (answer.id === undefined) return this.onSpark();
      const asked = this.#asked.get(answer.id);
      this.#asked.delete(answer.id);
      if (answer.error === undefined) asked?.resolve(answer.value);
      else asked?.reject(new Error(answer.error));
    });
    this.ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve(`${code ?? signal}`)));
    child.on('exit', (code, signal) => {
      for (const { reject } of this.#asked.values()) reject(new Error(`the computers' process ended with ${code ?? signal}`));
      this.#asked.clear();
    });
    // Other troubles after each start.
    this.setup.seed = (this.setup.seed + 1) >>> 0;
    this.members = await this.ask('start', this.setup);
  }

  /** `kill -9`. */
  async kill() {
    const child = this.#child;
    this.#child = null;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  }

  /**
   * @param {'start' | 'trouble' | 'calm' | 'mend' | 'online'} does
   * @param {unknown} [args]
   * @returns {Promise<any>}
   */
  ask(does, args) {
    const child = this.#child;
    if (!child) return Promise.reject(new Error('the computers are not started'));
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#asked.set(id, { resolve, reject });
      child.send({ id, does, args }, (error) => {
        if (error) reject(error);
      });
    });
  }

  /** What happened on them so far, read from the files that each computer writes before it goes on. @returns {Effect[]} */
  effects() {
    return this.members.flatMap(({ name, hostId }) => {
      const file = join(this.setup.dir, name, 'computer', 'effects.jsonl');
      if (!existsSync(file)) return [];
      return readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line))
        .filter((entry) => EFFECTS.has(entry.effect))
        .map((entry) => ({ hostId, effect: entry.effect, udid: entry.udid ?? null, at: Date.parse(entry.at) }));
    });
  }
}
