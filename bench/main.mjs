// `npm run bench -- NAME`.
import { writeFileSync } from 'node:fs';
import { prepare } from '../scripts/build/prepare.mjs';
import { Sentence } from '../scripts/sentence.mjs';
import { ROOT } from './house.mjs';
import { busyNote, machineLine } from './machine.mjs';
import { Report } from './report.mjs';

/**
 * @typedef {object} Context what a bench is given
 * @property {Record<string, number>} sizes
 * @property {Report} report
 * @property {(text: string) => void} say one line of what is going on
 * @property {(undo: () => unknown) => void} defer done at the end, whatever happens, last one first
 * @property {AbortSignal} signal
 */

/**
 * @typedef {object} Bench
 * @property {string} what
 * @property {Record<string, { value: number, meaning: string }>} sizes defaults: the figures that are published are of these
 * @property {() => Promise<{ run: (context: Context) => Promise<void> }>} load
 */

/** @type {Record<string, Bench>} */
export const BENCHES = {
  ingest: {
    what: 'reports of many agents into the database, beside the same transactions from a bare client',
    sizes: {
      agents: { value: 1_000, meaning: 'computers that report' },
      seconds: { value: 10, meaning: 'how long each load is measured' },
    },
    load: () => import('./ingest/bench.mjs'),
  },
  sockets: {
    what: 'memory of idle agents’ connections, beside bare ws; the return of all after a restart',
    sizes: { connections: { value: 5_000, meaning: 'agents that are connected' } },
    load: () => import('./sockets/bench.mjs'),
  },
  live: {
    what: 'from a change at the agent to the change in the browser',
    sizes: {
      agents: { value: 1_000, meaning: 'computers that are connected and report' },
      changes: { value: 100, meaning: 'changes that are timed' },
    },
    load: () => import('./live/bench.mjs'),
  },
  diagnosis: {
    what: 'precision, recall and speed of the rules on the labelled corpus',
    sizes: { diagnoses: { value: 400_000, meaning: 'diagnoses that are timed' } },
    load: () => import('./diagnosis/bench.mjs'),
  },
  agent: {
    what: 'what the agent costs its computer: memory, processor, bytes; how long a look takes; how soon a plug is told',
    sizes: {
      seconds: { value: 60, meaning: 'how long memory, processor and bytes are watched, with each number of phones' },
      probes: { value: 20, meaning: 'looks at one phone that are timed' },
      plugs: { value: 10, meaning: 'plugs and unplugs that are timed' },
    },
    load: () => import('./agent/bench.mjs'),
  },
  cold: {
    what: 'the phases of `npm start`, in a fresh clone and again',
    sizes: { repeats: { value: 2, meaning: 'warm starts that are timed' } },
    load: () => import('./cold/bench.mjs'),
  },
};

function helpText() {
  const lines = ['npm run bench -- NAME [--size N …] [--json FILE]', ''];
  for (const [name, { what, sizes }] of Object.entries(BENCHES)) {
    lines.push(`  ${name.padEnd(9)} ${what}`);
    for (const [size, { value, meaning }] of Object.entries(sizes)) lines.push(`           --${size} N   ${meaning} (${value})`);
  }
  return [...lines, '', '  --json FILE   also write the figures as JSON', '', 'How to read them: docs/bench.md.', ''].join('\n');
}

/**
 * @param {readonly string[]} args
 * @returns {{ name: string, sizes: Record<string, number>, json: string | null } | null} null: help was asked for
 * @throws {Sentence} that names what cannot be used
 */
export function parseArguments(args) {
  const [name, ...rest] = args;
  if (name === undefined || name === '--help' || name === '-h') return null;
  const bench = BENCHES[name];
  if (!bench) throw new Sentence(`There is no bench ${JSON.stringify(name)}: ${Object.keys(BENCHES).join(', ')}.`);
  const sizes = Object.fromEntries(Object.entries(bench.sizes).map(([size, { value }]) => [size, value]));
  let json = null;
  for (let i = 0; i < rest.length; i += 2) {
    const flag = rest[i] ?? '';
    const value = rest[i + 1];
    const size = flag.replace(/^--/, '');
    if (flag === '--json' && value !== undefined) json = value;
    else if (!(size in sizes) || !flag.startsWith('--'))
      throw new Sentence(`${name} has no ${JSON.stringify(flag)}: npm run bench -- --help lists what there is.`);
    else if (value === undefined || !/^[1-9]\d{0,5}$/.test(value))
      throw new Sentence(`${flag} must be a whole number from 1 to 999999, not ${JSON.stringify(value ?? '')}.`);
    else sizes[size] = Number(value);
  }
  return { name, sizes, json };
}

/**
 * @param {string[]} args
 * @returns {Promise<never>}
 */
export async function bench(args) {
  const abort = new AbortController();
  /** @type {Promise<never>} */
  const aborted = new Promise((_, reject) => abort.signal.addEventListener('abort', () => reject(abort.signal.reason)));
  aborted.catch(() => undefined);
  // Kept for good: the database's own handler ends the database and sends the signal again.
  for (const name of /** @type {NodeJS.Signals[]} */ (['SIGINT', 'SIGTERM', 'SIGHUP']))
    process.on(name, () => abort.abort(new Sentence(`${name}: ended before anything was measured to its end.`)));
  const print = (/** @type {string} */ text) => void process.stdout.write(`${text}\n`);
  /** @type {(() => unknown)[]} */
  const undo = [];
  let code = 1;
  try {
    const given = parseArguments(args);
    if (given === null) {
      print(helpText());
      process.exit(0);
    }
    const known = BENCHES[given.name];
    if (!known) throw new Error('unknown bench');
    const report = new Report();
    await prepare({ root: ROOT, signal: abort.signal, onDone: ({ step, ms }) => print(`  built ${step} in ${(ms / 1000).toFixed(1)} s`) });
    const machine = machineLine();
    print(`bench ${given.name}: ${known.what}\n${machine}`);
    const busy = busyNote();
    if (busy !== null) report.note(busy);
    const changed = Object.entries(given.sizes).filter(([size, value]) => known.sizes[size]?.value !== value);
    if (changed.length > 0)
      report.note(`other sizes than the published ones: ${changed.map(([size, value]) => `${size} ${value}`).join(', ')}`);
    const { run } = await known.load();
    const began = performance.now();
    const say = (/** @type {string} */ text) => print(`  ${((performance.now() - began) / 1000).toFixed(0).padStart(4)} s  ${text}`);
    const context = {
      sizes: given.sizes,
      report,
      say,
      defer: (/** @type {() => unknown} */ one) => void undo.push(one),
      signal: abort.signal,
    };
    await Promise.race([run(context), aborted]);
    print(`\n${report.toString()}\n`);
    if (given.json !== null)
      writeFileSync(
        given.json,
        `${JSON.stringify({ bench: given.name, at: new Date().toISOString(), machine, sizes: given.sizes, rows: report.rows, figures: report.figures, notes: report.notes }, null, 2)}\n`,
      );
    code = report.missed.length === 0 ? 0 : 1;
  } catch (error) {
    process.stderr.write(`${error instanceof Sentence ? error.message : error instanceof Error ? error.stack : String(error)}\n`);
  }
  for (const one of undo.reverse()) {
    try {
      await one();
    } catch (error) {
      process.stderr.write(`could not be ended: ${error instanceof Error ? error.message : String(error)}\n`);
    }
  }
  process.exit(code);
}
