import type { HostLabel } from '@lockstep/core/protocol';
import { type Bus, type Clock, type Database, ProblemError, type Tx } from '../platform/index.js';
import { type Audit, actorOf } from './audit.js';
import type { Caller } from './caller.js';

/** A host's identity: its key, and the names it gave itself. */
export interface HostKey {
  hostId: string;
  /** Raw Ed25519 public key, base64url. */
  publicKey: string;
  label: HostLabel;
  enrolledAt: Date;
  revokedAt: Date | null;
}

/** The keys of enrolled hosts. */
export class HostKeys {
  constructor(
    private readonly db: Database,
    private readonly bus: Bus,
    private readonly clock: Clock,
    private readonly audit: Audit,
  ) {}

  /** The host's key, also when it was revoked; null for a host that never enrolled. */
  async get(hostId: string): Promise<HostKey | null> {
    const row = await this.db.prisma.hostKey.findUnique({ where: { id: hostId } });
    if (row === null) return null;
    const { id, publicKey, hostname, os, osVersion, arch, agent, enrolledAt, revokedAt } = row;
    return { hostId: id, publicKey, label: { hostname, os: os as HostLabel['os'], osVersion, arch, agent }, enrolledAt, revokedAt };
  }

  /** Those of these hosts whose keys are no longer accepted. */
  async revokedAmong(hostIds: readonly string[]): Promise<string[]> {
    const { rows } = await this.db.pool.query<{ id: string }>(
      'SELECT id FROM host_key WHERE id = ANY($1::uuid[]) AND revoked_at IS NOT NULL',
      [hostIds],
    );
    return rows.map((r) => r.id);
  }

  /** Notes what a host says of itself when it connects: a computer is renamed, its system and agent are updated. */
  async relabel(tx: Tx | null, hostId: string, label: HostLabel): Promise<void> {
    await (tx ?? this.db.pool).query(
      `UPDATE host_key SET hostname = $2, os = $3, os_version = $4, arch = $5, agent = $6 WHERE id = $1
         AND (hostname, os, os_version, arch, agent) IS DISTINCT FROM ($2, $3, $4, $5, $6)`,
      [hostId, label.hostname, label.os, label.osVersion, label.arch, label.agent],
    );
  }

  /**
   * Refuses the host from now on: its socket is closed (`host.revoked` on the bus) and its key no longer accepted. For good: a computer that
   * comes back has to make a new key.
   * @throws ProblemError 404 for a host that is not known.
   */
  async revoke(hostId: string, caller: Caller, address: string): Promise<void> {
    const known = await this.db.tx(async (tx) => {
      const changed = await tx.query<{ hostname: string }>(
        'UPDATE host_key SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL RETURNING hostname',
        [hostId, this.clock.date()],
      );
      const row = changed.rows[0];
      if (row !== undefined) {
        await this.audit.write(tx, {
          actor: actorOf(caller),
          action: 'host.revoked',
          subject: { kind: 'host', id: hostId },
          address,
          detail: { hostname: row.hostname },
        });
        return true;
      }
      return ((await tx.query('SELECT 1 FROM host_key WHERE id = $1', [hostId])).rowCount ?? 0) > 0;
    });
    if (!known) throw new ProblemError(404, 'not-found', 'There is no such host.');
    this.bus.publish('host.revoked', { hostId });
    this.bus.publish('host.changed', { hostId });
  }
}
