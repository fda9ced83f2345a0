// What the agent costs the computer it looks after, what it costs to look at a phone, and how soon the server hears of a plug.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { FULL_MS, STILL_MS } from '@lockstep/agent';
import { CADENCE } from '@lockstep/agent/watch';
import { factKey } from '@lockstep/core/health';
import { kilobytes, megabytes, millis, now, secondsOf, spread, times } from '../figures.mjs';
import { ROOT, temporaryFolder } from '../house.mjs';
import { costsOf, hourOf } from './costs.mjs';
import { Lab } from './lab.mjs';
import { probeTimes } from './probe.mjs';
import { startProgram } from './program.mjs';
import { StandIn } from './stand-in.mjs';

const GOALS = { memory: 1.35, idleCpu: 0.003, probe: 0.5, thirtyMs: 2_000, hourBytes: 20 * 1024, plugMs: 1_000 };
const PHONES = 30;
/** Phones that are plugged in when the processor is measured. */
const STAGES = [1, 8, PHONES];
/** The agent spreads its first round of questions over a minute (watch/questions.ts), and the last of them take a while. */
const FIRST_ROUND_MS = 80_000;
/** After a plug everything about the phone is asked, and five seconds later what the computer wrote down about it. */
const SETTLE_MS = 15_000;
/** The bare process is as old as Node needs to be through with starting. */
const BARE_MS = 6_000;
const HEARD_MS = 20_000;

/** @param {import('../main.mjs').Context} context */
export async function run(context) {
  const { sizes, report, say } = context;
  const windowMs = (sizes.seconds ?? 0) * 1_000;
  const folder = temporaryFolder(context);
  const server = new StandIn();
  await server.listen();
  context.defer(() => server.close());
  const lab = new Lab(folder, PHONES);
  await lab.start(context);
  say(`${PHONES} phones are there`);

  const probes = await probeTimes(lab, sizes.probes ?? 0, say);
  for (let i = 0; i < PHONES; i++) await lab.tell('unplug', i);

  const bare = await bareCosts(context, server, folder);
  say(`bare Node: ${megabytes(bare.rss)}`);
  const agent = await startAgent(context, server, lab, folder);
  await sleep(FIRST_ROUND_MS);
  const windows = [await watch(server, agent.pid, windowMs)];
  say('measured without phones');
  const plugs = await plugTimes(server, lab, sizes.plugs ?? 0);
  say(`measured ${sizes.plugs} plugs`);
  for (const [i, phones] of STAGES.entries()) {
    for (let n = STAGES[i - 1] ?? 0; n < phones; n++) await lab.tell('plug', n);
    await sleep(SETTLE_MS);
    windows.push(await watch(server, agent.pid, windowMs));
    say(`measured with ${phones}`);
  }
  tell(report, { bare, windows, probes, plugs });
}

/**
 * @typedef {object} Window
 * @property {import('./costs.mjs').Costs} costs
 * @property {import('./costs.mjs').Hour} hour
 */

/**
 * What the agent takes and sends in a window in which nothing happens.
 * @param {StandIn} server
 * @param {number} pid
 * @param {number} windowMs
 * @returns {Promise<Window>}
 */
async function watch(server, pid, windowMs) {
  const from = now();
  const before = server.bytesIn;
  const costs = await costsOf(pid, windowMs);
  const to = now();
  const inside = server.heard.filter((m) => m.at >= from && m.at < to).reduce((sum, m) => sum + m.bytes, 0);
  const restBytes = server.bytesIn - before - inside;
  const rates = { stillMs: STILL_MS, fullMs: FULL_MS, slowMs: CADENCE.slow };
  return { costs, hour: hourOf({ heard: server.heard, from, to, restBytes }, rates, factKey) };
}

/**
 * @param {import('../main.mjs').Context} context
 * @param {StandIn} server
 * @param {string} folder
 */
async function bareCosts(context, server, folder) {
  const url = `${server.url.replace(/^http/, 'ws')}/agent/v1`;
  const ready = (/** @type {string} */ line) => line.includes('"ready"');
  const bare = await startProgram({ args: [join(import.meta.dirname, 'bare.mjs'), url], name: 'bare', folder, ready });
  context.defer(() => bare.stop());
  await sleep(BARE_MS);
  const costs = await costsOf(bare.pid, BARE_MS);
  await bare.stop();
  return costs;
}

/**
 * Enrols the real agent and starts it, as a person would from the command line.
 * @param {import('../main.mjs').Context} context
 * @param {StandIn} server
 * @param {Lab} lab
 * @param {string} folder
 */
async function startAgent(context, server, lab, folder) {
  const command = join(ROOT, 'apps/agent/bin/lockstep-agent.mjs');
  const env = { ...lab.env, LOCKSTEP_AGENT_DIR: join(folder, 'agent') };
  // The token comes over stdin, as nobody may read it from a list of processes.
  const enrolled = await enrol([command, 'enroll', '--server', server.url], env, server.token);
  if (enrolled.code !== 0) throw new Error(`the agent could not be enrolled: ${enrolled.talk}`);
  const before = server.connections;
  const agent = await startProgram({ args: [command, 'run'], name: 'agent', folder, env });
  context.defer(() => agent.stop());
  await server.until(() => server.connections > before, HEARD_MS, 'the agent was connected');
  return agent;
}

/**
 * @param {string[]} args
 * @param {Record<string, string>} env
 * @param {string} token
 * @returns {Promise<{ code: number | null, talk: string }>}
 */
function enrol(args, env, token) {
  const child = spawn(process.execPath, args, { env: { ...process.env, ...env }, stdio: ['pipe', 'ignore', 'pipe'] });
  let talk = '';
  child.stderr.on('data', (text) => {
    talk += text;
  });
  child.stdin.end(token);
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, talk })));
}

