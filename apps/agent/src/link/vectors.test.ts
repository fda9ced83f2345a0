import { createPrivateKey, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { enrolText, handshakeText, Introduction, ServerOrder, SIGNED, successorText } from '@lockstep/core/protocol';
import { z } from 'zod';
import { parseToken } from './enrolment.js';
import { OrderKeyPin } from './identity.js';
import { fingerprintOf, isSignedBy, keyIdOf } from './keys.js';
import { judgeIntroduction } from './order-keys.js';
import { verifyOrder } from './orders.js';

const Key = z.object({ seed: z.string(), publicKey: z.string(), keyId: z.string(), fingerprint: z.string() });
const Named = z.looseObject({ name: z.string() });
const Vectors = z.object({
  keys: z.object({ agent: Key, order: Key, foreign: Key, second: Key, third: Key }),
  enrolment: z.object({
    prefix: z.string(),
    text: z.string(),
    request: z.object({ token: z.string(), publicKey: z.string(), signature: z.string() }),
    answer: z.object({ orderKey: z.string(), orderKeyId: z.string() }),
    badSignatures: z.array(z.object({ name: z.string(), signature: z.string() })),
    badAnswers: z.array(z.object({ name: z.string(), answer: z.object({ orderKey: z.string() }) })),
  }),
  handshake: z.object({
    text: z.string(),
    serverPrefix: z.string(),
    agentPrefix: z.string(),
    hello: z.object({ version: z.number(), hostId: z.string(), epoch: z.string(), nonce: z.string() }),
    challenge: z.object({ nonce: z.string(), time: z.string(), signature: z.string() }),
    proof: z.object({ signature: z.string() }),
    badChallenges: z.array(
      Named.extend({ challenge: z.object({ keyId: z.string(), nonce: z.string(), time: z.string(), signature: z.string() }) }),
    ),
    badProofs: z.array(z.object({ name: z.string(), signature: z.string() })),
  }),
  orders: z.object({
    prefix: z.string(),
    context: z.object({ hostId: z.string(), epoch: z.string(), connection: z.string(), now: z.string(), knownRuns: z.array(z.string()) }),
    good: z.array(z.object({ name: z.string(), json: z.string(), envelope: ServerOrder })),
    bad: z.array(z.object({ name: z.string(), reason: z.string(), runId: z.string().nullable(), envelope: ServerOrder })),
  }),
});
const Pinned = Named.extend({ pins: z.array(OrderKeyPin), ended: z.array(z.string()) });
const Successors = z.object({
  prefix: z.string(),
  text: z.string(),
  now: z.string(),
  good: z.array(Pinned.extend({ introductions: z.array(Introduction), after: z.array(OrderKeyPin) })),
  bad: z.array(Pinned.extend({ reason: z.string(), introduction: Introduction })),
});
const path = new URL('../../../../packages/core/src/protocol/vectors.json', import.meta.url);
const v = Vectors.extend({ successors: Successors }).parse(JSON.parse(readFileSync(path, 'utf8')));
const { agent, order } = v.keys;

/** PKCS #8 of an Ed25519 seed (RFC 8410). */
function signWith(seed: string, prefix: string, text: string): string {
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.from(seed, 'base64url')]);
  return sign(null, Buffer.from(prefix + text), createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })).toString('base64url');
}

