import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { agentFiles, ensureAgentDir, realDisk } from './disk.js';
import { loadEnrolled, makeIdentity, readEnrolment, readIdentity, saveEnrolment } from './identity.js';
import { isSignedBy } from './keys.js';
import { lockAgentDir } from './lock.js';

let root = '';
let dir = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'lockstep-identity-'));
  dir = join(root, 'agent');
  ensureAgentDir(dir);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const ANSWER = { hostId: '0e0a8f6c-6f0b-4f6e-9d0a-1f2e3d4c5b6a', orderKeyId: '0123456789abcdef', orderKey: 'A'.repeat(43) };

describe('identity', () => {
  it('ENR-1 the key is private to its user, in a private folder, and nothing else is left', () => {
    makeIdentity(agentFiles(dir).key);
    expect(statSync(agentFiles(dir).key).mode & 0o777).toBe(0o600);
    expect(statSync(dir).mode & 0o777).toBe(0o700);
    expect(readdirSync(dir)).toEqual(['identity.key']);
  });

  it('ENC-3 signs with the key it wrote, and shows no private part when it is printed', () => {
    const path = agentFiles(dir).key;
    const made = makeIdentity(path);
    const read = readIdentity(path);
    expect(read?.publicKey).toBe(made.publicKey);
    expect(isSignedBy(made.publicKey, 'p\n', 'text', read?.sign('p\n', 'text') ?? '')).toBe(true);
    const secret = readFileSync(path, 'utf8').split('\n')[1] ?? '';
    expect(inspect(made, { depth: 9, showHidden: true }) + JSON.stringify(made)).not.toContain(secret.slice(-30));
  });

  it.each([
    ['empty', ''],
    ['garbage', 'not a key'],
    ['a public key', generateKeyPairSync('ed25519').publicKey.export({ format: 'pem', type: 'spki' }).toString()],
    [
      'a key of another kind',
      generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    ],
  ])('a key file that is %s is an error that names it, and is left as it is', (_name, content) => {
    const path = agentFiles(dir).key;
    writeFileSync(path, content, { mode: 0o600 });
    expect(() => readIdentity(path)).toThrow(expect.objectContaining({ code: 'key-malformed', message: expect.stringContaining(path) }));
    expect(readFileSync(path, 'utf8')).toBe(content);
  });

  it('a key that others can read is not used', () => {
    const path = agentFiles(dir).key;
    makeIdentity(path);
    chmodSync(path, 0o644);
    expect(() => readIdentity(path)).toThrow(expect.objectContaining({ code: 'key-exposed' }));
  });

  it('a link in the key’s place is not followed', () => {
    const path = agentFiles(dir).key;
    makeIdentity(join(root, 'elsewhere'));
    symlinkSync(join(root, 'elsewhere'), path);
    expect(() => readIdentity(path)).toThrow(expect.objectContaining({ code: 'key-unreadable' }));
  });

  it('a folder that others can write is not used, and not changed', () => {
    const open = join(root, 'open');
    mkdirSync(open);
    chmodSync(open, 0o777);
    expect(() => ensureAgentDir(open)).toThrow(expect.objectContaining({ code: 'dir-unusable' }));
    expect(statSync(open).mode & 0o777).toBe(0o777);
    writeFileSync(join(root, 'file'), '');
    expect(() => ensureAgentDir(join(root, 'file', 'x'))).toThrow(expect.objectContaining({ code: 'dir-unusable' }));
  });
});

describe('enrolment on disk', () => {
  it('ENR-5 says what is wrong: not enrolled, key missing, another key', () => {
    const files = agentFiles(dir);
    expect(() => loadEnrolled(dir)).toThrow(expect.objectContaining({ code: 'not-enrolled' }));
    const identity = makeIdentity(files.key);
    saveEnrolment(dir, 'https://lockstep.example', identity.publicKey, ANSWER);
    expect(loadEnrolled(dir).enrolment.hostId).toBe(ANSWER.hostId);
    makeIdentity(files.key);
    expect(() => loadEnrolled(dir)).toThrow(expect.objectContaining({ code: 'key-malformed' }));
    rmSync(files.key);
    expect(() => loadEnrolled(dir)).toThrow(expect.objectContaining({ code: 'key-unreadable' }));
  });

  it.each([
    ['{', 'not JSON'],
    ['{"schema":2}', 'schema'],
    ['{"schema":1,"server":"https://x","hostId":"host-1"}', 'hostId'],
  ])('ENR-5 %s names the field and is left alone', (content, word) => {
    const path = agentFiles(dir).enrolment;
    writeFileSync(path, content);
    expect(() => readEnrolment(dir)).toThrow(
      expect.objectContaining({ code: 'enrolment-malformed', message: expect.stringContaining(word) }),
    );
    expect(readFileSync(path, 'utf8')).toBe(content);
  });

  it('ENR-5 a plain-text server put into the file by hand is refused', () => {
    const identity = makeIdentity(agentFiles(dir).key);
    saveEnrolment(dir, 'https://lockstep.example', identity.publicKey, ANSWER);
    const path = agentFiles(dir).enrolment;
    writeFileSync(path, readFileSync(path, 'utf8').replace('https://', 'http://'));
    expect(() => loadEnrolled(dir)).toThrow(expect.objectContaining({ code: 'plain-text' }));
  });

  it('ENR-5 an enrolment cut off between its two writes is finished', () => {
    const files = agentFiles(dir);
    const old = makeIdentity(files.key);
    saveEnrolment(dir, 'https://lockstep.example', old.publicKey, ANSWER);
    const next = makeIdentity(files.nextKey);
    const enrolment = { ...JSON.parse(readFileSync(files.enrolment, 'utf8')), publicKey: next.publicKey };
    realDisk.replace(files.enrolment, Buffer.from(JSON.stringify(enrolment)));
    expect(loadEnrolled(dir).identity.publicKey).toBe(next.publicKey);
    expect(readdirSync(dir).sort()).toEqual(['enrolment.json', 'identity.key']);
    expect(loadEnrolled(dir).identity.publicKey).toBe(next.publicKey);
  });
});

describe('the lock of the folder', () => {
  it('keeps a second agent out, is given back, and is taken from a process that is gone', () => {
    const { lock } = agentFiles(dir);
    const unlock = lockAgentDir(lock);
    expect(() => lockAgentDir(lock)).toThrow(expect.objectContaining({ code: 'in-use' }));
    unlock();
    // The largest pid Linux gives out is 4194304.
    writeFileSync(lock, '4194305\n');
    lockAgentDir(lock)();
    // The process that started this one lives.
    writeFileSync(lock, `${process.ppid}\n`);
    expect(() => lockAgentDir(lock)).toThrow(
      expect.objectContaining({ code: 'in-use', message: expect.stringContaining(String(process.ppid)) }),
    );
  });
});
