import { spawnSync } from 'node:child_process';
import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { FakePhone, failureOf, PhoneKeys } from '../../test/fake-phone.js';
import { certificateFor, certificatePem } from './certificates.js';
import { DeviceError } from './errors.js';
import { OrganisationIdentity } from './organisation.js';
import type { PairRecord } from './pair-record.js';

const NOW = new Date('2026-03-01T12:00:00Z');
const pem = (key: KeyObject) => Buffer.from(key.export({ type: 'pkcs8', format: 'pem' }));
const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
const der = certificateFor({ role: 'host', serial: 77_777, subjectKey: keys.publicKey, issuerKey: keys.privateKey, now: NOW });
const certificate = Buffer.from(certificatePem(der));
const identity = OrganisationIdentity.parse({ certificate, privateKey: pem(keys.privateKey) });

describe('an organisation identity', () => {
  it('is read from PEM and DER, encrypted or not', () => {
    const { privateKey } = keys;
    const forms: { privateKey: Buffer; passphrase?: string }[] = [
      { privateKey: Buffer.from(privateKey.export({ type: 'pkcs1', format: 'pem' })) },
      { privateKey: privateKey.export({ type: 'pkcs8', format: 'der' }) },
      { privateKey: privateKey.export({ type: 'pkcs1', format: 'der' }) },
      {
        privateKey: Buffer.from(privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'open' })),
        passphrase: 'open',
      },
    ];
    for (const form of forms) {
      for (const shown of [certificate, der]) {
        expect(OrganisationIdentity.parse({ certificate: shown, ...form }).certificate.equals(der)).toBe(true);
      }
    }
  });

  it('is refused when the key is another one, too short, none, or locked', () => {
    const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    const short = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const shortDer = certificateFor({ role: 'host', serial: 1, subjectKey: short.publicKey, issuerKey: short.privateKey, now: NOW });
    const curve = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    const locked = Buffer.from(keys.privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'open' }));
    for (const files of [
      { certificate, privateKey: pem(other) },
      { certificate: shortDer, privateKey: pem(short.privateKey) },
      { certificate, privateKey: pem(curve) },
      { certificate, privateKey: locked, passphrase: 'wrong' },
      { certificate, privateKey: Buffer.from('hello') },
      { certificate: Buffer.from('hello'), privateKey: pem(keys.privateKey) },
      { certificate: Buffer.alloc(100_000), privateKey: pem(keys.privateKey) },
    ]) {
      expect(() => OrganisationIdentity.parse(files)).toThrow('organisation identity: garbage');
    }
  });

  it('shows itself to nobody', () => {
    for (const text of [JSON.stringify({ identity }), String(identity), inspect(identity, { depth: 9 })]) {
      expect(text).toContain('redacted');
      expect(text).not.toContain('PRIVATE');
    }
  });

  it('signs no challenge of a size that none has', () => {
    expect(() => identity.answer(Buffer.alloc(0))).toThrow(DeviceError);
    expect(() => identity.answer(Buffer.alloc(5_000))).toThrow(DeviceError);
  });
});

const hasOpenssl = spawnSync('openssl', ['version']).error === undefined;
if (!hasOpenssl) process.stdout.write('the check of signed challenges by openssl is left out: openssl not found\n');

(hasOpenssl ? describe : describe.skip)('a signed challenge, as openssl reads it', () => {
  const dir = mkdtempSync(join(tmpdir(), 'lockstep-cms-'));
  afterAll(() => rmSync(dir, { recursive: true, force: true }));
  const file = (name: string, content: Uint8Array) => {
    writeFileSync(join(dir, name), content);
    return join(dir, name);
  };
  const verify = (answer: Uint8Array) =>
    spawnSync('openssl', [
      'cms',
      '-verify',
      '-inform',
      'DER',
      '-binary',
      '-in',
      file('answer.der', answer),
      '-certfile',
      file('cert.pem', certificate),
      '-CAfile',
      file('ca.pem', certificate),
      '-partial_chain',
      '-purpose',
      'any',
      '-no_check_time',
    ]);

  it.each([1, 20, 32, 127, 128, 300, 4_096])('holds and proves a challenge of %i bytes', (size) => {
    const challenge = randomBytes(size);
    const run = verify(identity.answer(challenge, NOW));
    expect(run.stderr.toString()).toContain('CMS Verification successful');
    expect(run.stdout.equals(challenge)).toBe(true);
  });

  it('proves nothing once a byte of it is changed', () => {
    const answer = identity.answer(Buffer.alloc(32, 5), NOW);
    for (const at of [answer.indexOf(Buffer.alloc(32, 5)) + 3, answer.length - 1]) {
      const changed = Buffer.from(answer);
      changed[at] = (changed[at] as number) ^ 1;
      expect(verify(changed).status).not.toBe(0);
    }
  });
});

