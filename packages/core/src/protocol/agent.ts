import { z } from 'zod';
import { AGENT_FIX_IDS, Clearance, MECHANICS } from '../fixes/index.js';
import { Epoch, FACT_KIND_NAMES, Fact, HostId, Subject, text, Udid } from '../health/index.js';

/**
 * The conversation between an agent and the server, version by version. SPEC.md is the contract that outsiders implement;
 * this file is the same as types. Unknown message types are ignored and counted; a refusal is a close code with a reason.
 *
 * Diary
 * - 1 (2026-11-24): first version.
 * - 1, added (2026-11-24): `toggle-location` may be awaited. Only an agent that was ordered F37b says so.
 * - 1, added (2026-11-24): `install-device-support` may be awaited. Only an agent that was ordered F21 says so.
 * - 1, added (2026-11-24): an order's `clearance`, for fixes that destroy data. An older agent refuses such an order as `bad-order`.
 * - 1, added (2026-11-24): `server.keys` and the enrolment answer's `successors` introduce successors of the order key. Older agents ignore both.
 */
export const PROTOCOL_VERSION = 1;

export const AGENT_PATH = '/agent/v1';
export const AGENT_SUBPROTOCOL = 'lockstep-agent.v1';
export const ENROL_PATH = '/agent/v1/enrol';

/** Limits of one connection. */
export const LIMITS = {
  /** Bytes of one frame. */
  frameBytes: 262_144,
  /** Nesting of JSON. */
  depth: 12,
  /** Facts in one message. */
  facts: 512,
  /** Devices one host may ever report facts about: a hostile agent invents UDIDs. */
  devicesPerHost: 256,
  /** The first exchange has to end within this time. */
  handshakeMs: 10_000,
  /** The server pings; a socket that stays silent longer than two pings is closed. */
  pingMs: 25_000,
  /** Leaky bucket per agent: messages held, and messages drained per second. */
  burst: 200,
  perSecond: 50,
  /** Messages sent and not yet acknowledged. */
  inFlight: 64,
  /** Order keys an agent pins, and introductions in one message: a year of monthly rotations would be no rotation but a habit. */
  orderKeys: 8,
} as const;

/** Close codes, with the word sent as the close reason. */
export const CLOSE = {
  badMessage: [4400, 'bad-message'],
  notAuthenticated: [4401, 'not-authenticated'],
  revoked: [4403, 'revoked'],
  version: [4406, 'version-not-served'],
  handshakeTimeout: [4408, 'handshake-timeout'],
  replaced: [4409, 'replaced'],
  tooLarge: [4413, 'too-large'],
  tooFast: [4429, 'too-fast'],
  serverClosing: [4503, 'server-closing'],
} as const;

/** Prefixes of the bytes that are signed: a signature made for one purpose proves nothing for another. */
export const SIGNED = {
  server: 'lockstep/1 server\n',
  agent: 'lockstep/1 agent\n',
  enrol: 'lockstep/1 enrol\n',
  order: 'lockstep/1 order\n',
  successor: 'lockstep/1 successor\n',
} as const;

/**
 * The text both sides sign in the first exchange, after their prefix: six lines, each ended by a newline. Nonces are base64url of
 * 32 random bytes. `time` is the challenge's, exactly as sent: orders expire by it, so nobody between the two may choose it.
 */
export function handshakeText(h: {
  version: number;
  hostId: string;
  epoch: string;
  agentNonce: string;
  serverNonce: string;
  time: string;
}): string {
  return `${h.version}\n${h.hostId}\n${h.epoch}\n${h.agentNonce}\n${h.serverNonce}\n${h.time}\n`;
}

/** The text an agent signs to enrol, after its prefix: the token and its own public key, each ended by a newline. */
export function enrolText(e: { token: string; publicKey: string }): string {
  return `${e.token}\n${e.publicKey}\n`;
}

/** The text with which an order key introduces its successor, after its prefix: four lines, each ended by a newline. */
export function successorText(i: { keyId: string; nextKeyId: string; nextKey: string; notBefore: string }): string {
  return `${i.keyId}\n${i.nextKeyId}\n${i.nextKey}\n${i.notBefore}\n`;
}

