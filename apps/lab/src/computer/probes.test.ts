import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MuxClient, newPairingKeys } from '@lockstep/agent/device';
import { type ProbeContext, runProbes, surveyPhone } from '@lockstep/agent/probes';
import { Fact, type FactKind } from '@lockstep/core/health';
import { FAULTS, type FaultId, HOSTILE_NAMES, MUX_FAULT_IDS, type MuxFaultId, PHONE_FAULT_IDS, type PhoneFaultId } from '../phone/index.js';
import { SimulatedComputer } from './index.js';

/** Keys of pairings that were there before: made once, as making them is most of a test's time. */
const keys = newPairingKeys();
let dir: string;
let computer: SimulatedComputer;
const crashes: unknown[] = [];

function contextOf(machine: SimulatedComputer): ProbeContext {
  return {
    machine,
    mux: new MuxClient({ open: () => machine.openMux() }),
    agent: '0.1.0',
    // A phone that is silent for two seconds is silent; the real ten only make the tests slow.
    lockdown: { replyMs: 2_000 },
    outbox: () => ({ waiting: 0, dropped: 0 }),
    onCrash: (probe, error) => crashes.push([probe, error]),
  };
}

/** The reading, or the state and reason, of one kind. */
function told(facts: readonly Fact[], kind: FactKind): unknown {
  const fact = facts.find((f) => f.kind === kind);
  if (!fact) return undefined;
  return fact.state === 'seen' ? fact.reading : fact.state === 'failed' ? `failed: ${fact.reason}` : fact.state;
}

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'lockstep-lab-'));
  computer = new SimulatedComputer({ name: 'lnx-0001', seed: '7', dir, keys: () => keys });
  await computer.start();
  crashes.length = 0;
});

afterEach(async () => {
  await computer.close();
  await rm(dir, { recursive: true, force: true });
  expect(crashes).toEqual([]);
});

async function plugged(fault: PhoneFaultId | 'none' | 'paired'): Promise<string> {
  const phone = computer.addPhone({ name: 'p1' });
  await computer.bench.begin('p1', fault);
  computer.bench.plug('p1');
  return phone.udid;
}

const look = async (known: string[] = []) => {
  const facts = await runProbes(contextOf(computer), known);
  for (const fact of facts) Fact.parse(JSON.parse(JSON.stringify(fact)));
  return facts;
};

describe('a phone that trusts this computer', () => {
  it('is read whole, and nothing is changed', async () => {
    const udid = await plugged('paired');
    const before = computer.effects.entries.length;
    const facts = await look();
    expect(told(facts, 'agent-self')).toMatchObject({ hostname: 'lnx-0001', os: 'linux', privileged: true, lab: true, agent: '0.1.0' });
    expect(told(facts, 'usb-bus')).toMatchObject({ devices: [{ udid, mode: 'normal', muxInterface: true }] });
    expect(told(facts, 'mux-daemon')).toMatchObject({ state: 'running', pid: computer.bench.mux.pid, socket: 'answering' });
    expect(told(facts, 'mux-list')).toEqual({ devices: [{ udid, connection: 'usb' }], unreadable: 0 });
    expect(told(facts, 'usb-device')).toMatchObject({
      mode: 'normal',
      location: '1-1',
      hubDepth: 0,
      speedMbps: 480,
      modelHint: computer.bench.phone('p1').identity.productType,
    });
    expect(told(facts, 'mux-device')).toMatchObject({ connection: 'usb', alsoNetwork: false });
    expect(told(facts, 'lockdown')).toMatchObject({ type: 'com.apple.mobile.lockdown' });
    expect(told(facts, 'pair-record')).toMatchObject({ complete: true, sameBuid: true });
    expect(told(facts, 'trust-session')).toEqual({ outcome: 'accepted', error: null, code: null });
    expect(told(facts, 'service-start')).toMatchObject({ outcome: 'started' });
    expect(told(facts, 'passcode-lock')).toEqual({ locked: false });
    expect(told(facts, 'device-values')).toMatchObject({ name: 'p1’s iPhone', deviceClass: 'iPhone' });
    expect(facts).toHaveLength(12);
    expect(computer.effects.entries).toHaveLength(before);
  });

  it('tells no secret: no fact holds anything of the record but the names of its keys', async () => {
    const udid = await plugged('paired');
    const record = computer.bench.mux.records.read(udid);
    if (typeof record === 'number') throw new Error('no record');
    const text = JSON.stringify(await look());
    for (const line of record.toString('utf8').match(/[A-Za-z0-9+/]{40,}/g) ?? []) expect(text).not.toContain(line);
    expect(text).not.toContain('PRIVATE KEY');
  });
});

