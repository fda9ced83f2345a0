import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { FAIL_REASONS, type Fact } from '@lockstep/core/health';
import { type AgentFacts, type AgentMessage, CLOSE } from '@lockstep/core/protocol';
import { FakeDisk } from '../../test/fake-disk.js';
import { LinkRig } from '../../test/link-rig.js';
import type { LinkServer } from '../../test/link-server.js';
import { agentFiles } from './disk.js';
import type { Link, LinkOptions } from './link.js';

const UDID = '00008110-001A2B3C4D5E801E';

let rig: LinkRig;
let server: LinkServer;
beforeEach(async () => {
  rig = await LinkRig.make();
  server = rig.server;
});
afterEach(() => rig.dispose());

const fact = (reason: number, udid = UDID): Fact => ({
  kind: 'lockdown',
  subject: { udid },
  state: 'failed',
  reason: FAIL_REASONS[reason] ?? 'io',
  at: new Date().toISOString(),
  probe: 'lockdown',
  tookMs: 1,
});
const picture = [fact(0)];

const makeLink = (more: Partial<LinkOptions> = {}) => rig.link({ onFullPicture: async () => picture, ...more });
const online = (more: Partial<LinkOptions> = {}) => rig.online({ onFullPicture: async () => picture, ...more });
const types = () => server.committed.map((m) => m.type);
const only = <T extends AgentMessage['type']>(type: T) =>
  server.committed.filter((m): m is Extract<AgentMessage, { type: T }> => m.type === type);
const idle = (link: Link) =>
  server.until(() => link.status().outbox.waiting === 0 && server.committed.length > 0, 'everything is acknowledged');