const Nonce = z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'must be base64url of 32 bytes');
/** Ed25519 signature. */
const Signature = z.string().regex(/^[A-Za-z0-9_-]{86}$/, 'must be base64url of 64 bytes');
/** Raw Ed25519 public key. */
export const PublicKey = z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'must be base64url of 32 bytes');
/** First 16 hex digits of the SHA-256 of the raw public key. */
export const KeyId = z.string().regex(/^[0-9a-f]{16}$/, 'must be 16 hex digits');
const Instant = z.iso.datetime();
export const RunId = z.uuid();

/** One link of the chain from an order key to its successors: the predecessor signs who comes next, and from when. */
export const Introduction = z.object({
  /** The key that signs. */
  keyId: KeyId,
  nextKeyId: KeyId,
  nextKey: PublicKey,
  /** The successor is pinned no earlier than this, server time. */
  notBefore: Instant,
  signature: Signature,
});
export type Introduction = z.infer<typeof Introduction>;
const Introductions = z.array(Introduction).min(1).max(LIMITS.orderKeys);

/** `lse1.SECRET.FINGERPRINT`: 24 random bytes, and the SHA-256 of the server's raw order key, both base64url. */
export const EnrolmentToken = z.string().regex(/^lse1\.[A-Za-z0-9_-]{32}\.[A-Za-z0-9_-]{43}$/, 'must look like lse1.….…');

/** What the host says of itself at enrolment and at each connect. Names are labels, never credentials. */
export const HostLabel = z.object({
  hostname: text(255),
  os: z.enum(['linux', 'macos', 'windows']),
  osVersion: text(64),
  arch: text(16),
  agent: text(32),
});
export type HostLabel = z.infer<typeof HostLabel>;

/** POST {ENROL_PATH}. */
export const EnrolRequest = z.object({
  version: z.int(),
  token: EnrolmentToken,
  publicKey: PublicKey,
  host: HostLabel,
  signature: Signature,
});
export type EnrolRequest = z.infer<typeof EnrolRequest>;
export const EnrolAnswer = z.object({
  hostId: HostId,
  /** The key whose fingerprint the token carries. */
  orderKeyId: KeyId,
  orderKey: PublicKey,
  /** From that key to the one used now, when it has successors. */
  successors: Introductions.optional(),
});
export type EnrolAnswer = z.infer<typeof EnrolAnswer>;

/* First exchange: agent.hello → server.challenge → agent.proof → server.welcome. */
export const AgentHello = z.object({
  type: z.literal('agent.hello'),
  version: z.int(),
  hostId: HostId,
  epoch: Epoch,
  nonce: Nonce,
  keyId: KeyId,
});
export const ServerChallenge = z.object({
  type: z.literal('server.challenge'),
  version: z.int(),
  nonce: Nonce,
  keyId: KeyId,
  time: Instant,
  signature: Signature,
});
export const AgentProof = z.object({ type: z.literal('agent.proof'), signature: Signature, host: HostLabel });
export const ServerWelcome = z.object({
  type: z.literal('server.welcome'),
  time: Instant,
  /** Highest sequence number of this epoch that is committed; 0 for a new epoch. */
  acked: z.int().min(0),
});

const Seq = z.int().min(1).max(Number.MAX_SAFE_INTEGER);
/**
 * What every message of an agent carries, whatever its type. A frame that has these three is never answered with a close: an unknown
 * type is counted, a field that its schema refuses puts the message into quarantine, and both are acknowledged like any other.
 */
export const AgentEnvelope = z.object({ type: z.string().min(1).max(64), epoch: Epoch, seq: Seq });
export type AgentEnvelope = z.infer<typeof AgentEnvelope>;
const stamped = { epoch: Epoch, seq: Seq, at: Instant };

/** Facts that changed (`full: false`) or the whole picture (`full: true`: what is not in it is no longer known). */
export const AgentFacts = z.object({ type: z.literal('facts'), ...stamped, full: z.boolean(), facts: z.array(Fact).max(LIMITS.facts) });
/**
 * Every current fact of a steady kind was looked at again, unchanged, no earlier than `at`; but not those in `except`. With `slow`, those
 * of slow kinds too: it is sent after a whole round of the slow probes, about once an hour.
 */
