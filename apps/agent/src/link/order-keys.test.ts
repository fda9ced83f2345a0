import { statSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CLOSE, type Introduction } from '@lockstep/core/protocol';
import { FakeDisk } from '../../test/fake-disk.js';
import { LinkRig } from '../../test/link-rig.js';
import { type LinkServer, ServerKey } from '../../test/link-server.js';
import { agentFiles } from './disk.js';
import { enrol } from './enrolment.js';
import { readEnrolment } from './identity.js';
import type { Link } from './link.js';
import { OrderKeys } from './order-keys.js';

let rig: LinkRig;
let server: LinkServer;
let first: ServerKey;
beforeEach(async () => {
  rig = await LinkRig.make();
  server = rig.server;
  first = server.key;
});
afterEach(() => rig.dispose());

const ids = (...keys: ServerKey[]) => keys.map((k) => k.keyId);
const onDisk = () => {
  const enrolment = readEnrolment(rig.dir);
  return { pins: enrolment?.orderKeys.map((k) => k.keyId), ended: enrolment?.endedOrderKeys ?? [] };
};
const pinned = (keys: readonly string[]) =>
  server.until(() => JSON.stringify(onDisk().pins) === JSON.stringify(keys), `the agent pins ${keys.join(' ')}`);
const reconnect = async (link: Link) => {
  const { length } = server.hellos;
  server.cut();
  await server.until(() => server.hellos.length > length && server.peers.length === 1 && link.status().state === 'online', 'it is back');
};
const runs = () => server.committed.flatMap((m) => (m.type === 'fix.received' || m.type === 'fix.refused' ? [m] : []));
/** Sends an order and waits for the answer to it. */
const order = async (key: ServerKey) => {
  const { length } = runs();
  server.send(server.order({}, { ...server.peer, key }).envelope);
  await server.until(() => runs().length > length, 'the order is answered');
  const answer = runs()[length];
  return answer?.type === 'fix.refused' ? answer.reason : 'taken';
};
/** Sends introductions and waits until they were looked at; the reason of the refusal, or null. */
const tell = async (introductions: Introduction[]) => {
  const before = rig.lines.length;
  server.send({ type: 'server.keys', introductions });
  const words = ['successors of the order key are pinned', 'an introduction of an order key was refused'];
  const said = () => rig.lines.slice(before).filter((l) => words.includes(l.message));
  await server.until(() => said().length > 0, 'the introductions were looked at');
  return said().find((l) => l.fields.reason)?.fields.reason ?? null;
};

describe('a successor of the order key', () => {
  it('KEY-2 KEY-4 KEY-5 is told on the open connection, named in the next hello, and ends its predecessor once it proved itself', async () => {
    const link = await rig.online();
    const second = server.rotate();
    expect(await tell(server.chainFrom(first))).toBeNull();
    expect(onDisk()).toEqual({ pins: ids(second, first), ended: [] });
    expect(statSync(agentFiles(rig.dir).enrolment).mode & 0o077).toBe(0);
    expect(await order(first)).toBe('taken');

    await reconnect(link);
    expect(server.hellos.at(-1)?.keyId).toBe(second.keyId);
    await pinned(ids(second));
    expect(onDisk().ended).toEqual([first.keyId]);
    expect(await order(first)).toBe('unknown-key');
    expect(await order(second)).toBe('taken');
  });

  it('KEY-2 KEY-3 is followed by an agent that was away during two rotations, over a restart', async () => {
    const link = await rig.online();
    await link.stop();
    const second = server.rotate();
    const third = server.rotate();
    await rig.online();
    expect(server.hellos.at(-1)?.keyId).toBe(first.keyId);
    await pinned(ids(third, second, first));
    await rig.stopAll();
    await server.until(() => server.peers.length === 0, 'it is gone');
    await rig.online();
    expect(server.hellos.at(-1)?.keyId).toBe(third.keyId);
    await pinned(ids(third));
    expect(onDisk().ended).toEqual(ids(second, first));
    expect(await order(third)).toBe('taken');
    expect(await order(second)).toBe('unknown-key');
  });

  it('KEY-8 comes with the enrolment when the token is older than the rotation', async () => {
    const second = server.rotate();
    await enrol({ dir: rig.dir, server: server.url, token: server.token, host: { ...HOST }, again: true });
    expect(onDisk().pins).toEqual(ids(second, first));
    await rig.online();
    expect(server.hellos.at(-1)?.keyId).toBe(second.keyId);
  });

  it('KEY-7 an agent whose connection ends with its key comes back with the successor at once', async () => {
    await rig.online();
    const second = server.rotate();
    await tell(server.chainFrom(first));
    server.keys.shift();
    server.introductions.shift();
    server.peer.ws.close(...CLOSE.serverClosing);
    await pinned(ids(second));
  });
});

const HOST = { hostname: 'mac-042', os: 'linux' as const, osVersion: '6.1', arch: 'x64', agent: '0.1.0' };

