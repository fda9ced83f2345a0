// The fire: rounds of kills, then quiet, then the judge.
import { setTimeout as sleep } from 'node:timers/promises';
import { Asker } from './asker.mjs';
import { Dice } from './dice.mjs';
import { settle, watchLedgers } from './quiet.mjs';
import { Scene } from './scene.mjs';
import { judgeFire } from './verdict.mjs';
import { KINDS } from './victims.mjs';

/** Between two rounds, ms. A killed part is back after a second or two: rounds overlap. */
const ROUND_MS = { least: 150, most: 1_900 };
/** How long the supervisor of a killed part takes to notice, ms. */
const DOWN_MS = { least: 0, most: 900 };
/** Parts that may be down at once: with more nothing would happen that could go wrong. */
const DOWN_AT_ONCE = 2;
/** Since the kill before the last one, this many messages were acknowledged before the next: a fire that only stands still shows nothing. */
const PROGRESS = { messages: 10, patienceMs: 20_000 };
/** A fire that nobody felt shows nothing: it goes on until an order has acted, at most so long, ms. */
const ACT_MS = 120_000;
/** Half of the kills wait for something to happen and come so soon after it, ms. */
const SPARK_MS = 60;
/** Each talker says something this often. */
export const TALK_MS = 50;

/** What `npm run fire` burns, and what the suite does. @type {Readonly<Record<'full' | 'small', import('./scene.mjs').Size>>} */
export const SIZES = {
  full: { groups: 2, computers: 4, phones: 10, talkers: 6, troubled: [200, 700] },
  small: { groups: 1, computers: 4, phones: 8, talkers: 4, troubled: [100, 300] },
};

/**
 * @typedef {object} FireOptions
 * @property {number | Quota} kills in all, as many of each kind; or how often each kind
 * @property {number} seed
 * @property {import('./scene.mjs').Size} size
 * @property {string | null} [keep] folder for logs
 * @property {AbortSignal} [signal]
 * @property {(text: string) => void} say
 *
 * @typedef {Readonly<Record<import('./victims.mjs').Kind, number>>} Quota
 *
 * @typedef {object} Burnt
 * @property {import('./verdict.mjs').Row[]} rows
 * @property {{ kind: import('./victims.mjs').Kind, kills: number, awayMs: number }[]} victims how often each kind was killed, and for how long it was away on average
 * @property {number} seconds of the rounds
 * @property {number} quietSeconds until everything was over
 * @property {string | null} withoutRedis why there was none
 * @property {readonly import('./verdict.mjs').Run[]} runs
 * @property {string[]} notes what was waited for in vain, and what ended though nobody killed it
 */

/**
 * @param {FireOptions} options
 * @returns {Promise<Burnt>}
 */
export async function burn({ kills, seed, size, keep = null, signal, say }) {
  const dice = new Dice(seed);
  const scene = await Scene.open({ seed: dice.between(0, 0xffff_ffff), size, keep });
  try {
    const { talkers } = scene;
    if (!talkers) throw new Error('the scene is not open');
    if (scene.withoutRedis !== null) say(`one server and no Redis in this fire: ${scene.withoutRedis}`);
    say(`${size.groups * size.computers} computers with ${scene.phones} phones, ${size.talkers} talkers; everything is well`);

    const sparks = new Sparks();
    const asker = new Asker(scene);
    asker.onSpark = sparks.fly;
    for (const group of scene.groups) group.onSpark = sparks.fly;
    const from = Date.now();
    await scene.trouble(dice);
    asker.start();
    talkers.talk(TALK_MS);
    const watch = watchLedgers(scene);
    const began = performance.now();
    /** Acknowledged at each kill. */
    const progress = [0, 0];
    const quota = quotaOf(scene, kills);
    const rounds = KINDS.reduce((n, kind) => n + quota[kind], 0);
    for (let round = 1; round <= rounds; round++) {
      signal?.throwIfAborted();
      await moment(dice, sparks);
      const wanted = (progress.at(-2) ?? 0) + PROGRESS.messages;
      await scene.until('work is done', PROGRESS.patienceMs, async () => talkers.acknowledged >= wanted).catch(() => undefined);
      const victim = await somebodyUp(scene, dice, quota);
      progress.push(talkers.acknowledged);
      victim.strike(dice.between(DOWN_MS.least, DOWN_MS.most));
      if (round % 20 === 0) say(`kill ${round}: ${talkers.lookedUp} messages looked up, ${asker.asked.length} orders`);
    }
    const seconds = (performance.now() - began) / 1000;
    for (const victim of scene.victims) await victim.back();
    const hasActed = async () => scene.groups.some((group) => group.effects().some(({ at }) => at >= from));
    await scene.until('an order acts', ACT_MS, hasActed).catch(() => undefined);
    say('the last part is back; waiting until everything is over');
    const quiet = await settle(scene, { asker, watch, from, signal });

    const victims = KINDS.map((kind) => {
      const all = scene.victims.filter((v) => v.kind === kind);
      const kills = all.reduce((n, v) => n + v.kills, 0);
      return { kind, kills, awayMs: all.reduce((n, v) => n + v.awayMs, 0) / Math.max(1, kills) };
    });
    const { evidence } = quiet;
    const notes = [...quiet.notes, ...scene.victims.flatMap((v) => v.died)];
    const { withoutRedis } = scene;
    return { rows: judgeFire(evidence), victims, seconds, quietSeconds: quiet.seconds, withoutRedis, runs: evidence.runs, notes };
  } finally {
    await scene.end();
  }
}

