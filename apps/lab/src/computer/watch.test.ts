import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MuxClient, newPairingKeys } from '@lockstep/agent/device';
import { type ProbeContext, runProbes } from '@lockstep/agent/probes';
import { KnownPhones, Watcher } from '@lockstep/agent/watch';
import { FACT_KINDS, type Fact, type FactKind, type Os } from '@lockstep/core/health';
import { SimulatedComputer } from './index.js';

/** Keys of pairings that were there before: made once, as making them is most of a test's time. */
const keys = newPairingKeys();
let dir: string;
let computer: SimulatedComputer;
let watcher: Watcher | null;
let told: Fact[];
const broken: unknown[] = [];

function contextOf(): ProbeContext {
  return {
    machine: computer,
    mux: new MuxClient({ open: () => computer.openMux() }),
    agent: '0.1.0',
    lockdown: { replyMs: 1_500 },
    outbox: () => ({ waiting: 0, dropped: 0 }),
    onCrash: (probe, error) => broken.push([probe, error]),
  };
}

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'lockstep-watch-'));
  computer = new SimulatedComputer({ name: 'lnx-0001', seed: '7', dir, keys: () => keys });
  await computer.start();
  told = [];
  broken.length = 0;
  watcher = null;
});

afterEach(async () => {
  await watcher?.stop();
  await computer.close();
  await rm(dir, { recursive: true, force: true });
  expect(broken).toEqual([]);
});

function watch(): void {
  watcher = new Watcher({
    ctx: contextOf(),
    known: new KnownPhones(join(dir, 'agent'), () => computer.now()),
    // Looks by themselves come late: what is told sooner was told by an event.
    cadence: { host: 60_000, phone: 60_000, bus: 60_000, tick: 50 },
    report: (facts) => told.push(...facts),
    broke: (e) => broken.push(e),
  });
  watcher.start();
}

async function until(what: (f: Fact) => boolean, withinMs: number): Promise<number> {
  const began = performance.now();
  while (!told.some(what)) {
    if (performance.now() - began > withinMs) throw new Error(`not told within ${withinMs} ms`);
    await new Promise((r) => setTimeout(r, 5));
  }
  return performance.now() - began;
}
const of = (udid: string, kind: FactKind, state: Fact['state']) => (f: Fact) =>
  f.kind === kind && f.state === state && f.subject !== 'host' && f.subject.udid === udid;

async function paired(name: string): Promise<string> {
  const phone = computer.addPhone({ name });
  await computer.bench.begin(name, 'paired');
  return phone.udid;
}

describe('the watcher on a computer', () => {
  it('tells of a plug, of the session, and of the unplug within a second each, by the multiplexer’s word', async () => {
    const udid = await paired('p1');
    watch();
    await until((f) => f.kind === 'mux-list' && f.state === 'seen', 5_000);
    computer.bench.plug('p1');
    expect(await until(of(udid, 'mux-device', 'seen'), 5_000)).toBeLessThan(1_000);
    await until((f) => of(udid, 'trust-session', 'seen')(f), 5_000);
    told.length = 0;
    computer.bench.unplug('p1');
    expect(await until(of(udid, 'mux-device', 'absent'), 5_000)).toBeLessThan(1_000);
  });

  it('asks what changes slowly after the rest, and keeps it when the phone goes', async () => {
    const udid = await paired('p1');
    watch();
    computer.bench.plug('p1');
    await until(of(udid, 'wifi-sync', 'seen'), 10_000);
    const at = (kind: FactKind) => told.findIndex((f) => f.kind === kind && f.subject !== 'host');
    expect(at('passcode-lock')).toBeLessThan(at('activation'));
    computer.bench.unplug('p1');
    await until(of(udid, 'lockdown', 'failed'), 5_000);
    const kept = watcher?.picture.facts().filter(of(udid, 'wifi-sync', 'seen'));
    expect(kept).toHaveLength(1);
  });

  it('a phone that hangs delays no other', async () => {
    const hanging = computer.addPhone({ name: 'p0' });
    await computer.bench.begin('p0', 'hang');
    const others = await Promise.all(['p1', 'p2', 'p3'].map(paired));
    watch();
    await until((f) => f.kind === 'mux-list' && f.state === 'seen', 5_000);
    for (const name of ['p0', 'p1', 'p2', 'p3']) computer.bench.plug(name);
    for (const udid of others) await until(of(udid, 'trust-session', 'seen'), 10_000);
    expect(told.some(of(hanging.udid, 'lockdown', 'failed'))).toBe(false);
    await until(of(hanging.udid, 'lockdown', 'failed'), 20_000);
  });
});

describe('every question of a computer', () => {
  it('is answered by a simulated Linux computer, and by nothing outside it', async () => {
    const udid = await paired('p1');
    computer.bench.plug('p1');
    const facts = await runProbes(contextOf(), [udid], undefined, { all: true });
    const wanted = (Object.keys(FACT_KINDS) as FactKind[]).filter((k) => (FACT_KINDS[k].on as readonly Os[]).includes('linux'));
    // Told by fixes alone.
    expect(new Set(facts.map((f) => f.kind))).toEqual(new Set(wanted.filter((k) => k !== 'pairing-attempt')));
    const failed = facts.filter((f) => f.state === 'failed').map((f) => [f.kind, f.state === 'failed' && f.reason]);
    // Nobody watches a single look; labs contact nobody; where backups are on Linux nobody knows.
    expect(failed.sort()).toEqual([
      ['agent-limits', 'unsupported'],
      ['apple-hosts', 'unsupported'],
      ['backup', 'unsupported'],
      ['wifi-advert', 'unsupported'],
    ]);
  });

  it('follows what a test writes down', async () => {
    computer.person = 'locked';
    computer.answers['process-names'] = { stdout: '    1     0 S systemd\n    7  1000 S VirtualBoxVM\n' };
    computer.files.hosts = '127.0.0.1 gs.apple.com\n';
    const facts = await runProbes(contextOf(), [], undefined, { all: true });
    const reading = (kind: FactKind) => facts.find((f) => f.kind === kind && f.state === 'seen');
    expect(reading('user-session')).toMatchObject({ reading: { console: 'locked' } });
    expect(reading('claimants')).toMatchObject({ reading: { programs: [{ name: 'VirtualBox' }] } });
    expect(reading('hosts-file')).toMatchObject({ reading: { appleLines: 1 } });
  });
});
