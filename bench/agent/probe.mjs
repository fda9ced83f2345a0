// How long it takes to look at a phone, beside Debian's ideviceinfo on the same phone, taking turns.
import { spawn, spawnSync } from 'node:child_process';
import { MuxClient } from '@lockstep/agent/device';
import { parseAgentEnv, thisMachine } from '@lockstep/agent/machine';
import { PHONES_AT_ONCE, surveyHost, surveyPhone } from '@lockstep/agent/probes';
import { spread } from '../figures.mjs';

/** Looks that are not counted: code is compiled in them. */
const WARM = 5;
/** Whole rounds of thirty phones. */
const ROUNDS = 5;

/**
 * @typedef {object} ProbeTimes ms
 * @property {import('../figures.mjs').Spread} full every question about one phone, in one look
 * @property {import('../figures.mjs').Spread} steady what every look asks
 * @property {import('../figures.mjs').Spread} tool ideviceinfo
 * @property {import('../figures.mjs').Spread} toolWithout ideviceinfo -s: without a session
 * @property {import('../figures.mjs').Spread} thirty the computer's bus and list and every question about all phones
 * @property {import('../figures.mjs').Spread} thirtySteady the same with what every look asks
 * @property {string | null} missing
 */

/**
 * @param {import('./lab.mjs').Lab} lab all of whose phones are plugged in
 * @param {number} count
 * @param {(text: string) => void} say
 * @returns {Promise<ProbeTimes>}
 */
export async function probeTimes(lab, count, say) {
  const machine = thisMachine(parseAgentEnv(lab.env, process.platform, process.getuid?.() ?? null));
  const mux = new MuxClient({ open: () => machine.openMux() });
  /** @type {string[]} */
  const died = [];
  const ctx = {
    machine,
    mux,
    agent: 'bench',
    outbox: () => ({ waiting: 0, dropped: 0 }),
    onCrash: (/** @type {string} */ probe) => void died.push(probe),
  };
  const { devices } = await mux.listDevices();
  const device = devices.find((d) => d.udid === lab.udids[0]);
  if (!device) throw new Error('the first phone is not listed');
  const look = async (/** @type {boolean} */ slow) => {
    const facts = await surveyPhone(ctx, device, undefined, { slow });
    const unread = facts.filter((f) => f.state === 'failed').map((f) => f.kind);
    if (!facts.some(isTrusted) || died.length > 0) throw new Error(`the phone could not be looked at: ${[...died, ...unread].join(', ')}`);
  };
  for (let i = 0; i < WARM; i++) await look(true);
  const missing = spawnSync('ideviceinfo', ['--version']).error ? 'ideviceinfo is not installed (Debian: libimobiledevice-utils)' : null;
  const tool = (/** @type {string[]} */ ...args) =>
    missing ? Promise.resolve() : ran('ideviceinfo', ['-u', `${device.udid}`, ...args], lab.env);
  /** @type {Record<'full' | 'steady' | 'tool' | 'toolWithout' | 'thirty' | 'thirtySteady', number[]>} */
  const times = { full: [], steady: [], tool: [], toolWithout: [], thirty: [], thirtySteady: [] };
  const timed = async (/** @type {keyof typeof times} */ what, /** @type {() => Promise<unknown>} */ work) => {
    const from = performance.now();
    await work();
    times[what].push(performance.now() - from);
  };
  for (let i = 0; i < count; i++) {
    await timed('full', () => look(true));
    await timed('tool', () => tool());
    await timed('steady', () => look(false));
    await timed('toolWithout', () => tool('-s'));
  }
  say('one phone was looked at');
  for (let i = 0; i < ROUNDS; i++) {
    await timed('thirty', () => lookAtAll(ctx, lab.udids.length, true));
    await timed('thirtySteady', () => lookAtAll(ctx, lab.udids.length, false));
  }
  say(`${lab.udids.length} phones were looked at`);
  const of = (/** @type {keyof typeof times} */ what) => spread(times[what]);
  return {
    full: of('full'),
    steady: of('steady'),
    tool: of('tool'),
    toolWithout: of('toolWithout'),
    thirty: of('thirty'),
    thirtySteady: of('thirtySteady'),
    missing,
  };
}

/**
 * The computer's bus and list, then every phone, as many at once as the agent talks to.
 * @param {import('@lockstep/agent/probes').ProbeContext} ctx
 * @param {number} count
 * @param {boolean} slow
 */
async function lookAtAll(ctx, count, slow) {
  const { listed } = await surveyHost(ctx, []);
  let trusted = 0;
  const lane = async () => {
    for (let device = listed.shift(); device !== undefined; device = listed.shift()) {
      const facts = await surveyPhone(ctx, device, undefined, { slow });
      if (facts.some(isTrusted)) trusted += 1;
    }
  };
  await Promise.all(Array.from({ length: PHONES_AT_ONCE }, lane));
  // A look that was refused is quick, and worth nothing.
  if (trusted !== count) throw new Error(`${trusted} of ${count} phones could be looked at`);
}

/** @param {import('@lockstep/core/health').Fact} fact */
function isTrusted(fact) {
  return fact.kind === 'trust-session' && fact.state === 'seen' && fact.reading.outcome === 'accepted';
}

/**
 * Runs a tool to its end and reads all it says.
 * @param {string} name
 * @param {string[]} args
 * @param {Record<string, string>} env
 * @returns {Promise<void>}
 */
function ran(name, args, env) {
  return new Promise((resolve, reject) => {
    const child = spawn(name, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'ignore'] });
    child.stdout.resume();
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`${name} ended with ${code}`))));
  });
}