/**
 * From the word to the lab until the message is at the server that says so.
 * @param {StandIn} server
 * @param {Lab} lab
 * @param {number} count
 */
async function plugTimes(server, lab, count) {
  /** @type {{ plug: number[], unplug: number[] }} */
  const found = { plug: [], unplug: [] };
  const udid = lab.udids[0];
  for (let i = 0; i < count; i++) {
    for (const what of /** @type {const} */ (['plug', 'unplug'])) {
      const state = what === 'plug' ? 'seen' : 'absent';
      const from = now();
      await lab.tell(what, 0);
      const told = () =>
        server.heard.find((m) => m.at >= from && m.facts.some((f) => f.kind === 'mux-device' && f.state === state && aboutPhone(f, udid)));
      await server.until(() => told() !== undefined, HEARD_MS, `the server heard of the ${what}`);
      found[what].push((told()?.at ?? Number.NaN) - from);
      // Not in step with the agent's own rounds.
      await sleep(700 + Math.random() * 900);
    }
  }
  return { plug: spread(found.plug), unplug: spread(found.unplug) };
}

/** @param {import('@lockstep/core/health').Fact} fact @param {string | undefined} udid */
function aboutPhone(fact, udid) {
  return fact.subject !== 'host' && fact.subject.udid === udid;
}

/**
 * @param {import('../report.mjs').Report} report
 * @param {{ bare: import('./costs.mjs').Costs, windows: Window[], probes: import('./probe.mjs').ProbeTimes, plugs: Awaited<ReturnType<typeof plugTimes>> }} measured
 */
function tell(report, { bare, windows, probes, plugs }) {
  const counts = [0, ...STAGES];
  const percent = (/** @type {number} */ share) => `${(share * 100).toFixed(2)} %`;
  const [idle] = windows;
  if (!idle) throw new Error('nothing was measured');
  const ratio = idle.costs.rss / bare.rss;
  report.figure('limit: bare Node with ws and zod and one open socket, memory', megabytes(bare.rss));
  report.figure(
    'agent without phones / with 30, memory',
    `${megabytes(idle.costs.rss)} / ${megabytes(windows.at(-1)?.costs.rss ?? Number.NaN)}`,
  );
  report.goal('agent without phones / limit', times(ratio), `<= ${GOALS.memory}`, ratio <= GOALS.memory);
  report.figure('of that no file’s pages: bare / agent', `${megabytes(bare.anonymous)} / ${megabytes(idle.costs.anonymous)}`);
  report.goal('processor, idle: the agent itself', percent(idle.costs.own), `< ${GOALS.idleCpu * 100} %`, idle.costs.own < GOALS.idleCpu);
  for (const [i, { costs }] of windows.entries())
    report.figure(
      `processor of one core with ${counts[i]} phones: the agent / and the tools it asks`,
      `${percent(costs.own)} / ${percent(costs.withTools)}`,
    );
  tellProbes(report, probes);
  for (const what of /** @type {const} */ (['plug', 'unplug'])) {
    const { p50, p95, max } = plugs[what];
    report.goal(`${what} to the server, slowest`, millis(max), `< ${millis(GOALS.plugMs)}`, max < GOALS.plugMs);
    report.figure(`${what} to the server, median / 95 %`, `${millis(p50)} / ${millis(p95)}`);
  }
  for (const [i, { hour }] of windows.entries()) {
    const what = `sent in an idle hour with ${counts[i]} phones`;
    // Thirty phones are a bench for phones, not one person's computer.
    if ((counts[i] ?? 0) > 1) report.figure(what, kilobytes(hour.total));
    else report.goal(what, kilobytes(hour.total), `<= ${kilobytes(GOALS.hourBytes)}`, hour.total <= GOALS.hourBytes);
    report.figure(
      '  of that stills / whole pictures / told again / pongs',
      [hour.stills, hour.fulls, hour.changes, hour.rest].map(kilobytes).join(' / '),
    );
  }
  report.note(
    `nobody waited an hour: stills and whole pictures are counted at their real size and at the agent's real rates (one a ${secondsOf(STILL_MS)}, one in ${FULL_MS / 3_600_000} h), all else is what came in the window, scaled`,
  );
  report.note('the network is not asked in a lab: questions to Apple’s servers and to the local network cost nothing here');
  report.figures = { bare, windows, probes, plugs };
}

/**
 * @param {import('../report.mjs').Report} report
 * @param {import('./probe.mjs').ProbeTimes} probes
 */
function tellProbes(report, { full, steady, tool, toolWithout, thirty, thirtySteady, missing }) {
  report.figure(
    'limit: ideviceinfo / ideviceinfo -s, one phone, median',
    missing ? missing : `${millis(tool.p50)} / ${millis(toolWithout.p50)}`,
  );
  report.figure('one phone, everything / what every look asks, median', `${millis(full.p50)} / ${millis(steady.p50)}`);
  if (missing) report.note(`${missing}: how long a look takes is printed without its limit`);
  else {
    const ratio = full.p50 / tool.p50;
    report.figure('what every look asks / ideviceinfo', times(steady.p50 / tool.p50));
    report.goal('everything / ideviceinfo', times(ratio), `<= ${GOALS.probe.toFixed(1)}`, ratio <= GOALS.probe);
  }
  report.goal(
    `${PHONES} phones, everything, with bus and list, median`,
    secondsOf(thirty.p50),
    `<= ${secondsOf(GOALS.thirtyMs)}`,
    thirty.p50 <= GOALS.thirtyMs,
  );
  report.figure(`${PHONES} phones, what every look asks, median`, secondsOf(thirtySteady.p50));
}
