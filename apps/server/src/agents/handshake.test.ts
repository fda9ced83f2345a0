import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SIGNED } from '@lockstep/core/protocol';
import { type AgentIdentity, newEpoch, newNonce, TestAgent, TestKey } from '../../test/agent.js';
import { type Rooms, startRooms } from '../../test/rooms.js';
import { isSigned } from './handshake.js';

describe('first exchange', () => {
  let rooms: Rooms;
  let id: AgentIdentity;
  beforeAll(async () => {
    rooms = await startRooms({ handshakeMs: 2_000, pingMs: 300 });
    id = await rooms.enrol();
  });
  afterAll(() => rooms.end());

  const refused = async (run: (agent: TestAgent) => Promise<unknown>): Promise<string> => {
    const agent = await TestAgent.open(rooms.url);
    await run(agent).catch(() => undefined);
    const { code, reason } = await agent.closed;
    return `${code} ${reason}`;
  };

  it('proves both sides and tells what is committed', async () => {
    const agent = await TestAgent.open(rooms.url);
    const challenge = await agent.hello(id);
    expect(challenge).toMatchObject({ version: 1, keyId: rooms.orderKey.keyId });
    expect(isSigned(rooms.orderKey.publicKey, SIGNED.server + agent.textOf(id, challenge), challenge.signature ?? '')).toBe(true);
    expect(isSigned(new TestKey().publicKey, SIGNED.server + agent.textOf(id, challenge), challenge.signature ?? '')).toBe(false);
    expect(await agent.proof(id, challenge)).toMatchObject({ type: 'server.welcome', acked: 0 });
    expect(rooms.agents.connections.get(id.hostId)).toMatchObject({ epoch: agent.epoch, nonce: agent.nonce });
    await agent.close();
  });

  it('refuses a host that never enrolled', async () => {
    expect(await refused((a) => a.hello(id, { hostId: '00000000-0000-4000-8000-00000000dead' }))).toBe('4401 not-authenticated');
  });

  it('refuses a proof made with another key, for another purpose, or over another text', async () => {
    const proofs = [
      (a: TestAgent, c: never) => new TestKey().sign(SIGNED.agent + a.textOf(id, c)),
      (a: TestAgent, c: never) => id.key.sign(SIGNED.server + a.textOf(id, c)),
      (a: TestAgent, c: never) => id.key.sign(SIGNED.agent + a.textOf(id, { ...(c as object), nonce: newNonce(), type: 'x' } as never)),
      (a: TestAgent, c: never) =>
        id.key.sign(SIGNED.agent + a.textOf(id, { ...(c as object), time: new Date(0).toISOString(), type: 'x' } as never)),
    ];
    for (const proof of proofs) {
      expect(
        await refused(async (a) => {
          const challenge = await a.hello(id);
          await a.proof(id, challenge, { signature: proof(a, challenge as never) });
        }),
      ).toBe('4401 not-authenticated');
    }
  });

  it('refuses a proof that was good on another connection', async () => {
    const first = await TestAgent.open(rooms.url);
    const challenge = await first.hello(id);
    const replay = id.key.sign(SIGNED.agent + first.textOf(id, challenge));
    first.ws.terminate();
    expect(
      await refused(async (a) => {
        const other = await a.hello(id);
        await a.proof(id, other, { signature: replay });
      }),
    ).toBe('4401 not-authenticated');
  });

  it('refuses an agent that pins another server key', async () => {
    expect(await refused((a) => a.hello(id, { keyId: '0123456789abcdef' }))).toBe('4401 not-authenticated');
  });

  it('refuses another version by its own word, whatever else that version says', async () => {
    expect(await refused((a) => a.hello(id, { version: 2, nonce: 'of another length' }))).toBe('4406 version-not-served');
  });

  it('refuses a revoked host, but only after it proved its key', async () => {
    const gone = await rooms.enrol('gone');
    await rooms.database.pool.query('UPDATE host_key SET revoked_at = now() WHERE id = $1', [gone.hostId]);
    expect(await refused(async (a) => a.proof(gone, await a.hello(gone)))).toBe('4403 revoked');
    expect(await refused(async (a) => a.proof(gone, await a.hello(gone), { signature: new TestKey().sign('x') }))).toBe(
      '4401 not-authenticated',
    );
  });

  it('closes the socket of a host that is revoked while it is connected', async () => {
    const soon = await rooms.enrol('soon');
    const agent = await rooms.connect(soon);
    await rooms.hostKeys.revoke(
      soon.hostId,
      { kind: 'person', id: '00000000-0000-4000-8000-000000000002', name: 'Ada', role: 'admin', sessionId: null },
      '127.0.0.1',
    );
    expect(await agent.closed).toEqual({ code: 4403, reason: 'revoked' });
  });

  it('closes a socket that does not end the first exchange in time', async () => {
    expect(await refused((a) => a.hello(id))).toBe('4408 handshake-timeout');
  });

  it.each([
    ['facts before the hello', (a: TestAgent) => a.tell({ type: 'facts', full: true, facts: [] }), '4401 not-authenticated'],
    ['a frame that is not JSON', (a: TestAgent) => a.send('{"type":"agent.hello"'), '4401 not-authenticated'],
    ['a binary frame', (a: TestAgent) => a.ws.send(Buffer.from('{}'), { binary: true }), '4401 not-authenticated'],
    ['a hello that is nested too deep', (a: TestAgent) => a.send(`${'['.repeat(50)}${']'.repeat(50)}`), '4401 not-authenticated'],
    ['a hello with a bad epoch', (a: TestAgent) => void a.hello(id, { epoch: 'z' }).catch(() => undefined), '4400 bad-message'],
    ['a hello with a bad nonce', (a: TestAgent) => void a.hello(id, { nonce: 'short' }).catch(() => undefined), '4400 bad-message'],
    ['a hello for no host id', (a: TestAgent) => void a.hello(id, { hostId: "' OR 1=1" }).catch(() => undefined), '4400 bad-message'],
    ['a frame over the limit', (a: TestAgent) => a.send(`"${'x'.repeat(262_200)}"`), '4413 too-large'],
    [
      'two hellos at once',
      (a: TestAgent) => {
        void a.hello(id).catch(() => undefined);
        void a.hello(id).catch(() => undefined);
      },
      '4401 not-authenticated',
    ],
  ] as [string, (a: TestAgent) => unknown, string][])('refuses %s', async (_what, say, answer) => {
    expect(await refused(async (a) => say(a))).toBe(answer);
  });

  it('stores nothing that was said before the proof', async () => {
    const agent = await TestAgent.open(rooms.url);
    await agent.hello(id);
    agent.tell({ type: 'facts', full: true, facts: [] });
    expect(await agent.closed).toEqual({ code: 4401, reason: 'not-authenticated' });
    expect(await rooms.rows('SELECT * FROM quarantine')).toEqual([]);
    expect(await rooms.rows('SELECT * FROM fact')).toEqual([]);
  });

  it('lets the newest connection of a host win, closes the older one, and counts it', async () => {
    const twice = await rooms.enrol('twice');
    const older = await rooms.connect(twice);
    const newer = await rooms.connect(twice, { epoch: older.epoch });
    expect(await older.closed).toEqual({ code: 4409, reason: 'replaced' });
    expect(rooms.agents.connections.connectionNonce(twice.hostId)).toBe(newer.nonce);
    expect(await rooms.row('SELECT swaps, epochs FROM host_link WHERE host_id = $1', [twice.hostId])).toEqual({ swaps: 1, epochs: 1 });
    await newer.acked(newer.tell({ type: 'facts', full: true, facts: [] }));
  });

  it('notes the labels that a host gives itself', async () => {
    const renamed = { ...(await rooms.enrol('before')), hostname: 'after' };
    await rooms.connect(renamed);
    expect(await rooms.row('SELECT hostname FROM host_key WHERE id = $1', [renamed.hostId])).toEqual({ hostname: 'after' });
  });

  it('closes a socket that answers no ping', async () => {
    const mute = await rooms.enrol('mute');
    const agent = await rooms.connect(mute);
    agent.ws.pause();
    for (let i = 0; i < 40 && rooms.agents.connections.isConnected(mute.hostId); i++) await new Promise((r) => setTimeout(r, 100));
    expect(rooms.agents.connections.isConnected(mute.hostId)).toBe(false);
  });

  it('keeps a socket that answers pings and says nothing else', async () => {
    const quiet = await rooms.enrol('quiet');
    const agent = await rooms.connect(quiet, { epoch: newEpoch() });
    await new Promise((r) => setTimeout(r, 1_200));
    expect(rooms.agents.connections.isConnected(quiet.hostId)).toBe(true);
    await agent.close();
  });
});