describe('pairing as an organisation', () => {
  const phoneKeys = new PhoneKeys();
  let record: PairRecord;
  let phone: FakePhone;
  beforeAll(async () => {
    record = await phoneKeys.paired();
  });
  afterEach(() => phone.close());

  const challenge = { Error: 'MCChallengeRequired', ExtendedResponse: { PairingChallenge: Buffer.from('prove it') } };

  it('asks twice: with the certificate, then with the signed challenge, and no private key leaves', async () => {
    phone = new FakePhone(({ reply }) => reply(phone.calls.length === 1 ? challenge : { EscrowBag: new Uint8Array(32).fill(3) }));
    const client = await phone.client();
    const answer = await client.pairSupervised(record, identity, { hostName: 'desk-12', wifiMacAddress: '00:11', now: NOW });
    if (answer.outcome !== 'accepted') throw new Error(answer.outcome);
    expect(answer.record.escrowBag()).toEqual(Buffer.alloc(32, 3));
    expect(phone.calls.map((call) => call.PairingOptions)).toEqual([
      { ExtendedPairingErrors: true, SupervisorCertificate: new Uint8Array(der) },
      { ExtendedPairingErrors: true, ChallengeResponse: expect.any(Uint8Array) },
    ]);
    expect(JSON.stringify(phone.calls)).not.toContain('PrivateKey');
    client.destroy();
  });

  it('keeps nothing that a locked phone granted without its escrow key', async () => {
    phone = new FakePhone(({ reply }) => reply(phone.calls.length === 1 ? challenge : {}));
    const client = await phone.client();
    expect(await client.pairSupervised(record, identity)).toEqual({ outcome: 'locked', error: 'MissingEscrowBag', code: null });
    client.destroy();
  });

  it.each([
    ['MCProtected', 'refused', -38],
    ['ProhibitedBySupervision', 'refused', 0xe8000083],
    ['PasswordProtected', 'locked', -17],
    ['UserDeniedPairing', 'denied', -18],
    ['FMiPProtected', 'refused', -37],
  ])('tells that the phone answers %s, to the first question and to the second', async (word, outcome, code) => {
    for (const first of [true, false]) {
      phone = new FakePhone(({ reply }) => reply(!first && phone.calls.length === 1 ? challenge : { Error: word }));
      const client = await phone.client();
      expect(await client.pairSupervised(record, identity)).toEqual({ outcome, error: word, code });
      expect(phone.calls).toHaveLength(first ? 1 : 2);
      client.destroy();
      await phone.close();
    }
  });

  it('does not ask a third time, and takes a challenge that is none for a refusal', async () => {
    for (const extended of [challenge.ExtendedResponse, {}, 'x', { PairingChallenge: 'text' }]) {
      phone = new FakePhone(({ reply }) => reply({ Error: 'MCChallengeRequired', ExtendedResponse: extended }));
      const client = await phone.client();
      expect(await client.pairSupervised(record, identity)).toEqual({ outcome: 'refused', error: 'MCChallengeRequired', code: -39 });
      expect(phone.calls).toHaveLength(extended === challenge.ExtendedResponse ? 2 : 1);
      client.destroy();
      await phone.close();
    }
  });

  it('is an answer too when the phone hangs up, and ends when it is stopped', async () => {
    phone = new FakePhone(({ socket }) => socket.destroy());
    expect(await (await phone.client()).pairSupervised(record, identity)).toMatchObject({
      outcome: 'no-answer',
      failure: { kind: 'closed' },
    });
    await phone.close();
    phone = new FakePhone(() => {});
    const client = await phone.client();
    expect(await failureOf(client.pairSupervised(record, identity, { signal: AbortSignal.timeout(30) }))).toEqual({ kind: 'aborted' });
    await phone.abandoned();
  });
});