/**
 * How often each kind is killed; one that is not in the scene, never.
 * @param {Scene} scene
 * @param {number | Quota} kills
 * @returns {Quota}
 */
function quotaOf(scene, kills) {
  const here = KINDS.filter((kind) => scene.victims.some((v) => v.kind === kind));
  const share = (/** @type {import('./victims.mjs').Kind} */ kind) => {
    const place = here.indexOf(kind);
    if (place < 0) return 0;
    return typeof kills === 'number' ? Math.floor((kills + place) / here.length) : kills[kind];
  };
  return { server: share('server'), postgres: share('postgres'), redis: share('redis'), agents: share('agents') };
}

/** Something happened just now: whoever waits for that is told. */
class Sparks {
  /** @type {(() => void)[]} */
  #waiting = [];

  fly = () => {
    for (const tell of this.#waiting.splice(0)) tell();
  };

  /** Resolves with the next one. @returns {Promise<void>} */
  next() {
    return new Promise((resolve) => {
      this.#waiting.push(() => resolve());
    });
  }
}

/**
 * Waits for a random moment; every second time, for a moment right after something happened.
 * @param {Dice} dice
 * @param {Sparks} sparks
 */
async function moment(dice, sparks) {
  const ms = dice.between(ROUND_MS.least, ROUND_MS.most);
  const afterMs = dice.between(0, SPARK_MS);
  if (dice.unit() < 0.5) return await sleep(ms);
  await sleep(ROUND_MS.least);
  await Promise.race([sleep(ms), sparks.next()]);
  await sleep(afterMs);
}

/**
 * The part to be killed: one of the kind that has the largest part of its kills still before it, so that all kinds end together.
 * @param {Scene} scene
 * @param {Dice} dice
 * @param {Quota} quota
 */
async function somebodyUp(scene, dice, quota) {
  for (;;) {
    const up = scene.victims.filter((v) => v.isUp);
    if (scene.victims.length - up.length < DOWN_AT_ONCE) {
      const killed = new Map(KINDS.map((kind) => [kind, scene.victims.filter((v) => v.kind === kind).reduce((n, v) => n + v.kills, 0)]));
      const left = (/** @type {import('./victims.mjs').Victim} */ { kind }) => 1 - (killed.get(kind) ?? 0) / Math.max(1, quota[kind]);
      const due = up.filter((v) => (killed.get(v.kind) ?? 0) < quota[v.kind]);
      if (due.length > 0) {
        const most = Math.max(...due.map(left));
        const { kind } = dice.pick(due.filter((v) => left(v) === most));
        return dice.pick(due.filter((v) => v.kind === kind));
      }
    }
    await Promise.race(scene.victims.filter((v) => !v.isUp).map((v) => v.back()));
  }
}