/** What each fault of a phone makes the probes read: kind, reading. */
const EXPECTED: Record<PhoneFaultId, Partial<Record<FactKind, unknown>>> = {
  locked: { 'pair-record': 'absent', 'passcode-lock': { locked: true }, 'trust-session': 'absent', 'service-start': 'absent' },
  'session-locked': {
    'pair-record': expect.objectContaining({ complete: true }),
    'trust-session': { outcome: 'refused', error: 'PasswordProtected', code: -17 },
    'passcode-lock': { locked: true },
    'service-start': 'absent',
  },
  'service-refused': {
    'trust-session': expect.objectContaining({ outcome: 'accepted' }),
    'service-start': expect.objectContaining({ outcome: 'refused', error: 'PasswordProtected', code: -17 }),
  },
  'service-invalid': {
    'trust-session': expect.objectContaining({ outcome: 'accepted' }),
    'service-start': expect.objectContaining({ outcome: 'refused', error: 'InvalidService', code: -27 }),
  },
  'trust-pending': { lockdown: expect.anything(), 'pair-record': 'absent', 'pairing-attempt': undefined },
  'trust-denied': { lockdown: expect.anything(), 'pair-record': 'absent', 'pairing-attempt': undefined },
  'trust-ignored': { lockdown: expect.anything(), 'pair-record': 'absent', 'pairing-attempt': undefined },
  'forgets-host': {
    'pair-record': expect.objectContaining({ complete: true }),
    'trust-session': { outcome: 'refused', error: 'InvalidHostID', code: -21 },
    'service-start': 'absent',
  },
  'tls-cut': { 'trust-session': { outcome: 'tls-failed', error: null, code: -5 } },
  impostor: { 'trust-session': { outcome: 'impostor', error: null, code: null }, 'service-start': 'absent' },
  hang: {
    lockdown: 'failed: timeout',
    'trust-session': 'failed: timeout',
    'device-values': 'failed: timeout',
    'pair-record': expect.objectContaining({ complete: true }),
  },
  drop: { lockdown: 'failed: closed', 'trust-session': 'failed: closed' },
  garbage: { lockdown: 'failed: garbage', 'trust-session': 'failed: garbage' },
  'half-frame': { lockdown: 'failed: timeout' },
  'slow-bytes': {
    lockdown: expect.objectContaining({ type: 'com.apple.mobile.lockdown' }),
    'trust-session': expect.objectContaining({ outcome: 'accepted' }),
  },
  refused: { lockdown: 'failed: refused', 'trust-session': 'failed: refused' },
  flap: { 'usb-bus': expect.anything() },
  'not-listed': {
    'usb-device': expect.objectContaining({ muxInterface: true }),
    'mux-list': { devices: [], unreadable: 0 },
    'mux-device': 'absent',
    lockdown: 'failed: unreachable',
  },
  'no-mux-interface': { 'usb-device': expect.objectContaining({ mode: 'normal', muxInterface: false }), 'mux-device': 'absent' },
  'before-first-unlock': {
    'trust-session': { outcome: 'refused', error: 'EscrowLocked', code: -35 },
    'passcode-lock': { locked: true },
    'service-start': 'absent',
  },
  'lost-mode': { 'trust-session': { outcome: 'refused', error: 'FMiPProtected', code: -37 }, 'service-start': 'absent' },
  'supervised-closed': { lockdown: expect.anything(), 'pair-record': 'absent', 'pairing-attempt': undefined },
  'supervised-challenge': { lockdown: expect.anything(), 'pair-record': 'absent', 'pairing-attempt': undefined },
  'supervised-elsewhere': { lockdown: expect.anything(), 'pair-record': 'absent', 'pairing-attempt': undefined },
  'service-prohibited': {
    'trust-session': expect.objectContaining({ outcome: 'accepted' }),
    'service-start': expect.objectContaining({ outcome: 'refused', error: 'ServiceProhibited', code: -34 }),
  },
  'record-unsavable': { lockdown: expect.anything(), 'pair-record': 'absent', 'pairing-attempt': undefined },
  'wifi-sync-off': { 'trust-session': expect.objectContaining({ outcome: 'accepted' }) },
  'wifi-hung': { 'trust-session': expect.objectContaining({ outcome: 'accepted' }) },
  'clock-skew': { 'trust-session': expect.objectContaining({ outcome: 'accepted' }) },
  'certificates-ended': {
    'pair-record': expect.objectContaining({ complete: true }),
    'trust-session': { outcome: 'tls-failed', error: null, code: -5 },
  },
  'not-activated': { 'trust-session': expect.objectContaining({ outcome: 'accepted' }) },
  'storage-full': { 'trust-session': expect.objectContaining({ outcome: 'accepted' }) },
  'battery-worn': { 'trust-session': expect.objectContaining({ outcome: 'accepted' }) },
  restoring: {
    'usb-device': expect.objectContaining({ mode: 'normal' }),
    lockdown: expect.objectContaining({ type: 'com.apple.mobile.restored' }),
    'trust-session': 'failed: unsupported',
  },
  'preflight-dropped': { 'usb-device': expect.objectContaining({ muxInterface: true }), 'mux-device': 'absent' },
  'wifi-only': {
    'usb-device': 'absent',
    'mux-device': expect.objectContaining({ connection: 'network', alsoNetwork: false }),
    'trust-session': 'absent',
  },
  'wifi-too': {
    'mux-list': expect.objectContaining({ devices: [expect.objectContaining({ connection: 'usb' })] }),
    'mux-device': expect.objectContaining({ connection: 'usb', alsoNetwork: true }),
  },
};

