import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  DeviceError,
  LOCKDOWN_PORT,
  LockdownClient,
  MuxClient,
  newPairingKeys,
  newPairRecord,
  type PairAnswer,
} from '@lockstep/agent/device';
import { connectTo, type MuxAddress, RealMachine } from '@lockstep/agent/machine';
import { runProbes } from '@lockstep/agent/probes';
import { type Diagnosis, diagnose, type FactSet, ruleOf } from '@lockstep/core/diagnosis';
import type { CauseId, Fact, Health } from '@lockstep/core/health';
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

/** How a pair reads whose fault leads to no cause. */
const WITHOUT_CAUSE: Partial<Record<FaultId, Health>> = {
  paired: 'healthy',
  'slow-bytes': 'healthy',
  // Nothing that a pair needs is missing.
  'clock-skew': 'healthy',
  'battery-worn': 'healthy',
  'wifi-too': 'healthy',
};

/**
 * Faults whose sign stands in the kernel's or the daemon's log. This machine's log tells nothing of a lab's phones, so what shows without it is
 * expected here; with the log they lead to their cause (computer/host-faults.test.ts).
 */
const WITHOUT_LOG: Partial<Record<FaultId, { health: Health; causes: readonly CauseId[] }>> = {
  flap: { health: 'healthy', causes: [] },
  'preflight-dropped': { health: 'unknown', causes: ['C39'] },
  // Not a log but a memory is missing: it is named once the fixes of Wi-Fi sync were tried in vain.
  'wifi-hung': { health: 'healthy', causes: [] },
};

/** Faults whose sign is silence: waiting for it is made short. Everything else gets time, since a busy computer is slow. */
const SILENT: readonly FaultId[] = ['hang', 'half-frame', 'mux-silent'];
/** One set for all: making keys is nearly all of the time that pairing takes. */
const keys = newPairingKeys();
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
    bench = new Bench({ seed: 'causes', recordsDir: join(dir, 'records'), tree: new SysfsTree(join(dir, 'sys')), keys: () => keys });
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
    const reading = await offer(mux, lockdown);
    await lockdown.close();
    return {
      kind: 'pairing-attempt',
      subject: { udid: device.udid },
      state: 'seen',
      reading,
      at: new Date().toISOString(),
      probe: 'F11',
      tookMs: 1,
    };
  }

  /** One Pair, after the tap where a dialog comes up. A phone that keeps back the key that pairing needs has refused too. */
  async function offer(mux: MuxClient, lockdown: LockdownClient): Promise<Pick<PairAnswer, 'outcome' | 'error' | 'code'>> {
    try {
      const key = await lockdown.getValue(null, 'DevicePublicKey');
      const record = await newPairRecord(key as Uint8Array, { systemBuid: await mux.readBuid(), keys: await keys });
      let answer = await lockdown.pair(record, { ms: 0 });
      if (answer.outcome === 'pending' && bench.phone('anna').faults.has('record-unsavable') && bench.phone('anna').tapTrust())
        answer = await lockdown.pair(record, { ms: 0 });
      const { outcome, error, code } = answer;
      return { outcome, error, code };
    } catch (e) {
      if (!(e instanceof DeviceError) || e.failure.kind !== 'lockdown') throw e;
      return { outcome: 'refused', error: e.failure.word, code: e.failure.code };
    }
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
      undefined,
      { all: true },
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
    const asked = row.seenBy === 'pairing' ? [await askToPair()] : [];
    const look = () => verdict(SILENT.includes(fault) ? SHORT_MS : PATIENT_MS, asked);
    let diagnosis = await look();
    // A phone that comes and goes is judged by a look during which it stayed.
    for (let i = 0; fault === 'flap' && (diagnosis.presence !== 'attached' || diagnosis.health === 'unknown') && i < 20; i++)
      diagnosis = await look();
    const { findings, health } = diagnosis;
    // Remarks that change no health are let pass, unless one is the very cause.
    const told = findings.filter((f) => f.explainedBy === null && (f.health !== 'advisory' || f.cause === row.cause));
    const causes = told.map((f) => f.cause);
    const judged = row.cause !== null && ruleOf(row.cause) !== undefined;
    const bare = WITHOUT_LOG[fault];
    if (bare) expect({ causes, health }).toEqual(bare);
    else if (!judged) expect({ causes, health }).toEqual({ causes: [], health: WITHOUT_CAUSE[fault] ?? 'unknown' });
    else {
      expect(causes).toEqual([row.cause]);
      if (told[0]?.health !== 'advisory') expect(['broken', 'degraded', 'waiting', 'unknown']).toContain(health);
    }
  });
});
