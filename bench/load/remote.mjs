// The parent's side of the process of the agents.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const PROCESS = fileURLToPath(new URL('./process.mjs', import.meta.url));

/** @typedef {import('./crowd.mjs').Crowd} Crowd */
/** @typedef {import('./raw-crowd.mjs').RawCrowd} RawCrowd */

/** Agents in a process of their own, so that their work is not the server's nor the meter's. */
export class RemoteCrowd {
  #child;
  #next = 1;
  /** @type {Map<number, { resolve: (value: any) => void, reject: (error: Error) => void }>} */
  #asked = new Map();

  constructor() {
    this.#child = fork(PROCESS, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], execArgv: [] });
    this.#child.on('message', (/** @type {{ id: number, value?: unknown, error?: string }} */ answer) => {
      const asked = this.#asked.get(answer.id);
      this.#asked.delete(answer.id);
      if (answer.error === undefined) asked?.resolve(answer.value);
      else asked?.reject(new Error(answer.error));
    });
    this.#child.on('exit', (code) => {
      for (const { reject } of this.#asked.values()) reject(new Error(`the process of the agents ended with ${code}`));
      this.#asked.clear();
    });
  }

  get pid() {
    return this.#child.pid ?? 0;
  }

  /**
   * Asks for one of the crowd's deeds.
   * @template {'enrol' | 'connect' | 'restart' | 'tellPictures' | 'settle' | 'saturate' | 'pace' | 'murmur' | 'flip' | 'storm' | 'said'} D
   * @param {D} does
   * @param {Parameters<Crowd[D]>[0]} [args]
   * @returns {Promise<Awaited<ReturnType<Crowd[D]>>>}
   */
  ask(does, args) {
    return this.#ask(does, args);
  }

  /** @param {Parameters<RawCrowd['connect']>[0]} args @returns {Promise<void>} */
  rawConnect(args) {
    return this.#ask('rawConnect', args);
  }

  /** @returns {Promise<void>} */
  rawClose() {
    return this.#ask('rawClose', undefined);
  }

  async stop() {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGKILL');
    await gone;
  }

  /** @param {string} does @param {unknown} args @returns {Promise<any>} */
  #ask(does, args) {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#asked.set(id, { resolve, reject });
      this.#child.send({ id, does, args }, (error) => {
        if (error) reject(error);
      });
    });
  }
}
