import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import { codeOf, messageOf } from '../platform/index.js';
import type { Authorities } from './authorities.js';
import { FeedError } from './feed-error.js';

export interface FeedRequest {
  url: URL;
  /** What the last answer was marked with; null asks for everything. */
  etag: string | null;
  lastModified: string | null;
}

/** `same`: nothing has changed since the answer that had these marks. */
export type FeedAnswer = { kind: 'same' } | { kind: 'new'; text: string; etag: string | null; lastModified: string | null };

export interface FetchLimits {
  /** From the first byte sent to the last received, ms. */
  timeoutMs: number;
  bytes: number;
  redirects: number;
}

/** The largest feed is half a megabyte. Apple's and SOFA's servers answer within a second; a minute is for slow lines. */
export const FETCH_LIMITS: FetchLimits = { timeoutMs: 60_000, bytes: 8 * 1024 * 1024, redirects: 3 };
/** Marks longer than this are not kept: they would be sent with every question. */
const MARK = 512;

/**
 * Asks for a feed once. Follows redirects, never from https to http.
 * @throws FeedError, and nothing else
 */
export async function fetchFeed(
  request: FeedRequest,
  authorities: Pick<Authorities, 'for'>,
  limits: FetchLimits = FETCH_LIMITS,
  signal?: AbortSignal,
): Promise<FeedAnswer> {
  const timeout = AbortSignal.timeout(limits.timeoutMs);
  const both = signal ? AbortSignal.any([signal, timeout]) : timeout;
  try {
    let url = request.url;
    for (let hop = 0; ; hop++) {
      const answer = await ask(url, request, authorities, both);
      const to = redirectOf(answer, url);
      if (to === null) return await read(answer, limits.bytes);
      answer.destroy();
      if (hop >= limits.redirects) throw new FeedError('redirects', `was sent on more than ${limits.redirects} times, last to ${to.host}`);
      if (url.protocol === 'https:' && to.protocol !== 'https:')
        throw new FeedError('redirects', `was sent on from https to ${to.protocol}//${to.host}`);
      url = to;
    }
  } catch (error) {
    if (error instanceof FeedError) throw error;
    if (timeout.aborted) throw new FeedError('timeout', `did not answer within ${limits.timeoutMs / 1000} s`, { cause: error });
    throw faultOf(error, request.url.host);
  }
}

function ask(url: URL, marks: FeedRequest, authorities: Pick<Authorities, 'for'>, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const options = {
      method: 'GET',
      // One question, one connection: the next one is hours away.
      agent: false as const,
      signal,
      headers: {
        accept: 'application/json',
        'accept-encoding': 'identity',
        'user-agent': 'Lockstep',
        ...(marks.etag === null ? {} : { 'if-none-match': marks.etag }),
        ...(marks.lastModified === null ? {} : { 'if-modified-since': marks.lastModified }),
      },
    };
    const sent =
      url.protocol === 'https:'
        ? https.request(url, { ...options, ca: authorities.for(url.hostname), minVersion: 'TLSv1.2' })
        : http.request(url, options);
    sent.once('response', resolve);
    sent.on('error', reject);
    sent.end();
  });
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

function redirectOf(answer: IncomingMessage, from: URL): URL | null {
  if (!REDIRECTS.has(answer.statusCode ?? 0)) return null;
  const to = answer.headers.location;
  if (to === undefined || !URL.canParse(to, from.href)) throw new FeedError('redirects', 'was sent on to no address');
  const url = new URL(to, from);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw new FeedError('redirects', `was sent on to ${url.protocol}`);
  return url;
}

async function read(answer: IncomingMessage, most: number): Promise<FeedAnswer> {
  const status = answer.statusCode ?? 0;
  if (status === 304) {
    answer.resume();
    return { kind: 'same' };
  }
  if (status !== 200) {
    answer.destroy();
    throw new FeedError('status', `answered ${status}`);
  }
  const tooLarge = () => new FeedError('too-large', `is larger than ${most} bytes`);
  const pieces: Buffer[] = [];
  let bytes = 0;
  if (Number(answer.headers['content-length'] ?? 0) > most) {
    answer.destroy();
    throw tooLarge();
  }
  for await (const piece of answer as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > most) {
      answer.destroy();
      throw tooLarge();
    }
    pieces.push(piece);
  }
  const mark = (value: string | undefined) => (value !== undefined && value.length <= MARK ? value : null);
  return {
    kind: 'new',
    text: Buffer.concat(pieces).toString('utf8'),
    etag: mark(answer.headers.etag),
    lastModified: mark(answer.headers['last-modified']),
  };
}

/** Codes of OpenSSL for a certificate that nobody we trust vouches for, or that is another's. */
const UNTRUSTED = /CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS/;

function faultOf(error: unknown, host: string): FeedError {
  const code = codeOf(error);
  if (UNTRUSTED.test(code)) {
    const hint = 'if a proxy looks into TLS here, give its certificate in LOCKSTEP_FEEDS_CA';
    return new FeedError('untrusted', `${host} showed a certificate that is not trusted (${code}): ${hint}`, { cause: error });
  }
  return new FeedError('unreachable', `${host} could not be reached (${code || messageOf(error)})`, { cause: error });
}
