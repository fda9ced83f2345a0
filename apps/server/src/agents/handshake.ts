import { createPublicKey, randomBytes, verify } from 'node:crypto';
import { AgentHello, AgentProof, CLOSE, type HostLabel, handshakeText, LIMITS, PROTOCOL_VERSION, SIGNED } from '@lockstep/core/protocol';
import type { HostKeys, OrderKey, OrderKeys } from '../access/index.js';
import type { Clock } from '../platform/index.js';
import { depthOf, firstIssue } from './frame.js';

export type CloseWith = readonly [code: number, reason: string];

/** Who connected, proven. */
export interface Proven {
  hostId: string;
  epoch: string;
  /** The agent's nonce of this connection: orders are bound to it. */
  nonce: string;
  /** The order key that signed the challenge: the one the agent asked for, and the one it takes orders from. */
  keyId: string;
  label: HostLabel;
}

export type Step =
  | { do: 'send'; text: string }
  | { do: 'admit'; proven: Proven }
  /** `note` is for the log; the agent is told the code and its word. */
  | { do: 'close'; with: CloseWith; note: string };

interface Challenged {
  hello: AgentHelloMessage;
  text: string;
  publicKey: string;
  orderKey: OrderKey;
}
type AgentHelloMessage = ReturnType<typeof AgentHello.parse>;

/** The first exchange, server's side: hello → challenge → proof → admitted. One object per connection. */
export class Handshake {
  #challenged: Challenged | null = null;
  #busy = false;

  constructor(
    private readonly hostKeys: Pick<HostKeys, 'get'>,
    private readonly orderKeys: Pick<OrderKeys, 'find'>,
    private readonly clock: Clock,
  ) {}

  /** Takes the agent's next frame. Throws only what the database throws. */
  async take(frame: string): Promise<Step> {
    // The agent has nothing to say before it was answered.
    if (this.#busy) return no(CLOSE.notAuthenticated, 'spoke before it was answered');
    this.#busy = true;
    try {
      const json = parse(frame);
      return this.#challenged ? await this.#proof(this.#challenged, json) : await this.#hello(json);
    } finally {
      this.#busy = false;
    }
  }

  async #hello(json: unknown): Promise<Step> {
    // The version first: a later one may have another hello.
    const { version } = isRecord(json) ? json : {};
    if (isRecord(json) && json.type === 'agent.hello' && typeof version === 'number' && version !== PROTOCOL_VERSION) {
      return no(CLOSE.version, `speaks version ${version}`);
    }
    const read = AgentHello.safeParse(json);
    if (!read.success)
      return isRecord(json) && json.type === 'agent.hello'
        ? no(CLOSE.badMessage, issue(read.error))
        : no(CLOSE.notAuthenticated, 'did not begin with agent.hello');
    const hello = read.data;
    // One that knows an earlier key only is shown that one, and told of its successors afterwards.
    const orderKey = this.orderKeys.find(hello.keyId);
    if (!orderKey) return no(CLOSE.notAuthenticated, `knows another server key, ${hello.keyId}`);
    const host = await this.hostKeys.get(hello.hostId);
    if (!host) return no(CLOSE.notAuthenticated, 'unknown host');
    const serverNonce = randomBytes(32).toString('base64url');
    const time = this.clock.iso();
    const text = handshakeText({
      version: PROTOCOL_VERSION,
      hostId: hello.hostId,
      epoch: hello.epoch,
      agentNonce: hello.nonce,
      serverNonce,
      time,
    });
    this.#challenged = { hello, text, publicKey: host.publicKey, orderKey };
    const signature = orderKey.sign(Buffer.from(SIGNED.server + text));
    return {
      do: 'send',
      text: JSON.stringify({
        type: 'server.challenge',
        version: PROTOCOL_VERSION,
        nonce: serverNonce,
        keyId: orderKey.keyId,
        time,
        signature,
      }),
    };
  }

  async #proof({ hello, text, publicKey, orderKey }: Challenged, json: unknown): Promise<Step> {
    const read = AgentProof.safeParse(json);
    if (!read.success)
      return isRecord(json) && json.type === 'agent.proof'
        ? no(CLOSE.badMessage, issue(read.error))
        : no(CLOSE.notAuthenticated, 'did not prove its key');
    if (!isSigned(publicKey, SIGNED.agent + text, read.data.signature)) return no(CLOSE.notAuthenticated, 'its signature does not hold');
    // Looked up again, because an agent may take its time to answer; and only the owner of a key is told that it was revoked.
    const host = await this.hostKeys.get(hello.hostId);
    if (!host || host.revokedAt !== null) return no(CLOSE.revoked, 'the host was revoked');
    const { hostId, epoch, nonce } = hello;
    return { do: 'admit', proven: { hostId, epoch, nonce, keyId: orderKey.keyId, label: read.data.host } };
  }
}

function no(code: CloseWith, note: string): Step {
  return { do: 'close', with: code, note };
}

function issue(error: Parameters<typeof firstIssue>[0]): string {
  const { field, reason } = firstIssue(error);
  return `${field}: ${reason}`;
}

function parse(frame: string): unknown {
  if (depthOf(frame) > LIMITS.depth) return undefined;
  try {
    return JSON.parse(frame);
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** Whether the signature over `text` was made with this raw Ed25519 key. False for a key or signature that is none. */
export function isSigned(publicKey: string, text: string, signature: string): boolean {
  try {
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: publicKey }, format: 'jwk' });
    return verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64url'));
  } catch {
    return false;
  }
}
