/** What can keep an agent from linking to its server. A closed set: callers choose exit codes and advice by it. */
export type LinkErrorCode =
  | 'not-enrolled'
  | 'already-enrolled'
  | 'dir-unusable'
  | 'unwritable'
  | 'in-use'
  | 'key-unreadable'
  | 'key-malformed'
  | 'key-exposed'
  | 'enrolment-unreadable'
  | 'enrolment-malformed'
  | 'bad-url'
  | 'plain-text'
  | 'bad-token'
  | 'wrong-server'
  | 'unreachable'
  | 'refused'
  | 'bad-answer';

/** An error whose message may be shown to a person: it names the file, field or URL, and never holds a token or key. */
export class LinkError extends Error {
  override readonly name = 'LinkError';
  constructor(
    readonly code: LinkErrorCode,
    message: string,
  ) {
    super(message);
  }
}

/** What a person can mend, by the system's word for it (errno(3)). */
const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the file system is read-only',
  EACCES: 'this user has no right to it',
  EPERM: 'the system does not permit it',
  ENOENT: 'it is not there',
  ENOTDIR: 'a file stands where a folder should be',
  EISDIR: 'a folder stands where a file should be',
  ELOOP: 'a link stands in its place',
  EIO: 'the disk reports an error',
};

/** Why a file operation failed, for a sentence: `the disk is full (ENOSPC)`. */
export function whyNot(error: unknown): string {
  const code = errnoOf(error);
  const reason = Object.hasOwn(REASONS, code) ? REASONS[code] : undefined;
  return reason === undefined ? code : `${reason} (${code})`;
}

/** The system's word for a failed file operation (`ENOSPC`, `EACCES`), or `unknown`. */
export function errnoOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string') return error.code;
  return 'unknown';
}

/**
 * What a person should look at when a server's certificate was refused, as a bracket behind a sentence; null for every other error. The
 * codes are OpenSSL's names of verification errors, as Node gives them.
 */
export function certificateHint(code: string): string | null {
  if (code === 'CERT_NOT_YET_VALID' || code === 'CERT_HAS_EXPIRED') {
    const state = code === 'CERT_HAS_EXPIRED' ? 'no longer' : 'not yet';
    return ` (its certificate is ${state} valid by this computer's clock, which says ${new Date().toISOString()}: is the clock right?)`;
  }
  return /CERT|SIGNED|VERIFY/.test(code) ? ' (its certificate is not trusted here)' : null;
}
