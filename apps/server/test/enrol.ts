import { randomUUID } from 'node:crypto';
import { type AgentIdentity, TestKey } from './agent.js';
import type { TestServer } from './server.js';

/** Enrols a computer, past the door: its key stands in the database, and what a test agent needs is returned. */
export async function enrolHost(server: Pick<TestServer, 'platform' | 'orderKey'>, hostname: string): Promise<AgentIdentity> {
  const key = new TestKey();
  const { pool } = server.platform.db;
  const tokenId = randomUUID();
  await pool.query(
    `INSERT INTO enrolment_token (id, token_hash, note, uses, uses_left, created_at, expires_at) VALUES ($1, $2, 'test', 1, 1, now(), now() + interval '1 day')`,
    [tokenId, Buffer.from(tokenId.replaceAll('-', ''))],
  );
  const hostId = randomUUID();
  await pool.query(
    `INSERT INTO host_key (id, public_key, hostname, os, os_version, arch, agent, enrolled_at, enrolled_by) VALUES ($1, $2, $3, 'linux', 'Debian 12', 'x64', '0.1.0', now(), $4)`,
    [hostId, key.publicKey, hostname, tokenId],
  );
  return { hostId, key, orderKeyId: server.orderKey.keyId, hostname };
}
