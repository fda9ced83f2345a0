import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Call } from '../../test/fake-phone.js';
import { FakePhone, failureOf, PhoneKeys } from '../../test/fake-phone.js';
import type { PlistDict } from '../machine/index.js';
import { parsePlistDict, writeBinaryPlist } from '../machine/index.js';
import type { DeviceFailure } from './errors.js';
import type { LockdownClient, LockdownClientOptions } from './lockdown-client.js';
import { encodeLockdownFrame, encodeLockdownPlist } from './lockdown-frames.js';
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

describe('requests', () => {
  it('carry name and label, and read XML and binary answers', async () => {
    const client = await serve(({ request, reply, socket }) => {
      if (request.Request === 'QueryType') reply({ Type: 'com.apple.mobile.lockdown' });
      else socket.write(encodeLockdownFrame(writeBinaryPlist({ Request: 'GetValue', Key: 'UniqueChipID', Value: 2n ** 63n })));
    });
    expect(await client.queryType()).toBe('com.apple.mobile.lockdown');
    expect(await client.getValue(null, 'UniqueChipID')).toBe(2n ** 63n);
    expect(phone.calls).toEqual([
      { Request: 'QueryType', Label: 'lockstep-agent' },
      { Request: 'GetValue', Label: 'lockstep-agent', Key: 'UniqueChipID' },
    ]);
  });

  it('ask for a key of a domain, or a whole domain', async () => {
    const client = await serve(({ request, reply }) => reply({ Domain: request.Domain as string, Value: { asked: request.Key ?? 'all' } }));
    expect(await client.getValue('com.apple.mobile.battery', 'FullyCharged')).toEqual({ asked: 'FullyCharged' });
    expect(await client.getValue('com.apple.mobile.battery', null)).toEqual({ asked: 'all' });
  });

  it('are asked one after another, however they are called', async () => {
    const client = await serve(async ({ request, reply }) => {
      await sleep(20);
      reply({ Value: request.Key as string });
    });
    expect(await Promise.all(['A', 'B', 'C'].map((key) => client.getValue(null, key)))).toEqual(['A', 'B', 'C']);
  });

  it('survive an answer byte by byte', async () => {
    const client = await serve(async ({ socket }) => {
      const bytes = encodeLockdownPlist({ Request: 'QueryType', Type: 'x' });
      for (const byte of bytes.subarray(0, 30)) {
        socket.write(Buffer.from([byte]));
        await sleep(0);
      }
      socket.write(bytes.subarray(30));
    });
    expect(await client.queryType()).toBe('x');
  });

  it('go on after a refusal', async () => {
    const client = await serve(({ request, reply }) =>
      reply(request.Key === 'SerialNumber' ? { Error: 'GetProhibited' } : request.Key === 'New' ? { Error: 'BrandNew' } : { Value: 'ok' }),
    );
    expect(await failureOf(client.getValue(null, 'SerialNumber'))).toEqual({ kind: 'lockdown', word: 'GetProhibited', code: -13 });
    expect(await failureOf(client.getValue(null, 'New'))).toEqual({ kind: 'lockdown', word: 'BrandNew', code: null });
    expect(await client.getValue(null, 'DeviceName')).toBe('ok');
  });

  it.each<[string, (call: Call) => void, DeviceFailure]>([
    ['is silent', () => {}, { kind: 'timeout' }],
    ['hangs up', ({ socket }) => socket.end(), { kind: 'closed' }],
    ['hangs up inside an answer', ({ socket }) => socket.end(Buffer.from([0, 0, 0, 9, 1])), { kind: 'closed' }],
    ['stops inside an answer', ({ socket }) => socket.write(Buffer.from([0, 0, 0, 9, 1])), { kind: 'timeout' }],
    [
      'announces 4 GiB',
      ({ socket }) => socket.write(Buffer.from([255, 255, 255, 255])),
      { kind: 'too-large', bytes: 0xffffffff, limit: 16777216 },
    ],
    ['announces nothing', ({ socket }) => socket.write(Buffer.alloc(4)), { kind: 'garbage' }],
    ['sends no property list', ({ socket }) => socket.write(encodeLockdownFrame(Buffer.from('garbage'))), { kind: 'garbage' }],
    ['sends a list that is no dictionary', ({ socket }) => socket.write(encodeLockdownFrame(writeBinaryPlist(['x']))), { kind: 'garbage' }],
    ['answers another question', ({ reply }) => reply({ Request: 'GetValue', Type: 'x' }), { kind: 'garbage' }],
    ['answers without a type', ({ reply }) => reply({}), { kind: 'garbage' }],
    ['answers an error that is no word', ({ reply }) => reply({ Error: 5 }), { kind: 'garbage' }],
    ['fails as before iOS 5', ({ reply }) => reply({ Result: 'Failure' }), { kind: 'lockdown', word: 'Failure', code: null }],
  ])('fail in time when the phone %s', async (_, script, failure) => {
    const client = await serve(script, failure.kind === 'timeout' ? { replyMs: 100 } : {});
    expect(await failureOf(client.queryType())).toEqual(failure);
    if (failure.kind !== 'lockdown') {
      // Nobody knows which question the next answer belongs to.
      const again = await failureOf(client.queryType());
      expect(again).toEqual(failure);
      await phone.abandoned();
    }
    client.destroy();
  });

  it('refuse a value that belongs to another key', async () => {
    const client = await serve(({ reply }) => reply({ Key: 'Other', Value: 1 }));
    expect(await failureOf(client.getValue(null, 'DeviceName'))).toEqual({ kind: 'garbage' });
  });

  it('are stopped by a signal', async () => {
    const client = await serve(() => {});
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 20);
    expect(await failureOf(client.queryType({ signal: controller.signal }))).toEqual({ kind: 'aborted' });
    await phone.abandoned();
  });

  it('start services', async () => {
    const answers: PlistDict[] = [{ Port: 49152, EnableServiceSSL: true }, { Port: 49153 }, { Port: 0 }];
    const client = await serve(({ reply }) => reply(answers.shift() ?? {}));
    expect(await client.startService('com.apple.afc')).toEqual({ port: 49152, tls: true });
    expect(await client.startService('com.apple.afc')).toEqual({ port: 49153, tls: false });
    expect(await failureOf(client.startService('com.apple.afc'))).toEqual({ kind: 'garbage' });
    expect(phone.calls[0]).toMatchObject({ Request: 'StartService', Service: 'com.apple.afc' });
  });

  it('unpair without showing a private key, and take the old name of the answer', async () => {
    const client = await serve(({ reply }) => reply({ Request: 'ValidatePair' }));
    await client.unpair(record);
    expect(phone.calls[0]).toEqual({
      Request: 'Unpair',
      Label: 'lockstep-agent',
      ProtocolVersion: '2',
      PairRecord: parsePlistDict(writeBinaryPlist(record.forPhone())),
    });
    client.destroy();
  });
});