describe('each fault of a phone shows as its own facts, read-only', () => {
  it.each(PHONE_FAULT_IDS)('%s', async (fault) => {
    await plugged(fault);
    const asked = computer.effects.count('asked-holder');
    const facts = await look();
    const read = Object.fromEntries(Object.keys(EXPECTED[fault]).map((kind) => [kind, told(facts, kind as FactKind)]));
    expect(read).toEqual(EXPECTED[fault]);
    expect(computer.effects.count('asked-holder')).toBe(asked);
    expect(computer.effects.count('record-deleted')).toBe(0);
  });
});

const MUX_EXPECTED: Record<MuxFaultId, [unknown, unknown]> = {
  'mux-stopped': [
    { state: 'stopped', pid: null, socket: 'missing', restarts: 0, latencyMs: null, flavour: 'systemd' },
    'failed: unreachable',
  ],
  'mux-crashed': [{ state: 'failed', pid: null, socket: 'refused', restarts: 0, latencyMs: null, flavour: 'systemd' }, 'failed: refused'],
  'mux-silent': [expect.objectContaining({ state: 'running', socket: 'silent' }), 'failed: timeout'],
  'mux-garbage': [expect.objectContaining({ state: 'running', socket: 'garbage' }), 'failed: garbage'],
};

describe('each fault of the multiplexer shows as its own facts', () => {
  it.each(MUX_FAULT_IDS)('%s', async (fault) => {
    const udid = await plugged('paired');
    await computer.bench.setMuxFault(fault);
    const facts = await look();
    expect([told(facts, 'mux-daemon'), told(facts, 'mux-list')]).toEqual(MUX_EXPECTED[fault]);
    expect(told(facts, 'usb-device')).toMatchObject({ mode: 'normal' });
    // Nothing is known about the phone beyond the bus, and nothing is made up.
    for (const kind of ['mux-device', 'lockdown', 'trust-session', 'pair-record'] as const)
      expect(String(told(facts, kind))).toMatch(/^failed/);
    expect(facts.filter((f) => f.subject !== 'host' && f.subject.udid === udid)).toHaveLength(8);
  });

  it('and one that is not installed is absent', async () => {
    computer.services.unitFile = 'not-installed';
    await computer.bench.setMuxFault('mux-stopped');
    expect(told(await look(), 'mux-daemon')).toBe('absent');
  });
});

