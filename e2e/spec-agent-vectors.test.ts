import { describe, expect, it } from '@jest/globals';
import { checkAnswer, endpoint, enrolmentRequest, holds, isFormed, judgeOrder, keyIdOf, keyOf, textToProve } from './spec-agent.mjs';
import { vectors } from './test/page-server.js';

const { agent: agentKey, order: orderKey } = vectors.keys;
const AGENT = keyOf(agentKey.seed);
const ORDER = keyOf(orderKey.seed);

describe('worked values of vectors.json', () => {
  const { enrolment, handshake, orders } = vectors;

  it('ENC-1 ENC-2 keys and key ids', () => {
    for (const { seed, publicKey, keyId } of Object.values(vectors.keys)) {
      expect(keyOf(seed).publicKey).toBe(publicKey);
      expect(keyIdOf(publicKey)).toBe(keyId);
    }
  });

  it('ENR-2 the request, byte for byte', () => {
    const { token, host } = enrolment.request;
    expect(enrolmentRequest(AGENT, token, host)).toEqual(enrolment.request);
    for (const { name, signature } of enrolment.badSignatures)
      expect([name, holds(agentKey.publicKey, 'enrol', enrolment.text, signature)]).toEqual([name, false]);
  });

  it('ENR-4 only the server that the token names', () => {
    const { token } = enrolment.request;
    expect(() => checkAnswer(token, enrolment.answer)).not.toThrow();
    for (const { answer } of enrolment.badAnswers) expect(() => checkAnswer(token, answer)).toThrow('not the one');
    expect(() => checkAnswer(token, { ...enrolment.answer, orderKeyId: agentKey.keyId })).toThrow('not the one');
    expect(() => checkAnswer(token, {})).toThrow('not the one');
  });

  it('HS-2 the text and both signatures', () => {
    expect(textToProve(handshake.hello, handshake.challenge, orderKey.publicKey)).toBe(handshake.text);
    expect(ORDER.sign('server', handshake.text)).toBe(handshake.challenge.signature);
    expect(AGENT.sign('agent', handshake.text)).toBe(handshake.proof.signature);
    for (const { name, signature } of handshake.badProofs)
      expect([name, holds(agentKey.publicKey, 'agent', handshake.text, signature)]).toEqual([name, false]);
  });

  it.each(handshake.badChallenges)('HS-3 HS-4 refuses a challenge: $name', ({ challenge }) => {
    expect(textToProve(handshake.hello, challenge, orderKey.publicKey)).toBeNull();
  });

  const { hostId, epoch, connection, now, knownRuns } = orders.context;
  const runs = new Map(knownRuns.map((runId) => [runId, { udid: null, isOver: true }]));
  const context = {
    orderKey: orderKey.publicKey,
    hostId,
    epoch,
    connection,
    now: Date.parse(now),
    fixes: ['F08', 'F11', 'F12', 'F45'],
    runs,
  };

  it.each(orders.good)('takes an order: $name', ({ envelope, json }) => {
    expect(judgeOrder(envelope, context)).toEqual({ order: JSON.parse(json) });
  });

  it.each(orders.bad)('refuses an order as $reason: $name', ({ envelope, reason, runId }) => {
    expect(judgeOrder(envelope, context)).toEqual({ reason, runId });
  });

  const signed = (bytes: string | Uint8Array) => {
    const order = Buffer.from(bytes).toString('base64url');
    return { keyId: orderKey.keyId, order, signature: ORDER.sign('order', Buffer.from(bytes)) };
  };
  const good = JSON.parse(orders.good[0]!.json);
  const altered = (change: object) => signed(JSON.stringify({ ...good, ...change }));

  it('ORD-12 one run on a device, and none beside a run on the host', () => {
    const running = (udid: string | null, isOver = false) => ({
      ...context,
      runs: new Map([['7d9f0a54-1c1f-4a7e-8b57-1d4f2e6a9b03', { udid, isOver }]]),
    });
    const host = { fix: 'F08', udid: null };
    expect(judgeOrder(altered({}), running(good.udid)).order).toBeUndefined();
    expect(judgeOrder(altered({}), running(good.udid))).toEqual({ reason: 'busy', runId: good.runId });
    expect(judgeOrder(altered({}), running(null))).toEqual({ reason: 'busy', runId: good.runId });
    expect(judgeOrder(altered(host), running(good.udid))).toEqual({ reason: 'busy', runId: good.runId });
    expect(judgeOrder(altered({}), running('00008110-00FF2B3C4D5E801E')).order).toEqual(good);
    expect(judgeOrder(altered({}), running(good.udid, true)).order).toEqual(good);
  });

  it('ORD-3 bytes that are no UTF-8, no object, or name no run', () => {
    const broken = Buffer.from(JSON.stringify(good).replace('F11', 'F1?'));
    broken[broken.indexOf('?')] = 0xff;
    for (const bytes of [broken, '[]', 'null', '1', '{}', JSON.stringify({ ...good, runId: 'run-1' })]) {
      expect(judgeOrder(signed(bytes), context)).toEqual({ reason: 'bad-order', runId: null });
    }
    expect(judgeOrder(altered({ issuedAt: '2026-11-24T09:00:55' }), context)).toEqual({ reason: 'bad-order', runId: good.runId });
    expect(judgeOrder(altered({ udid: 7 }), context)).toEqual({ reason: 'bad-order', runId: good.runId });
  });

  it('ORD-10 a fix that this agent does not have', () => {
    expect(judgeOrder(altered({}), { ...context, fixes: ['F12'] })).toEqual({ reason: 'unknown-fix', runId: good.runId });
  });

  it('MSG-4 WIRE-5 frames of a server', () => {
    for (const { name, message } of vectors.server.valid) expect([name, isFormed(message)]).toEqual([name, true]);
    for (const { name, message } of vectors.server.invalid) expect([name, isFormed(message)]).toEqual([name, name === 'unknown type']);
  });

  it('WIRE-2 plain URLs of the own loopback only', () => {
    for (const url of ['https://lockstep.example', 'http://127.0.0.1:8080', 'http://127.9.9.9', 'http://[::1]:80', 'http://localhost:1']) {
      expect(endpoint(url, '/agent/v1').pathname).toBe('/agent/v1');
    }
    for (const url of [
      'http://lockstep.example',
      'http://localhost:x1@evil.example',
      'http://127.evil.example',
      'ftp://127.0.0.1',
      'http://10.0.0.1',
    ]) {
      expect(() => endpoint(url, '/agent/v1')).toThrow();
    }
  });
});
