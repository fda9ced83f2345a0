// How much of what many agents tell gets into the database, and how soon they are told so.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { deserialize } from 'node:v8';
import { millis, quantile, times, whole } from '../figures.mjs';
import { House, startDatabase, temporaryFolder } from '../house.mjs';
import { CHANGED, PICTURE } from '../load/facts.mjs';
import { RemoteCrowd } from '../load/remote.mjs';
import { coresText, watchCpu } from '../machine.mjs';
import { columns } from '../report.mjs';
import { lostOf, Replay, rawInsert, shares } from './limits.mjs';

/** Transactions recorded for the limit: a few seconds of work at saturation. */
const RECORDED = 60;
const WARM_SECONDS = 2;
/** Saturation and limit take turns, so that whatever else the machine does meets both. */
const ROUNDS = 5;
/** Shares of saturation that are offered; the last is the highest below 0.8, where the goal for acknowledgements is. */
const SHARES = [0.2, 0.4, 0.6, 0.79];
const GOALS = { ratio: 0.5, ackMs: 250 };
const PATIENCE = { timeoutMs: 120_000 };

/** @param {import('../main.mjs').Context} context */
export async function run(context) {
  const { sizes, report, say } = context;
  const agents = sizes.agents ?? 0;
  const seconds = sizes.seconds ?? 0;
  const folder = temporaryFolder(context);
  const database = await startDatabase(context);
  const house = new House(database.url, folder);
  context.defer(() => house.stop());
  const crowd = new RemoteCrowd();
  context.defer(() => crowd.stop());

  const record = join(folder, 'transactions');
  await house.start({
    preload: pathToFileURL(join(import.meta.dirname, 'record.mjs')).href,
    env: { LOCKSTEP_BENCH_RECORD_FILE: record, LOCKSTEP_BENCH_RECORD_COUNT: String(RECORDED) },
  });
  await crowd.ask('enrol', { url: house.url, tokens: await house.enrolmentTokens(agents), count: agents });
  say(`${whole(agents)} computers enrolled`);
  await crowd.ask('connect', { url: house.url, ...PATIENCE });
  await crowd.ask('tellPictures', PATIENCE);
  const recorded = await recordTransactions(house, crowd, record);
  const perTransaction = recorded.reduce((n, one) => n + one.messages, 0) / recorded.length;
  say(`${recorded.length} transactions of ${perTransaction.toFixed(0)} messages recorded`);
  await house.stop();
  const replay = await Replay.of(database.url, recorded);

  // The server that is measured is the one that ships: nothing is loaded into it.
  await crowd.ask('restart');
  await house.start();
  await crowd.ask('connect', { url: house.url, ...PATIENCE });
  await crowd.ask('tellPictures', PATIENCE);
  const pids = { server: house.pid, database: database.pid, agents: crowd.pid };
  /** @type {{ full: import('../load/crowd.mjs').Load, cores: Record<string, number>, limit: import('./limits.mjs').Replayed, limitCores: Record<string, number> }[]} */
  const rounds = [];
  for (let i = 0; i < ROUNDS; i++) {
    say(`round ${i + 1} of ${ROUNDS}: saturating, then the recorded transactions from a bare client`);
    const serverCpu = watchCpu(pids);
    const full = await crowd.ask('saturate', { seconds: seconds / ROUNDS, warmSeconds: WARM_SECONDS });
    const cores = serverCpu();
    const limitCpu = watchCpu({ database: database.pid });
    rounds.push({ full, cores, limit: await replay.run(seconds / ROUNDS), limitCores: limitCpu() });
  }
  const typical = median(rounds, (round) => round.full.perSecond);
  const { full, cores: fullCores } = typical;
  const limit = median(rounds, (round) => round.limit.perSecond);
  const { perSecond: limitPerSecond } = limit.limit;
  const ratioOf = (/** @type {typeof typical} */ round) => round.full.perSecond / round.limit.perSecond;
  const ratio = ratioOf(median(rounds, ratioOf));
  const stages = [];
  for (const share of SHARES) {
    const perSecond = full.perSecond * share;
    say(`offering ${whole(perSecond)} messages/s`);
    const cpu = watchCpu(pids);
    const load = await crowd.ask('pace', { perSecond, seconds, warmSeconds: WARM_SECONDS });
    stages.push({ share, offered: perSecond, load, cores: cpu() });
  }
  const found = await lostOf(database.url, await crowd.ask('said'));
  await house.stop();

  const raw = await rawInsert(database.url, Math.min(seconds, 5));

  const last = stages.at(-1);
  const factRows = full.perSecond * CHANGED;
  report.figure(
    `limit: the same transactions from a bare client (${perTransaction.toFixed(0)} messages each)`,
    `${whole(limitPerSecond)} messages/s`,
  );
  report.figure('server at saturation, one message of each agent under way', `${whole(full.perSecond)} messages/s`);
  report.goal(`server / limit, median of ${ROUNDS} rounds`, times(ratio), `>= ${times(GOALS.ratio)}`, ratio >= GOALS.ratio);
  const p99 = last?.load.ack.p99 ?? Number.NaN;
  report.goal(
    `ack p99 at ${whole(last?.offered ?? 0)} messages/s (${SHARES.at(-1)} of saturation)`,
    millis(p99),
    `< ${GOALS.ackMs} ms`,
    p99 < GOALS.ackMs,
  );
  report.goal('acknowledged and not in the database', String(found.lost), '0', found.lost === 0);
  report.goal(
    'hosts whose rows are not exactly what they said last',
    String(found.wrong + found.quarantined),
    '0',
    found.wrong + found.quarantined === 0,
  );
  report.figure('raw UNNEST insert, no index, bare client', `${whole(raw)} rows/s`);
  report.figure(`fact rows of the server (${CHANGED} of ${PICTURE} per message) / raw`, times(factRows / raw));
  report.figure('cores at saturation', coresText(fullCores));
  report.figure('cores during the replay', coresText(limit.limitCores));
  if (stages.some(({ load }) => load.heldBack > 0))
    report.note('some messages could not be sent when they were due: the rates offered were not reached');
  report.note(`server / limit by round: ${rounds.map((round) => times(ratioOf(round))).join(', ')}`);
  report.note(
    `ack times by rate offered (from when a message was due):\n${columns([
      ['share', 'offered/s', 'stored/s', 'p50', 'p95', 'p99', 'max', 'cores'],
      ...[
        ...stages.map(stageRow),
        [
          'full',
          '-',
          whole(full.perSecond),
          millis(full.ack.p50),
          millis(full.ack.p95),
          millis(full.ack.p99),
          millis(full.ack.max),
          coresText(fullCores),
        ],
      ],
    ])
      .map((line) => `        ${line}`)
      .join('\n')}`,
  );
  report.note(
    `where the limit's time goes: ${shares(rounds.map((round) => round.limit))
      .slice(0, 6)
      .map(([sql, share]) => `${Math.round(share * 100)} % ${sql}`)
      .join('; ')}`,
  );
  report.note('PostgreSQL syncs every commit to disk; the server, the database, the agents and the bare client share this machine');
  report.figures = {
    limitPerSecond,
    saturation: full,
    ratio,
    rounds: rounds.map((round) => ({ server: round.full.perSecond, limit: round.limit.perSecond, ratio: ratioOf(round) })),
    stages,
    lost: found,
    rawRowsPerSecond: raw,
    cores: { saturation: fullCores, replay: limit.limitCores },
  };
}

