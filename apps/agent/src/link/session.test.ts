import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CLOSE } from '@lockstep/core/protocol';
import { LinkRig } from '../../test/link-rig.js';
import { LinkServer } from '../../test/link-server.js';

let rig: LinkRig;
let server: LinkServer;
beforeEach(async () => {
  rig = await LinkRig.make();
  server = rig.server;
});
afterEach(() => rig.dispose());

describe('first exchange', () => {
  it('HS-2 HS-5 both sides prove their keys, and the label comes along', async () => {
    const link = await rig.online();
    expect(server.hellos[0]).toMatchObject({ version: 1, hostId: link.status().hostId, epoch: link.status().epoch, keyId: server.keyId });
  });

  it('WIRE-1 WIRE-4 offers the sub-protocol and no compression', async () => {
    await rig.online();
    expect(server.upgrades[0]?.['sec-websocket-protocol']).toBe('lockstep-agent.v1');
    expect(server.upgrades[0]?.['sec-websocket-extensions']).toBeUndefined();
  });

  it('HS-1 every connection has a new nonce', async () => {
    const link = await rig.online();
    server.cut();
    await server.until(() => server.hellos.length === 2 && link.status().state === 'online', 'the agent is back');
    expect(server.hellos[0]?.nonce).not.toBe(server.hellos[1]?.nonce);
    expect(server.hellos[0]?.epoch).toBe(server.hellos[1]?.epoch);
  });

  it.each<[string, string, (c: Record<string, unknown>) => Record<string, unknown>]>([
    ['HS-3 signed by a key that is not pinned', 'not-our-server', (c) => ({ ...c, keyId: '0'.repeat(16) })],
    ['HS-4 whose signature does not hold', 'not-our-server', (c) => ({ ...c, signature: 'A'.repeat(86) })],
    ['HS-4 whose time was changed on the way', 'not-our-server', (c) => ({ ...c, time: '2020-01-01T00:00:00.000Z' })],
    ['HS-6 of another version', 'bad-server', (c) => ({ ...c, version: 2 })],
    ['HS-7 that is another message', 'bad-server', () => ({ type: 'server.welcome', time: new Date().toISOString(), acked: 0 })],
  ])('a challenge %s is refused, and no proof is given', async (_name, why, twist) => {
    server.twist = twist;
    const link = rig.link();
    link.start();
    await server.until(() => link.status().lastEnd === why, `the agent hangs up: ${why}`);
    expect(server.peers).toHaveLength(0);
    expect(server.committed).toHaveLength(0);
  });

  it('HS-4 LIVE-5 an impostor is named in the log and tried again at the cap', async () => {
    const other = await LinkServer.listen();
    const link = rig.link({ server: other.url });
    link.start();
    await server.until(() => link.status().advice !== null, 'the agent says so');
    expect(link.status().advice).toContain('not the server this computer was enrolled at');
    await other.until(() => other.hellos.length > 1, 'the agent tries again');
    await link.stop();
    await other.close();
  });

  it('HS-8 a server that stays silent is given up', async () => {
    server.twist = () => null;
    const link = rig.link({ timing: { handshakeMs: 100 } });
    link.start();
    await server.until(
      () => link.status().lastEnd === 'handshake-timeout' && server.hellos.length > 1,
      'the agent gives up and tries again',
    );
  });

  it.each([
    [CLOSE.revoked, 'revoked'],
    [CLOSE.notAuthenticated, 'Enrol it again'],
    [CLOSE.version, 'Update the agent'],
    [CLOSE.replaced, 'cloned'],
    [CLOSE.serverClosing, null],
  ] as const)('LIVE-5 after %j it says what to do, and goes on trying', async (code, word) => {
    server.turnAway = code;
    const link = rig.link();
    link.start();
    await server.until(() => server.hellos.length > 1, 'the agent tries again');
    expect(link.status().lastEnd).toBe(code.join(' '));
    if (word === null) expect(link.status().advice).toBeNull();
    else expect(link.status().advice).toContain(word);
    server.turnAway = null;
    await server.until(() => link.status().state === 'online', 'the agent is taken');
    expect(link.status().advice).toBeNull();
  });

  it('HS-5 a revoked host is told so only after its proof', async () => {
    for (const h of server.hosts.values()) h.revoked = true;
    const link = rig.link();
    link.start();
    await server.until(() => link.status().lastEnd === '4403 revoked', 'the agent is told');
  });
});
