// Everything that was started ends, in the opposite order, whatever the reason: a signal, a child's death, an error in a phase.

/**
 * How long each may take before it is ended hard.
 */
export const GRACE_MS = { lab: 5_000, server: 10_000, database: 10_000 };

/** The things that run, last started first ended. */
export class Shutdown {
  #abort = new AbortController();
  /** @type {{ name: string, stop: () => Promise<void> }[]} */
  #running = [];
  /** @type {(() => void)[]} */
  #kills = [];
  /** @type {() => void} */
  #atCleanEnd = () => undefined;

  /**
   * Aborted as soon as an end is asked for; phases under way give up on it.
   * @returns {AbortSignal}
   */
  get signal() {
    return this.#abort.signal;
  }

  /**
   * @param {string} name
   * @param {() => Promise<void>} stop
   * @param {() => void} [kill] at once, for a person who presses Ctrl-C again
   */
  add(name, stop, kill) {
    this.#running.push({ name, stop });
    if (kill) this.#kills.push(kill);
  }

  /** @param {unknown} reason the first one given is the one that counts */
  ask(reason) {
    this.#abort.abort(reason);
  }

  /** Settles when an end has been asked for. */
  asked() {
    return new Promise((/** @type {(value: void) => void} */ resolve) => {
      if (this.signal.aborted) resolve();
      else this.signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  /** For the impatient: no grace any more. The database still gets its own, it would only have to recover. */
  kill() {
    for (const kill of this.#kills) kill();
  }

  /** @param {() => void} action done when everything has ended as it should */
  atCleanEnd(action) {
    this.#atCleanEnd = action;
  }

  /**
   * @param {(error: unknown, name: string) => void} onError
   * @returns {Promise<boolean>} whether everything has ended
   */
  async end(onError) {
    let clean = true;
    for (let one = this.#running.pop(); one; one = this.#running.pop()) {
      try {
        await one.stop();
      } catch (error) {
        clean = false;
        onError(error, one.name);
      }
    }
    if (clean) this.#atCleanEnd();
    return clean;
  }
}
