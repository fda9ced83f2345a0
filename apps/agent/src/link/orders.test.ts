import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { SIGNED } from '@lockstep/core/protocol';
import fc from 'fast-check';
import { type OrderContext, verifyOrder } from './orders.js';

const HOST = '0e0a8f6c-6f0b-4f6e-9d0a-1f2e3d4c5b6a';
const RUN = '5f6b0c1e-8a77-4c2b-9f3d-0a1b2c3d4e5f';
const NOW = Date.parse('2026-11-24T09:01:00.000Z');
const EPOCH = 'a'.repeat(32);
const NONCE = `${'n'.repeat(42)}A`;

function makeKey() {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const x = String(publicKey.export({ format: 'jwk' }).x);
  return { privateKey, pin: { publicKey: x, keyId: createHash('sha256').update(Buffer.from(x, 'base64url')).digest('hex').slice(0, 16) } };
}
const ours = makeKey();
const foreign = makeKey();
const context: OrderContext = { pins: [ours.pin], hostId: HOST, epoch: EPOCH, connection: NONCE, now: NOW, isKnownRun: () => false };
const at = (ms: number) => new Date(NOW + ms).toISOString();
const base = {
  version: 1,
  keyId: ours.pin.keyId,
  hostId: HOST,
  epoch: EPOCH,
  connection: NONCE,
  runId: RUN,
  fix: 'F11',
  udid: '00008110-001A2B3C4D5E801E',
  issuedAt: at(-5_000),
  expiresAt: at(60_000),
};

function order(change: Record<string, unknown> = {}, key: { privateKey: KeyObject } = ours, keyId = ours.pin.keyId) {
  const bytes = Buffer.from(JSON.stringify({ ...base, ...change }));
  return {
    type: 'order' as const,
    keyId,
    order: bytes.toString('base64url'),
    signature: sign(null, Buffer.concat([Buffer.from(SIGNED.order), bytes]), key.privateKey).toString('base64url'),
  };
}
const refused = (reason: string, runId: string | null = RUN) => ({ ok: false, reason, runId });

