/** What can keep an agent from linking to its server. A closed set: callers choose exit codes and advice by it. */
export type LinkErrorCode =
  | 'not-enrolled'
  | 'already-enrolled'
  | 'dir-unusable'
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

/** The system's word for a failed file operation (`ENOSPC`, `EACCES`), or `unknown`. */
export function errnoOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string') return error.code;
  return 'unknown';
}
