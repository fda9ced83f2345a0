// What a person waits for who runs `npm start`: in a fresh clone, and again.
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { steps } from '../../scripts/build/steps.mjs';
import { Sentence } from '../../scripts/sentence.mjs';
import { secondsOf } from '../figures.mjs';
import { ROOT, temporaryFolder } from '../house.mjs';

/** A first start on a slow line: the install alone may take minutes. */
const READY_MS = 900_000;
const END_MS = 60_000;

/** @typedef {{ steps: Map<string, number>, phases: Map<string, number>, readyMs: number, endMs: number }} Start times in ms */

/** @param {import('../main.mjs').Context} context */
export async function run(context) {
  const { report, say, sizes } = context;
  const folder = temporaryFolder(context);
  const clone = join(folder, 'lockstep');
  const files = copyOfTree(clone);
  say(`${files} files of this checkout copied, as a clone has them`);
  const data = join(folder, 'data');
  chmodSync(folder, 0o755); // as root the database runs as another user, who has to pass
  mkdirSync(data, { mode: 0o755 });

  const cold = await start(context, clone, data);
  say(`cold: ready after ${secondsOf(cold.readyMs)}`);
  /** @type {Start[]} */
  const warm = [];
  for (let i = 0; i < (sizes.repeats ?? 0); i++) {
    const one = await start(context, clone, data);
    warm.push(one);
    say(`warm: ready after ${secondsOf(one.readyMs)}`);
  }
  const again = warm.sort((a, b) => a.readyMs - b.readyMs)[Math.floor((warm.length - 1) / 2)];
  if (!again) throw new Error('no warm start');

  report.figure('cold, from the command to the console’s address', secondsOf(cold.readyMs));
  for (const [name, ms] of cold.steps) report.figure(`cold:   ${name}`, secondsOf(ms));
  for (const [name, ms] of cold.phases) if (name !== 'ready') report.figure(`cold: ${name}`, secondsOf(ms));
  const chain = longestChain(cold.steps, clone);
  const rest = ['database', 'server', 'lab'].reduce((sum, name) => sum + (cold.phases.get(name) ?? 0), 0);
  report.figure('limit: the longest chain of steps that need each other, then database, server and lab', secondsOf(chain + rest));
  report.figure('warm (median), from the command to the console’s address', secondsOf(again.readyMs));
  for (const [name, ms] of again.phases) if (name !== 'ready') report.figure(`warm: ${name}`, secondsOf(ms));
  report.figure('warm: from Ctrl-C to the end', secondsOf(again.endMs));
  report.note('cold: no node_modules, no build, no data; pnpm takes packages from its store where they are there, else from the registry');
  report.figures = {
    cold: { readyMs: cold.readyMs, steps: Object.fromEntries(cold.steps), phases: Object.fromEntries(cold.phases) },
    limitMs: chain + rest,
    warm: warm.map((one) => ({ readyMs: one.readyMs, endMs: one.endMs, phases: Object.fromEntries(one.phases) })),
  };
}

/**
 * What a clone would hold: every file that is tracked or would be, and nothing that was made.
 * @param {string} to
 */
function copyOfTree(to) {
  let list;
  try {
    list = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
      cwd: ROOT,
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    });
  } catch {
    throw new Sentence('This bench copies what git knows of the checkout, and this folder is no git checkout (or there is no git).');
  }
  const files = list.split('\0').filter((file) => file !== '');
  let copied = 0;
  for (const file of files) {
    try {
      mkdirSync(dirname(join(to, file)), { recursive: true });
      cpSync(join(ROOT, file), join(to, file));
      copied += 1;
    } catch (error) {
      // Tracked and removed since.
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    }
  }
  return copied;
}

/**
 * One `npm start`, ended with Ctrl-C as soon as it is ready.
 * @param {import('../main.mjs').Context} context
 * @param {string} clone
 * @param {string} data
 * @returns {Promise<Start>}
 */
async function start({ defer, signal }, clone, data) {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(npm_|LOCKSTEP_|DATABASE_URL|REDIS_URL)/i.test(name)));
  const began = performance.now();
  const child = spawn('npm', ['start'], {
    cwd: clone,
    env: { ...env, PORT: '0', LOCKSTEP_DATA_DIR: data },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    shell: process.platform === 'win32',
  });
  const end = (/** @type {NodeJS.Signals} */ name) => {
    try {
      process.kill(-(child.pid ?? 0), name);
    } catch {
      // gone already
    }
  };
  const gone = new Promise((resolve) => child.once('close', resolve));
  defer(async () => {
    if (child.exitCode === null) end('SIGTERM');
    await gone;
  });
  let output = '';
  const readyMs = await new Promise((/** @type {(ms: number) => void} */ resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`not ready within ${READY_MS / 1000} s:\n${output.slice(-2_000)}`)), READY_MS);
    const take = (/** @type {Buffer} */ chunk) => {
      output += chunk.toString();
      if (!/^ {2}End /m.test(output)) return;
      clearTimeout(timer);
      resolve(performance.now() - began);
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(timer);
      reject(new Error(`npm start ended with ${code}:\n${output.slice(-2_000)}`));
    });
    signal.addEventListener('abort', () => clearTimeout(timer));
  });
  const asked = performance.now();
  end('SIGINT');
  const hard = setTimeout(() => end('SIGKILL'), END_MS);
  await gone;
  clearTimeout(hard);
  return { ...phasesOf(output), readyMs, endMs: performance.now() - asked };
}

/**
 * The steps of the build and the phases that `npm start` printed, with their times in ms. The build's own line comes after its steps, and a
 * phase may be named as a step is.
 * @param {string} output
 * @returns {{ steps: Map<string, number>, phases: Map<string, number> }}
 */
export function phasesOf(output) {
  const found = [...output.matchAll(/^ {2}(\S+)\s.*?(\d+\.\d) s$/gm)].map(
    ([, name = '', seconds = '']) => /** @type {const} */ ([name, Number(seconds) * 1000]),
  );
  const build = found.findIndex(([name]) => name === 'build');
  return { steps: new Map(found.slice(0, Math.max(0, build))), phases: new Map(found.slice(Math.max(0, build))) };
}

/**
 * How long the steps of a build take at least, however many run at once.
 * @param {ReadonlyMap<string, number>} times of steps, ms
 * @param {string} root
 */
function longestChain(times, root) {
  /** @type {Map<string, number>} */
  const until = new Map();
  for (const { name, needs } of steps(root)) {
    const after = Math.max(0, ...needs.map((need) => until.get(need) ?? 0));
    until.set(name, after + (times.get(name) ?? 0));
  }
  return Math.max(0, ...until.values());
}
