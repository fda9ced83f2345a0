// How long a change at a computer takes until the page shows it.
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { millis, now, spread, whole } from '../figures.mjs';
import { House, startDatabase, temporaryFolder } from '../house.mjs';
import { RemoteCrowd } from '../load/remote.mjs';
import { FleetPage } from './page.mjs';

/** A second is the longest wait that does not interrupt a person's thought (Nielsen, Usability Engineering, 1993, ch. 5). */
const GOAL_MS = 1_000;
/** A computer has something new to tell every half minute while everything is well: the longest period of a probe. */
const CHANGE_EVERY_S = 30;
/** Changes come at irregular times, so that they do not fall in step with the server's gathering. */
const GAP_MS = { least: 250, more: 500 };
/** A change that is not shown by then counts as never shown. */
const SHOWN_MS = 10_000;
const PATIENCE = { timeoutMs: 120_000 };

/** @param {import('../main.mjs').Context} context */
export async function run(context) {
  const { sizes, report, say } = context;
  const agents = sizes.agents ?? 0;
  const folder = temporaryFolder(context);
  const database = await startDatabase(context);
  const house = new House(database.url, folder);
  context.defer(() => house.stop());
  await house.start();
  const crowd = new RemoteCrowd();
  context.defer(() => crowd.stop());
  await crowd.ask('enrol', { url: house.url, tokens: await house.enrolmentTokens(agents), count: agents });
  await crowd.ask('connect', { url: house.url, ...PATIENCE });
  await crowd.ask('tellPictures', PATIENCE);
  await crowd.ask('murmur', { perSecond: agents / CHANGE_EVERY_S });
  say(`${whole(agents)} computers are connected and report`);

  const page = await FleetPage.open(house.url, house.setupToken());
  context.defer(() => page.close());
  const rows = await page.healthyRows();
  const hostOf = await hostsOfPairs(house);
  const targets = rows.filter((row) => hostOf.has(row));
  if (targets.length < 2) throw new Error('too few healthy pairs are shown to change one');
  const socket = await watchSocket(house);
  context.defer(() => socket.close());
  await page.watch();
  say(`the page shows ${rows.length} healthy pairs; changing them`);

  /** @type {{ row: string, health: string, sentAt: number, ackMs: number }[]} */
  const sent = [];
  const count = sizes.changes ?? 0;
  for (let i = 0; i < count; i++) {
    const row = targets[i % targets.length] ?? '';
    const accepted = Math.floor(i / targets.length) % 2 === 1;
    const { sentAt, ackMs } = await crowd.ask('flip', { hostId: hostOf.get(row) ?? '', accepted });
    sent.push({ row, health: accepted ? 'healthy' : 'broken', sentAt, ackMs });
    await sleep(GAP_MS.least + Math.random() * GAP_MS.more);
  }
  const onPage = () => page.shown();
  for (const limit = now() + SHOWN_MS; now() < limit && matched(sent, await onPage()).length < count; ) await sleep(200);
  const seen = matched(sent, await onPage());
  const told = matched(sent, socket.shown);

  const ack = spread(sent.map((one) => one.ackMs));
  const bare = spread(told);
  const shown = spread(seen);
  report.figure('limit: agent → committed → acknowledged at the agent, p50 / p95', `${millis(ack.p50)} / ${millis(ack.p95)}`);
  report.figure('agent → a bare client of the browsers’ socket, p50 / p95', `${millis(bare.p50)} / ${millis(bare.p95)}`);
  report.figure('agent → the document of a real browser, p50', millis(shown.p50));
  report.goal('agent → the document of a real browser, p95', millis(shown.p95), `< ${whole(GOAL_MS)} ms`, shown.p95 < GOAL_MS);
  report.figure('agent → the document of a real browser, longest', millis(shown.max));
  report.goal('changes that the page showed', whole(shown.count), whole(count), shown.count === count);
  report.note(
    `${whole(agents)} agents are connected, and each reports every ${CHANGE_EVERY_S} s; the server gathers changes for 250 ms before it sends them`,
  );
  report.figures = { agents, ack, socket: bare, page: shown };
}

/**
 * For each change that was shown, how long it took, ms.
 * @param {readonly { row: string, health: string, sentAt: number }[]} sent
 * @param {readonly import('./page.mjs').Shown[]} shown
 */
export function matched(sent, shown) {
  return sent.flatMap(({ row, health, sentAt }) => {
    const first = shown.find((one) => one.row === row && one.health === health && one.at >= sentAt);
    return first && first.at - sentAt <= SHOWN_MS ? [first.at - sentAt] : [];
  });
}

/**
 * The computers of all attached pairs.
 * @param {House} house
 * @returns {Promise<Map<string, string>>}
 */
async function hostsOfPairs(house) {
  const hosts = new Map();
  for (let after = ''; ; ) {
    const page = await house.ask('GET', `/pairs?limit=200&presence=attached${after}`);
    for (const pair of page.items) hosts.set(pair.id, pair.hostId);
    if (page.next === null) return hosts;
    after = `&after=${encodeURIComponent(page.next)}`;
  }
}

/**
 * A client that watches the fleet as the page does and draws nothing.
 * @param {House} house
 */
async function watchSocket(house) {
  /** @type {import('./page.mjs').Shown[]} */
  const shown = [];
  /** @type {Map<string, string>} */
  const healths = new Map();
  const ws = new WebSocket(`${house.url.replace(/^http/, 'ws')}/live`, ['lockstep-live.v1'], {
    perMessageDeflate: false,
    headers: { authorization: `Bearer ${house.adminToken()}` },
  });
  ws.on('message', (data) => {
    const at = now();
    const message = JSON.parse(String(data));
    if (message.type !== 'pairs') return;
    for (const { id, health } of message.rows) {
      if (healths.get(id) !== health) shown.push({ row: id, health, at });
      healths.set(id, health);
    }
  });
  await new Promise((resolve, reject) => ws.once('open', resolve).once('error', reject));
  ws.send(JSON.stringify({ type: 'watch.fleet' }));
  return { shown, close: () => ws.terminate() };
}
