import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { LOCKDOWN_PORT, LockdownClient, MuxClient, newPairRecord } from '@lockstep/agent/device';
import { connectTo, type MuxAddress, RealMachine } from '@lockstep/agent/machine';
import { runProbes } from '@lockstep/agent/probes';
import { type Diagnosis, diagnose, type FactSet, ruleOf } from '@lockstep/core/diagnosis';
import type { Fact, Health } from '@lockstep/core/health';
import {
  FAULTS,
  type FaultId,
  type FaultRow,
  MUX_FAULT_IDS,
  type MuxFaultId,
  PHONE_FAULT_IDS,
  type PhoneFaultId,
  START_IDS,
} from '../phone/index.js';
import { SysfsTree } from '../sysfs/index.js';
import { Bench } from './bench.js';

/** What the table cannot say: how a pair reads whose fault leads to no cause (yet). */
const WITHOUT_CAUSE: Partial<Record<FaultId, Health>> = {
  paired: 'healthy',
  'slow-bytes': 'healthy',
  flap: 'healthy',
  // Seen to be wrong on its rung, with no cause to name for it.
  impostor: 'broken',
  'service-invalid': 'broken',
};

/** Faults whose sign is silence: waiting for it is made short. Everything else gets time, since a busy computer is slow. */
const SILENT: readonly FaultId[] = ['hang', 'half-frame', 'mux-silent'];
const PATIENT_MS = 10_000;
const SHORT_MS = 400;

describe('each fault leads the agent, over real sockets, to the cause that the table promises', () => {
  let dir: string;
  let bench: Bench;
  let machine: RealMachine;
  let open: () => Promise<Duplex>;
  const streams: Duplex[] = [];

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'lockstep-lab-test-'));
    bench = new Bench({ seed: 'causes', recordsDir: join(dir, 'records'), tree: new SysfsTree(join(dir, 'sys')) });
    bench.add({ name: 'anna' });
    const address: MuxAddress = { kind: 'unix', path: join(dir, 'usbmuxd') };
    await bench.mux.listen(address);
    machine = new RealMachine('linux', { mux: address, sysfs: join(dir, 'sys'), dir, lab: true });
    open = () => connectTo(address);
  });
  afterEach(async () => {
    for (const stream of streams.splice(0)) stream.destroy();
    bench.unplug('anna');
    await bench.setMuxFault(null);
  });
  afterAll(async () => {
    await bench.close();
    rmSync(dir, { recursive: true, force: true });
  });

  /** Asks to pair once, as fix F11 does, and keeps the answer as the fact it leaves. */
  async function askToPair(): Promise<Fact> {
    const mux = new MuxClient({ open });
    const [device] = (await mux.listDevices()).devices;
    if (device === undefined) throw new Error('no phone is listed');
    const stream = await mux.connect(device.deviceId, LOCKDOWN_PORT);
    streams.push(stream);
    const lockdown = new LockdownClient(stream);
    const key = await lockdown.getValue(null, 'DevicePublicKey');
    const record = await newPairRecord(key as Uint8Array, { systemBuid: await mux.readBuid() });
    const { outcome, error, code } = await lockdown.pair(record, { ms: 0 });
    await lockdown.close();
    return {
      kind: 'pairing-attempt',
      subject: { udid: device.udid },
      state: 'seen',
      reading: { outcome, error, code },
      at: new Date().toISOString(),
      probe: 'F11',
      tookMs: 1,
    };
  }

  async function verdict(replyMs: number, more: Fact[]): Promise<Diagnosis> {
    const mux = new MuxClient({ open, replyMs });
    const { udid } = bench.phone('anna');
    const crashes: unknown[] = [];
    const facts = await runProbes(
      {
        machine,
        mux,
        agent: 'test',
        lockdown: { replyMs, tlsMs: replyMs },
        outbox: () => ({ waiting: 0, dropped: 0 }),
        onCrash: (_, e) => crashes.push(e),
      },
      [udid],
    );
    expect(crashes).toEqual([]);
    const set = (mine: (f: Fact) => boolean): FactSet =>
      Object.fromEntries([...facts, ...more].filter(mine).map((f) => [f.kind, { ...f, at: Date.parse(f.at), seenAt: Date.parse(f.at) }]));
    return diagnose({
      now: Date.now(),
      hostHeard: true,
      host: set((f) => f.subject === 'host'),
      device: set((f) => f.subject !== 'host'),
      known: [],
      presence: 'attached',
      health: 'unknown',
    });
  }

  it.each([...START_IDS, ...PHONE_FAULT_IDS, ...MUX_FAULT_IDS])('%s', async (fault) => {
    const row: FaultRow = FAULTS[fault];
    const isMux = (id: FaultId): id is MuxFaultId => row.place === 'daemon' && id === fault;
    await bench.begin('anna', isMux(fault) ? 'paired' : (fault as PhoneFaultId));
    bench.plug('anna');
    if (isMux(fault)) await bench.setMuxFault(fault);
    const { findings, health } = await verdict(
      SILENT.includes(fault) ? SHORT_MS : PATIENT_MS,
      row.seenBy === 'pairing' ? [await askToPair()] : [],
    );
    const causes = findings.filter((f) => f.explainedBy === null && f.health !== 'advisory').map((f) => f.cause);
    const judged = row.cause !== null && ruleOf(row.cause) !== undefined;
    expect({ causes, health: judged ? 'a fault' : health }).toEqual({
      causes: judged ? [row.cause] : [],
      health: judged ? 'a fault' : (WITHOUT_CAUSE[fault] ?? 'unknown'),
    });
    if (judged) expect(['broken', 'waiting', 'unknown']).toContain(health);
  });
});
