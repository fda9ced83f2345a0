// Agents that report without pause, and whose every acknowledged message is looked up in the database.
import { randomBytes } from 'node:crypto';
import { Agent } from '../../bench/load/agent.mjs';
import { checkAnswer, enrolmentRequest, keyOf } from '../spec-agent.mjs';
import { Ledger, SLOTS, udidOf } from './ledger.mjs';

/** Below the messages of one agent that may wait for their acknowledgement (64). */
const IN_FLIGHT = 32;

const STORED = `SELECT host_id, udid, COALESCE(reading->>'locationId', reading->>'uptimeS')::bigint AS n FROM fact
  WHERE host_id = ANY($1::uuid[]) AND kind IN ('mux-device', 'agent-self')`;

/** They live in the process that judges: their memory of what was acknowledged is not to burn. */
export class Talkers {
  /** @type {{ agent: Agent, ledger: Ledger }[]} */
  #all = [];
  /** @type {NodeJS.Timeout | undefined} */
  #timer;
  /** What was not found, each said once. @type {Set<string>} */
  missing = new Set();

  /**
   * Enrols and connects them.
   * @param {{ url: string, token: string, count: number }} options
   */
  static async enrol({ url, token, count }) {
    const talkers = new Talkers();
    for (let number = 0; number < count; number++) {
      const host = { hostname: `talker-${number}`, os: 'linux', osVersion: 'Debian GNU/Linux 12', arch: 'x64', agent: 'fire' };
      const key = keyOf(randomBytes(32).toString('base64url'));
      const response = await fetch(`${url}/agent/v1/enrol`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(enrolmentRequest(key, token, host)),
      });
      const answer = /** @type {{ hostId: string, orderKey: string, orderKeyId: string }} */ (await response.json());
      if (!response.ok) throw new Error(`an enrolment was answered ${response.status}: ${JSON.stringify(answer)}`);
      checkAnswer(token, answer);
      const agent = new Agent(url, { hostId: answer.hostId, orderKey: answer.orderKey, key, host }, number);
      agent.connect();
      talkers.#all.push({ agent, ledger: new Ledger(answer.hostId) });
    }
    return talkers;
  }

  /** Each says something this often, as long as it may. @param {number} everyMs */
  talk(everyMs) {
    this.#timer = setInterval(() => {
      for (const { agent, ledger } of this.#all) {
        const seq = agent.seq + 1;
        if (agent.waiting.length < IN_FLIGHT && ledger.mayOverwrite(seq)) agent.report(factsOf(agent.number, seq));
        // Its waits do not grow: what comes back is to be met by somebody.
        agent.calm();
      }
    }, everyMs);
  }

  /** Says nothing new; what waits is still sent. */
  hush() {
    clearInterval(this.#timer);
  }

  /** Everything that was said is acknowledged. */
  get settled() {
    return this.#all.every(({ agent }) => agent.waiting.length === 0);
  }

  get said() {
    return this.#all.reduce((n, { agent }) => n + agent.seq, 0);
  }

  get acknowledged() {
    return this.#all.reduce((n, { agent }) => n + agent.acked, 0);
  }

  /** Acknowledged messages that were looked up. */
  get lookedUp() {
    return this.#all.reduce((n, { ledger }) => n + ledger.count, 0);
  }

  /** Looks up what was acknowledged since the last look. @param {import('pg').Pool} pool @throws when the database does not answer */
  async look(pool) {
    // Read first: the rows may be ahead of it, never behind.
    const acked = this.#all.map(({ agent }) => agent.acked);
    const { rows } = await pool.query(STORED, [this.#all.map(({ ledger }) => ledger.hostId)]);
    /** @type {Map<string, Map<string, number>>} */
    const stored = new Map();
    for (const row of rows) stored.set(row.host_id, (stored.get(row.host_id) ?? new Map()).set(row.udid, Number(row.n)));
    this.#all.forEach(({ agent, ledger }, i) => {
      for (const sentence of ledger.look(acked[i] ?? 0, agent.seq, stored.get(ledger.hostId) ?? new Map())) this.missing.add(sentence);
    });
  }

  stop() {
    this.hush();
    for (const { agent } of this.#all) agent.stop();
  }
}

/**
 * The facts of message `seq`: its number twice.
 * @param {number} number of the talker
 * @param {number} seq
 * @returns {import('@lockstep/core/health').Fact[]}
 */
function factsOf(number, seq) {
  const base = { at: new Date().toISOString(), probe: 'fire', tookMs: 1, state: /** @type {const} */ ('seen') };
  return [
    {
      ...base,
      kind: 'agent-self',
      subject: 'host',
      reading: {
        agent: 'fire',
        os: 'linux',
        osVersion: '12',
        arch: 'x64',
        hostname: `talker-${number}`,
        privileged: true,
        lab: true,
        uptimeS: seq,
        outbox: { waiting: 0, dropped: 0 },
      },
    },
    {
      ...base,
      kind: 'mux-device',
      subject: { udid: udidOf(seq % SLOTS) },
      reading: { connection: 'usb', alsoNetwork: false, locationId: seq },
    },
  ];
}
