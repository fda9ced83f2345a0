import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Call } from '../../test/fake-phone.js';
import { FakePhone, failureOf, PhoneKeys } from '../../test/fake-phone.js';
import { parsePlistDict, writeBinaryPlist } from '../machine/index.js';
import type { DeviceFailure } from './errors.js';
import type { LockdownClient, LockdownClientOptions } from './lockdown-client.js';
import type { PairRecord } from './pair-record.js';

const keys = new PhoneKeys();
let record: PairRecord;
beforeAll(async () => {
  record = await keys.paired();
});

let phone: FakePhone;
afterEach(() => phone.close());

async function serve(script: (call: Call) => void, patience?: LockdownClientOptions): Promise<LockdownClient> {
  phone = new FakePhone(script);
  return phone.client(patience);
}

describe('Pair', () => {
  const quick = { everyMs: 10, ms: 20_000 };

  it('is repeated with the same record while the dialog is open, until it is accepted', async () => {
    const words = ['PasswordProtected', 'PasswordProtected', 'PairingDialogResponsePending', 'PairingDialogResponsePending'];
    const client = await serve(({ reply }) => {
      const word = words.shift();
      reply(word === undefined ? { EscrowBag: new Uint8Array(32).fill(7) } : { Error: word });
    });
    const awaiting: string[] = [];
    const answer = await client.pair(record, {
      ...quick,
      waitWhileLocked: true,
      onAwaiting: (what) => awaiting.push(what),
      wifiMacAddress: '00:11',
      hostName: 'desk-12',
    });
    if (answer.outcome !== 'accepted') throw new Error(answer.outcome);
    expect(parsePlistDict(answer.record.serialise())).toEqual({
      ...parsePlistDict(record.serialise()),
      EscrowBag: new Uint8Array(32).fill(7),
      WiFiMACAddress: '00:11',
    });
    expect(awaiting).toEqual(['unlock', 'tap-trust']);
    expect(phone.calls).toHaveLength(5);
    expect(new Set(phone.calls.map((call) => JSON.stringify(call))).size).toBe(1);
    expect(phone.calls[0]).toEqual({
      Request: 'Pair',
      Label: 'lockstep-agent',
      ProtocolVersion: '2',
      HostName: 'desk-12',
      PairingOptions: { ExtendedPairingErrors: true },
      PairRecord: parsePlistDict(writeBinaryPlist(record.forPhone())),
    });
    expect(JSON.stringify(phone.calls)).not.toContain('PrivateKey');
    client.destroy();
  });

  it.each([
    ['UserDeniedPairing', { outcome: 'denied', error: 'UserDeniedPairing', code: -18 }],
    ['PasswordProtected', { outcome: 'locked', error: 'PasswordProtected', code: -17 }],
    ['MCProtected', { outcome: 'refused', error: 'MCProtected', code: -38 }],
    ['PairingProhibitedOverThisConnection', { outcome: 'refused', error: 'PairingProhibitedOverThisConnection', code: -36 }],
    ['toString', { outcome: 'refused', error: 'toString', code: null }],
    ['Unheard', { outcome: 'refused', error: 'Unheard', code: null }],
  ])('ends with %s after a dialog', async (word, answer) => {
    let asked = 0;
    const client = await serve(({ reply }) => reply({ Error: asked++ === 0 ? 'PairingDialogResponsePending' : word }));
    expect(await client.pair(record, quick)).toEqual(answer);
    expect(asked).toBe(2);
    client.destroy();
  });

  it('is pending still when the time is up', async () => {
    const client = await serve(({ reply }) => reply({ Error: 'PairingDialogResponsePending' }));
    expect(await client.pair(record, { everyMs: 20, ms: 70 })).toEqual({
      outcome: 'pending',
      error: 'PairingDialogResponsePending',
      code: -19,
    });
    expect(phone.calls.length).toBeGreaterThanOrEqual(1);
    expect(phone.calls.length).toBeLessThanOrEqual(4);
    client.destroy();
  });

  it.each<[string, (call: Call) => void, DeviceFailure]>([
    ['silence', () => {}, { kind: 'timeout' }],
    ['a lost phone', ({ socket }) => socket.end(), { kind: 'closed' }],
    ['garbage', ({ socket }) => socket.write(Buffer.alloc(4)), { kind: 'garbage' }],
  ])('takes %s as no answer', async (_, script, failure) => {
    const client = await serve(script, failure.kind === 'timeout' ? { replyMs: 100 } : {});
    expect(await client.pair(record, quick)).toEqual({ outcome: 'no-answer', error: null, code: null, failure });
  });

  it('is stopped by a signal, between two requests too', async () => {
    const client = await serve(({ reply }) => reply({ Error: 'PairingDialogResponsePending' }));
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 40);
    expect(await failureOf(client.pair(record, { everyMs: 5_000, ms: 60_000, signal: controller.signal }))).toEqual({ kind: 'aborted' });
    expect(phone.calls).toHaveLength(1);
    client.destroy();
  });

  it('was accepted also when the phone gave no escrow key', async () => {
    const client = await serve(({ reply }) => reply({}));
    const answer = await client.pair(record, quick);
    expect(answer.outcome === 'accepted' && answer.record.hasEscrowBag).toBe(false);
    client.destroy();
  });
});