export const AgentStill = z.object({
  type: z.literal('still'),
  ...stamped,
  slow: z.boolean().optional(),
  except: z.array(z.object({ kind: z.enum(FACT_KIND_NAMES), subject: Subject })).max(LIMITS.facts),
});
/** The order was taken: verified, written to the journal. */
export const FixReceived = z.object({ type: z.literal('fix.received'), ...stamped, runId: RunId });
/** The order was not taken. `busy`: another run works on the same subject. `no-journal`: the run could not be written down first. */
export const ORDER_REFUSALS = [
  'bad-signature',
  'unknown-key',
  'bad-order',
  'expired',
  'wrong-host',
  'wrong-epoch',
  'wrong-connection',
  'replayed',
  'unknown-fix',
  'bad-parameters',
  'busy',
  'no-journal',
] as const;
export type OrderRefusal = (typeof ORDER_REFUSALS)[number];
export const FixRefused = z.object({ type: z.literal('fix.refused'), ...stamped, runId: RunId.nullable(), reason: z.enum(ORDER_REFUSALS) });
export const FIX_STAGES = ['checking', 'acting', 'awaiting-holder', 'settling', 'verifying'] as const;
export const FixProgress = z.object({
  type: z.literal('fix.progress'),
  ...stamped,
  runId: RunId,
  stage: z.enum(FIX_STAGES),
  /** For `awaiting-holder`: what the person has to do. */
  awaiting: z.enum(['tap-trust', 'unlock', 'toggle-location', 'install-device-support']).nullable(),
});
export const FixSettled = z.object({
  type: z.literal('fix.settled'),
  ...stamped,
  runId: RunId,
  mechanics: z.enum(MECHANICS),
  /** A word for what stopped it or what was done: never a sentence. */
  detail: text(96).nullable(),
  facts: z.array(Fact).max(LIMITS.facts),
});
/** Messages that the outbox keeps until they are acknowledged. */
export const AgentMessage = z.discriminatedUnion('type', [AgentFacts, AgentStill, FixReceived, FixRefused, FixProgress, FixSettled]);
export type AgentMessage = z.infer<typeof AgentMessage>;
export type AgentFacts = z.infer<typeof AgentFacts>;
export type AgentStill = z.infer<typeof AgentStill>;
export type FixReceived = z.infer<typeof FixReceived>;
export type FixRefused = z.infer<typeof FixRefused>;
export type FixProgress = z.infer<typeof FixProgress>;
export type FixSettled = z.infer<typeof FixSettled>;

/** Everything up to and including `seq` of `epoch` is committed. */
export const ServerAck = z.object({ type: z.literal('ack'), epoch: Epoch, seq: Seq });
/** A signed order: `order` is base64url of the exact bytes signed (after the prefix). */
export const ServerOrder = z.object({ type: z.literal('order'), keyId: KeyId, order: z.string().max(8192), signature: Signature });
/** Successors of the key that signed this connection's challenge, oldest first. Sent right after the welcome, and when one is made. */
export const ServerKeys = z.object({ type: z.literal('server.keys'), introductions: Introductions });
export type ServerKeys = z.infer<typeof ServerKeys>;
export const ServerMessage = z.discriminatedUnion('type', [ServerAck, ServerOrder, ServerKeys]);
export type ServerMessage = z.infer<typeof ServerMessage>;
export type ServerOrder = z.infer<typeof ServerOrder>;

/** Longest life of an order, ms of server time: long enough for a slow link, too short to be kept for later. */
export const ORDER_LIFE_MS = 120_000;

/** What the signed bytes of an order hold, as JSON: these fields and no others. */
export const Order = z.strictObject({
  version: z.literal(1),
  keyId: KeyId,
  hostId: HostId,
  epoch: Epoch,
  /** The agent's nonce of this very connection: an order replays nowhere else. */
  connection: Nonce,
  runId: RunId,
  fix: z.enum(AGENT_FIX_IDS),
  /** The device, for fixes of a pair; null for fixes of the host. */
  udid: Udid.nullable(),
  /** Who approved a fix that destroys data, and what they made sure of. The agent carries none out without it. */
  clearance: Clearance.optional(),
  issuedAt: Instant,
  expiresAt: Instant,
});
export type Order = z.infer<typeof Order>;