it('knows every fault of the lab', () => {
  const shown = [...Object.keys(EXPECTED), ...Object.keys(MUX_EXPECTED)].sort();
  expect(shown).toEqual((Object.keys(FAULTS) as FaultId[]).filter((f) => FAULTS[f].place !== 'start').sort());
});

describe('presence', () => {
  it('a phone that was here before and is gone is absent on bus and list', async () => {
    const udid = await plugged('paired');
    computer.bench.unplug('p1');
    const facts = await look([udid]);
    expect(told(facts, 'usb-device')).toBe('absent');
    expect(told(facts, 'mux-device')).toBe('absent');
    expect(told(facts, 'lockdown')).toBe('failed: unreachable');
  });

  it('a phone in recovery is on the bus in that mode, known by its ECID', async () => {
    const udid = await plugged('paired');
    const phone = computer.bench.phone('p1');
    phone.enterRecovery();
    await new Promise((r) => setTimeout(r, 50));
    const facts = await look([udid]);
    expect(told(facts, 'usb-device')).toMatchObject({ mode: 'recovery', muxInterface: false });
    expect(told(facts, 'mux-device')).toBe('absent');
  });
});

describe('many phones', () => {
  it('one that hangs delays no other', async () => {
    for (let i = 1; i <= 9; i++) {
      computer.addPhone({ name: `p${i}` });
      if (i <= 2) await computer.bench.begin(`p${i}`, i === 1 ? 'hang' : 'paired');
      computer.bench.plug(`p${i}`);
    }
    // The real patience: ten seconds leave a busy machine time for the others.
    const ctx = { ...contextOf(computer), lockdown: {} };
    const { devices } = await ctx.mux.listDevices();
    const began = performance.now();
    const times = await Promise.all(
      devices.map(async (d) => {
        const facts = await surveyPhone(ctx, d);
        return { udid: d.udid, ms: performance.now() - began, lockdown: told(facts, 'lockdown') };
      }),
    );
    const hanging = computer.bench.phone('p1').udid;
    for (const t of times) {
      if (t.udid === hanging) expect(t.lockdown).toBe('failed: timeout');
      else expect([t.ms < (times.find((x) => x.udid === hanging)?.ms ?? 0), typeof t.lockdown]).toEqual([true, 'object']);
    }
  });

  it('a look that is called off ends at once, its facts aborted', async () => {
    await plugged('hang');
    const ctx = contextOf(computer);
    const [device] = (await ctx.mux.listDevices()).devices;
    if (!device) throw new Error('not listed');
    const began = performance.now();
    const facts = await surveyPhone(ctx, device, AbortSignal.timeout(200));
    expect(performance.now() - began).toBeLessThan(2_000);
    expect(told(facts, 'lockdown')).toBe('failed: aborted');
  });
});

describe('hostile names', () => {
  it.each(HOSTILE_NAMES.map((name, i) => [i, JSON.stringify(name).slice(0, 40), name] as const))('%i %s', async (_i, _shown, name) => {
    computer.addPhone({ name: 'p1', deviceName: name });
    computer.bench.plug('p1');
    const facts = await look();
    const values = facts.find((f) => f.kind === 'device-values');
    if (values?.state === 'seen' && values.kind === 'device-values') expect(values.reading.name).toBe(name);
    else expect(values).toMatchObject({ state: 'failed', reason: 'garbage' });
    expect(told(facts, 'lockdown')).toMatchObject({ type: 'com.apple.mobile.lockdown' });
  });
});
