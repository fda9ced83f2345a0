import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { MuxClient, newPairingKeys } from '@lockstep/agent/device';
import { KnownPhones, Watcher } from '@lockstep/agent/watch';
import type { Fact, FactKind } from '@lockstep/core/health';
import { SimulatedComputer } from './index.js';

const keys = newPairingKeys();
/** Long enough for a busy machine; each comes within a second on a quiet one. */
const PATIENT_MS = 20_000;

it.each(['macos', 'windows'] as const)('a running agent watches a computer with %s: its phone, and what is wrong with it', async (os) => {
  const dir = await mkdtemp(join(tmpdir(), 'lockstep-watch-'));
  const computer = new SimulatedComputer({ name: 'c-0001', seed: 'watch', dir, os, keys: () => keys });
  const told: Fact[] = [];
  const broken: unknown[] = [];
  const seen = (kind: FactKind) => told.filter((f) => f.kind === kind && f.state === 'seen').at(-1);
  await computer.start();
  const { udid } = computer.addPhone({ name: 'anna' });
  await computer.bench.pair('anna');
  computer.bench.plug('anna');
  const watcher = new Watcher({
    ctx: {
      machine: computer,
      mux: new MuxClient({ open: () => computer.openMux() }),
      network: computer.network,
      agent: '0.1.0',
      lockdown: { replyMs: 2_000 },
      outbox: () => ({ waiting: 0, dropped: 0 }),
      onCrash: (probe, error) => broken.push([probe, error]),
    },
    known: new KnownPhones(join(dir, 'agent'), () => computer.now()),
    cadence: { host: 200, phone: 300, bus: 200, tick: 50 },
    report: (facts) => told.push(...facts),
    broke: (e) => broken.push(e),
  });
  const until = async (what: () => boolean) => {
    const end = performance.now() + PATIENT_MS;
    while (!what() && performance.now() < end) await new Promise((r) => setTimeout(r, 10));
    expect(broken).toEqual([]);
    expect(what()).toBe(true);
  };
  try {
    watcher.start();
    await until(() => seen('usb-bus') !== undefined && seen('trust-session') !== undefined && seen('mux-daemon') !== undefined);
    expect(seen('usb-bus')).toMatchObject({
      reading: { devices: expect.arrayContaining([expect.objectContaining({ udid, mode: 'normal' })]) },
    });
    expect(seen('mux-daemon')).toMatchObject({
      reading: { state: 'running', socket: 'answering', flavour: os === 'macos' ? 'launchd' : 'windows-service' },
    });
    await computer.bench.setMuxFault('mux-stopped');
    await until(() => {
      const fact = seen('mux-daemon');
      return fact?.state === 'seen' && fact.kind === 'mux-daemon' && fact.reading.state === 'stopped' && fact.reading.socket === 'missing';
    });
  } finally {
    await watcher.stop();
    await computer.close();
    await rm(dir, { recursive: true, force: true });
  }
});
