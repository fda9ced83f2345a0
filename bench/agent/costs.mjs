// What a process costs, read from /proc, and what an hour of it costs, reckoned from a minute.
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { quantile } from '../figures.mjs';

/** Clock ticks in a second (proc(5), sysconf(_SC_CLK_TCK)). */
const TICKS = 100;
const SAMPLE_MS = 500;
const HOUR_MS = 3_600_000;

/**
 * @typedef {object} Costs of a process over a window
 * @property {number} rss bytes, the median
 * @property {number} anonymous bytes of it that are no file's, the median
 * @property {number} own share of one core, of the process itself, 0 to 1
 * @property {number} withTools the same with the programs that it started and waited for
 */

/**
 * Watches a process for a while.
 * @param {number} pid
 * @param {number} ms
 * @returns {Promise<Costs>}
 */
export async function costsOf(pid, ms) {
  const began = performance.now();
  const before = cpuOf(pid);
  /** @type {number[]} */
  const rss = [];
  /** @type {number[]} */
  const anonymous = [];
  for (let at = began; at < began + ms; at = performance.now()) {
    const memory = memoryOf(readFileSync(`/proc/${pid}/status`, 'utf8'));
    rss.push(memory.rss);
    anonymous.push(memory.anonymous);
    await sleep(Math.min(SAMPLE_MS, began + ms - at));
  }
  const after = cpuOf(pid);
  const seconds = (performance.now() - began) / 1000;
  const median = (/** @type {number[]} */ values) =>
    quantile(
      values.sort((a, b) => a - b),
      0.5,
    );
  return {
    rss: median(rss),
    anonymous: median(anonymous),
    own: (after.own - before.own) / seconds,
    withTools: (after.own + after.tools - before.own - before.tools) / seconds,
  };
}

/**
 * @param {string} status /proc/PID/status
 * @returns {{ rss: number, anonymous: number }} bytes
 */
export function memoryOf(status) {
  const kb = (/** @type {string} */ field) => Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? Number.NaN);
  return { rss: kb('VmRSS') * 1024, anonymous: kb('RssAnon') * 1024 };
}

/** @param {number} pid */
function cpuOf(pid) {
  return cpuFrom(readFileSync(`/proc/${pid}/stat`, 'utf8'));
}

/**
 * Seconds of CPU that a process used, and those of its children that ended and were waited for.
 * @param {string} stat /proc/PID/stat
 */
export function cpuFrom(stat) {
  // proc(5): utime, stime, cutime, cstime are fields 14 to 17; state, the first after the name, is field 3.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const seconds = (/** @type {number[]} */ ...at) => at.reduce((sum, i) => sum + Number(fields[i] ?? Number.NaN), 0) / TICKS;
  return { own: seconds(11, 12), tools: seconds(13, 14) };
}

/**
 * @typedef {object} Rates how often the agent says what, in ms
 * @property {number} stillMs
 * @property {number} fullMs
 * @property {number} slowMs
 */

/**
 * @typedef {object} Hour bytes of an hour in which nothing happens
 * @property {number} total
 * @property {number} stills
 * @property {number} fulls
 * @property {number} changes facts that were told again because they read differently
 * @property {number} rest pongs
 */

/**
 * What the agent would send in an hour, from what it sent in a window: stills by their size and the whole picture by its size now, at the
 * rates at which the agent sends them; facts that were told again, and all that is no message, by how much came in the window. A fact that
 * was told for the first time is told once and counts in no hour.
 * @param {object} seen
 * @param {readonly import('./stand-in.mjs').Heard[]} seen.heard all messages since the agent began
 * @param {number} seen.from the window, ms
 * @param {number} seen.to
 * @param {number} seen.restBytes bytes in the window that belong to no message
 * @param {Rates} rates
 * @param {(fact: import('@lockstep/core/health').Fact) => string} keyOf
 * @returns {Hour}
 */
export function hourOf({ heard, from, to, restBytes }, rates, keyOf) {
  const inside = (/** @type {import('./stand-in.mjs').Heard} */ m) => m.at >= from && m.at < to;
  const still = heard.findLast((m) => m.sort === 'still' && !m.slow && m.at < to)?.bytes ?? Number.NaN;
  const slow = heard.findLast((m) => m.sort === 'still' && m.slow && m.at < to)?.bytes ?? still;
  /** @type {Map<string, import('@lockstep/core/health').Fact>} */
  const known = new Map();
  let again = 0;
  for (const message of heard) {
    if (message.at >= to) break;
    if (message.sort === 'facts' && inside(message) && message.facts.length > 0)
      again += (message.bytes * message.facts.filter((fact) => known.has(keyOf(fact))).length) / message.facts.length;
    for (const fact of message.facts) known.set(keyOf(fact), fact);
  }
  const slowStills = HOUR_MS / rates.slowMs;
  const stills = (HOUR_MS / rates.stillMs - slowStills) * still + slowStills * slow;
  const fulls = (HOUR_MS / rates.fullMs) * pictureBytes([...known.values()]);
  const scale = HOUR_MS / (to - from);
  return { total: stills + fulls + (again + restBytes) * scale, stills, fulls, changes: again * scale, rest: restBytes * scale };
}

/**
 * A whole picture as one message on the wire.
 * @param {readonly import('@lockstep/core/health').Fact[]} facts
 */
function pictureBytes(facts) {
  const message = { type: 'facts', epoch: '0'.repeat(32), seq: 1_000, at: new Date(0).toISOString(), full: true, facts };
  return frameBytes(Buffer.byteLength(JSON.stringify(message)));
}

/**
 * The bytes of a client's text frame on the wire: two of head, four of mask, and the length where it needs more room (RFC 6455, 5.2).
 * @param {number} payload
 */
export function frameBytes(payload) {
  return payload + 6 + (payload < 126 ? 0 : payload < 65_536 ? 2 : 8);
}