/**
 * The one in the middle: always one that was measured.
 * @template T
 * @param {readonly T[]} all
 * @param {(one: T) => number} of
 */
function median(all, of) {
  const middle = quantile(
    all.map(of).sort((a, b) => a - b),
    0.5,
  );
  const found = all.find((one) => of(one) === middle);
  if (found === undefined) throw new Error('nothing was measured');
  return found;
}

/** @param {{ share: number, offered: number, load: import('../load/crowd.mjs').Load, cores: Record<string, number> }} stage */
function stageRow({ share, offered, load: { perSecond, ack }, cores }) {
  return [
    String(share),
    whole(offered),
    whole(perSecond),
    millis(ack.p50),
    millis(ack.p95),
    millis(ack.p99),
    millis(ack.max),
    coresText(cores),
  ];
}

/**
 * Saturates the server until enough of its transactions are in the file.
 * @param {House} house
 * @param {RemoteCrowd} crowd
 * @param {string} file
 * @returns {Promise<import('./record.mjs').Recorded[]>}
 */
async function recordTransactions(house, crowd, file) {
  for (let tries = 0; tries < 10 && !existsSync(file); tries++) {
    const loading = crowd.ask('saturate', { seconds: 3, warmSeconds: 1 });
    await sleep(1_500);
    process.kill(house.pid, 'SIGUSR2');
    await loading;
  }
  if (!existsSync(file)) throw new Error('too few transactions were seen to record');
  return deserialize(readFileSync(file));
}
