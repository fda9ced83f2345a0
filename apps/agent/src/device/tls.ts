import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { connect } from 'node:tls';
import { within } from './conversation.js';
import { DeviceError, systemCode, toDeviceError } from './errors.js';
import type { PairRecord } from './pair-record.js';

export interface TlsOptions {
  /** Named in errors. */
  step?: string | undefined;
  /** Until the handshake is done, ms. */
  ms?: number | undefined;
  signal?: AbortSignal | undefined;
}

/** libimobiledevice waits as long for a handshake as for an answer; phones need well under a second. */
const TLS_MS = 10_000;

/**
 * Encrypts a stream to a phone, which is the TLS server, and makes sure that it is the paired one: it has to show the very certificate
 * this host made for it at pairing. There is no authority to ask and no name to compare, so nothing else can tell an impostor.
 * Rejects with DeviceError `tls` or `impostor` (and `timeout`, `aborted`); the stream is closed then.
 *
 * Under TLS 1.3 the phone judges our certificate after this promise is kept: only an answer inside the session proves it was taken.
 */
export async function upgradeToTls(stream: Duplex, record: PairRecord, options: TlsOptions = {}): Promise<TLSSocket> {
  const step = options.step ?? 'TLS';
  stream.on('error', ignore);
  try {
    const expected = record.deviceCertificate();
    const socket = await shakeHands(stream, record, { step, ms: options.ms ?? TLS_MS, signal: options.signal });
    if (!socket.getPeerCertificate(false).raw?.equals(expected)) {
      socket.destroy();
      throw new DeviceError(step, { kind: 'impostor' });
    }
    return socket;
  } catch (error) {
    stream.destroy();
    throw toDeviceError(step, error);
  }
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
      socket = connect({ socket: stream, ...record.tlsIdentity(), rejectUnauthorized: false, minVersion: 'TLSv1.2' });
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
