// What an idle agent costs the server, and how long a fleet needs to come back.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { kilobytes, megabytes, now, secondsOf, times, whole } from '../figures.mjs';
import { House, startDatabase, temporaryFolder } from '../house.mjs';
import { RemoteCrowd } from '../load/remote.mjs';

const GOAL = 2.0;
/** Connections opened and closed before anything is measured, so that code is compiled and pools are filled. */
const WARM = 300;
/** Connections are left alone this long before they count as idle. */
const IDLE_MS = 3_000;
const PATIENCE = { timeoutMs: 180_000 };
/** How long the return of all is watched. */
const STORM_MS = 180_000;
const PRELOAD = pathToFileURL(join(import.meta.dirname, 'memory.mjs')).href;

/** @typedef {{ rss: number, heapUsed: number, native: number }} Memory `native`: resident and not of JavaScript's heap */

/** @param {import('../main.mjs').Context} context */
export async function run(context) {
  const { sizes, report, say } = context;
  const connections = sizes.connections ?? 0;
  const folder = temporaryFolder(context);
  const file = join(folder, 'memory.json');
  const env = { LOCKSTEP_BENCH_MEMORY_FILE: file };
  const database = await startDatabase(context);
  const crowd = new RemoteCrowd();
  context.defer(() => crowd.stop());

  const raw = await rawMemory(context, database.url, folder, crowd, connections, file);
  say(`bare ws: ${kilobytes(live(raw.perConnection))} a connection`);

  const house = new House(database.url, folder);
  context.defer(() => house.stop());
  await house.start({ preload: PRELOAD, env });
  await crowd.ask('enrol', { url: house.url, tokens: await house.enrolmentTokens(connections), count: connections });
  say(`${whole(connections)} computers enrolled`);
  // Enrolling leaves memory behind that connections would be given without the process growing.
  await house.stop();
  await house.start({ preload: PRELOAD, env });
  await crowd.ask('connect', { url: house.url, count: WARM, ...PATIENCE });
  await crowd.ask('restart');
  await sleep(IDLE_MS);
  const before = await memoryOf(house.pid, file);
  const connected = await crowd.ask('connect', { url: house.url, ...PATIENCE });
  say(`${whole(connections)} agents proved themselves in ${secondsOf(connected.ms)}`);
  await sleep(IDLE_MS);
  const idle = await memoryOf(house.pid, file);
  const ours = perConnection(before, idle, connections);
  say(`Lockstep: ${kilobytes(live(ours, raw.perConnection.native))} a connection`);
  await crowd.ask('tellPictures', PATIENCE);
  await sleep(IDLE_MS);
  const known = perConnection(before, await memoryOf(house.pid, file), connections);

  const limit = live(raw.perConnection);
  const mine = live(ours, raw.perConnection.native);
  report.figure(`limit: bare ws, ${whole(connections)} idle connections, memory of each`, kilobytes(limit));
  report.figure(`Lockstep, ${whole(connections)} proven agents, idle, memory of each`, kilobytes(mine));
  report.goal('Lockstep / limit', times(mine / limit), `<= ${GOAL.toFixed(1)}`, mine > 0 && limit > 0 && mine / limit <= GOAL);
  report.figure(
    'of that live JavaScript objects: bare ws / Lockstep',
    `${kilobytes(raw.perConnection.heapUsed)} / ${kilobytes(ours.heapUsed)}`,
  );
  report.figure('growth of the whole process for each: bare ws / Lockstep', `${kilobytes(raw.perConnection.rss)} / ${kilobytes(ours.rss)}`);
  report.figure('Lockstep, each with its picture of 15 facts and two phones in memory', kilobytes(live(known, raw.perConnection.native)));
  report.figure('Lockstep, whole process with all of them', megabytes(before.rss + known.rss * connections));
  report.figure('time until all were connected, 64 first exchanges at once', secondsOf(connected.ms));

  /** @type {Record<string, unknown>} */
  const storms = {};
  for (const [name, end] of /** @type {const} */ ([
    ['restart', () => house.stop()],
    ['kill -9', () => house.kill()],
  ])) {
    const watching = crowd.ask('storm', { timeoutMs: STORM_MS });
    await sleep(100);
    const endedAt = now();
    await end();
    await house.start();
    const readyAt = now();
    say(`${name}: the server is ready again after ${secondsOf(readyAt - endedAt)}`);
    const { gone, back, times: at } = await watching;
    report.goal(`${name}: agents that are back (${whole(gone)} were cut off)`, whole(back), whole(connections), back === connections);
    report.figure(
      `${name}: half / 95 % / all are back, from the server being ready`,
      [at.half, at.most, at.all].map((t) => secondsOf(t - readyAt)).join(' / '),
    );
    report.figure(`${name}: all are back, from the end of the old server`, secondsOf(at.all - endedAt));
    storms[name] = {
      gone,
      back,
      readyMs: readyAt - endedAt,
      halfMs: at.half - readyAt,
      mostMs: at.most - readyAt,
      allMs: at.all - readyAt,
    };
  }
  report.note(
    'memory is what stays after forced collections; the agents wait between attempts as SPEC.md says (LIVE-4), and both ends share this machine',
  );
  report.figures = { connections, raw, ours, known, connectMs: connected.ms, storms };
}

/**
 * @param {import('../main.mjs').Context} context
 * @param {string} databaseUrl
 * @param {string} folder
 * @param {RemoteCrowd} crowd
 * @param {number} connections
 * @param {string} file
 */
async function rawMemory(context, databaseUrl, folder, crowd, connections, file) {
  const bare = new House(databaseUrl, folder, { program: join(import.meta.dirname, 'raw.mjs'), name: 'bare' });
  context.defer(() => bare.stop());
  await bare.start({ preload: PRELOAD, env: { LOCKSTEP_BENCH_MEMORY_FILE: file } });
  await crowd.rawConnect({ url: bare.url, count: WARM });
  await crowd.rawClose();
  await sleep(IDLE_MS);
  const before = await memoryOf(bare.pid, file);
  await crowd.rawConnect({ url: bare.url, count: connections });
  await sleep(IDLE_MS);
  const after = await memoryOf(bare.pid, file);
  await crowd.rawClose();
  await bare.stop();
  return { before, after, perConnection: perConnection(before, after, connections) };
}

/**
 * @param {number} pid of a process that memory.mjs was loaded into
 * @param {string} file
 * @returns {Promise<Memory>}
 */
async function memoryOf(pid, file) {
  rmSync(file, { force: true });
  process.kill(pid, 'SIGUSR2');
  for (const limit = now() + 30_000; now() < limit; await sleep(50)) if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8'));
  throw new Error('the server did not tell its memory');
}

/**
 * @param {Memory} before
 * @param {Memory} after
 * @param {number} connections
 * @returns {Memory}
 */
function perConnection(before, after, connections) {
  const each = (/** @type {keyof Memory} */ name) => (after[name] - before[name]) / connections;
  return { rss: each('rss'), heapUsed: each('heapUsed'), native: each('native') };
}

/**
 * Memory that is really taken: live objects, and what is not JavaScript's. Growth of the whole process alone would say less: a server that has
 * free pages left from its start puts connections there and does not grow.
 * @param {Memory} memory
 * @param {number} [least] what is not JavaScript's is at least this: the same sockets need the same, also where free pages hide it
 */
function live({ heapUsed, native }, least = 0) {
  return heapUsed + Math.max(native, least);
}
