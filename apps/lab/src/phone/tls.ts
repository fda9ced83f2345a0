import type { KeyObject } from 'node:crypto';
import { X509Certificate } from 'node:crypto';
import { Duplex } from 'node:stream';
import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls';
import type { GrantedPairing } from './pairings.js';

/** TLS record types 20 to 23 (RFC 8446 5.1): no lockdown frame begins with such a byte, since its length would be over 320 MiB. */
const RECORD_TYPES = { first: 20, last: 23 } as const;
const RECORD_HEADER_BYTES = 5;

/** Whether the bytes begin a TLS record. */
export function beginsRecord(bytes: Uint8Array): boolean {
  const type = bytes[0];
  return type !== undefined && type >= RECORD_TYPES.first && type <= RECORD_TYPES.last;
}

/** The phone's half of TLS: the certificate that the computer made for it, and its own private key. */
export function phoneContext(certificate: string, key: KeyObject): SecureContext {
  return createSecureContext({
    cert: certificate,
    key: key.export({ type: 'pkcs8', format: 'pem' }),
    minVersion: 'TLSv1.2',
    // Phones were seen to offer 1.2; whether they offer 1.3 on lockdown is not known.
    maxVersion: 'TLSv1.2',
    // Records made by older tools are signed with SHA-1 and are still accepted by phones.
    ciphers: 'DEFAULT:@SECLEVEL=0',
  });
}

/**
 * Puts the phone's side of TLS on a stream: shows the certificate, demands one from the computer, and lets only the pairing's host or
 * root certificate through (libimobiledevice presents the root's, other clients the host's). Possession of its key is proven by the
 * handshake itself. The stream is destroyed when the computer is somebody else.
 */
export function serveTls(carrier: Duplex, context: SecureContext, pairing: GrantedPairing): TLSSocket {
  const known = [pairing.hostCertificate, pairing.rootCertificate].map((pem) => new X509Certificate(pem).raw);
  const socket = new TLSSocket(carrier, { isServer: true, secureContext: context, requestCert: true, rejectUnauthorized: false });
  socket.once('secure', () => {
    const shown = socket.getPeerCertificate(true)?.raw;
    if (shown === undefined || !known.some((raw) => raw.equals(shown))) socket.destroy();
  });
  return socket;
}

/**
 * The stream that TLS runs on while a lockdown session lasts. lockdownd goes back to clear text after StopSession on the same
 * connection, so TLS never owns the connection: whole records are handed to it, and what is no record afterwards is clear text again.
 */
export class RecordCarrier extends Duplex {
  private waiting: Buffer = Buffer.alloc(0);

  constructor(private readonly send: (bytes: Buffer) => void) {
    super();
  }

  /** Takes bytes of the connection and passes on the whole records among them. Returns the rest when it begins with something else. */
  feed(chunk: Buffer): Buffer | null {
    this.waiting = this.waiting.length === 0 ? chunk : Buffer.concat([this.waiting, chunk]);
    while (this.waiting.length > 0) {
      if (!beginsRecord(this.waiting)) {
        const clear = this.waiting;
        this.waiting = Buffer.alloc(0);
        return clear;
      }
      if (this.waiting.length < RECORD_HEADER_BYTES) return null;
      const length = RECORD_HEADER_BYTES + this.waiting.readUInt16BE(3);
      if (this.waiting.length < length) return null;
      this.push(this.waiting.subarray(0, length));
      this.waiting = this.waiting.subarray(length);
    }
    return null;
  }

  override _read(): void {
    // Records are pushed as they arrive.
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error) => void): void {
    this.send(chunk);
    done();
  }
}
