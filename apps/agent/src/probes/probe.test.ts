import { describe, expect, it } from '@jest/globals';
import { FACT_KIND_NAMES, FACT_KINDS, Fact, type FactKind, factKey, OSES } from '@lockstep/core/health';
import { DeviceError, MuxClient } from '../device/index.js';
import { type DraftFact, ReadFailed, RecordedMachine, Unscripted } from '../machine/index.js';
import { PHONE_PROBES } from './phone-survey.js';
import { answer } from './probe.js';
import { runProbes } from './survey.js';

const UDID = '00008110-0011223344556677';
const machine = new RecordedMachine({ os: 'linux', now: () => Date.parse('2026-11-24T09:00:00Z') });

async function died(e: unknown): Promise<{ facts: Fact[]; crashes: unknown[] }> {
  const crashes: unknown[] = [];
  const facts = await answer(
    { id: 'p', kinds: ['mux-daemon', 'mux-list'], deadlineMs: 50 },
    'host',
    { machine, onCrash: (_p, error) => void crashes.push(error) },
    undefined,
    async () => Promise.reject(e),
  );
  return { facts, crashes };
}

describe('a probe that dies', () => {
  it.each([
    [new DeviceError('ListDevices', { kind: 'refused', code: 'ECONNREFUSED' }), 'refused'],
    [new DeviceError('ListDevices', { kind: 'garbage' }), 'garbage'],
    [new DeviceError('GetValue', { kind: 'lockdown', word: 'GetProhibited', code: -13 }), 'prohibited'],
    [new ReadFailed('denied', '/x'), 'denied'],
    [new ReadFailed('missing', '/x'), 'unsupported'],
  ])('leaves a failed fact of each of its kinds (%#)', async (error, reason) => {
    const { facts, crashes } = await died(error);
    expect(facts.map((f) => [f.kind, f.state, f.state === 'failed' && f.reason])).toEqual([
      ['mux-daemon', 'failed', reason],
      ['mux-list', 'failed', reason],
    ]);
    expect(crashes).toEqual([]);
    for (const f of facts) Fact.parse(f);
  });

  it('of a mistake of ours is told apart, and the mistake is not lost', async () => {
    const { facts, crashes } = await died(new TypeError('undefined is not a function'));
    expect(facts).toMatchObject([{ reason: 'crashed' }, { reason: 'crashed' }]);
    expect(crashes).toEqual([expect.any(TypeError)]);
  });

  it('of an unscripted question ends the test, however it was wrapped', async () => {
    await expect(died(new Unscripted('command x'))).rejects.toThrow('unscripted: command x');
    const wrapped = new DeviceError('ListDevices', { kind: 'io', code: null }, { cause: new Unscripted('multiplexer') });
    await expect(died(wrapped)).rejects.toThrow('unscripted: multiplexer');
  });
});

describe('an answer', () => {
  const ask = async (drafts: DraftFact[], kinds: FactKind[]) =>
    await answer({ id: 'p', kinds, deadlineMs: 1_000 }, { udid: UDID }, { machine, onCrash: () => {} }, undefined, async () => drafts);

  it('with a name that may not be stored is failed, never mended', async () => {
    const reading = { productType: 'iPhone14,5', productVersion: '26.1', buildVersion: '23B85', deviceClass: 'iPhone' };
    for (const name of ['a\u0000b', 'a\ud800b', 'x'.repeat(256)]) {
      const facts = await ask(
        [{ kind: 'device-values', subject: { udid: UDID }, state: 'seen', reading: { ...reading, name } }],
        ['device-values'],
      );
      expect(facts).toEqual([expect.objectContaining({ state: 'failed', reason: 'garbage' })]);
    }
    const facts = await ask(
      [{ kind: 'device-values', subject: { udid: UDID }, state: 'seen', reading: { ...reading, name: 'Zoë’s 📱 ' } }],
      ['device-values'],
    );
    expect(facts).toMatchObject([{ state: 'seen', reading: { name: 'Zoë’s 📱 ' } }]);
  });

  it('that leaves a kind out is filled up', async () => {
    expect(await ask([], ['lockdown'])).toMatchObject([{ kind: 'lockdown', state: 'failed', reason: 'crashed' }]);
  });
});