describe('an introduction that does not hold changes nothing, and the connection goes on:', () => {
  afterEach(async () => {
    expect(onDisk().pins).not.toContain(stranger.keyId);
    expect(server.peers).toHaveLength(1);
  });
  const stranger = new ServerKey();
  const now = () => new Date(server.now());

  it('KEY-3 a foreign key’s signature in the name of the pinned one', async () => {
    await rig.online();
    const { signature } = stranger.introduce(stranger, now(), { keyId: first.keyId });
    expect(await tell([{ ...first.introduce(stranger, now()), signature }])).toBe('bad-signature');
    expect(await order(first)).toBe('taken');
    expect(await order(stranger)).toBe('unknown-key');
  });

  it('KEY-3 a predecessor that is not pinned', async () => {
    await rig.online();
    expect(await tell([new ServerKey().introduce(stranger, now())])).toBe('unknown-predecessor');
  });

  it('KEY-3 a chain with a gap is followed up to the gap', async () => {
    await rig.online();
    const second = server.rotate();
    expect(await tell([...server.chainFrom(first), new ServerKey().introduce(stranger, now())])).toBe('unknown-predecessor');
    expect(onDisk().pins).toEqual(ids(second, first));
  });

  it('KEY-3 KEY-5 a replay of the introduction by which an ended key came', async () => {
    const link = await rig.online();
    const second = server.rotate();
    const replay = server.chainFrom(first);
    await tell(replay);
    await reconnect(link);
    await pinned(ids(second));
    server.rotate();
    await tell(server.chainFrom(second));
    await reconnect(link);
    await pinned(ids(server.key));
    expect(await tell(replay)).toBe('unknown-predecessor');
    expect(onDisk().pins).toEqual(ids(server.key));
  });

  it('KEY-3 a rollback to the key that was before', async () => {
    const link = await rig.online();
    const second = server.rotate();
    await tell(server.chainFrom(first));
    await reconnect(link);
    await pinned(ids(second));
    expect(await tell([second.introduce(first, new Date(server.now() + 3_000))])).toBe('rolled-back');
    expect(await order(first)).toBe('unknown-key');
  });

  it('KEY-5 a challenge signed by the key that ended is refused like any stranger’s', async () => {
    const link = await rig.online();
    const second = server.rotate();
    await tell(server.chainFrom(first));
    await reconnect(link);
    await pinned(ids(second));
    server.twist = (c) => ({ ...c, keyId: first.keyId });
    server.cut();
    await server.until(() => link.status().lastEnd === 'not-our-server', 'it is refused');
    server.twist = (c) => c;
    await server.until(() => link.status().state === 'online', 'it is back');
  });

  it('KEY-3 a second successor of one predecessor', async () => {
    await rig.online();
    server.rotate();
    await tell(server.chainFrom(first));
    expect(await tell([first.introduce(stranger, now())])).toBe('other-successor');
  });

  it('KEY-3 a time that has not come', async () => {
    await rig.online();
    expect(await tell([first.introduce(stranger, new Date(server.now() + 60_000))])).toBe('too-early');
  });

  it('KEY-1 a message that cannot be read', async () => {
    await rig.online();
    server.send({ type: 'server.keys', introductions: [{ ...first.introduce(stranger, now()), nextKey: 'short' }] });
    await server.until(() => rig.lines.some((l) => l.fields.field === 'introductions.0.nextKey'), 'it says so');
  });
});

describe('what is pinned', () => {
  it('KEY-4 stays as it was when the disk refuses to keep more', () => {
    const enrolment = readEnrolment(rig.dir);
    if (!enrolment) throw new Error('not enrolled');
    const disk = new FakeDisk();
    disk.capacity = 0;
    const lines: string[] = [];
    const keys = new OrderKeys({ dir: rig.dir, enrolment, disk, log: (_level, message) => lines.push(message) });
    server.rotate();
    expect(keys.follow(server.chainFrom(first), server.now())).toEqual({ pinned: [], refused: null });
    expect(keys.pins).toEqual(enrolment.orderKeys);
    expect(lines).toEqual(['the order keys cannot be written down, they stay as they were']);
    disk.capacity = Number.POSITIVE_INFINITY;
    expect(keys.follow(server.chainFrom(first), server.now())).toEqual({ pinned: [server.keyId], refused: null });
  });

  it('KEY-3 is eight keys at most', () => {
    const enrolment = readEnrolment(rig.dir);
    if (!enrolment) throw new Error('not enrolled');
    const keys = new OrderKeys({ dir: rig.dir, enrolment, log: () => undefined });
    for (let i = 0; i < 8; i++) server.rotate();
    expect(keys.follow(server.chainFrom(first), server.now() + 5_000)).toMatchObject({
      pinned: { length: 7 },
      refused: { reason: 'too-many' },
    });
    expect(onDisk().pins).toHaveLength(8);
    expect(keys.proven(server.keys[7]?.keyId ?? '')).toHaveLength(7);
    expect(keys.follow(server.chainFrom(first).slice(7), server.now() + 5_000)).toMatchObject({ pinned: { length: 1 }, refused: null });
  });
});
