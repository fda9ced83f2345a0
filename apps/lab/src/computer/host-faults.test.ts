import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MuxClient, newPairingKeys } from '@lockstep/agent/device';
import type { Os } from '@lockstep/agent/machine';
import { type ProbeContext, runProbes } from '@lockstep/agent/probes';
import { type Diagnosis, type DiagnosisInput, diagnose, type FactSet, type KnownFinding } from '@lockstep/core/diagnosis';
import type { CauseId, Fact } from '@lockstep/core/health';
import { LAB_PHONE, labCatalogue } from '../../test/catalogue.js';
import { MUX_FAULT_IDS, type MuxFaultId, type PhoneFaultId } from '../phone/index.js';
import { HOST_FAULT_IDS, HOST_FAULTS, type HostFaultId, healthyCondition, isFaultOf, SimulatedComputer } from './index.js';

const SYSTEMS = ['linux', 'macos', 'windows'] as const satisfies Os[];
/** One set for all: making keys is nearly all of the time that pairing takes. */
const keys = newPairingKeys();
const catalogue = labCatalogue();
/** Long enough for any rule's patience. */
const LONG_AGO_MS = 90_000_000;

const ELSEWHERE: readonly { fault: PhoneFaultId | MuxFaultId; cause: CauseId; on: readonly Os[] }[] = [
  { fault: 'mux-stopped', cause: 'C30', on: ['linux', 'macos'] },
  { fault: 'not-listed', cause: 'C39', on: SYSTEMS },
  { fault: 'preflight-dropped', cause: 'C56', on: ['linux'] },
  { fault: 'restoring', cause: 'C03', on: SYSTEMS },
  { fault: 'forgets-host', cause: 'C44', on: SYSTEMS },
  { fault: 'wifi-sync-off', cause: 'C75', on: SYSTEMS },
];

interface Verdicts {
  host: Diagnosis;
  pair: Diagnosis;
  facts: Fact[];
}

/** What a server would make of one look: what holds now has held long enough. */
async function look(computer: SimulatedComputer, udid: string, crashes: unknown[]): Promise<Verdicts> {
  const ctx: ProbeContext = {
    machine: computer,
    mux: new MuxClient({ open: () => computer.openMux(), replyMs: 400 }),
    agent: '0.1.0',
    network: computer.network,
    lockdown: { replyMs: 2_000 },
    outbox: () => ({ waiting: 0, dropped: 0 }),
    onCrash: (probe, error) => crashes.push([probe, error]),
  };
  const facts = await runProbes(ctx, [udid], undefined, { all: true });
  const now = Date.now();
  const host: FactSet = {};
  const device: FactSet = {};
  for (const fact of facts) {
    const set = fact.subject === 'host' ? host : device;
    (set as Record<string, unknown>)[fact.kind] = { ...fact, at: now, seenAt: now };
  }
  return { host: judged({ host, device: null, now }), pair: judged({ host, device, now }), facts };
}

function judged(given: Pick<DiagnosisInput, 'host' | 'device' | 'now'>): Diagnosis {
  const input: DiagnosisInput = {
    ...given,
    hostHeard: true,
    known: [],
    catalogue,
    presence: 'attached',
    health: 'healthy',
    history: { othersHere: null },
  };
  const known: KnownFinding[] = diagnose(input).findings.map(({ cause, scope }) => ({
    cause,
    scope,
    state: 'pending',
    since: given.now - LONG_AGO_MS,
  }));
  return diagnose({ ...input, known });
}

const named = (d: Diagnosis): CauseId[] => d.findings.filter((f) => f.state === 'open' && f.explainedBy === null).map((f) => f.cause);

describe.each(SYSTEMS)('a computer with %s', (os) => {
  let dir: string;
  let computer: SimulatedComputer;
  let udid: string;
  const crashes: unknown[] = [];

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'lockstep-hosts-'));
    computer = new SimulatedComputer({ name: `${os}-0001`, seed: 'host-faults', dir, os, keys: () => keys });
    await computer.start();
    udid = computer.addPhone({ name: 'anna', ...LAB_PHONE }).udid;
  });
  afterAll(async () => {
    await computer.close();
    await rm(dir, { recursive: true, force: true });
  });

  async function begin(): Promise<void> {
    await computer.bench.begin('anna', 'paired');
    computer.bench.plug('anna');
    await computer.heal();
    crashes.length = 0;
  }

  it('that nothing is wrong with is healthy, and at most remarks are made', async () => {
    await begin();
    const { host, pair, facts } = await look(computer, udid, crashes);
    expect(crashes).toEqual([]);
    expect(facts.filter((f) => f.state === 'failed' && f.reason === 'garbage')).toEqual([]);
    expect([host.primary, pair.primary, pair.health]).toEqual([null, null, 'healthy']);
    expect(pair.findings.filter((f) => f.health !== 'advisory')).toEqual([]);
  });

  const own = HOST_FAULT_IDS.filter((id) => isFaultOf(id, os));
  it.each(own.map((id) => [id, HOST_FAULTS[id].cause] as const))('%s leads to %s', async (id: HostFaultId, cause) => {
    await begin();
    await computer.setHostFault(id);
    const { host, pair, facts } = await look(computer, udid, crashes);
    expect(crashes).toEqual([]);
    const { told } = HOST_FAULTS[id];
    const shown = {
      host: host.primary?.cause ?? null,
      pair: pair.primary?.cause ?? null,
      beside: [...new Set([...named(host), ...named(pair)])],
    };
    const found =
      told === 'remark'
        ? shown.beside.includes(cause)
        : told === 'pair'
          ? shown.pair === cause
          : shown.host === cause || shown.pair === cause;
    // What was read is shown only where it did not lead there.
    expect(found ? cause : { shown, facts }).toBe(cause);
  });

  /** Troubles of phones and multiplexers, which every system shows in its own way. */
  const elsewhere = ELSEWHERE.filter((e) => e.on.includes(os));
  it.each(elsewhere.map((e) => [e.fault, e.cause] as const))('%s leads to %s', async (fault, cause) => {
    await begin();
    if ((MUX_FAULT_IDS as readonly string[]).includes(fault)) await computer.bench.setMuxFault(fault as MuxFaultId);
    else computer.bench.setFault('anna', fault as PhoneFaultId);
    const { pair } = await look(computer, udid, crashes);
    expect(crashes).toEqual([]);
    expect([pair.primary?.cause, ...named(pair)]).toContain(cause);
    if (cause !== 'C75') expect(pair.primary?.cause).toBe(cause);
  });
});

it('a computer has only troubles of its system, and none after it was put right', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'lockstep-hosts-'));
  const computer = new SimulatedComputer({ name: 'lnx-0001', seed: 'host-faults', dir });
  try {
    await expect(computer.setHostFault('service-stopped')).rejects.toThrow('service-stopped: no computer with linux has that');
    await computer.setHostFault('disk-full');
    expect([...computer.hostFaults]).toEqual(['disk-full']);
    await computer.heal();
    expect([computer.hostFaults.size, computer.condition]).toEqual([0, healthyCondition()]);
  } finally {
    await computer.close();
    await rm(dir, { recursive: true, force: true });
  }
});
