// Redis is gone for some minutes, while computers report, fixes are ordered and tickets are filed.
import { setTimeout as sleep } from 'node:timers/promises';
import { quantile } from '../../bench/figures.mjs';
import { Sentence } from '../../scripts/sentence.mjs';
import { Asker } from './asker.mjs';
import { Dice } from './dice.mjs';
import { TALK_MS } from './fire.mjs';
import { settle, watchLedgers } from './quiet.mjs';
import { Scene } from './scene.mjs';
import { judgeFire } from './verdict.mjs';

/** Longest time until the servers say that Redis is gone, or back, ms: they look every five seconds and wait for an answer for three. */
const TOLD_MS = 30_000;
const SAMPLE_MS = 5_000;
/** Half of the computers is connected to one server, half to the other. Troubles as often as the pauses between two fixes let orders follow. */
const SIZE = /** @type {import('./scene.mjs').Size} */ ({ groups: 2, computers: 4, phones: 10, talkers: 6, troubled: [800, 2_500] });

/**
 * @typedef {object} Away
 * @property {import('./verdict.mjs').Row[]} rows
 * @property {readonly [string, string][]} figures what was measured, in words
 * @property {string[]} notes what was not as it should be
 */

/**
 * @param {{ seconds: number, seed: number, keep?: string | null, signal?: AbortSignal, say: (text: string) => void }} options
 * @returns {Promise<Away>}
 * @throws {Sentence} where there is no redis-server
 */
export async function takeRedisAway({ seconds, seed, keep = null, signal, say }) {
  const dice = new Dice(seed);
  const scene = await Scene.open({ seed: dice.between(0, 0xffff_ffff), size: SIZE, keep, isSpread: true });
  try {
    const { talkers, redis } = scene;
    if (!redis || !talkers) throw new Sentence(`This needs Redis: there is ${scene.withoutRedis}.`);
    const asker = new Asker(scene);
    const from = Date.now();
    await scene.trouble(dice);
    asker.start();
    talkers.talk(TALK_MS);
    const watch = watchLedgers(scene);
    await sleep(SAMPLE_MS);
    say('everything is under way; Redis goes');

    /** @type {string[]} */
    const notes = [];
    const ackedBefore = talkers.acknowledged;
    const goneAt = new Date();
    await redis.down();
    const toldMs = await scene.until('both servers say that Redis is gone', TOLD_MS, async () => (await troubles(scene)).every(isTold));
    say(`both say so after ${(toldMs / 1000).toFixed(1)} s`);
    let connected = Number.POSITIVE_INFINITY;
    while (Date.now() - goneAt.getTime() < seconds * 1000) {
      await sleep(Math.min(SAMPLE_MS, Math.max(0, seconds * 1000 - (Date.now() - goneAt.getTime()))));
      signal?.throwIfAborted();
      connected = Math.min(connected, await connectedHosts(scene));
      for (const told of await troubles(scene))
        if (!isTold(told)) notes.push(`a server did not say any more that Redis is gone: ${told.ready}`);
    }
    const ackedWhile = talkers.acknowledged - ackedBefore;
    const backAt = new Date();
    await redis.up();
    const readyMs = await scene.until('both servers are ready again', TOLD_MS, async () => (await troubles(scene)).every(isWell));
    say(`Redis is back; both are ready after ${(readyMs / 1000).toFixed(1)} s`);

    const during = await whileAway(scene, goneAt, backAt);
    const quiet = await settle(scene, { asker, watch, from, signal });
    notes.push(...quiet.notes);
    const later = await whileAway(scene, goneAt, backAt);
    const hosts = scene.hostIds.length;
    if (connected < hosts) notes.push(`only ${connected} of ${hosts} computers stayed connected`);
    return {
      rows: judgeFire(quiet.evidence),
      figures: [
        ['Redis was away', `${seconds} s`],
        ['until /readyz of both servers was 503 and named queue and bus', `${(toldMs / 1000).toFixed(1)} s`],
        ['until both were 200 again after its return', `${(readyMs / 1000).toFixed(1)} s`],
        ['computers that stayed connected', `${Math.min(connected, hosts)} of ${hosts}`],
        ['messages acknowledged meanwhile', ackedWhile.toLocaleString('en-US')],
        ['orders asked meanwhile', String(later.asked)],
        ['  carried out before it returned', String(during.over)],
        ['  over in the end', String(later.over)],
        ['  from asking to sending, median / 95 % / longest', later.sending],
        ['tickets filed or reopened meanwhile', String(later.opened)],
        ['tickets closed meanwhile', String(later.closed)],
      ],
      notes,
    };
  } finally {
    await scene.end();
  }
}

/** @typedef {{ ready: number, named: string[], page: string, sentences: number }} Told what a server says of itself */

/** Both servers: the answer to who watches them, and what the page shows. @param {Scene} scene @returns {Promise<Told[]>} */
async function troubles(scene) {
  return await Promise.all(
    scene.houses.map(async ({ url }) => {
      const ready = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(10_000) });
      const said = /** @type {{ errors?: { field: string }[] }} */ (await ready.json());
      const named = (said.errors ?? []).map((e) => e.field);
      const { json: page } = await scene.ask('GET', '/status', { url });
      return { ready: ready.status, named, page: page.status, sentences: page.troubles.length };
    }),
  );
}

/** @param {Told} told */
function isTold({ ready, named, page, sentences }) {
  return ready === 503 && named.includes('queue') && named.includes('bus') && page === 'degraded' && sentences === 2;
}

/** @param {Told} told */
function isWell({ ready, page }) {
  return ready === 200 && page === 'ok';
}

/** @param {Scene} scene @returns {Promise<number>} */
async function connectedHosts(scene) {
  const { rows } = await scene.query('SELECT count(*)::int AS n FROM host_link WHERE host_id = ANY($1::uuid[]) AND node_id IS NOT NULL', [
    scene.hostIds,
  ]);
  return rows[0].n;
}

/**
 * What happened in that time, as the rows tell now.
 * @param {Scene} scene
 * @param {Date} from
 * @param {Date} to
 */
async function whileAway(scene, from, to) {
  const runs = await scene.query('SELECT state, asked_at, sent_at FROM fix_run WHERE asked_at BETWEEN $1 AND $2', [from, to]);
  const events = await scene.query('SELECT kind, count(*)::int AS n FROM ticket_event WHERE at BETWEEN $1 AND $2 GROUP BY kind', [
    from,
    to,
  ]);
  const count = (/** @type {string[]} */ ...kinds) => events.rows.filter((e) => kinds.includes(e.kind)).reduce((n, e) => n + e.n, 0);
  const waits = runs.rows
    .filter((r) => r.sent_at !== null)
    .map((r) => (r.sent_at - r.asked_at) / 1000)
    .sort((a, b) => a - b);
  return {
    asked: runs.rows.length,
    over: runs.rows.filter((r) => ['judged', 'expired', 'refused', 'cancelled'].includes(r.state)).length,
    sending: [0.5, 0.95, 1].map((q) => `${quantile(waits, q).toFixed(1)} s`).join(' / '),
    opened: count('filed', 'reopened'),
    closed: count('closed'),
  };
}
