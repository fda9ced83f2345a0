import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  encodeLockdownFrame,
  encodeLockdownPlist,
  LockdownFrames,
  type PairRecord,
  type PlistDict,
  parsePlistDict,
  writePlist,
} from '@lockstep/agent/device';
import { BUID, failureOf, PhoneTrial, Talk } from '../../test/phone-trial.js';
import { HOSTILE_NAMES } from './identity.js';
import type { RequestNote } from './phone.js';
import { RecordCarrier } from './tls.js';

const trial = new PhoneTrial({ name: 'anna', seed: 'lockdown-test' });
let record: PairRecord;
let foreign: PairRecord;

beforeAll(async () => {
  ({ record, foreign } = await trial.records());
});
beforeEach(() => void trial.fresh());
afterEach(() => trial.close());

describe('lockdownd without a session', () => {
  it('tells what pairing and a software check need, and refuses the rest', async () => {
    const lockdown = trial.client();
    expect(await lockdown.queryType()).toBe('com.apple.mobile.lockdown');
    expect(await lockdown.getValue(null, 'ProductVersion')).toBe(trial.phone.identity.productVersion);
    expect(await lockdown.getValue(null, 'UniqueChipID')).toEqual(
      trial.phone.identity.ecid > BigInt(Number.MAX_SAFE_INTEGER) ? trial.phone.identity.ecid : Number(trial.phone.identity.ecid),
    );
    expect(Buffer.from((await lockdown.getValue(null, 'DevicePublicKey')) as Uint8Array).toString()).toBe(
      await trial.phone.devicePublicKey(),
    );
    expect(await lockdown.getValue('com.apple.mobile.iTunes', 'MinITunesVersion')).toMatch(/^12\./);
    expect(await failureOf(lockdown.getValue(null, 'SerialNumber'))).toBe('GetProhibited');
    expect(await failureOf(lockdown.getValue('com.apple.mobile.battery', 'BatteryCurrentCapacity'))).toBe('GetProhibited');
    expect(await failureOf(lockdown.getValue('com.apple.mobile.battery', null))).toBe('GetProhibited');
    expect(await failureOf(lockdown.startService('com.apple.mobile.diagnostics_relay'))).toBe('SessionInactive');
    const all = (await lockdown.getValue(null, null)) as PlistDict;
    expect(all).toHaveProperty('DeviceName');
    for (const secret of ['SerialNumber', 'DevicePublicKey', 'BluetoothAddress']) expect(all).not.toHaveProperty(secret);
  });

  it('tells whether it is locked, unless it is one of those that keep it for themselves', async () => {
    trial.phone.lock();
    expect(await trial.client().getValue(null, 'PasswordProtected')).toBe(true);
    trial.fresh({ lockStateNeedsSession: true });
    expect(await failureOf(trial.client().getValue(null, 'PasswordProtected'))).toBe('GetProhibited');
  });

  it.each(HOSTILE_NAMES.map((name) => [JSON.stringify(name).slice(0, 40), name]))('carries the name %s unharmed', async (_, name) => {
    trial.fresh({ deviceName: name });
    expect(await trial.client().getValue(null, 'DeviceName')).toBe(name);
  });

  it.each([
    [{ Request: 'Nonsense' }, 'InvalidRequest'],
    [{ Request: 'constructor' }, 'InvalidRequest'],
    [{ Request: 'ValidatePair', PairRecord: {}, ProtocolVersion: '2' }, 'InvalidRequest'],
    [{ Request: 'StartSession' }, 'MissingHostID'],
    [{ Request: 'StartSession', HostID: 7 }, 'MissingHostID'],
    [{ Request: 'StartSession', HostID: 'nobody' }, 'InvalidHostID'],
    [{ Request: 'StopSession', SessionID: 'x' }, 'SessionInactive'],
    [{ Request: 'StartService' }, 'MissingService'],
    [{ Request: 'Pair', ProtocolVersion: '2' }, 'MissingPairRecord'],
    [{ Request: 'Pair', PairRecord: {} }, 'MissingKey'],
    [{ Request: 'Pair', PairRecord: {}, ProtocolVersion: '2' }, 'MissingHostID'],
    [{ Request: 'Pair', PairRecord: { HostID: 'x' }, ProtocolVersion: '2' }, 'InvalidPairRecord'],
    [{ Request: 'Pair', PairRecord: { HostID: 'x' }, ProtocolVersion: '1' }, 'InvalidPairRecord'],
    [{ Request: 'GetValue', Key: 7 }, 'InvalidResponse'],
    [{ Request: 'SetValue', Key: 'DeviceName', Value: 'x' }, 'SetProhibited'],
    [{ Request: 'RemoveValue', Key: 'DeviceName' }, 'RemoveProhibited'],
    [{ Request: 'EnterRecovery' }, 'SessionInactive'],
  ] satisfies [PlistDict, string][])('answers %j with %s', async (request, word) => {
    const talk = new Talk(trial.dial());
    talk.say(request);
    expect(await talk.hear()).toMatchObject({ Request: request.Request, Error: word });
  });

  it.each([
    ['no property list', encodeLockdownFrame(Buffer.from('garbage'))],
    ['a list without a request', encodeLockdownPlist({ Label: 'x' })],
    ['an array', encodeLockdownFrame(writePlist(['x']))],
    ['a length of nothing', Buffer.alloc(4)],
    ['a length of 4 GiB', Buffer.from('ffffffff00', 'hex')],
  ])('hangs up on %s', async (_, bytes) => {
    const stream = trial.dial();
    const closed = new Promise<void>((done) => stream.once('close', done));
    stream.resume();
    stream.write(bytes);
    await closed;
  });

  it('notes who asked for what, never what was in it', async () => {
    const notes: RequestNote[] = [];
    trial.phone.on('request', (note) => notes.push(note));
    const lockdown = trial.client({ label: 'tester' });
    await lockdown.queryType();
    await failureOf(lockdown.getValue(null, 'SerialNumber'));
    expect(notes).toEqual([
      { request: 'QueryType', label: 'tester', error: null },
      { request: 'GetValue', label: 'tester', error: 'GetProhibited' },
    ]);
  });
});

