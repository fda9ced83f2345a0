// One line for each phase, with its time.

/** @param {number} ms */
export function seconds(ms) {
  return `${(ms / 1000).toFixed(1)} s`;
}

/**
 * @param {string} name
 * @param {string} result
 * @param {number} ms
 */
export function phaseLine(name, result, ms) {
  return `  ${name.padEnd(9)} ${result.padEnd(52)} ${seconds(ms).padStart(7)}`;
}

/**
 * @param {(text: string) => void} print
 * @returns {<T>(name: string, work: (say: (result: string) => void) => Promise<T>) => Promise<T>}
 */
export function phases(print) {
  return async (name, work) => {
    const started = Date.now();
    let result = '';
    const value = await work((text) => {
      result = text;
    });
    print(phaseLine(name, result, Date.now() - started));
    return value;
  };
}