describe('messages', () => {
  it('FACT-3 the first connection tells the whole picture; FACT-1 then only what changed', async () => {
    const link = await online();
    await idle(link);
    expect(link.report([fact(0)])).toBe(0);
    expect(link.report([fact(1)])).toBe(1);
    expect(link.report([fact(1)])).toBe(0);
    expect(link.report([fact(1)], { full: true })).toBe(1);
    await server.until(() => server.committed.length === 3, 'three messages came');
    expect(only('facts').map((m) => m.full)).toEqual([true, false, true]);
  });

  it('FACT-2 a picture too big for one message begins whole and goes on', async () => {
    const many = Array.from({ length: 600 }, (_, i) => fact(0, `00008110-${i.toString(16).toUpperCase().padStart(16, '0')}`));
    const link = await online({ onFullPicture: async () => many });
    await idle(link);
    expect(only('facts').map((m) => [m.full, m.facts.length])).toEqual([
      [true, 512],
      [false, 88],
    ]);
  });

  it('FACT-4 still travels with its exceptions', async () => {
    const link = await online();
    await idle(link);
    link.still('2026-11-24T09:00:00.000Z', [{ kind: 'lockdown', subject: { udid: UDID } }]);
    await idle(link);
    await server.until(() => types().includes('still'), 'the still came');
    expect(only('still')[0]).toMatchObject({ at: '2026-11-24T09:00:00.000Z', except: [{ kind: 'lockdown', subject: { udid: UDID } }] });
    expect(() => link.still('2026-11-24T09:00:00.000Z', [{ kind: 'lockdown', subject: { udid: 'x' } }])).toThrow();
  });

  it('ENC-5 a fact that is none is told as failed, not left out and not sent', async () => {
    const link = await online();
    link.report([
      {
        kind: 'device-values',
        subject: { udid: UDID },
        state: 'seen',
        at: new Date().toISOString(),
        probe: 'p',
        tookMs: 1,
        reading: { name: 'a\u0000b', productType: 'x', productVersion: 'x', buildVersion: 'x', deviceClass: 'x' },
      },
    ]);
    await server.until(() => only('facts').some((m) => m.facts[0]?.kind === 'device-values'), 'the fact came');
    expect(
      only('facts')
        .flatMap((m) => m.facts)
        .find((f) => f.kind === 'device-values'),
    ).toMatchObject({ state: 'failed', reason: 'garbage' });
    expect(rig.lines).toContainEqual(
      expect.objectContaining({ level: 'error', fields: expect.objectContaining({ field: 'reading.name' }) }),
    );
  });

  it('TIME-2 tells times in the server’s, once it knows them', async () => {
    server.skewMs = 86_400_000;
    const link = await online();
    expect(link.status().offsetMs).toBeGreaterThan(86_390_000);
    expect(Math.abs(link.now() - server.now())).toBeLessThan(2_000);
    await idle(link);
    for (const m of only('facts')) {
      expect(Math.abs(Date.parse(m.at) - server.now())).toBeLessThan(5_000);
      for (const f of m.facts) expect(Math.abs(Date.parse(f.at) - server.now())).toBeLessThan(60_000);
    }
  });

  it('SEQ-6 SEQ-4 acknowledgements that were lost: sent again after reconnecting, without a second effect', async () => {
    server.mode = 'keep';
    const link = await online();
    link.report([fact(1)]);
    await server.until(() => server.committed.length === 2, 'both are committed');
    expect(link.status().outbox.waiting).toBe(2);
    server.mode = 'commit';
    server.cut();
    await idle(link);
    expect(server.committed).toHaveLength(2);
    expect(new Set(server.received.map((m) => m.seq))).toEqual(new Set([1, 2]));
  });

  it('SEQ-6 what was neither committed nor acknowledged is sent again, in order', async () => {
    server.mode = 'ignore';
    const link = await online();
    for (let i = 1; i < 6; i++) link.report([fact(i)]);
    await server.until(() => server.received.length === 6, 'six were sent');
    server.mode = 'commit';
    server.cut();
    await idle(link);
    expect(server.committed.map((m) => m.seq)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('SEQ-6 told offline and over a restart, everything arrives in order', async () => {
    server.turnAway = CLOSE.serverClosing;
    const first = makeLink();
    first.start();
    first.report([fact(1)]);
    first.report([fact(2)]);
    await first.stop();
    server.turnAway = null;
    const link = await online();
    await idle(link);
    await server.until(() => server.committed.length === 3, 'all came');
    expect(server.committed.map((m) => (m as AgentFacts).facts[0])).toMatchObject([
      { reason: FAIL_REASONS[1] },
      { reason: FAIL_REASONS[2] },
      { reason: FAIL_REASONS[0] },
    ]);
    expect(only('facts').map((m) => m.full)).toEqual([false, false, true]);
  });

  it('SEQ-7 never more than 64 on the wire', async () => {
    server.mode = 'ignore';
    const link = await online();
    for (let i = 0; i < 200; i++) link.report([fact(i % 2)]);
    await server.until(() => server.received.length >= 64, 'the window is full');
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(server.received).toHaveLength(64);
    server.mode = 'commit';
    server.send({ type: 'ack', epoch: server.peer.epoch, seq: 64 });
    await server.until(() => server.received.length > 64, 'more is sent');
  });

  it('SEQ-8 a server that has more than was ever sent: new epoch, whole picture, receipts kept', async () => {
    server.mode = 'ignore';
    const link = await online();
    const epoch = link.status().epoch;
    server.send(bad(server.order()));
    await server.until(() => server.received.some((m) => m.type === 'fix.refused'), 'the refusal was sent');
    server.lieAboutAcked = 900;
    server.cut();
    await server.until(() => server.hellos.at(-1)?.epoch !== epoch, 'a new epoch is used');
    server.lieAboutAcked = null;
    server.mode = 'commit';
    await idle(link);
    expect(server.committed.every((m) => m.epoch === link.status().epoch)).toBe(true);
    expect(types().sort()).toEqual(['facts', 'fix.refused']);
    expect(only('facts')[0]?.full).toBe(true);
  });

  it('SEQ-9 hangs up on an acknowledgement of what was never sent', async () => {
    const link = await online();
    await idle(link);
    server.send({ type: 'ack', epoch: server.peer.epoch, seq: 5_000 });
    await server.until(() => server.hellos.length === 2, 'the agent connects anew');
    expect(link.status().epoch).toBe(server.hellos[1]?.epoch);
  });

  it('WIRE-5 a message of unknown type is ignored, an acknowledgement of another epoch too', async () => {
    const link = await online();
    server.send({ type: 'weather', sun: true });
    server.send({ type: 'ack', epoch: 'f'.repeat(32), seq: 9_999 });
    link.report([fact(3)]);
    await idle(link);
    expect(server.hellos).toHaveLength(1);
  });

  it.each(['{', '[]', '"x"', '{"type":"ack","epoch":"x","seq":1}', '{"type":"order"}'])('MSG-4 hangs up on %s', async (frame) => {
    await online();
    let code = 0;
    server.peer.ws.on('close', (c) => {
      code = c;
    });
    server.send(frame);
    await server.until(() => server.hellos.length === 2, 'the agent connects anew');
    expect(code).toBe(4400);
  });

  it('WIRE-3 hangs up on a binary frame', async () => {
    await online();
    server.peer.ws.send(Buffer.from('{}'));
    await server.until(() => server.hellos.length === 2, 'the agent connects anew');
  });

  it('LIVE-1 answers a ping', async () => {
    await online();
    const pong = new Promise<string>((resolve) => {
      // The server's own pings are answered too.
      server.peer.ws.on('pong', (data) => String(data) !== '' && resolve(String(data)));
    });
    server.peer.ws.ping('are you there');
    expect(await pong).toBe('are you there');
  });

  it('LIVE-2 gives up a connection on which nothing is heard', async () => {
    server.pings = false;
    const link = makeLink({ timing: { pingMs: 40 } });
    link.start();
    await server.until(() => link.status().lastEnd === 'silent', 'the agent gives up');
  });

  it('LIVE-2 a ping is a sign of life', async () => {
    const link = await online({ timing: { pingMs: 100 } });
    const timer = setInterval(() => server.peer.ws.ping(), 50);
    await new Promise((resolve) => setTimeout(resolve, 500));
    clearInterval(timer);
    expect([server.hellos.length, link.status().state]).toEqual([1, 'online']);
  });

  it('LIVE-3 connects anew when the clock jumped', async () => {
    const clocks = { skew: 0, wall: () => Date.now() + clocks.skew, monotonic: () => performance.now() };
    await online({ clocks, timing: { pingMs: 100 } });
    const timer = setInterval(() => server.peers[0]?.ws.ping(), 50);
    clocks.skew = 3_600_000;
    await server.until(() => server.hellos.length === 2, 'the agent asks the time anew');
    clearInterval(timer);
  });

  it('SEQ-11 a disk that is full from the start: everything still arrives, and status says so', async () => {
    const disk = new FakeDisk();
    disk.capacity = 0;
    const link = await online({ disk });
    link.report([fact(4)]);
    await idle(link);
    expect(link.status().outbox.disk).toBe('full');
    expect(only('facts')).toHaveLength(2);
  });
});

describe('a disk that fills up', () => {
  it('SEQ-11 what waits is sent in a new epoch when the disk takes nothing more', async () => {
    const disk = new FakeDisk();
    server.turnAway = CLOSE.serverClosing;
    const link = makeLink({ disk });
    link.start();
    link.report([fact(2)]);
    const { epoch } = link.status();
    disk.capacity = 0;
    server.turnAway = null;
    await idle(link);
    expect(link.status().epoch).not.toBe(epoch);
    expect(link.status().outbox.disk).toBe('full');
    expect(only('facts').map((m) => [m.epoch, m.full])).toEqual([[link.status().epoch, true]]);
  });
});

describe('the folder', () => {
  it('is used by one agent at a time', async () => {
    await online();
    expect(() => makeLink().start()).toThrow(
      expect.objectContaining({ code: 'in-use', message: expect.stringContaining(agentFiles(rig.dir).lock) }),
    );
  });

  it('starts and stops twice without harm, and does not report unstarted', async () => {
    const link = await online();
    link.start();
    await link.stop();
    await link.stop();
    expect(link.status().state).toBe('stopped');
    expect(() => link.report([fact(0)])).toThrow('not started');
    link.start();
    await server.until(() => link.status().state === 'online', 'it is online again');
  });
});

function bad({ envelope }: ReturnType<LinkServer['order']>) {
  return { ...envelope, signature: 'A'.repeat(86) };
}
