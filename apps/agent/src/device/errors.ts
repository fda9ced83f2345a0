import type { FailReason } from '@lockstep/core/health';
import { CLIENT_ERRORS, lockdownCode, lockdownWord } from './lockdown-errors.js';

/**
 * Everything that can go wrong between this computer and a phone. `step` (in DeviceError) says in which request or phase.
 * - `unreachable`: nothing to talk to, such as a socket file that is not there (`code` is the system's word, `ENOENT`).
 * - `refused`: the multiplexer's socket, or the phone's port behind it, refuses connections.
 * - `denied`: the operating system, or a guard of this agent, does not permit it.
 * - `closed`: the other side hung up; `timeout`: it stayed silent; `garbage`: it answered something that is no answer.
 * - `mux`: the multiplexer's own result number (usbmuxd-proto.h; for pair records an errno).
 * - `lockdown`: the word of lockdownd or of a service behind it, with libimobiledevice's number where the word is known (or, for a word that
 *   only Apple's MobileDevice numbers, that one).
 * - `tls`: no encrypted session came about. `impostor`: one did, with somebody who does not hold the paired phone's certificate.
 * - `io`: the system reported another error on the stream; `code` is its word.
 */
export type DeviceFailure =
  | { kind: 'timeout' | 'closed' | 'garbage' | 'aborted' | 'impostor' }
  | { kind: 'unreachable' | 'refused' | 'denied' | 'tls' | 'io'; code: string | null }
  | { kind: 'too-large'; bytes: number; limit: number }
  | { kind: 'mux'; result: number }
  | { kind: 'lockdown'; word: string; code: number | null };

export type DeviceErrorKind = DeviceFailure['kind'];

/** The one error that this room's clients throw. Its message never holds what the other side sent, except lockdownd's error word. */
export class DeviceError extends Error {
  override readonly name = 'DeviceError';

  constructor(
    /** What was being done, such as `Connect`, `StartSession`, `TLS`. */
    readonly step: string,
    readonly failure: DeviceFailure,
    options?: ErrorOptions,
  ) {
    super(`${step}: ${describe(failure)}`, options);
  }

  get kind(): DeviceErrorKind {
    return this.failure.kind;
  }
}

function describe(failure: DeviceFailure): string {
  switch (failure.kind) {
    case 'too-large':
      return `too-large (${failure.bytes} > ${failure.limit} bytes)`;
    case 'mux':
      return `multiplexer result ${failure.result}`;
    case 'lockdown':
      return failure.code === null ? `unknown: ${failure.word}` : `${failure.word} (${numberText(failure.code)})`;
    case 'unreachable':
    case 'refused':
    case 'denied':
    case 'tls':
    case 'io':
      return failure.code === null ? failure.kind : `${failure.kind} (${failure.code})`;
    default:
      return failure.kind;
  }
}

/** libimobiledevice counts down from zero; MobileDevice's numbers are written in hex. */
function numberText(code: number): string {
  return code > 0 ? `0x${code.toString(16)}` : String(code);
}

/** An error with lockdownd's own word. */
export function lockdownError(step: string, rawWord: string): DeviceError {
  const word = lockdownWord(rawWord);
  return new DeviceError(step, { kind: 'lockdown', word, code: lockdownCode(word) });
}

const UNREACHABLE = new Set([
  'ENOENT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTSOCK',
  'ENODEV',
  'ENXIO',
  'EADDRNOTAVAIL',
]);
const CLOSED = new Set([
  'ECONNRESET',
  'EPIPE',
  'ECONNABORTED',
  'ERR_STREAM_PREMATURE_CLOSE',
  'ERR_STREAM_DESTROYED',
  'ERR_STREAM_WRITE_AFTER_END',
]);

