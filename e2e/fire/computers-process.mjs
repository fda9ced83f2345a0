// A process of simulated computers with real agents: it is killed, and comes back on the same folders.
import { join } from 'node:path';
import { readEnrolment } from '@lockstep/agent/link';
import { healComputer, healPhone, startFleet } from '@lockstep/lab';
import { Dice } from './dice.mjs';
import { Troubles } from './troubles.mjs';

/** Agents that look often and come back soon: a fire is short. */
const AGENT = {
  cadence: { host: 2_000, phone: 3_000, bus: 500, nudge: 50 },
  waits: { pairEvery: 250, look: 250, relist: 8_000 },
  link: { timing: { baseMs: 150, capMs: 600, stableMs: 2_000 } },
};
/** The holder taps Trust after so long, ms. */
const TAP = { least: 200, most: 1_500 };

/** @type {import('@lockstep/lab').Fleet | null} */
let fleet = null;
/** @type {Troubles | null} */
let troubles = null;
let dir = '';

const members = () => fleet?.members ?? [];

/** @type {Record<string, (args: any) => unknown>} */
const DOES = {
  /** @param {import('./computers.mjs').Setup} setup */
  async start(setup) {
    const dice = new Dice(setup.seed);
    dir = setup.dir;
    fleet = await startFleet({
      server: setup.server,
      tokenFile: setup.tokenFile,
      dir,
      computers: setup.computers,
      phones: setup.phones,
      seed: setup.name,
      calm: true,
      agent: AGENT,
      log: (computer, level, msg, fields) => {
        if (level === 'error') process.stderr.write(`${JSON.stringify({ computer, msg, ...fields })}\n`);
      },
    });
    for (const { computer } of members()) {
      computer.bench.on('change', () => process.send?.({ spark: true }));
      for (const name of computer.bench.names) computer.bench.phone(name).habits.trustAfterMs = dice.between(TAP.least, TAP.most);
    }
    if (setup.troubled) DOES.trouble?.({ seed: dice.between(0, 0xffff_ffff), everyMs: setup.troubled });
    return members().map(({ name }) => ({ name, hostId: readEnrolment(join(dir, name, 'agent'))?.hostId ?? '' }));
  },
  /** @param {{ seed: number, everyMs: readonly [number, number] }} options */
  trouble({ seed, everyMs }) {
    troubles = new Troubles(members(), new Dice(seed), everyMs, join(dir, 'pairings.json'));
    troubles.start();
  },
  /** No more troubles, and nothing that a fix under way could take for its own doing. */
  async calm() {
    await troubles?.stop();
    troubles = null;
    for (const { computer } of members()) await healComputer(computer);
  },
  /** Puts right what is still wrong, by hand. */
  async mend() {
    for (const { computer } of members()) for (const name of computer.bench.names) await healPhone(computer, name);
  },
  online: () => members().every((m) => m.online),
};

process.on('message', async (/** @type {{ id: number, does: string, args: unknown }} */ { id, does, args }) => {
  try {
    process.send?.({ id, value: await DOES[does]?.(args) });
  } catch (error) {
    process.send?.({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
});
process.on('disconnect', () => process.exit(0));
// The parent decides when it is over: a Ctrl-C in the terminal reaches both.
process.on('SIGINT', () => undefined);
