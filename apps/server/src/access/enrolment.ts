import { createPublicKey, randomUUID, verify } from 'node:crypto';
import { type EnrolAnswer, type EnrolRequest, enrolText, PROTOCOL_VERSION, SIGNED } from '@lockstep/core/protocol';
import { type Bus, type Clock, type Database, ProblemError, sqlState, type Tx, UNIQUE_VIOLATION } from '../platform/index.js';
import { Attempts, addressKey } from './attempts.js';
import { ANONYMOUS, type Audit } from './audit.js';
import type { OrderKey } from './order-key.js';
import type { OrderKeys } from './order-keys.js';
import { hashOf } from './secrets.js';

/** Refused enrolments of one address in a quarter of an hour. */
const FAILURES = { most: 60, windowMs: 15 * 60_000 } as const;

interface TokenRow {
  id: string;
  uses_left: number;
  expires_at: Date;
  revoked_at: Date | null;
}

/**
 * True when `signature` over `text`, after its purpose's prefix, was made by the raw Ed25519 key `publicKey`. All but the text are base64url.
 * A key that is no point of the curve signs nothing.
 */
export function signedBy(publicKey: string, purpose: string, text: string, signature: string): boolean {
  try {
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: publicKey }, format: 'jwk' });
    return verify(null, Buffer.from(`${purpose}${text}`, 'utf8'), key, Buffer.from(signature, 'base64url'));
  } catch {
    return false;
  }
}

/** How a computer becomes a host: a token opens the door, a key is what it is known by from then on. */
export class Enrolment {
  private readonly failures: Attempts;

  constructor(
    private readonly db: Database,
    private readonly bus: Bus,
    private readonly clock: Clock,
    private readonly audit: Audit,
    private readonly orderKeys: Pick<OrderKeys, 'byFingerprint' | 'chainFrom'>,
  ) {
    this.failures = new Attempts(clock, FAILURES.most, FAILURES.windowMs);
  }

  /**
   * Enrols the key's computer. The same key again is the same host: an agent that missed the answer asks again, and takes no second use.
   * @throws ProblemError with the reason; each refusal is one word of its own.
   */
  async enrol(request: EnrolRequest, address: string): Promise<EnrolAnswer> {
    const honest = this.failures.take(addressKey(address));
    try {
      const { hostId, orderKey } = await this.admit(request, address);
      honest();
      this.bus.publish('host.changed', { hostId });
      const successors = this.orderKeys.chainFrom(orderKey.keyId);
      return {
        hostId,
        orderKeyId: orderKey.keyId,
        orderKey: orderKey.publicKey,
        ...(successors.length > 0 ? { successors } : {}),
      };
    } catch (error) {
      if (!(error instanceof ProblemError)) honest();
      else
        await this.audit.write(null, {
          actor: ANONYMOUS,
          action: 'host.refused',
          address,
          detail: { reason: error.code, hostname: request.host.hostname },
        });
      throw error;
    }
  }

  /** The host, and the order key that its token names: the one the computer can check. */
  private async admit(request: EnrolRequest, address: string): Promise<{ hostId: string; orderKey: OrderKey }> {
    const refuse = (status: number, code: string, field: string, message: string) =>
      new ProblemError(status, code, `${field}: ${message}.`, [{ field, message }]);
    if (request.version !== PROTOCOL_VERSION)
      throw refuse(400, 'version-not-served', 'version', `is not served; this server speaks version ${PROTOCOL_VERSION}`);
    const [, secret = '', fingerprint = ''] = request.token.split('.');
    const orderKey = this.orderKeys.byFingerprint(fingerprint);
    if (orderKey === null)
      throw refuse(401, 'token-of-other-server', 'token', 'was made by another server, or with an order key that has ended');
    if (!signedBy(request.publicKey, SIGNED.enrol, enrolText(request), request.signature))
      throw refuse(401, 'bad-signature', 'signature', 'was not made over this token and key by the key itself');
    for (let attempt = 0; ; attempt++) {
      try {
        return { hostId: await this.db.tx((tx) => this.store(tx, request, hashOf(secret), address, refuse)), orderKey };
      } catch (error) {
        // Two enrolments of one key with two tokens at once: the second finds the first one's row when it looks again.
        if (sqlState(error) !== UNIQUE_VIOLATION || attempt > 0) throw error;
      }
    }
  }

  private async store(
    tx: Tx,
    request: EnrolRequest,
    tokenHash: Buffer,
    address: string,
    refuse: (status: number, code: string, field: string, message: string) => ProblemError,
  ): Promise<string> {
    const { publicKey, host } = request;
    const now = this.clock.date();
    // The lock makes enrolments with one token take turns: a use is taken once.
    const token = (
      await tx.query<TokenRow>('SELECT id, uses_left, expires_at, revoked_at FROM enrolment_token WHERE token_hash = $1 FOR UPDATE', [
        tokenHash,
      ])
    ).rows[0];
    if (token === undefined) throw refuse(401, 'token-unknown', 'token', 'is not known here');
    if (token.revoked_at !== null) throw refuse(401, 'token-revoked', 'token', 'was revoked');
    if (token.expires_at.getTime() <= now.getTime()) throw refuse(401, 'token-expired', 'token', 'has expired');
    const known = (
      await tx.query<{ id: string; enrolled_by: string; revoked_at: Date | null }>(
        'SELECT id, enrolled_by, revoked_at FROM host_key WHERE public_key = $1 FOR UPDATE',
        [publicKey],
      )
    ).rows[0];
    if (known !== undefined) {
      if (known.revoked_at !== null) throw refuse(403, 'host-revoked', 'publicKey', 'belongs to a host that was revoked: make a new key');
      if (token.uses_left === 0 && known.enrolled_by !== token.id) throw refuse(401, 'token-used-up', 'token', 'has no uses left');
      await tx.query('UPDATE host_key SET hostname = $2, os = $3, os_version = $4, arch = $5, agent = $6 WHERE id = $1', [
        known.id,
        host.hostname,
        host.os,
        host.osVersion,
        host.arch,
        host.agent,
      ]);
      await tx.query('UPDATE enrolment_token SET last_used_at = $2 WHERE id = $1', [token.id, now]);
      await this.note(tx, known.id, request, token.id, address, true);
      return known.id;
    }
    if (token.uses_left === 0) throw refuse(401, 'token-used-up', 'token', 'has no uses left');
    await tx.query('UPDATE enrolment_token SET uses_left = uses_left - 1, last_used_at = $2 WHERE id = $1', [token.id, now]);
    const id = randomUUID();
    await tx.query(
      'INSERT INTO host_key (id, public_key, hostname, os, os_version, arch, agent, enrolled_at, enrolled_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)',
      [id, publicKey, host.hostname, host.os, host.osVersion, host.arch, host.agent, now, token.id],
    );
    await this.note(tx, id, request, token.id, address, false);
    return id;
  }

  private async note(tx: Tx, hostId: string, request: EnrolRequest, tokenId: string, address: string, again: boolean): Promise<void> {
    await this.audit.write(tx, {
      actor: { kind: 'host', id: hostId, name: request.host.hostname },
      action: 'host.enrolled',
      subject: { kind: 'host', id: hostId },
      address,
      detail: { enrolmentToken: tokenId, again },
    });
  }
}
