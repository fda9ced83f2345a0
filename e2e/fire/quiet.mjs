// Watching what is acknowledged, and waiting until everything is over.
import { setTimeout as sleep } from 'node:timers/promises';
import { gather } from './evidence.mjs';

const LOOK_MS = 300;
/** Longest wait for runs, ms: one that nobody hears of is given up after its deadline, settle time and a minute's grace (F12: 242 s). */
const OVER_MS = 300_000;
/** Longest wait for phones and tickets then, ms: a minute sweep finds what lost hints missed, twice over. */
const WELL_MS = 180_000;

/**
 * Looks up what was acknowledged, again and again.
 * @param {import('./scene.mjs').Scene} scene
 */
export function watchLedgers(scene) {
  let isOver = false;
  const loop = (async () => {
    while (!isOver) {
      await sleep(LOOK_MS);
      try {
        await scene.talkers?.look(scene.database);
      } catch {
        // The database is down: what was acknowledged is looked up when it is back.
      }
    }
  })();
  return {
    stop: async () => {
      isOver = true;
      await loop;
    },
  };
}

/**
 * Ends talk, troubles and orders, waits until nothing is under way, puts right what is still wrong by hand, waits until all is well, and
 * reads the evidence.
 * @param {import('./scene.mjs').Scene} scene
 * @param {object} during
 * @param {import('./asker.mjs').Asker} during.asker
 * @param {ReturnType<typeof watchLedgers>} during.watch
 * @param {number} during.from when orders began, ms
 * @param {AbortSignal | undefined} during.signal
 * @returns {Promise<{ evidence: import('./verdict.mjs').Evidence, notes: string[], seconds: number }>} `notes`: what was waited for in vain
 */
export async function settle(scene, { asker, watch, from, signal }) {
  const { talkers } = scene;
  if (!talkers) throw new Error('the scene is not open');
  const began = performance.now();
  /** @type {string[]} */
  const notes = [];
  const until = async (/** @type {string} */ what, /** @type {number} */ ms, /** @type {() => Promise<boolean>} */ look) => {
    await scene.until(what, ms, look).catch((error) => notes.push(error.message));
    signal?.throwIfAborted();
  };
  await asker.stop();
  talkers.hush();
  for (const group of scene.groups) await group.ask('calm');
  await until('everything said is acknowledged', OVER_MS, async () => talkers.settled);
  await until('every run is over', OVER_MS, async () => (await active(scene)) === 0);
  // What is paired by hand from here on is no effect of a fix.
  const to = Date.now();
  for (const group of scene.groups) await group.ask('mend');
  await until('every phone is healthy', WELL_MS, async () => (await scene.unhealthy()) === 0);
  await until('every ticket is closed', WELL_MS, async () => (await open(scene)) === 0);
  await watch.stop();
  await talkers.look(scene.database);
  const evidence = await gather(scene, { from, to, asked: asker.asked });
  return { evidence, notes, seconds: (performance.now() - began) / 1000 };
}

/** @param {import('./scene.mjs').Scene} scene @returns {Promise<number>} */
async function active(scene) {
  return (await scene.query(`SELECT count(*)::int AS n FROM fix_run WHERE state IN ('queued', 'sent', 'received', 'settled')`)).rows[0].n;
}

/** @param {import('./scene.mjs').Scene} scene @returns {Promise<number>} */
async function open(scene) {
  return (await scene.query(`SELECT count(*)::int AS n FROM ticket WHERE state = 'open'`)).rows[0].n;
}
