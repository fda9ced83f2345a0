import { createPublicKey, verify } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Introduction, Order, SIGNED, successorText } from '@lockstep/core/protocol';
import { type AgentIdentity, TestAgent } from '../../test/agent.js';
import { facts, UNPAIRED } from '../../test/readings.js';
import { type Rooms, startRooms, TECHNICIAN } from '../../test/rooms.js';
import type { Caller } from '../access/index.js';
import { isSigned } from './handshake.js';

const ADMIN: Caller = { ...TECHNICIAN, id: '00000000-0000-4000-8000-000000000009', name: 'Ada', role: 'admin' };
const HERE = '127.0.0.1';

let rooms: Rooms;
let id: AgentIdentity;
beforeEach(async () => {
  rooms = await startRooms();
  id = await rooms.enrol();
});
afterEach(() => rooms.end());

const rotate = () => rooms.rotation.rotate(ADMIN, HERE);
/** The introductions that the agent is sent next. */
const told = async (agent: TestAgent): Promise<Introduction[]> => {
  const frame = await agent.next('server.keys');
  return Introduction.array().parse((frame as unknown as { introductions: unknown }).introductions);
};
const closing = async (agent: TestAgent) => `${(await agent.closed).code} ${(await agent.closed).reason}`;
const quiet = async (agent: TestAgent) => {
  await agent.acked(agent.tell({ type: 'facts', full: true, facts: [] }));
  return agent.frames.filter((f) => f.type === 'server.keys');
};

describe('an agent', () => {
  it('KEY-2 that is connected is told of a rotation at once, in words that its own key signed', async () => {
    const agent = await rooms.connect(id);
    const { keyId: first, publicKey } = rooms.orderKey;
    const view = await rotate();
    const [introduction] = await told(agent);
    if (!introduction) throw new Error('no introduction');
    expect(introduction).toMatchObject({ keyId: first, nextKeyId: view.keyId });
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: publicKey }, format: 'jwk' });
    const bytes = Buffer.from(SIGNED.successor + successorText(introduction));
    expect(verify(null, bytes, key, Buffer.from(introduction.signature, 'base64url'))).toBe(true);
    expect(rooms.agents.connections.get(id.hostId)?.keyId).toBe(first);
  });

  it('KEY-2 HS-3 that was away during two rotations is shown the key it knows, and told the whole chain after its welcome', async () => {
    await rotate();
    const { keyId: third } = await rotate();
    const agent = await TestAgent.open(rooms.url);
    const challenge = await agent.hello(id);
    expect(challenge.keyId).toBe(id.orderKeyId);
    expect(isSigned(rooms.orderKey.publicKey, SIGNED.server + agent.textOf(id, challenge), challenge.signature ?? '')).toBe(true);
    expect(agent.frames).toEqual([]);
    await agent.proof(id, challenge);
    const chain = await told(agent);
    expect(chain.map((i) => i.keyId)).toEqual([id.orderKeyId, chain[0]?.nextKeyId]);
    expect(chain.at(-1)?.nextKeyId).toBe(third);
    await agent.close();
  });

  it('KEY-2 that knows the key used now is told nothing', async () => {
    const { keyId } = await rotate();
    const agent = await rooms.connect({ ...id, orderKeyId: keyId });
    expect(await quiet(agent)).toEqual([]);
    expect(await rooms.row('SELECT order_key_id FROM host_link WHERE host_id = $1', [id.hostId])).toEqual({ order_key_id: keyId });
  });

  it('KEY-6 KEY-9 is sent orders that the key of its connection signed: one that has not followed goes on taking them', async () => {
    const { keyId: second } = await rotate();
    const other = await rooms.enrol('other');
    const agents = [await rooms.connect(id), await rooms.connect({ ...other, orderKeyId: second })] as const;
    for (const [i, agent] of agents.entries()) {
      await agent.acked(agent.tell({ type: 'facts', full: true, facts: facts(UNPAIRED, { at: rooms.clock.date() }) }));
      const { id: pairId } = await rooms.row('SELECT id FROM pair WHERE host_id = $1', [i === 0 ? id.hostId : other.hostId]);
      await rooms.fixes.ask({ pairId: String(pairId), fix: 'F11' }, TECHNICIAN, HERE);
      const { order = '', keyId, signature = '' } = await agent.next('order');
      const signer = rooms.orderKeys.find(i === 0 ? id.orderKeyId : second);
      const bytes = Buffer.from(order, 'base64url');
      expect([keyId, Order.parse(JSON.parse(bytes.toString())).keyId]).toEqual([signer?.keyId, signer?.keyId]);
      expect(isSigned(signer?.publicKey ?? '', SIGNED.order + bytes.toString(), signature)).toBe(true);
    }
    await rooms.jobs.idle();
  });

  it('KEY-7 whose key is revoked is sent away to come back by the successor, and refused if it knows none', async () => {
    const { keyId: second } = await rotate();
    const old = await rooms.connect(id);
    const other = await rooms.enrol('other');
    const followed = await rooms.connect({ ...other, orderKeyId: second });
    await rooms.rotation.revoke(id.orderKeyId, ADMIN, HERE);
    expect(await closing(old)).toBe('4503 server-closing');
    const again = await TestAgent.open(rooms.url);
    await again.hello(id).catch(() => undefined);
    expect(await closing(again)).toBe('4401 not-authenticated');
    expect(await quiet(followed)).toEqual([]);
    const back = await rooms.connect({ ...id, orderKeyId: second });
    expect(await quiet(back)).toEqual([]);
  });

  it('KEY-7 whose key ended while it was let in comes back by the successor', async () => {
    const agent = await TestAgent.open(rooms.url);
    const challenge = await agent.hello(id);
    await rotate();
    await rooms.rotation.revoke(id.orderKeyId, ADMIN, HERE);
    await agent.proof(id, challenge);
    expect(await closing(agent)).toBe('4503 server-closing');
    expect(rooms.agents.connections.isConnected(id.hostId)).toBe(false);
  });

  it('KEY-7 is served by a key for its overlap, which a round of the housekeeping ends', async () => {
    await rotate();
    rooms.clock.advance(399 * 86_400_000);
    const agent = await rooms.connect(id);
    await told(agent);
    expect(await rooms.rotation.expire()).toBe(0);
    rooms.clock.advance(86_400_000);
    expect(await rooms.rotation.expire()).toBe(1);
    expect(await closing(agent)).toBe('4503 server-closing');
    expect(await rooms.rotation.expire()).toBe(0);
    expect(await rooms.rows(`SELECT actor_kind, action, subject_id FROM audit WHERE action LIKE 'order-key.%' ORDER BY id`)).toEqual([
      { actor_kind: 'person', action: 'order-key.rotated', subject_id: rooms.orderKeys.current.keyId },
      { actor_kind: 'server', action: 'order-key.ended', subject_id: id.orderKeyId },
    ]);
  });
});

describe('order keys that two want to change at once', () => {
  it('change one after the other, each change with its row', async () => {
    const made = await Promise.all([rotate(), rotate(), rotate()]);
    expect(new Set(made.map((k) => k.keyId)).size).toBe(3);
    const chain = rooms.orderKeys.chainFrom(id.orderKeyId);
    expect(chain).toHaveLength(3);
    const rows = await rooms.rows(`SELECT detail FROM audit WHERE action = 'order-key.rotated' ORDER BY id`);
    expect(rows.map((r) => r.detail)).toEqual(chain.map((i) => ({ from: i.keyId, to: i.nextKeyId })));
  });
});