describe('a recorded computer', () => {
  it('fails by name when a probe asks for what was not recorded', async () => {
    const m = new RecordedMachine({
      os: 'linux',
      sysfs: {},
      openMux: async () => Promise.reject(Object.assign(new Error(), { code: 'ENOENT' })),
    });
    const ctx = {
      machine: m,
      mux: new MuxClient({ open: () => m.openMux() }),
      agent: '0.1.0',
      outbox: () => ({ waiting: 0, dropped: 0 }),
      onCrash: () => {},
    };
    await expect(runProbes(ctx)).rejects.toThrow('unscripted: command usbmuxd-show');
    expect(m.started).toEqual(['usbmuxd-show']);
  });

  it('answers from its recording', async () => {
    const m = new RecordedMachine({
      os: 'linux',
      sysfs: { 'bus/usb/devices/usb1/idVendor': '1d6b' },
      commands: { 'usbmuxd-show': { stdout: 'LoadState=loaded\nActiveState=inactive\nMainPID=0\n' } },
      openMux: async () => Promise.reject(Object.assign(new Error(), { code: 'ENOENT' })),
    });
    const ctx = {
      machine: m,
      mux: new MuxClient({ open: () => m.openMux() }),
      agent: '0.1.0',
      outbox: () => ({ waiting: 0, dropped: 0 }),
      onCrash: () => {},
    };
    const facts = await runProbes(ctx);
    expect(facts.map((f) => [f.kind, f.state])).toEqual([
      ['agent-self', 'seen'],
      ['usb-bus', 'seen'],
      ['mux-daemon', 'seen'],
      ['mux-list', 'failed'],
    ]);
    expect(facts[2]).toMatchObject({ reading: { state: 'stopped', pid: null, socket: 'missing' } });
  });

  it('without any of its tools says so, and the socket speaks alone', async () => {
    for (const os of OSES) {
      const m = new RecordedMachine({
        os,
        restMissing: true,
        sysfs: {},
        openMux: async () => Promise.reject(Object.assign(new Error(), { code: 'ECONNREFUSED' })),
      });
      const crashes: unknown[] = [];
      const ctx = {
        machine: m,
        mux: new MuxClient({ open: () => m.openMux() }),
        agent: '0.1.0',
        outbox: () => ({ waiting: 0, dropped: 0 }),
        onCrash: (probe: string, error: unknown) => void crashes.push([probe, error]),
      };
      const facts = await runProbes(ctx, [UDID], undefined, { all: true });
      expect([os, crashes]).toEqual([os, []]);
      expect(facts.find((f) => f.kind === 'usb-bus')).toMatchObject({ state: 'failed' });
      expect(facts.find((f) => f.kind === 'mux-daemon')).toMatchObject({ state: 'seen', reading: { socket: 'refused' } });
      // Every kind of this system has exactly one fact, of the computer or of the phone.
      const keys = facts.map(factKey);
      expect(new Set(keys).size).toBe(keys.length);
      for (const kind of FACT_KIND_NAMES) {
        const asked = (FACT_KINDS[kind].on as readonly string[]).includes(os) && kind !== 'pairing-attempt' && kind !== 'evidence';
        const slowOfPhone = FACT_KINDS[kind].subject === 'device' && FACT_KINDS[kind].pace === 'slow';
        const byPhone = PHONE_PROBES.some((p) => p.kinds.includes(kind));
        // What changes slowly on a phone that cannot be reached stays as it was.
        expect([os, kind, facts.some((f) => f.kind === kind)]).toEqual([os, kind, asked && !(slowOfPhone && byPhone)]);
      }
    }
  });
});
