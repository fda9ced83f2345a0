// The machine a run was made on, and what processes took from it.
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { megabytes } from './figures.mjs';

/** Clock ticks of /proc/PID/stat in a second: USER_HZ is 100 on every Linux this runs on (proc(5), sysconf(_SC_CLK_TCK)). */
const TICKS = 100;
/** Others' work per core from which on rates say more about them than about us. */
const BUSY = 0.3;

/** One line about the machine. */
export function machineLine() {
  return `${availableParallelism()} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), ${megabytes(totalmem())} memory, Node ${process.versions.node}, ${process.platform} ${process.arch}`;
}

/** What a reader has to know of the machine's other work before the run began; null when it was quiet. */
export function busyNote() {
  const load = loadavg()[0] ?? 0;
  return load / availableParallelism() <= BUSY
    ? null
    : `the machine was busy before the run (load ${load.toFixed(1)} on ${availableParallelism()} cores): read ratios, not rates, and measure again when it is quiet`;
}

/**
 * CPU time that processes have used so far, in seconds; a process counts with its children that still run and those it waited for.
 * NaN where the system does not tell.
 * @param {number} pid
 */
export function cpuSeconds(pid) {
  try {
    return treeOf(pid).reduce((sum, one) => sum + ticksOf(one), 0) / TICKS;
  } catch {
    return Number.NaN;
  }
}

/**
 * Measures the cores that processes kept busy between now and the call of what this returns.
 * @param {Record<string, number>} pids by name
 * @returns {() => Record<string, number>}
 */
export function watchCpu(pids) {
  const began = performance.now();
  const before = Object.entries(pids).map(([name, pid]) => /** @type {const} */ ([name, pid, cpuSeconds(pid)]));
  return () => {
    const seconds = (performance.now() - began) / 1000;
    return Object.fromEntries(before.map(([name, pid, then]) => [name, (cpuSeconds(pid) - then) / seconds]));
  };
}

/** @param {Record<string, number>} cores */
export function coresText(cores) {
  return Object.entries(cores)
    .map(([name, n]) => `${name} ${Number.isFinite(n) ? n.toFixed(2) : '-'}`)
    .join(', ');
}

/**
 * Every descendant, by parent numbers: PostgreSQL's backends lead sessions of their own, so groups would miss them.
 * @param {number} root
 */
function treeOf(root) {
  /** @type {Map<number, number[]>} */
  const children = new Map();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const parent = Number(fieldsOf(Number(name))[1]);
      children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
    } catch {
      // gone since the folder was read
    }
  }
  const found = [root];
  for (let i = 0; i < found.length; i++) found.push(...(children.get(found[i] ?? 0) ?? []));
  return found;
}

/** @param {number} pid */
function ticksOf(pid) {
  try {
    const fields = fieldsOf(pid);
    // proc(5): utime, stime, cutime, cstime are fields 14 to 17; state, the first after the name, is field 3.
    return [11, 12, 13, 14].reduce((sum, i) => sum + Number(fields[i] ?? 0), 0);
  } catch {
    return 0;
  }
}

/** @param {number} pid */
function fieldsOf(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}
