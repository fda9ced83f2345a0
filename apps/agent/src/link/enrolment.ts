import { request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import {
  EnrolAnswer,
  EnrolmentToken,
  EnrolRequest,
  enrolText,
  type HostLabel,
  PROTOCOL_VERSION,
  Problem,
  SIGNED,
} from '@lockstep/core/protocol';
import { agentFiles, ensureAgentDir, realDisk } from './disk.js';
import { type Enrolment, loadEnrolled, makeIdentity, readEnrolment, readIdentity, saveEnrolment } from './identity.js';
import { fingerprintOf, fromBase64url, keyIdOf } from './keys.js';
import { certificateHint, errnoOf, LinkError } from './link-error.js';
import { lockAgentDir } from './lock.js';
import { OrderKeys } from './order-keys.js';
import { parseServerUrl } from './server-url.js';

/** An enrolment answer is under 300 bytes and a problem under 4 KiB; more is not from this server. */
const ANSWER_BYTES = 65_536;
const ANSWER_MS = 20_000;

/** Reads a token, `lse1.SECRET.FINGERPRINT`. The error never repeats it. */
export function parseToken(raw: string): { token: string; fingerprint: string } {
  const token = EnrolmentToken.safeParse(raw.trim());
  if (!token.success)
    throw new LinkError('bad-token', 'The enrolment token must look like lse1.SECRET.FINGERPRINT, copied whole from the console.');
  return { token: token.data, fingerprint: token.data.split('.')[2] ?? '' };
}

export interface EnrolOptions {
  dir: string;
  /** `https://host[:port]`, or plain http to loopback. */
  server: string;
  token: string;
  host: HostLabel;
  /** Enrol again although this computer is enrolled: it becomes a new host with a new key. */
  again?: boolean;
  timeoutMs?: number;
}

/**
 * Enrols this computer: makes a key here, proves possession of it, and pins the server's order key if, and only if, its SHA-256 is the
 * fingerprint in the token. Nothing of a server that fails this is kept. Throws a LinkError that says what to do.
 */
export async function enrol(options: EnrolOptions): Promise<Enrolment> {
  const urls = parseServerUrl(options.server);
  const { token, fingerprint } = parseToken(options.token);
  ensureAgentDir(options.dir);
  const files = agentFiles(options.dir);
  const unlock = lockAgentDir(files.lock);
  try {
    const before = readEnrolment(options.dir);
    if (before && !options.again) {
      throw new LinkError('already-enrolled', `This computer is enrolled at ${before.server} as host ${before.hostId}.`);
    }
    if (before) loadEnrolled(options.dir);
    // A key whose answer was lost on the way is used again: the server knows it, and answers with the same host.
    const pending = readIdentity(files.nextKey) ?? (before ? null : readIdentity(files.key));
    const identity = pending ?? makeIdentity(files.nextKey);
    try {
      const body: EnrolRequest = {
        version: PROTOCOL_VERSION,
        token,
        publicKey: identity.publicKey,
        host: options.host,
        signature: identity.sign(SIGNED.enrol, enrolText({ token, publicKey: identity.publicKey })),
      };
      const answer = await post(urls.enrol, body, options.timeoutMs ?? ANSWER_MS);
      const orderKey = fromBase64url(answer.orderKey);
      if (orderKey?.length !== 32 || fingerprintOf(orderKey) !== fingerprint || keyIdOf(orderKey) !== answer.orderKeyId) {
        throw new LinkError(
          'wrong-server',
          `${urls.base} does not hold the key that this token was made for. Nothing was saved. Check the URL, and whether something stands between.`,
        );
      }
      const saved = saveEnrolment(options.dir, urls.base, identity.publicKey, answer);
      // A token may be older than the key used now. What is not followed here is told again on the first connection.
      const keys = new OrderKeys({ dir: options.dir, enrolment: saved, log: () => undefined });
      keys.follow(answer.successors ?? [], Date.now());
      return { ...saved, orderKeys: [...keys.pins] };
    } catch (error) {
      // The server may have taken the key, and the answer was lost or found no room on the disk: only then is a fresh key worth keeping.
      const mayBeTaken = error instanceof LinkError && (error.code === 'unreachable' || error.code === 'unwritable');
      if (!pending && !mayBeTaken) forgetPending(options.dir);
      throw error;
    }
  } finally {
    unlock();
  }
}

function forgetPending(dir: string): void {
  const enrolled = readEnrolment(dir);
  const files = agentFiles(dir);
  const pending = readIdentity(files.nextKey);
  if (pending && pending.publicKey !== enrolled?.publicKey) realDisk.remove(files.nextKey);
}

/** Sends the request and reads the answer, whole and bounded. TLS is always checked, whatever the environment says; redirects are not followed. */
function post(url: URL, body: EnrolRequest, timeoutMs: number): Promise<EnrolAnswer> {
  const payload = Buffer.from(JSON.stringify(EnrolRequest.parse(body)), 'utf8');
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json, application/problem+json',
    'content-length': payload.length,
  };
  return new Promise((resolve, reject) => {
    const fail = (code: 'unreachable' | 'bad-answer' | 'refused', why: string) => {
      clearTimeout(deadline);
      reject(new LinkError(code, why));
      req.destroy();
    };
    const req =
      url.protocol === 'https:'
        ? tlsRequest(url, { method: 'POST', headers, rejectUnauthorized: true, agent: false })
        : plainRequest(url, { method: 'POST', headers, agent: false });
    const deadline = setTimeout(() => fail('unreachable', `${url.origin} did not answer within ${timeoutMs / 1000} s.`), timeoutMs);
    req.on('error', (error) =>
      fail('unreachable', `${url.origin} cannot be reached: ${errnoOf(error)}${certificateHint(errnoOf(error)) ?? ''}.`),
    );
    req.on('response', (res) => {
      const chunks: Buffer[] = [];
      let size = 0;
      res.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > ANSWER_BYTES)
          fail('bad-answer', `${url.origin} answered with more than ${ANSWER_BYTES} bytes. Is this a Lockstep server?`);
        else chunks.push(chunk);
      });
      res.on('aborted', () => fail('unreachable', `${url.origin} broke off its answer.`));
      res.on('end', () => {
        clearTimeout(deadline);
        try {
          resolve(readAnswer(url, res.statusCode ?? 0, Buffer.concat(chunks).toString('utf8')));
        } catch (error) {
          reject(error);
        }
      });
    });
    req.end(payload);
  });
}

function readAnswer(url: URL, status: number, text: string): EnrolAnswer {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  if (status >= 200 && status < 300) {
    const answer = EnrolAnswer.safeParse(json);
    if (answer.success) return answer.data;
    throw new LinkError(
      'bad-answer',
      `${url.origin} answered ${status}, but not as a Lockstep server does (${answer.error.issues[0]?.path.join('.') || 'not JSON'}).`,
    );
  }
  const problem = Problem.safeParse(json);
  // A server in trouble may have taken the key: the same key is tried again. A refusal is final.
  const code = status >= 500 ? 'unreachable' : 'refused';
  if (!problem.success) throw new LinkError(code, `${url.origin} answered ${status} to the enrolment. Is this a Lockstep server?`);
  const fields = (problem.data.errors ?? []).map((e) => `${e.field}: ${e.message}`).join('; ');
  throw new LinkError(
    code,
    `${url.origin} refused the enrolment: ${problem.data.detail ?? problem.data.title} (${problem.data.code}${fields ? `; ${fields}` : ''}).`,
  );
}