describe('test vectors', () => {
  it('ENC-2 key ids and fingerprints', () => {
    for (const key of Object.values(v.keys)) {
      const raw = Buffer.from(key.publicKey, 'base64url');
      expect([keyIdOf(raw), fingerprintOf(raw)]).toEqual([key.keyId, key.fingerprint]);
    }
  });

  it('ENC-3 the prefixes are those of this protocol', () => {
    expect([v.enrolment.prefix, v.handshake.serverPrefix, v.handshake.agentPrefix, v.orders.prefix, v.successors.prefix]).toEqual([
      SIGNED.enrol,
      SIGNED.server,
      SIGNED.agent,
      SIGNED.order,
      SIGNED.successor,
    ]);
  });

  it('ENR-2 the enrolment’s text and signature, made again and verified', () => {
    const { request, text } = v.enrolment;
    expect(enrolText(request)).toBe(text);
    expect(signWith(agent.seed, SIGNED.enrol, text)).toBe(request.signature);
    expect(isSignedBy(request.publicKey, SIGNED.enrol, text, request.signature)).toBe(true);
    for (const bad of v.enrolment.badSignatures)
      expect([bad.name, isSignedBy(request.publicKey, SIGNED.enrol, text, bad.signature)]).toEqual([bad.name, false]);
  });

  it('ENR-4 the token carries the order key’s fingerprint', () => {
    const { fingerprint } = parseToken(v.enrolment.request.token);
    expect(fingerprintOf(Buffer.from(v.enrolment.answer.orderKey, 'base64url'))).toBe(fingerprint);
    for (const bad of v.enrolment.badAnswers) expect(fingerprintOf(Buffer.from(bad.answer.orderKey, 'base64url'))).not.toBe(fingerprint);
  });

  it('HS-2 the first exchange’s text and both signatures, made again and verified', () => {
    const { hello, challenge, proof, text } = v.handshake;
    const fields = {
      version: hello.version,
      hostId: hello.hostId,
      epoch: hello.epoch,
      agentNonce: hello.nonce,
      serverNonce: challenge.nonce,
      time: challenge.time,
    };
    expect(handshakeText(fields)).toBe(text);
    expect(signWith(order.seed, SIGNED.server, text)).toBe(challenge.signature);
    expect(signWith(agent.seed, SIGNED.agent, text)).toBe(proof.signature);
    expect(isSignedBy(order.publicKey, SIGNED.server, text, challenge.signature)).toBe(true);
    expect(isSignedBy(agent.publicKey, SIGNED.agent, text, proof.signature)).toBe(true);
    for (const { name, challenge: bad } of v.handshake.badChallenges) {
      const badText = handshakeText({ ...fields, serverNonce: bad.nonce, time: bad.time });
      expect([name, bad.keyId === order.keyId && isSignedBy(order.publicKey, SIGNED.server, badText, bad.signature)]).toEqual([
        name,
        false,
      ]);
    }
    for (const bad of v.handshake.badProofs)
      expect([bad.name, isSignedBy(agent.publicKey, SIGNED.agent, text, bad.signature)]).toEqual([bad.name, false]);
  });

  it('KEY-1 the introduction’s text and signature, made again', () => {
    const [first] = v.successors.good[0]?.introductions ?? [];
    if (!first) throw new Error('no introduction');
    expect(successorText(first)).toBe(v.successors.text);
    expect(signWith(order.seed, SIGNED.successor, v.successors.text)).toBe(first.signature);
  });

  it('KEY-3 every introduction, good and bad', () => {
    const now = Date.parse(v.successors.now);
    for (const good of v.successors.good) {
      let pins = good.pins;
      for (const introduction of good.introductions) {
        const judged = judgeIntroduction(introduction, { pins, ended: good.ended, now });
        expect([good.name, judged.do]).not.toEqual([good.name, 'refuse']);
        if (judged.do === 'pin') pins = [judged.pin, ...pins];
      }
      expect([good.name, pins]).toEqual([good.name, good.after]);
    }
    for (const { name, introduction, pins, ended, reason } of v.successors.bad)
      expect([name, judgeIntroduction(introduction, { pins, ended, now })]).toEqual([name, { do: 'refuse', reason }]);
  });

  it('ORD-1 to ORD-11 every order, good and bad', () => {
    const { context } = v.orders;
    const ctx = { ...context, pins: [order], now: Date.parse(context.now), isKnownRun: (id: string) => context.knownRuns.includes(id) };
    for (const good of v.orders.good) {
      expect(Buffer.from(good.envelope.order, 'base64url').toString('utf8')).toBe(good.json);
      expect(signWith(order.seed, SIGNED.order, good.json)).toBe(good.envelope.signature);
      expect([good.name, verifyOrder(good.envelope, ctx)]).toEqual([good.name, { ok: true, order: JSON.parse(good.json) }]);
    }
    for (const bad of v.orders.bad)
      expect([bad.name, verifyOrder(bad.envelope, ctx)]).toEqual([bad.name, { ok: false, reason: bad.reason, runId: bad.runId }]);
  });
});
