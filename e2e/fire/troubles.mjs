// What goes wrong on simulated computers while the fire burns, and what their people put right by themselves.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * @typedef {import('@lockstep/lab').Member} Member
 * @typedef {import('./dice.mjs').Dice} Dice
 * @typedef {'locked' | 'unpaired' | 'forgotten' | 'mux' | 'lost'} Trouble
 */

/** How likely each is. `locked` comes and goes in seconds and makes tickets; the others call for a fix. @type {readonly [Trouble, number][]} */
const LIKELY = [
  ['locked', 8],
  ['unpaired', 8],
  ['mux', 2],
  ['lost', 1],
  ['forgotten', 1],
];
/** When people put it right, ms. What only a fix puts right is not in here: somebody else's pairing would look like a fix that acted twice. */
const HEALED_MS = { locked: [2_500, 7_000], mux: [14_000, 30_000], lost: [20_000, 40_000] };
/** A phone that was asked for trust is not asked again within this time by any agent (F11's pause): it is left trusted until then. */
const PAUSE_MS = 62_000;
/** A phone that was paired is left alone for so long, so that the fix that did it may see what it did. */
const CALM_MS = 12_000;

/** Troubles of the computers of one process. */
export class Troubles {
  #isOver = false;
  /** @type {Promise<void>} */
  #loop = Promise.resolve();
  /** @type {{ at: number, heal: () => Promise<void> | void }[]} */
  #due = [];
  /** When each phone lost or got its pairing last, by UDID, ms. @type {Record<string, number>} */
  #pairingAt = {};

  /**
   * @param {readonly Member[]} members
   * @param {Dice} dice
   * @param {readonly [number, number]} everyMs
   * @param {string} file where it is remembered, over a kill, which phone lost or got its pairing when
   */
  constructor(members, dice, everyMs, file) {
    this.members = members;
    this.dice = dice;
    this.everyMs = everyMs;
    this.file = file;
    if (existsSync(file)) this.#pairingAt = parsed(readFileSync(file, 'utf8'));
    for (const { bench } of members.map((m) => m.computer))
      for (const phone of bench.names.map((name) => bench.phone(name))) phone.on('paired', () => this.#note(phone.udid));
  }

  start() {
    this.#loop = this.#run();
  }

  /** No more troubles; those that people put right are put right now. */
  async stop() {
    this.#isOver = true;
    await this.#loop;
    for (const { heal } of this.#due.splice(0)) await heal();
  }

  async #run() {
    while (!this.#isOver) {
      await sleep(this.dice.between(...this.everyMs));
      if (this.#isOver) return;
      const now = Date.now();
      const due = this.#due.filter((d) => d.at <= now);
      this.#due = this.#due.filter((d) => d.at > now);
      for (const { heal } of due) await heal();
      const member = this.dice.pick(this.members);
      await this.#strike(member, this.dice.pick(member.computer.bench.names), this.#draw());
    }
  }

  /** @returns {Trouble} */
  #draw() {
    let left = this.dice.between(
      1,
      LIKELY.reduce((sum, [, weight]) => sum + weight, 0),
    );
    for (const [trouble, weight] of LIKELY) {
      left -= weight;
      if (left <= 0) return trouble;
    }
    return 'locked';
  }

  /** @param {Member} member @param {string} name @param {Trouble} trouble */
  async #strike({ computer: { bench } }, name, trouble) {
    const phone = bench.phone(name);
    const { records } = bench.mux;
    // A phone that is asked for trust, or ought to be, is left alone: what would be asked of it twice then would be asked twice rightly.
    const isWell = (/** @type {typeof phone} */ p) =>
      p.faults.size === 0 && p.trustedHosts.length > 0 && p.dialog === null && typeof records.read(p.udid) !== 'number';
    if (!isWell(phone) || bench.mux.fault !== null) return;
    const alone = Date.now() - (this.#pairingAt[phone.udid] ?? 0);
    if (alone < CALM_MS) return;
    const rested = alone > PAUSE_MS;
    switch (trouble) {
      case 'locked':
        phone.setFault('session-locked');
        return this.#later('locked', () => phone.unlock());
      case 'unpaired':
        if (!rested) return;
        this.#note(phone.udid);
        records.delete(phone.udid);
        return phone.forgetComputers();
      case 'forgotten':
        if (!rested) return;
        this.#note(phone.udid);
        phone.setFault('forgets-host');
        // When no fix may come, somebody deletes the record, and the phone can be asked for trust.
        this.#due.push({ at: Date.now() + 25_000, heal: () => void (phone.trustedHosts.length === 0 && records.delete(phone.udid)) });
        return;
      case 'lost':
        phone.setFault('not-listed');
        return this.#later('lost', () => phone.clearFault('not-listed'));
      case 'mux':
        // A multiplexer that goes takes an open dialog with it, and the fix would ask a second time, as it should.
        if (!bench.names.every((n) => isWell(bench.phone(n)))) return;
        await bench.setMuxFault('mux-stopped');
        return this.#later('mux', async () => {
          if (bench.mux.fault !== null) await bench.setMuxFault(null);
        });
    }
  }

  /** @param {string} udid */
  #note(udid) {
    this.#pairingAt[udid] = Date.now();
    writeFileSync(this.file, JSON.stringify(this.#pairingAt));
  }

  /** @param {keyof typeof HEALED_MS} what @param {() => Promise<void> | void} heal */
  #later(what, heal) {
    const [least = 0, most = 0] = HEALED_MS[what];
    this.#due.push({ at: Date.now() + this.dice.between(least, most), heal });
  }
}

/** A file that a kill cut off tells nothing. @param {string} text @returns {Record<string, number>} */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