describe('pairing', () => {
  it('asks the holder, grants after the tap, and then opens a session', async () => {
    const paired = await trial.pair(record);
    expect(paired.hasEscrowBag).toBe(true);
    expect(trial.phone.trustedHosts).toEqual([record.hostId]);
    const lockdown = trial.client();
    await lockdown.startSession(paired);
    expect(await lockdown.getValue(null, 'SerialNumber')).toBe(trial.phone.identity.serialNumber);
    expect(await lockdown.getValue('com.apple.mobile.battery', 'BatteryCurrentCapacity')).toBe(80);
    expect(await lockdown.getValue(null, 'FamilyID')).toBe(18_446_744_073_709_551_615n);
    expect(await failureOf(lockdown.getValue(null, 'NoSuchKey'))).toBe('MissingValue');
    expect(await failureOf(lockdown.getValue('com.apple.no.such.domain', null))).toBe('MissingValue');
    await lockdown.close();
  });

  it('refuses a record made for another phone, and never asks the holder about it', async () => {
    expect(await trial.client().pair(foreign, { ms: 0 })).toMatchObject({ outcome: 'refused', error: 'InvalidPairRecord', code: -31 });
    expect(trial.phone.dialog).toBeNull();
  });

  it('refuses while locked, whatever was tapped before', async () => {
    trial.phone.lock();
    expect(await trial.client().pair(record, { ms: 0 })).toMatchObject({ outcome: 'locked', code: -17 });
    expect(trial.phone.dialog).toBeNull();
    trial.phone.unlock();
    expect(await trial.client().pair(record, { ms: 0 })).toMatchObject({ outcome: 'pending' });
  });

  it("remembers Don't Trust until the cable is pulled", async () => {
    await trial.client().pair(record, { ms: 0 });
    trial.phone.tapDontTrust();
    expect(await trial.client().pair(record, { ms: 0 })).toMatchObject({ outcome: 'denied', code: -18 });
    trial.phone.unplugged();
    expect(await trial.client().pair(record, { ms: 0 })).toMatchObject({ outcome: 'pending' });
  });

  it('counts the tap for the computer, whatever HostID its next attempt carries', async () => {
    const next = await trial.recordFor(BUID);
    await trial.client().pair(record, { ms: 0 });
    trial.phone.tapTrust();
    expect(await trial.client().pair(next, { ms: 0 })).toMatchObject({ outcome: 'accepted' });
    expect(trial.phone.trustedHosts).toEqual([next.hostId]);
  });

  it('goes through by itself where the holder taps when asked', async () => {
    trial.fresh({ trustAfterMs: 30 });
    const answer = await trial.client().pair(record, { ms: 5_000, everyMs: 20 });
    expect(answer.outcome).toBe('accepted');
  });

  it('keeps what it granted in its state file, without any private key', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'lockstep-lab-test-'));
    const stateFile = join(dir, 'anna.json');
    trial.fresh({ stateFile });
    const paired = await trial.pair(record);
    expect(readFileSync(stateFile, 'utf8')).not.toContain('PRIVATE KEY');
    trial.fresh({ stateFile });
    const lockdown = trial.client();
    await lockdown.startSession(paired);
    await lockdown.close();
    rmSync(dir, { recursive: true });
  });

  it('is undone by Unpair, by the computer that it belongs to', async () => {
    const paired = await trial.pair(record);
    const stranger = await trial.recordFor(BUID, paired.hostId);
    expect(await failureOf(trial.client().unpair(stranger))).toBe('InvalidPairRecord');
    expect(await failureOf(trial.client().unpair(foreign))).toBe('InvalidHostID');
    await trial.client().unpair(paired);
    expect(await failureOf(trial.client().startSession(paired))).toBe('InvalidHostID');
  });
});

