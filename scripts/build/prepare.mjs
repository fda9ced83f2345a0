// Does the steps whose inputs changed, each after those it needs, two at a time.
import { accessSync, constants, mkdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { claimFolder, Occupied } from '../processes/claim.mjs';
import { run } from '../processes/run.mjs';
import { Sentence } from '../sentence.mjs';
import { contentHash, filesUnder, outputState, Stamps } from './stamps.mjs';
import { steps } from './steps.mjs';

/** More compilers at once only wait for each other on two cores. */
const AT_ONCE = 2;

/**
 * @typedef {object} Prepared
 * @property {string} step
 * @property {number} ms
 */

/**
 * Where a checkout keeps its stamps.
 * @param {string} root
 */
export function stampFolder(root) {
  return join(root, '.lockstep', 'build');
}

/**
 * @param {object} options
 * @param {string} options.root of the checkout
 * @param {AbortSignal} [options.signal]
 * @param {string[]} [options.only] these steps, and not all
 * @param {(step: string) => void} [options.onBegin]
 * @param {(done: Prepared) => void} [options.onDone]
 * @returns {Promise<Prepared[]>} what was done; empty when nothing had changed
 * @throws {Sentence}
 */
export async function prepare({ root, signal, only, onBegin = () => undefined, onDone = () => undefined }) {
  const all = steps(root);
  const wanted = only === undefined ? all : all.filter((step) => only.includes(step.name));
  const stamps = new Stamps(stampFolder(root));
  if (outdated(root, all, wanted, stamps).length === 0) return [];
  const lock = await buildLock(root, signal);
  try {
    // Whoever built while we waited may have done it all.
    const todo = outdated(root, all, wanted, stamps);
    const names = new Set(todo.map((step) => step.name));
    /** @type {Prepared[]} */
    const done = [];
    /** @type {Map<string, Promise<void>>} */
    const results = new Map();
    const gate = limit(AT_ONCE);
    const stop = new AbortController();
    const both = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
    for (const step of todo) {
      const needs = step.needs.map((name) => (names.has(name) ? results.get(name) : undefined));
      const result = (async () => {
        await Promise.all(needs);
        await gate(async () => {
          both.throwIfAborted();
          onBegin(step.name);
          const started = Date.now();
          await perform(root, step, both);
          stamps.set(
            step.name,
            hashOf(root, all, step),
            outputState(
              root,
              step.outputs.map((path) => join(root, path)),
            ),
          );
          const finished = { step: step.name, ms: Date.now() - started };
          done.push(finished);
          onDone(finished);
        });
      })();
      result.catch((error) => stop.abort(error));
      results.set(step.name, result);
    }
    const settled = await Promise.allSettled(results.values());
    signal?.throwIfAborted();
    if (stop.signal.aborted) throw stop.signal.reason;
    for (const outcome of settled) if (outcome.status === 'rejected') throw outcome.reason;
    return done;
  } finally {
    lock.release();
  }
}

/**
 * The steps to do, in order: those whose stamp does not hold, and those after them. (An earlier step's new output is not looked into: its inputs are part of the later hash.)
 * @param {string} root
 * @param {import('./steps.mjs').Step[]} all
 * @param {import('./steps.mjs').Step[]} wanted
 * @param {Stamps} stamps
 */
function outdated(root, all, wanted, stamps) {
  return wanted.filter(
    (step) =>
      !stamps.holds(
        step.name,
        hashOf(root, all, step),
        outputState(
          root,
          step.outputs.map((path) => join(root, path)),
        ),
      ),
  );
}

/**
 * A step depends on its own inputs, on those of all it needs, and on the Node that runs it.
 * @param {string} root
 * @param {import('./steps.mjs').Step[]} all
 * @param {import('./steps.mjs').Step} step
 */
function hashOf(root, all, step) {
  /** @type {Set<string>} */
  const inputs = new Set();
  const add = (/** @type {import('./steps.mjs').Step} */ one) => {
    for (const path of one.inputs) inputs.add(join(root, path));
    for (const need of one.needs) {
      const earlier = all.find((other) => other.name === need);
      if (earlier) add(earlier);
    }
  };
  add(step);
  return contentHash(root, [...inputs].sort(), [
    `${process.platform}-${process.arch}`,
    process.versions.modules,
    step.command.slice(1).join(' '),
  ]);
}

/**
 * @param {string} root
 * @param {import('./steps.mjs').Step} step
 * @param {AbortSignal} signal
 */
async function perform(root, step, signal) {
  const started = Date.now();
  const [command, ...args] = step.command;
  /** @type {NodeJS.ProcessEnv} */
  const env = { ...process.env, NO_COLOR: '1', CI: 'true' }; // pnpm would ask a person before it removes a folder of another layout
  delete env.NODE_ENV; // `production` would leave out the compilers
  const { code, output } = await run(command, args, { cwd: root, env, signal });
  if (code !== 0) {
    const tail = output.trim().split('\n').slice(-30).join('\n');
    throw new Sentence(`${step.name === 'install' ? 'Installing the dependencies' : `Building ${step.name}`} failed:\n${tail}`);
  }
  if (!step.prunes) return;
  // A module whose source was removed must not live on in the build.
  for (const file of filesUnder(
    step.outputs.map((path) => join(root, path)),
    true,
  )) {
    if (statSync(file).mtimeMs < started - 2_000) rmSync(file, { force: true });
  }
}

/**
 * Two commands in one checkout build one after the other.
 * @param {string} root
 * @param {AbortSignal | undefined} signal
 */
async function buildLock(root, signal) {
  const folder = stampFolder(root);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o755 });
    accessSync(folder, constants.W_OK);
  } catch {
    throw new Sentence(
      `${root} has to be built and cannot be written by this user: run npm start once as its owner, or make a clone of your own.`,
    );
  }
  for (;;) {
    signal?.throwIfAborted();
    try {
      return claimFolder(folder, root);
    } catch (error) {
      if (!(error instanceof Occupied)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

/**
 * @param {number} most
 * @returns {(task: () => Promise<void>) => Promise<void>}
 */
function limit(most) {
  let running = 0;
  /** @type {(() => void)[]} */
  const waiting = [];
  return async (task) => {
    if (running >= most) await new Promise((/** @type {(value: void) => void} */ resolve) => waiting.push(resolve));
    running += 1;
    try {
      await task();
    } finally {
      running -= 1;
      waiting.shift()?.();
    }
  };
}
