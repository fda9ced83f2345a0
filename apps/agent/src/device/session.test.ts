import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Call, TlsSide } from '../../test/fake-phone.js';
import { BUID, FakePhone, failureOf, PhoneKeys } from '../../test/fake-phone.js';
import { parsePlistDict } from '../machine/index.js';
import type { LockdownClient, LockdownClientOptions } from './lockdown-client.js';
import { encodeLockdownPlist } from './lockdown-frames.js';
import { PairRecord } from './pair-record.js';
import { upgradeToTls } from './tls.js';

const keys = new PhoneKeys();
const impostorKeys = new PhoneKeys();
let record: PairRecord;
/** A record for another phone: its holder shows another certificate. */
let foreign: PairRecord;
beforeAll(async () => {
  [record, foreign] = await Promise.all([keys.paired(), impostorKeys.paired()]);
});

let phone: FakePhone;
afterEach(() => phone.close());

async function serve(script: (call: Call) => void, patience?: LockdownClientOptions): Promise<LockdownClient> {
  phone = new FakePhone(script);
  return phone.client(patience);
}

describe('sessions', () => {
  function lockdownd({ request, reply }: Call): void {
    if (request.Request === 'StartSession')
      reply(request.HostID === record.hostId ? { SessionID: 'S1', EnableSessionSSL: true } : { Error: 'InvalidHostID' });
    else if (request.Request === 'QueryType') reply({ Type: 'com.apple.mobile.lockdown' });
    else if (request.Request === 'GetValue') reply({ Value: 'secret' });
    else reply({});
  }

  async function phoneWith(side: Partial<TlsSide> = {}, script = lockdownd, patience: LockdownClientOptions = {}): Promise<LockdownClient> {
    const client = await serve(script, patience);
    phone.tls = { identity: record, keys, version: 'TLSv1.2', accepts: record, ...side };
    return client;
  }

  it.each(['TLSv1.2', 'TLSv1.3'] as const)('are encrypted with the paired phone, %s', async (version) => {
    const client = await phoneWith({ version });
    expect(await client.startSession(record)).toEqual({ sessionId: 'S1', certificate: 'matches' });
    expect(await client.getValue(null, 'SerialNumber')).toBe('secret');
    expect(phone.calls[0]).toMatchObject({ HostID: record.hostId, SystemBUID: BUID });
    await client.close();
    expect(phone.calls.map((call) => call.Request)).toEqual(['StartSession', 'QueryType', 'GetValue', 'StopSession']);
    expect(phone.calls.at(-1)).toMatchObject({ SessionID: 'S1' });
    await phone.abandoned();
  });

  it('are refused with an impostor: somebody who shows another certificate', async () => {
    const client = await phoneWith({ identity: foreign, keys: impostorKeys });
    expect(await failureOf(client.startSession(record))).toEqual({ kind: 'impostor' });
    await phone.abandoned();
    expect(phone.calls.map((call) => call.Request)).toEqual(['StartSession']);
  });

  it('go on with an impostor where the policy is to warn: that is said, and neither secret nor order is given', async () => {
    const client = await phoneWith({ identity: foreign, keys: impostorKeys }, lockdownd, { certificate: 'warn' });
    expect(await client.startSession(record)).toEqual({ sessionId: 'S1', certificate: 'differs' });
    expect(client.session?.certificate).toBe('differs');
    expect(await client.getValue(null, 'SerialNumber')).toBe('secret');
    const escrow = record.granted({ escrowBag: new Uint8Array(32).fill(9) });
    for (const work of [
      client.startService('com.apple.mobile.heartbeat', { escrow }),
      client.setWifiConnections(true),
      client.enterRecovery(),
    ]) {
      expect(await failureOf(work)).toEqual({ kind: 'impostor' });
    }
    expect(phone.calls.map((call) => call.Request)).toEqual(['StartSession', 'QueryType', 'GetValue']);
    await client.close();
    expect(client.session).toBeNull();
  });

  it('are what an order needs', async () => {
    const client = await phoneWith();
    expect(await failureOf(client.setWifiConnections(true))).toEqual({ kind: 'denied', code: 'NO_SESSION' });
    expect(await failureOf(client.enterRecovery())).toEqual({ kind: 'denied', code: 'NO_SESSION' });
    await client.startSession(record);
    await client.setWifiConnections(false);
    expect(phone.calls.at(-1)).toEqual({
      Request: 'SetValue',
      Label: 'lockstep-agent',
      Domain: 'com.apple.mobile.wireless_lockdown',
      Key: 'EnableWifiConnections',
      Value: false,
    });
    await client.enterRecovery();
    expect(phone.calls.at(-1)).toEqual({ Request: 'EnterRecovery', Label: 'lockstep-agent' });
    expect(client.session).toBeNull();
    await phone.abandoned();
  });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)('are not open when the phone does not take our certificate, %s', async (version) => {
    const client = await phoneWith({ version, accepts: foreign });
    expect(await failureOf(client.startSession(record))).toMatchObject({ kind: 'tls' });
  });

  it('are not open in clear text', async () => {
    const client = await serve(({ reply }) => reply({ SessionID: 'S1', EnableSessionSSL: false }));
    expect(await failureOf(client.startSession(record))).toEqual({ kind: 'tls', code: 'NOT_ENCRYPTED' });
  });

  it('are refused by the phone with its word, and the connection lives', async () => {
    const client = await serve(({ request, reply }) =>
      reply(request.Request === 'StartSession' ? { Error: 'InvalidHostID' } : { Type: 'x' }),
    );
    expect(await failureOf(client.startSession(record))).toEqual({ kind: 'lockdown', word: 'InvalidHostID', code: -21 });
    expect(await client.queryType()).toBe('x');
    await client.close();
  });

  it('fail when the handshake is cut, garbled, or never comes', async () => {
    const started = { SessionID: 'S1', EnableSessionSSL: true };
    const cut = await serve(({ reply, socket }) => {
      reply(started);
      socket.removeAllListeners('data');
      socket.once('data', () => socket.destroy());
    });
    expect(await failureOf(cut.startSession(record))).toMatchObject({ kind: 'tls' });
    await phone.close();
    const garbled = await serve(({ reply, socket }) => {
      reply(started);
      socket.removeAllListeners('data');
      socket.once('data', () => socket.write('no TLS here'));
    });
    expect(await failureOf(garbled.startSession(record))).toMatchObject({ kind: 'tls' });
    await phone.close();
    const silent = await serve(
      ({ reply, socket }) => {
        reply(started);
        socket.removeAllListeners('data');
      },
      { tlsMs: 100 },
    );
    expect(await failureOf(silent.startSession(record))).toEqual({ kind: 'timeout' });
  });

  it('are stopped in the handshake by a signal, and by destroy', async () => {
    for (const how of ['signal', 'destroy']) {
      const client = await serve(({ reply, socket }) => {
        reply({ SessionID: 'S1', EnableSessionSSL: true });
        socket.removeAllListeners('data');
      });
      const controller = new AbortController();
      setTimeout(() => (how === 'signal' ? controller.abort() : client.destroy()), 50);
      const before = performance.now();
      expect(await failureOf(client.startSession(record, { signal: controller.signal }))).toMatchObject({
        kind: how === 'signal' ? 'aborted' : 'tls',
      });
      expect(performance.now() - before).toBeLessThan(5_000);
      await phone.abandoned();
      await phone.close();
    }
  });

  it('do not wait for a goodbye', async () => {
    const mute = (call: Call) => {
      if (call.request.Request !== 'StopSession') lockdownd(call);
    };
    const client = await phoneWith({}, mute, { stopMs: 50 });
    await client.startSession(record);
    const before = performance.now();
    await client.close();
    expect(performance.now() - before).toBeLessThan(5_000);
    await client.close();
    expect(await failureOf(client.queryType())).toMatchObject({ kind: 'timeout' });
  });

  it('close at once while a request is unanswered', async () => {
    const client = await phoneWith({}, (call) => {
      if (call.request.Request !== 'GetValue') lockdownd(call);
    });
    await client.startSession(record);
    const asked = failureOf(client.getValue(null, 'DeviceName'));
    await sleep(10);
    await client.close();
    expect(await asked).toEqual({ kind: 'closed' });
    expect(phone.calls.map((call) => call.Request)).not.toContain('StopSession');
  });

  it('need a record whose certificates are some', async () => {
    const values = parsePlistDict(record.serialise());
    for (const key of ['DeviceCertificate', 'HostCertificate']) {
      const client = await phoneWith();
      const broken = PairRecord.from({ ...values, [key]: Buffer.from('hello') });
      expect(['tls', 'garbage']).toContain((await failureOf(client.startSession(broken))).kind);
      await phone.close();
    }
  });

  it('encrypt the streams of services too', async () => {
    await phoneWith();
    const raw = await phone.stream();
    raw.write(encodeLockdownPlist({ Request: 'StartSession', HostID: record.hostId }));
    await new Promise((resolve) => raw.once('data', resolve));
    raw.removeAllListeners('data');
    const secured = await upgradeToTls(raw, record);
    expect(secured.encrypted).toBe(true);
    secured.destroy();
  });
});