/** Turns whatever a socket or a stream threw into a DeviceError. Errors of this room pass unchanged. */
export function toDeviceError(step: string, error: unknown): DeviceError {
  if (error instanceof DeviceError) return error;
  const code = systemCode(error);
  const cause = { cause: error };
  if (isAbort(error)) return new DeviceError(step, { kind: 'aborted' }, cause);
  if (code === 'ECONNREFUSED') return new DeviceError(step, { kind: 'refused', code }, cause);
  if (code === 'EACCES' || code === 'EPERM') return new DeviceError(step, { kind: 'denied', code }, cause);
  if (code === 'ETIMEDOUT') return new DeviceError(step, { kind: 'timeout' }, cause);
  if (code !== null && UNREACHABLE.has(code)) return new DeviceError(step, { kind: 'unreachable', code }, cause);
  if (code !== null && CLOSED.has(code)) return new DeviceError(step, { kind: 'closed' }, cause);
  return new DeviceError(step, { kind: 'io', code }, cause);
}

function isAbort(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'name' in error && error.name === 'AbortError';
}

/** The system's word in an error of Node's, such as `ENOENT`; null when there is none. */
export function systemCode(error: unknown): string | null {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : null;
  return typeof code === 'string' ? code : null;
}

/** Lockdown words that say "not without more rights", as opposed to a plain refusal. */
const PROHIBITED = new Set([
  'GetProhibited',
  'SetProhibited',
  'RemoveProhibited',
  'ServiceProhibited',
  'PairingProhibitedOverThisConnection',
  'FMiPProtected',
  'MCProtected',
  'MCChallengeRequired',
  'ProhibitedBySupervision',
  'PasswordProtected',
  'EscrowLocked',
]);
/** Words for what this phone does not have: a service, or a request of a service (diagnostics_relay says UnknownRequest). */
const UNSUPPORTED = new Set(['InvalidService', 'MissingService', 'UnknownRequest', 'InvalidRequest']);
const WITHOUT_SESSION = new Set(['SessionInactive', 'MissingSessionID', 'InvalidSessionID']);

/** The word for a failed fact. Anything that is no DeviceError is a fault of the probe itself: `crashed`. */
export function failReasonOf(error: unknown): FailReason {
  if (!(error instanceof DeviceError)) return isAbort(error) ? 'aborted' : 'crashed';
  const { failure } = error;
  switch (failure.kind) {
    case 'tls':
      return 'io';
    case 'impostor':
      return 'denied';
    case 'mux':
      return failure.result === MUX_RESULT.badDevice ? 'unreachable' : failure.result === MUX_RESULT.refused ? 'refused' : 'unsupported';
    case 'lockdown':
      if (PROHIBITED.has(failure.word)) return 'prohibited';
      if (WITHOUT_SESSION.has(failure.word)) return 'no-session';
      return UNSUPPORTED.has(failure.word) ? 'unsupported' : 'refused';
    default:
      return failure.kind;
  }
}

/** Result numbers of the multiplexer (usbmuxd-proto.h). For pair-record commands the number is an errno instead: 2 ENOENT, 22 EINVAL. */
export const MUX_RESULT = { ok: 0, badCommand: 1, badDevice: 2, refused: 3, badVersion: 6 } as const;

/**
 * The number libimobiledevice's tools would print for a failure, for people who search by it: lockdownd's own, or the client's, such as
 * -5 for a failed TLS handshake. Null for what those tools have no number for: an unlisted word, an impostor (which they accept), a stop.
 */
export function libimobiledeviceCode({ failure }: DeviceError): number | null {
  switch (failure.kind) {
    case 'lockdown':
      return failure.code !== null && failure.code < 0 ? failure.code : null;
    case 'tls':
      return CLIENT_ERRORS.tls.code;
    case 'timeout':
      return CLIENT_ERRORS.timeout.code;
    case 'garbage':
    case 'too-large':
      return CLIENT_ERRORS.plist.code;
    case 'mux':
    case 'closed':
    case 'refused':
    case 'unreachable':
    case 'io':
      return CLIENT_ERRORS.mux.code;
    default:
      return null;
  }
}