describe('a session', () => {
  it('belongs to the computer that holds the keys of the record', async () => {
    const paired = await trial.pair(record);
    // The right HostID with somebody else's keys, as a thief who read the id would try.
    const thief = await trial.recordFor(BUID, paired.hostId);
    expect(['tls', 'impostor']).toContain(await failureOf(trial.client().startSession(thief)));
    // The id of another computer's multiplexer.
    const moved = await trial.recordFor('another', paired.hostId);
    expect(await failureOf(trial.client().startSession(moved))).toBe('InvalidHostID');
  });

  it('goes back to clear text on the same connection after StopSession', async () => {
    const paired = await trial.pair(record);
    const raw = trial.dial();
    const frames = new LockdownFrames();
    let carrier: RecordCarrier | null = null;
    let heard: (message: PlistDict) => void = () => {};
    raw.on('data', (chunk: Buffer) => {
      const rest = carrier === null ? chunk : carrier.feed(chunk);
      if (rest !== null) for (const body of frames.push(rest)) heard(parsePlistDict(body));
    });
    const ask = (request: PlistDict): Promise<PlistDict> => {
      const answer = new Promise<PlistDict>((done) => {
        heard = done;
      });
      raw.write(encodeLockdownPlist(request));
      return answer;
    };
    const { SessionID, EnableSessionSSL } = await ask({ Request: 'StartSession', HostID: paired.hostId, SystemBUID: BUID });
    expect([typeof SessionID, EnableSessionSSL]).toEqual(['string', true]);
    const carried = new RecordCarrier((bytes) => void raw.write(bytes));
    carrier = carried;
    const tls = connectTls({ socket: carried, ...paired.tlsIdentity(), rejectUnauthorized: false });
    const secret = new Talk(tls);
    secret.say({ Request: 'StartSession', HostID: paired.hostId });
    expect(await secret.hear()).toMatchObject({ Error: 'SessionActive' });
    secret.say({ Request: 'StopSession', SessionID: 'another' });
    expect(await secret.hear()).toMatchObject({ Error: 'InvalidSessionID' });
    secret.say({ Request: 'StopSession', SessionID: String(SessionID) });
    expect(await secret.hear()).toEqual({ Request: 'StopSession' });
    tls.end();
    expect(await ask({ Request: 'GetValue', Key: 'SerialNumber' })).toMatchObject({ Error: 'GetProhibited' });
  });

  it('is cut when clear text comes in the middle of it', async () => {
    const paired = await trial.pair(record);
    const raw = trial.dial();
    raw.write(encodeLockdownPlist({ Request: 'StartSession', HostID: paired.hostId }));
    await new Promise((done) => raw.once('data', done));
    const closed = new Promise((done) => raw.once('close', done));
    raw.write(encodeLockdownPlist({ Request: 'QueryType' }));
    await closed;
  });
});
