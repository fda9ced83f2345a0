import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
  randomUUID,
  sign,
} from 'node:crypto';
import {
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { codeOf } from '../platform/index.js';

/** The order key's file cannot be used; `message` says why, in one sentence. */
export class OrderKeyError extends Error {
  override readonly name = 'OrderKeyError';
}

/**
 * The key that signs orders. It lives in a file that only the server's user can read, never in the database: whoever steals a backup of
 * the database can order nothing.
 */
export class OrderKey {
  /** First 16 hex digits of the SHA-256 of the raw public key. */
  readonly keyId: string;
  /** Raw Ed25519 public key, base64url. */
  readonly publicKey: string;
  /** SHA-256 of the raw public key, base64url: what an enrolment token carries. */
  readonly fingerprint: string;

  private constructor(private readonly key: KeyObject) {
    const jwk = createPublicKey(key).export({ format: 'jwk' });
    if (key.asymmetricKeyType !== 'ed25519' || jwk.x === undefined) throw new OrderKeyError('the order key is not an Ed25519 key');
    this.publicKey = jwk.x;
    const digest = createHash('sha256').update(Buffer.from(jwk.x, 'base64url')).digest();
    this.keyId = digest.toString('hex').slice(0, 16);
    this.fingerprint = digest.toString('base64url');
  }

  /** Signature over exactly these bytes (the caller puts the purpose's prefix in front), base64url. */
  sign(bytes: Uint8Array): string {
    return sign(null, bytes, this.key).toString('base64url');
  }

  /** 32 bytes for another purpose, derived from this key: a secret the database does not hold. */
  derive(purpose: string): Buffer {
    const seed = this.key.export({ format: 'jwk' }).d;
    if (seed === undefined) throw new OrderKeyError('the order key has no private part');
    return Buffer.from(hkdfSync('sha256', Buffer.from(seed, 'base64url'), 'lockstep/1 derive', purpose, 32));
  }

  /** Keeps the private part out of logs and answers. */
  toJSON(): { keyId: string } {
    return { keyId: this.keyId };
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return `OrderKey ${this.keyId}`;
  }

  /**
   * Reads the key, or makes it at the first start.
   * @throws OrderKeyError when the file is a link, is readable by others, or holds something else.
   */
  static open(file: string): OrderKey {
    return OrderKey.read(file) ?? OrderKey.create(file);
  }

  /** A new key, in memory only. */
  static generate(): OrderKey {
    return new OrderKey(generateKeyPairSync('ed25519').privateKey);
  }

  /**
   * Puts the key into a file that only the server's user can read, in place of what is there; whole or not at all, across a power cut too.
   * @throws OrderKeyError
   */
  writeTo(file: string): void {
    putPrivate(file, this.key.export({ format: 'pem', type: 'pkcs8' }).toString());
  }

  /**
   * Reads a key; null when there is no such file.
   * @throws OrderKeyError as `open`
   */
  static read(file: string): OrderKey | null {
    let fd: number;
    try {
      fd = openSync(file, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
    } catch (error) {
      const code = codeOf(error);
      if (code === 'ENOENT') return null;
      if (code === 'ELOOP') throw new OrderKeyError(`the order key ${file} is a symbolic link: put the file itself there`);
      throw new OrderKeyError(`the order key ${file} cannot be read (${code})`);
    }
    try {
      const stat = fstatSync(fd);
      if (!stat.isFile()) throw new OrderKeyError(`the order key ${file} is not a file`);
      if (process.platform !== 'win32' && (stat.mode & 0o077) !== 0) {
        throw new OrderKeyError(
          `the order key ${file} can be read by other users: run chmod 600 on it, and replace the key if somebody may have read it`,
        );
      }
      const pem = readFileSync(fd, 'utf8');
      try {
        return new OrderKey(createPrivateKey(pem));
      } catch (error) {
        throw error instanceof OrderKeyError ? error : new OrderKeyError(`the order key ${file} holds no private key in PEM form`);
      }
    } finally {
      closeSync(fd);
    }
  }

  private static create(file: string): OrderKey {
    const { privateKey } = generateKeyPairSync('ed25519');
    const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
    const part = `${file}.${process.pid}.part`;
    try {
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      const fd = openSync(part, 'wx', 0o600);
      try {
        writeSync(fd, pem);
        fsyncSync(fd);
      } finally {
        closeSync(fd);
      }
      chmodSync(part, 0o600);
      // A link, unlike a rename, never replaces a key that another start has just made.
      linkSync(part, file);
    } catch (error) {
      const code = codeOf(error);
      if (code !== 'EEXIST') throw new OrderKeyError(`the order key ${file} cannot be written (${code})`);
    } finally {
      rmSync(part, { force: true });
    }
    const made = OrderKey.read(file);
    if (made === null) throw new OrderKeyError(`the order key ${file} vanished while it was made`);
    return made;
  }
}

/**
 * Writes a file that only the server's user can read, in place of what is there.
 * @throws OrderKeyError when it cannot be written; what was there is still there then
 */
export function putPrivate(file: string, text: string): void {
  // Not the process's number: servers in containers share a folder and may have the same.
  const part = `${file}.${randomUUID()}.part`;
  try {
    const fd = openSync(part, 'wx', 0o600);
    try {
      writeSync(fd, text);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(part, file);
    syncFolder(dirname(file));
  } catch (error) {
    rmSync(part, { force: true });
    throw new OrderKeyError(`${file} cannot be written (${codeOf(error)})`);
  }
}

/**
 * Makes a folder that only the server's user can look into.
 * @throws OrderKeyError
 */
export function makePrivateFolder(folder: string): void {
  try {
    if (mkdirSync(folder, { recursive: true, mode: 0o700 }) !== undefined) syncFolder(dirname(folder));
  } catch (error) {
    throw new OrderKeyError(`${folder} cannot be made (${codeOf(error)})`);
  }
}

/** A rename is durable once its folder is. Windows opens no folders and journals renames itself. */
function syncFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const fd = openSync(folder, constants.O_RDONLY);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
