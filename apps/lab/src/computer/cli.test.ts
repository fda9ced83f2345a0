import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { runCli } from '@lockstep/agent/cli';
import { newPairingKeys } from '@lockstep/agent/device';
import { LAYERS } from '@lockstep/core/health';
import { HOSTILE_NAMES, type PhoneFaultId } from '../phone/index.js';
import { SimulatedComputer } from './index.js';

/** Keys of pairings that were there before: made once, as making them is most of a test's time. */
const keys = newPairingKeys();
let dir: string;
let computer: SimulatedComputer;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'lockstep-lab-'));
  computer = new SimulatedComputer({ name: 'lnx-0001', seed: '7', dir, keys: () => keys });
  await computer.start();
});
afterEach(async () => {
  await computer.close();
  await rm(dir, { recursive: true, force: true });
});

async function cli(...argv: string[]) {
  const out: string[] = [];
  const code = await runCli(argv, {
    terminal: { out: (t) => void out.push(t), talk: () => {}, interactive: false, input: async () => '' },
    machine: () => computer,
    env: () => ({ mux: computer.muxAddress, sysfs: dir, dir, lab: true }),
  });
  return { code, out: out.join('') };
}

async function plugged(as: PhoneFaultId | 'none' | 'paired', deviceName?: string) {
  const phone = computer.addPhone({ name: 'p1', ...(deviceName === undefined ? {} : { deviceName }) });
  await computer.bench.begin('p1', as);
  computer.bench.plug('p1');
  return phone;
}

/** What a one-time look must say: exit code, health, primary cause. */
const SAYS: [PhoneFaultId | 'none' | 'paired', number, string, string | null][] = [
  ['paired', 0, 'healthy', null],
  ['none', 1, 'broken', 'C40'],
  ['forgets-host', 1, 'broken', 'C44'],
  ['session-locked', 1, 'waiting', 'C41'],
  ['service-refused', 1, 'waiting', 'C41'],
  ['not-listed', 1, 'broken', 'C39'],
];

describe('probe --json --diagnose', () => {
  it.each(SAYS)('a phone that begins as %s: exit %i, %s, %s', async (as, code, health, cause) => {
    const { udid } = await plugged(as);
    const said = await cli('probe', '--json', '--diagnose');
    const json = JSON.parse(said.out) as { pairs: { findings: object[] }[] };
    expect(said.code).toBe(code);
    expect(json.pairs).toMatchObject([
      {
        udid,
        presence: 'attached',
        health,
        primary: cause === null ? null : { cause, layer: expect.any(String), confidence: expect.any(Number) },
      },
    ]);
    if (cause !== null) expect(json.pairs[0]?.findings).toContainEqual(expect.objectContaining({ cause, evidence: expect.any(Array) }));
  });

  it('a multiplexer that is down is a finding of the computer, at once', async () => {
    await plugged('paired');
    await computer.bench.setMuxFault('mux-stopped');
    const { code, out } = await cli('probe', '--json', '--diagnose');
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ host: { findings: [{ cause: 'C30', layer: 'mux', health: 'broken' }] } });
  });
});

describe('doctor', () => {
  it('shows all eight rungs, says C40 of a phone without a record, and asks nobody', async () => {
    await plugged('none');
    const { code, out } = await cli('doctor');
    expect(code).toBe(1);
    for (const layer of LAYERS) expect(out).toMatch(new RegExp(`^ {2}${layer} `, 'm'));
    expect(out).toContain('C40');
    expect(out).toContain('Only asking the phone will tell more');
    expect(out).toContain('LAB');
    expect([computer.effects.count('asked-holder'), computer.effects.count('record-saved')]).toEqual([0, 0]);
  });

  it('gives the same as data', async () => {
    const { udid } = await plugged('paired');
    const { code, out } = await cli('doctor', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ schema: 1, pairs: [{ udid, health: 'healthy', rungs: LAYERS.map((layer) => ({ layer })) }] });
  });

  it.each(HOSTILE_NAMES.map((name, i) => [i, name] as const))(
    'name %i cannot move the cursor or turn the reading direction',
    async (_i, name) => {
      await plugged('none', name);
      for (const command of [['doctor'], ['probe', '--diagnose']]) {
        const { out } = await cli(...command);
        expect(out.replaceAll('\n', '').replaceAll('\t', '')).not.toMatch(/[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]/u);
      }
    },
  );
});
