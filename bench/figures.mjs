// Numbers: what is taken from many measurements, and how they are printed.

/**
 * The value below which the share `q` of all values lies (nearest rank), so it is always one that was measured.
 * @param {readonly number[]} sorted ascending
 * @param {number} q 0 to 1
 */
export function quantile(sorted, q) {
  if (sorted.length === 0) return Number.NaN;
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1))] ?? Number.NaN;
}

/**
 * @typedef {object} Spread
 * @property {number} count
 * @property {number} p50
 * @property {number} p95
 * @property {number} p99
 * @property {number} max
 */

/**
 * @param {number[]} values in any order; sorted in place
 * @returns {Spread}
 */
export function spread(values) {
  values.sort((a, b) => a - b);
  return {
    count: values.length,
    p50: quantile(values, 0.5),
    p95: quantile(values, 0.95),
    p99: quantile(values, 0.99),
    max: values.at(-1) ?? Number.NaN,
  };
}

/** @param {number} n */
export function whole(n) {
  return Number.isFinite(n) ? Math.round(n).toLocaleString('en-US') : '-';
}

/**
 * Milliseconds, as exact as is worth reading.
 * @param {number} ms
 */
export function millis(ms) {
  if (!Number.isFinite(ms)) return '-';
  return `${ms < 10 ? ms.toFixed(1) : whole(ms)} ms`;
}

/** @param {number} ms */
export function secondsOf(ms) {
  return Number.isFinite(ms) ? `${(ms / 1000).toFixed(1)} s` : '-';
}

/** @param {number} bytes */
export function kilobytes(bytes) {
  return Number.isFinite(bytes) ? `${(bytes / 1024).toFixed(1)} KB` : '-';
}

/** @param {number} bytes */
export function megabytes(bytes) {
  return Number.isFinite(bytes) ? `${Math.round(bytes / 1024 / 1024)} MB` : '-';
}

/** @param {number} n */
export function times(n) {
  return Number.isFinite(n) ? n.toFixed(2) : '-';
}

/**
 * Wall-clock time with fractions of a millisecond: what two processes of one machine can compare.
 */
export function now() {
  return performance.timeOrigin + performance.now();
}
