import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Fact, FactKind } from '@lockstep/core/health';
import { type Fleet, type Member, startFleet } from '@lockstep/lab';
import { LinkServer } from '../apps/agent/test/link-server.js';

/** Real agents on simulated computers, against the server's side of the protocol on real sockets: the fleet by itself, without database and console. */

let dir: string;
let server: LinkServer;
let fleet: Fleet | null;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'lockstep-fleet-'));
  server = await LinkServer.listen();
  await writeFile(join(dir, 'token'), server.token);
  fleet = null;
});

afterEach(async () => {
  await fleet?.close();
  await server.close();
  await rm(dir, { recursive: true, force: true });
});

const quick = {
  cadence: { host: 500, phone: 1_000, bus: 200, nudge: 50 },
  waits: { look: 100, pairEvery: 100, relist: 3_000, reattach: 2_000, holder: 5_000 },
  stillMs: 1_000,
};

async function start(computers: number, phones: number, more: { control?: string } = {}): Promise<Fleet> {
  fleet = await startFleet({
    server: server.url,
    tokenFile: join(dir, 'token'),
    dir: join(dir, 'fleet'),
    computers,
    phones,
    calm: true,
    agent: quick,
    ...more,
  });
  return fleet;
}

/** The server's picture of one host: the newest fact of a kind. */
function latest(kind: FactKind, udid?: string): Fact | undefined {
  const facts = server.committed.flatMap((m) => (m.type === 'facts' || m.type === 'fix.settled' ? m.facts : []));
  return facts.filter((f) => f.kind === kind && (udid === undefined || (f.subject !== 'host' && f.subject.udid === udid))).at(-1);
}

const reads = (kind: FactKind, udid: string | undefined, reading: object) => {
  const fact = latest(kind, udid);
  return fact?.state === 'seen' && Object.entries(reading).every(([k, v]) => (fact.reading as Record<string, unknown>)[k] === v);
};

function first(f: Fleet): { member: Member; phone: ReturnType<Member['computer']['bench']['phone']>; name: string } {
  const member = f.members.find((m) => m.computer.bench.names.length > 0);
  const name = member?.computer.bench.names[0];
  if (!member || name === undefined) throw new Error('no phone');
  return { member, phone: member.computer.bench.phone(name), name };
}

describe('a fleet', () => {
  it('enrols, tells everything, and is the same fleet after a restart', async () => {
    let f = await start(3, 4);
    const names = f.members.map((m) => m.name);
    expect(names.every((n) => /^lnx-\d{4}$/.test(n))).toBe(true);
    const phones = f.members.flatMap((m) => m.computer.bench.status());
    expect(phones).toHaveLength(4);
    for (const p of phones) {
      await server.until(
        () => reads('trust-session', p.udid, { outcome: 'accepted' }) && reads('service-start', p.udid, { outcome: 'started' }),
        `${p.deviceName} is read`,
      );
    }
    expect(server.hosts.size).toBe(3);
    await server.until(() => server.committed.some((m) => m.type === 'still'), 'a still was told');
    await f.close();

    server.committed.length = 0;
    f = await start(3, 4);
    expect(f.members.map((m) => m.name)).toEqual(names);
    expect(f.members.flatMap((m) => m.computer.bench.status()).map((p) => p.udid)).toEqual(phones.map((p) => p.udid));
    for (const p of phones)
      await server.until(() => reads('trust-session', p.udid, { outcome: 'accepted' }), `${p.deviceName} trusts still`);
    expect(server.hosts.size).toBe(3);
    expect(f.members.every((m) => m.computer.effects.count('asked-holder') === 0)).toBe(true);
  });

  it('enrols anew at a server that does not know it any more', async () => {
    const f = await start(1, 1);
    await server.until(() => server.peers.length === 1, 'it is connected');
    await f.close();
    await server.until(() => server.peers.length === 0, 'it hung up');
    server.hosts.clear();
    await start(1, 1);
    await server.until(() => server.hosts.size === 1 && server.peers.length === 1, 'it enrolled and is connected again', 20_000);
  });

  it('tells an unplugged phone within five seconds', async () => {
    const { member, phone, name } = first(await start(1, 2));
    await server.until(() => reads('trust-session', phone.udid, { outcome: 'accepted' }), 'it is read');
    const began = Date.now();
    member.computer.bench.unplug(name);
    await server.until(
      () => latest('usb-device', phone.udid)?.state === 'absent' && latest('mux-device', phone.udid)?.state === 'absent',
      'it is gone',
      5_000,
    );
    expect(latest('trust-session', phone.udid)).toMatchObject({ state: 'failed', reason: 'unreachable' });
    expect(Date.now() - began).toBeLessThan(5_000);
  });
});

