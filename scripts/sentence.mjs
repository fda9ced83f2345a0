/**
 * Something a person can mend. Its message is the one sentence they read; no stack is shown.
 */
export class Sentence extends Error {
  /** @param {string} message */
  constructor(message) {
    super(message);
    this.name = 'Sentence';
  }
}

/**
 * @param {unknown} error whatever was thrown; not asked for its class, which another realm has its own of
 * @returns {string} the system's short name of a failure (`EACCES`), or ''
 */
export function codeOf(error) {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/**
 * @param {unknown} error
 * @returns {string}
 */
export function textOf(error) {
  return typeof error === 'object' && error !== null && 'message' in error && typeof error.message === 'string'
    ? error.message
    : String(error);
}
