// Many agents in one process, and the ways in which they load a server.
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkAnswer, enrolmentRequest, keyOf } from '../../e2e/spec-agent.mjs';
import { now, quantile, spread } from '../figures.mjs';
import { Agent } from './agent.mjs';
import { changes, hostnameOf, picture, trust } from './facts.mjs';

/** Enrolments under way at once, and first exchanges: more would only wait in the server's queue. */
const ENROL_AT_ONCE = 16;
const CONNECT_AT_ONCE = 64;
/** The sender wakes this often; what is due by then goes out, and is counted from when it was due. */
const TICK_MS = 2;
/** One below the protocol's limit of messages that wait for their acknowledgement: an agent over it would be cut off. */
const IN_FLIGHT = 63;

/** @typedef {{ seconds: number, acked: number, perSecond: number, ack: import('../figures.mjs').Spread, heldBack: number, waiting: number }} Load */

/** The agents of one load process. */
export class Crowd {
  /** @type {Agent[]} */
  agents = [];
  /** @type {NodeJS.Timeout[]} */
  #timers = [];

  /**
   * Enrols computers through the server's own door.
   * @param {{ url: string, tokens: string[], count: number }} options
   */
  async enrol({ url, tokens, count }) {
    let next = this.agents.length;
    const end = next + count;
    const worker = async () => {
      while (next < end) {
        const number = next++;
        const token = tokens[number % tokens.length] ?? '';
        const host = { hostname: hostnameOf(number), os: 'linux', osVersion: 'Debian GNU/Linux 12', arch: 'x64', agent: 'bench' };
        const key = keyOf(randomBytes(32).toString('base64url'));
        const response = await fetch(`${url}/agent/v1/enrol`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(enrolmentRequest(key, token, host)),
        });
        const answer = /** @type {{ hostId: string, orderKey: string, orderKeyId: string }} */ (await response.json());
        if (!response.ok) throw new Error(`an enrolment was answered ${response.status}: ${JSON.stringify(answer)}`);
        checkAnswer(token, answer);
        this.agents[number] = new Agent(url, { hostId: answer.hostId, orderKey: answer.orderKey, key, host }, number);
      }
    };
    await Promise.all(Array.from({ length: ENROL_AT_ONCE }, worker));
  }

  /**
   * Connects those that are not connected, or the first `count` of them; resolves when all of these are.
   * @param {{ url: string, count?: number, timeoutMs: number }} options
   */
  async connect({ url, count, timeoutMs }) {
    const began = now();
    const waiting = this.agents.filter((agent) => !agent.open).slice(0, count);
    for (let i = 0; i < waiting.length; i += CONNECT_AT_ONCE) {
      const some = waiting.slice(i, i + CONNECT_AT_ONCE);
      for (const agent of some) {
        agent.url = `${url.replace(/^http/, 'ws')}/agent/v1`;
        agent.connect();
      }
      await until(() => some.every((agent) => agent.open), timeoutMs - (now() - began), 'connected');
    }
    return { ms: now() - began };
  }

  /** Ends every connection without a word, and starts new spools: the same computers, as after a restart of each. */
  async restart() {
    this.quiet();
    this.agents = this.agents.map((old) => {
      old.stop();
      return new Agent(old.url, old.identity, old.number);
    });
    await sleep(200);
  }

  /** Each tells its whole picture; resolves when all are acknowledged. @param {{ timeoutMs: number }} options */
  async tellPictures({ timeoutMs }) {
    for (const agent of this.agents) {
      const at = new Date().toISOString();
      agent.report(picture(agent.number, agent.seq + 1, at), { full: true, at });
    }
    await this.settle({ timeoutMs });
  }

  /** Resolves when nothing waits for its acknowledgement. @param {{ timeoutMs: number }} options */
  async settle({ timeoutMs }) {
    await until(() => this.agents.every((agent) => agent.waiting.length === 0), timeoutMs, 'acknowledged');
  }

  /**
   * As much as the server takes: each agent has one message under way and sends the next when it is acknowledged.
   * @param {{ seconds: number, warmSeconds: number }} options
   * @returns {Promise<Load>}
   */
  async saturate({ seconds, warmSeconds }) {
    /** @type {number[]} */
    const acks = [];
    let from = Number.POSITIVE_INFINITY;
    let to = Number.POSITIVE_INFINITY;
    for (const agent of this.agents) {
      agent.onAck = (_, due) => {
        const at = now();
        if (at >= to) return;
        if (at >= from) acks.push(at - due);
        this.#change(agent, now());
      };
      this.#change(agent, now());
    }
    await sleep(warmSeconds * 1000);
    from = now();
    await sleep(seconds * 1000);
    to = now();
    await this.settle({ timeoutMs: 60_000 });
    this.#deafen();
    return {
      seconds: (to - from) / 1000,
      acked: acks.length,
      perSecond: (acks.length / (to - from)) * 1000,
      ack: spread(acks),
      heldBack: 0,
      waiting: 0,
    };
  }

  /**
   * A given rate, whatever the server does: messages fall due at equal distances, each at an agent drawn at random, and an acknowledgement's
   * time counts from when its message was due.
   * @param {{ perSecond: number, seconds: number, warmSeconds: number }} options
   * @returns {Promise<Load>}
   */
  async pace({ perSecond, seconds, warmSeconds }) {
    /** @type {number[]} */
    const acks = [];
    const began = now();
    const from = began + warmSeconds * 1000;
    const end = from + seconds * 1000;
    for (const agent of this.agents) {
      agent.onAck = (_, due) => {
        if (due >= from && due < end) acks.push(now() - due);
      };
    }
    let sent = 0;
    let heldBack = 0;
    for (;;) {
      const due = began + (sent * 1000) / perSecond;
      if (due >= end) break;
      if (due > now()) {
        await sleep(TICK_MS);
        continue;
      }
      sent += 1;
      const agent = this.agents[Math.floor(Math.random() * this.agents.length)];
      if (!agent || agent.waiting.length >= IN_FLIGHT) heldBack += 1;
      else this.#change(agent, due);
      // Acknowledgements are read in between: a sender that lags behind must not count its own lag as the server's.
      if (sent % 64 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    const lag = now() - end;
    const waiting = this.agents.reduce((n, agent) => n + agent.waiting.length, 0);
    await this.settle({ timeoutMs: 60_000 });
    this.#deafen();
    if (lag > 100) heldBack += Math.round((lag * perSecond) / 1000);
    return { seconds, acked: acks.length, perSecond: acks.length / seconds, ack: spread(acks), heldBack, waiting };
  }

  /** Reports as a fleet does in daily work: changes at a low rate, and once a minute of each that all was looked at again. @param {{ perSecond: number }} options */
  murmur({ perSecond }) {
    this.quiet();
    this.#timers.push(
      setInterval(() => {
        const agent = this.agents[Math.floor(Math.random() * this.agents.length)];
        if (agent?.open && agent.waiting.length < IN_FLIGHT) this.#change(agent, now(), false);
      }, 1000 / perSecond),
      setInterval(() => {
        for (const agent of this.agents) if (agent.open && Math.random() < 1 / 60) agent.still();
      }, 1_000),
    );
  }

  /**
   * One computer's phone stops trusting it, or trusts it again.
   * @param {{ hostId: string, accepted: boolean }} options
   * @returns {Promise<{ sentAt: number, ackMs: number }>} resolves when it is acknowledged
   */
  async flip({ hostId, accepted }) {
    const agent = this.agents.find((one) => one.identity.hostId === hostId);
    if (!agent?.open) throw new Error(`no connected computer ${hostId}`);
    const sentAt = now();
    const at = new Date().toISOString();
    agent.report([trust(agent.number, accepted, at)], { due: sentAt, at });
    const { seq } = agent;
    while (agent.acked < seq) await sleep(1);
    return { sentAt, ackMs: now() - sentAt };
  }

  /** Connected now. */
  connected() {
    return this.agents.filter((agent) => agent.open).length;
  }

  /**
   * Watches the return of all after a server's end, as of a fleet whose connections have stood for long.
   * @param {{ timeoutMs: number }} options
   * @returns {Promise<{ gone: number, back: number, times: { half: number, most: number, all: number } }>} wall-clock times, ms; NaN for what was not reached
   */
  async storm({ timeoutMs }) {
    /** @type {number[]} */
    const backAt = [];
    const total = this.agents.length;
    const limit = now() + timeoutMs;
    let gone = total - this.connected();
    for (const agent of this.agents) {
      agent.calm();
      agent.onOpen = () => backAt.push(now());
    }
    while (now() < limit && (gone < total || this.connected() < total)) {
      gone = Math.max(gone, this.agents.filter((agent) => agent.ended > 0).length);
      await sleep(20);
    }
    for (const agent of this.agents) {
      agent.onOpen = () => undefined;
      agent.ended = 0;
    }
    backAt.sort((a, b) => a - b);
    const back = this.connected();
    return {
      gone,
      back,
      times: { half: quantile(backAt, 0.5), most: quantile(backAt, 0.95), all: back === total ? quantile(backAt, 1) : Number.NaN },
    };
  }

  /** What each host has said and what it was told is stored: to be compared with the rows. */
  said() {
    return this.agents.map(({ identity, epoch, seq, acked }) => ({ hostId: identity.hostId, epoch, seq, acked }));
  }

  /** No more reports of its own. */
  quiet() {
    for (const timer of this.#timers) clearInterval(timer);
    this.#timers = [];
  }

  stop() {
    this.quiet();
    for (const agent of this.agents) agent.stop();
  }

  /** @param {Agent} agent @param {number} due @param {boolean} [verdicts] whether trust may be lost and found */
  #change(agent, due, verdicts = true) {
    const at = new Date().toISOString();
    const facts = changes(agent.number, agent.seq + 1, at);
    agent.report(verdicts ? facts : facts.slice(0, 2), { due, at });
  }

  #deafen() {
    for (const agent of this.agents) agent.onAck = () => undefined;
  }
}

/**
 * @param {() => boolean} holds
 * @param {number} timeoutMs
 * @param {string} what
 */
async function until(holds, timeoutMs, what) {
  const limit = now() + timeoutMs;
  while (!holds()) {
    if (now() > limit) throw new Error(`not all were ${what} within ${Math.round(timeoutMs / 1000)} s`);
    await sleep(5);
  }
}
