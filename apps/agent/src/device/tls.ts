import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { connect, createSecureContext, type SecureContext } from 'node:tls';
import { within } from './conversation.js';
import { DeviceError, systemCode, toDeviceError } from './errors.js';
import type { PairRecord } from './pair-record.js';

/**
 * What to do about a phone that shows another certificate than the one of its pairing. `refuse`: end the connection. `warn`: go on, and
 * say so; the caller then reads at most, for nobody knows who answers.
 */
export type CertificatePolicy = 'warn' | 'refuse';

/** Whether the phone showed the certificate of its pairing. */
export type CertificateVerdict = 'matches' | 'differs';

export interface SecuredStream {
  socket: TLSSocket;
  certificate: CertificateVerdict;
}

export interface TlsOptions {
  /** `refuse` when left out. */
  certificate?: CertificatePolicy | undefined;
  /** Named in errors. */
  step?: string | undefined;
  /** Until the handshake is done, ms. */
  ms?: number | undefined;
  signal?: AbortSignal | undefined;
}

/** libimobiledevice waits as long for a handshake as for an answer; phones need well under a second. */
const TLS_MS = 10_000;

/**
 * Encrypts a stream to a phone, which is the TLS server, and looks whether it is the paired one: it has to show the very certificate this
 * host made for it at pairing. There is no authority to ask and no name to compare, so nothing else can tell an impostor.
 * Rejects with DeviceError `tls` or, unless the policy is to warn, `impostor` (and `timeout`, `aborted`); the stream is closed then.
 *
 * Under TLS 1.3 the phone judges our certificate after this promise is kept: only an answer inside the session proves it was taken.
 */
export async function secureStream(stream: Duplex, record: PairRecord, options: TlsOptions = {}): Promise<SecuredStream> {
  const step = options.step ?? 'TLS';
  stream.on('error', ignore);
  try {
    const expected = record.deviceCertificate();
    const socket = await shakeHands(stream, record, { step, ms: options.ms ?? TLS_MS, signal: options.signal });
    const certificate = socket.getPeerCertificate(false).raw?.equals(expected) === true ? 'matches' : 'differs';
    if (certificate === 'differs' && options.certificate !== 'warn') {
      socket.destroy();
      throw new DeviceError(step, { kind: 'impostor' });
    }
    return { socket, certificate };
  } catch (error) {
    stream.destroy();
    throw toDeviceError(step, error);
  }
}

/** As `secureStream`, with nobody but the paired phone. */
export async function upgradeToTls(stream: Duplex, record: PairRecord, options: Omit<TlsOptions, 'certificate'> = {}): Promise<TLSSocket> {
  return (await secureStream(stream, record, options)).socket;
}

/** Reading key and certificate takes longer than a handshake with them: once for a session and its services. It goes with the record. */
const contexts = new WeakMap<PairRecord, SecureContext>();

function contextOf(record: PairRecord): SecureContext {
  const context = contexts.get(record) ?? createSecureContext({ ...record.tlsIdentity(), minVersion: 'TLSv1.2' });
  contexts.set(record, context);
  return context;
}

function shakeHands(
  stream: Duplex,
  record: PairRecord,
  patience: { step: string; ms: number; signal: AbortSignal | undefined },
): Promise<TLSSocket> {
  const failed = (error: unknown) => new DeviceError(patience.step, { kind: 'tls', code: systemCode(error) }, { cause: error });
  return within<TLSSocket>(patience, (resolve, reject) => {
    if (stream.destroyed) {
      reject(failed(null));
      return () => {};
    }
    let socket: TLSSocket;
    try {
      // Nobody the system knows signed the peer's certificate; the comparison above is the check. Phones have TLS 1.2 since iOS 10.
      socket = connect({ socket: stream, secureContext: contextOf(record), rejectUnauthorized: false, minVersion: 'TLSv1.2' });
    } catch (error) {
      reject(failed(error));
      return () => {};
    }
    let done = false;
    const onSecure = () => {
      done = true;
      // Nobody reads yet: bytes wait until the next owner listens.
      socket.pause();
      resolve(socket);
    };
    const onEnd = () => reject(failed(null));
    socket.on('error', ignore);
    socket.once('secureConnect', onSecure);
    socket.once('error', (error) => reject(failed(error)));
    socket.once('end', onEnd);
    socket.once('close', onEnd);
    return () => {
      socket.off('secureConnect', onSecure);
      socket.off('end', onEnd);
      socket.off('close', onEnd);
      if (!done) socket.destroy();
    };
  });
}

function ignore(): void {}