describe('an order', () => {
  it('that is right is taken, with what it says', () => {
    expect(verifyOrder(order(), context)).toEqual({ ok: true, order: base });
    expect(verifyOrder(order({ fix: 'F08', udid: null }), context).ok).toBe(true);
  });

  it('ORD-1 of a key that is not pinned is refused', () => {
    expect(verifyOrder(order({ keyId: foreign.pin.keyId }, foreign, foreign.pin.keyId), context)).toEqual(refused('unknown-key', null));
  });

  it('ORD-2 signed by a foreign key under our key id is refused', () => {
    expect(verifyOrder(order({}, foreign), context)).toEqual(refused('bad-signature', null));
  });

  it('ORD-2 with any one bit tampered with is refused', () => {
    const good = order();
    const bytes = Buffer.from(good.order, 'base64url');
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(7), (i, bit) => {
        const bent = Buffer.from(bytes);
        bent[i]! ^= 1 << bit;
        expect(verifyOrder({ ...good, order: bent.toString('base64url') }, context)).toEqual(refused('bad-signature', null));
      }),
    );
  });

  it('ORD-2 in another spelling of the same bytes is refused', () => {
    const good = order();
    expect(verifyOrder({ ...good, order: `${good.order}==` }, context)).toEqual(refused('bad-signature', null));
    expect(verifyOrder({ ...good, order: `${good.order.slice(0, 8)}\n${good.order.slice(8)}` }, context)).toEqual(
      refused('bad-signature', null),
    );
  });

  it('ORD-3 that is signed but malformed is refused', () => {
    for (const change of [
      { version: 2 },
      { runId: RUN, epoch: 7 },
      { issuedAt: 'now' },
      { connection: undefined },
      { keyId: foreign.pin.keyId },
    ]) {
      expect(verifyOrder(order(change), context)).toEqual(refused('bad-order'));
    }
    expect(verifyOrder(order({ runId: 'no-uuid' }), context)).toEqual(refused('bad-order', null));
  });

  it('ORD-3 that lives longer than 120 s, or not at all, is refused', () => {
    expect(verifyOrder(order({ issuedAt: at(-1), expiresAt: at(120_000) }), context)).toEqual(refused('bad-order'));
    expect(verifyOrder(order({ issuedAt: at(-1), expiresAt: at(119_999) }), context).ok).toBe(true);
    expect(verifyOrder(order({ issuedAt: at(5), expiresAt: at(5) }), context)).toEqual(refused('bad-order'));
  });

  it('ORD-4 with an extra field is refused', () => {
    expect(verifyOrder(order({ command: 'reboot' }), context)).toEqual(refused('bad-order'));
    expect(verifyOrder(order({ params: {} }), context)).toEqual(refused('bad-order'));
  });

  it('ORD-5 for another host is refused', () => {
    expect(verifyOrder(order({ hostId: '7b1d9a52-3c44-4c0e-8f11-2a3b4c5d6e7f' }), context)).toEqual(refused('wrong-host'));
  });

  it('ORD-6 for another epoch is refused', () => {
    expect(verifyOrder(order({ epoch: 'b'.repeat(32) }), context)).toEqual(refused('wrong-epoch'));
  });

  it('ORD-7 for another connection is refused', () => {
    expect(verifyOrder(order({ connection: `${'m'.repeat(42)}A` }), context)).toEqual(refused('wrong-connection'));
  });

  it('ORD-8 that has expired by server time is refused, at the very millisecond', () => {
    expect(verifyOrder(order({ expiresAt: at(0) }), context)).toEqual(refused('expired'));
    expect(verifyOrder(order({ expiresAt: at(1) }), context).ok).toBe(true);
  });

  it('ORD-8 issued in the future is refused', () => {
    expect(verifyOrder(order({ issuedAt: at(5_001) }), context)).toEqual(refused('expired'));
    expect(verifyOrder(order({ issuedAt: at(5_000) }), context).ok).toBe(true);
  });

  it('ORD-9 whose run was taken before is refused', () => {
    expect(verifyOrder(order(), { ...context, isKnownRun: (id) => id === RUN })).toEqual(refused('replayed'));
  });

  it('ORD-10 for a fix that does not exist is refused', () => {
    for (const fix of ['F99', 'toString', 'F11; reboot']) expect(verifyOrder(order({ fix }), context)).toEqual(refused('unknown-fix'));
  });

  it('ORD-11 with parameters that do not fit its fix is refused', () => {
    for (const change of [{ udid: null }, { fix: 'F08' }, { udid: '../../etc/passwd' }, { udid: base.udid.toLowerCase() }]) {
      expect(verifyOrder(order(change), context)).toEqual(refused('bad-parameters'));
    }
  });

  it('ORD-14 is judged alone: swapped orders are both taken, one of an earlier connection is not, even after a newer one', () => {
    const known = new Set<string>();
    const ctx = { ...context, isKnownRun: (id: string) => known.has(id) };
    const first = order({ issuedAt: at(-20_000) });
    const second = order({ issuedAt: at(-10_000), runId: '6f6b0c1e-8a77-4c2b-9f3d-0a1b2c3d4e5f' });
    const earlier = order({ connection: `${'e'.repeat(42)}A`, runId: '7f6b0c1e-8a77-4c2b-9f3d-0a1b2c3d4e5f' });
    for (const envelope of [second, first]) {
      const verdict = verifyOrder(envelope, ctx);
      expect(verdict.ok).toBe(true);
      if (verdict.ok) known.add(verdict.order.runId);
    }
    expect(verifyOrder(earlier, ctx)).toMatchObject({ ok: false, reason: 'wrong-connection' });
    expect(verifyOrder(first, ctx)).toEqual(refused('replayed'));
  });

  it('ORD-15 names its run in a refusal only when the signature holds', () => {
    expect(verifyOrder(order({}, foreign), context)).toMatchObject({ runId: null });
    expect(verifyOrder(order({ expiresAt: at(0) }), context)).toMatchObject({ runId: RUN });
  });

  it('never throws, whatever comes', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (o, s) => {
        expect(verifyOrder({ type: 'order', keyId: ours.pin.keyId, order: o, signature: s }, context).ok).toBe(false);
      }),
    );
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...Object.keys(base)), fc.jsonValue()), (change) => {
        const verdict = verifyOrder(order(change), context);
        if (verdict.ok) expect(verdict.order).toMatchObject({ hostId: HOST, epoch: EPOCH, connection: NONCE });
      }),
    );
  });
});