describe('orders to a fleet', () => {
  it('F08: the service that died is restarted, the result and its facts come back', async () => {
    const { member, phone } = first(await start(1, 1));
    await server.until(() => reads('mux-daemon', undefined, { socket: 'answering' }), 'it is read');
    const before = member.computer.bench.mux.pid;
    await member.computer.bench.setMuxFault('mux-stopped');
    await server.until(() => reads('mux-daemon', undefined, { socket: 'missing' }), 'it is told dead');
    server.send(server.order({ fix: 'F08', udid: null }).envelope);
    await server.until(() => server.committed.some((m) => m.type === 'fix.settled'), 'it is settled', 20_000);
    expect(server.committed.find((m) => m.type === 'fix.settled')).toMatchObject({ mechanics: 'done', detail: 'new-pid' });
    expect(reads('mux-daemon', undefined, { state: 'running', socket: 'answering', pid: member.computer.bench.mux.pid })).toBe(true);
    expect(member.computer.bench.mux.pid).not.toBe(before);
    await server.until(() => reads('trust-session', phone.udid, { outcome: 'accepted' }), 'the phone is back');
  });

  it('F12: the phone forgot this computer; the holder taps, and everybody sees him being waited for', async () => {
    const { member, phone, name } = first(await start(1, 1));
    phone.habits.trustAfterMs = 1_000;
    member.computer.bench.setFault(name, 'forgets-host');
    await server.until(() => reads('trust-session', phone.udid, { outcome: 'refused', error: 'InvalidHostID' }), 'it is told refused');
    server.send(server.order({ fix: 'F12', udid: phone.udid }).envelope);
    await server.until(() => server.committed.some((m) => m.type === 'fix.settled'), 'it is settled', 20_000);
    const stages = server.committed.flatMap((m) => (m.type === 'fix.progress' ? [m.awaiting ?? m.stage] : []));
    expect(stages).toContain('tap-trust');
    expect(server.committed.find((m) => m.type === 'fix.settled')).toMatchObject({ mechanics: 'done', detail: 'record-renewed' });
    expect(reads('trust-session', phone.udid, { outcome: 'accepted' })).toBe(true);
    expect(reads('pairing-attempt', phone.udid, { outcome: 'accepted' })).toBe(true);
  });

  it('a second order for the same phone is refused as busy', async () => {
    const { member, phone, name } = first(await start(1, 1));
    phone.habits.trustAfterMs = null;
    member.computer.bench.setFault(name, 'forgets-host');
    await server.until(() => reads('trust-session', phone.udid, { outcome: 'refused' }), 'it is told refused');
    server.send(server.order({ fix: 'F12', udid: phone.udid }).envelope);
    await server.until(
      () => server.committed.some((m) => m.type === 'fix.progress' && m.awaiting === 'tap-trust'),
      'the holder is awaited',
    );
    server.send(server.order({ fix: 'F11', udid: phone.udid }).envelope);
    await server.until(() => server.committed.some((m) => m.type === 'fix.refused' && m.reason === 'busy'), 'busy');
    phone.tapTrust();
    await server.until(() => server.committed.some((m) => m.type === 'fix.settled'), 'it is settled', 20_000);
  });
});

describe('the control socket', () => {
  it('breaks, heals, and lets holders act; bad lines name the field', async () => {
    const control = join(dir, 'c.sock');
    const { member, phone, name } = first(await start(1, 1, { control }));
    const socket = connect(control);
    const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
    const tell = async (line: object | string) => {
      socket.write(`${typeof line === 'string' ? line : JSON.stringify(line)}\n`);
      return JSON.parse(String((await lines.next()).value)) as { ok: boolean; error?: { field: string } };
    };
    const computer = member.name;
    expect(await tell({ do: 'fleet', id: 7 })).toMatchObject({
      id: 7,
      ok: true,
      computers: [{ computer, agent: expect.any(String), phones: [{ udid: phone.udid }] }],
    });
    expect(await tell({ do: 'break', computer, phone: name, trouble: 'unpaired' })).toEqual({ ok: true });
    await server.until(() => latest('pair-record', phone.udid)?.state === 'absent', 'it is told unpaired');
    expect(await tell({ do: 'heal', computer, phone: name })).toEqual({ ok: true });
    await server.until(() => reads('trust-session', phone.udid, { outcome: 'accepted' }), 'it is told healed');
    expect(await tell({ computer, do: 'lock', phone: name })).toEqual({ ok: true });
    await server.until(() => reads('passcode-lock', phone.udid, { locked: true }), 'it is told locked');
    for (const [line, field] of [
      ['nonsense', 'line'],
      ['[]', 'line'],
      [{ do: 'break', computer, trouble: 'forgets-host' }, 'phone'],
      [{ do: 'break', computer, phone: name, trouble: 'nothing' }, 'trouble'],
      [{ do: 'break', computer: 'lnx-9999', trouble: 'mux-stopped' }, 'computer'],
      [{ do: 'lock', computer: 'lnx-9999', phone: name }, 'computer'],
      [{ do: 'lock', computer, phone: 'nobody' }, 'phone'],
      [{ do: 'break', computer, trouble: 'mux-stopped', extra: 1 }, 'extra'],
    ] as const) {
      expect([line, await tell(line)]).toEqual([line, { ok: false, error: { field, message: expect.any(String) } }]);
    }
    socket.destroy();
  });
});

it('the effect log tells what was changed, one JSON object a line', async () => {
  const { member, phone, name } = first(await start(1, 1));
  phone.habits.trustAfterMs = 200;
  member.computer.bench.setFault(name, 'forgets-host');
  await server.until(() => reads('trust-session', phone.udid, { outcome: 'refused' }), 'it is told refused');
  server.send(server.order({ fix: 'F12', udid: phone.udid }).envelope);
  await server.until(() => server.committed.some((m) => m.type === 'fix.settled'), 'it is settled', 20_000);
  const text = await readFile(join(dir, 'fleet', member.name, 'computer', 'effects.jsonl'), 'utf8');
  const effects = text
    .trim()
    .split('\n')
    .map((l) => (JSON.parse(l) as { effect: string }).effect);
  expect(effects.filter((e) => e === 'asked-holder')).toHaveLength(1);
  expect(effects).toContain('paired');
  expect(effects.at(-1)).toBe('record-saved');
});
