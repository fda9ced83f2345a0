import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Fact } from '@lockstep/core/health';
import { FixBench, told } from '../../test/fix-bench.js';

let on: FixBench;
beforeEach(async () => {
  on = await FixBench.open();
});
afterEach(async () => {
  await on.close();
});

describe('F08 restarts the multiplexer', () => {
  it.each(['mux-stopped', 'mux-crashed', 'mux-silent', 'mux-garbage'] as const)(
    '%s: a new process serves the phone again',
    async (fault) => {
      const { udid } = await on.phone('paired');
      const before = on.computer.bench.mux.pid;
      await on.computer.bench.setMuxFault(fault);
      const end = await on.run({ fix: 'F08', udid: null });
      expect(end).toMatchObject({ mechanics: 'done', detail: 'new-pid' });
      expect(told(end.facts, 'mux-daemon')).toMatchObject({ state: 'running', socket: 'answering', pid: on.computer.bench.mux.pid });
      expect(on.computer.bench.mux.pid).not.toBe(before);
      expect(told(end.facts, 'mux-list')).toMatchObject({ devices: [{ udid }] });
      expect(told(end.facts, 'trust-session')).toMatchObject({ outcome: 'accepted' });
      expect(on.computer.effects.count('restart-asked')).toBe(1);
      expect(on.stages).toEqual(['checking', 'acting', 'settling', 'settling', 'verifying']);
      for (const f of end.facts) Fact.parse(JSON.parse(JSON.stringify(f)));
    },
  );

  it('a phone on the bus that it does not list', async () => {
    await on.phone('not-listed');
    const end = await on.run({ fix: 'F08', udid: null });
    expect(end).toMatchObject({ mechanics: 'done', detail: 'new-pid' });
    expect(told(end.facts, 'mux-device')).toMatchObject({ connection: 'usb' });
  });

  it.each<[string, string, () => Promise<void>]>([
    ['nothing is wrong', 'not-needed', async () => void (await on.phone('paired'))],
    ['no phone is plugged in', 'no-phone', async () => await on.computer.bench.setMuxFault('mux-stopped')],
    ['the phone offers no interface to serve', 'not-needed', async () => void (await on.phone('no-mux-interface'))],
    [
      'an administrator masked the unit',
      'disabled-by-admin',
      async () => {
        await on.phone('paired');
        on.computer.services.unitFile = 'masked';
        await on.computer.bench.setMuxFault('mux-stopped');
      },
    ],
    [
      'it is not installed',
      'not-installed',
      async () => {
        await on.phone('paired');
        on.computer.services.unitFile = 'not-installed';
        await on.computer.bench.setMuxFault('mux-stopped');
      },
    ],
    [
      'the network is this phone',
      'route-is-this-phone',
      async () => {
        await on.phone('paired');
        on.computer.route = { name: 'usb0', device: '../../../1-1:4.2' };
        await on.computer.bench.setMuxFault('mux-stopped');
      },
    ],
  ])('is refused and touches nothing when %s', async (_name, detail, prepare) => {
    await prepare();
    const end = await on.run({ fix: 'F08', udid: null });
    expect(end).toMatchObject({ mechanics: 'refused', detail });
    expect(on.computer.effects.count('restart-asked')).toBe(0);
    expect(on.stages).not.toContain('acting');
    expect(end.facts.length).toBeGreaterThan(3);
  });

  it('acts once in ten minutes, whoever orders it', async () => {
    await on.phone('paired');
    await on.computer.bench.setMuxFault('mux-stopped');
    expect((await on.run({ fix: 'F08', udid: null })).mechanics).toBe('done');
    await on.computer.bench.setMuxFault('mux-stopped');
    expect(await on.run({ fix: 'F08', udid: null })).toMatchObject({ mechanics: 'refused', detail: 'cooldown' });
    on.now += 10 * 60_000;
    expect((await on.run({ fix: 'F08', udid: null })).mechanics).toBe('done');
    expect(on.computer.effects.count('restart-asked')).toBe(2);
  });

  it('a restart that fails is said to have failed, and the facts show it', async () => {
    await on.phone('paired');
    await on.computer.bench.setMuxFault('mux-stopped');
    on.computer.services.restartFails = true;
    const end = await on.run({ fix: 'F08', udid: null });
    expect(end).toMatchObject({ mechanics: 'failed', detail: 'restart-failed' });
    expect(told(end.facts, 'mux-daemon')).toMatchObject({ state: 'failed', socket: 'missing' });
  });

  it('a restart that is not permitted is told apart', async () => {
    await on.phone('paired');
    await on.computer.bench.setMuxFault('mux-stopped');
    on.computer.services.mayRestart = false;
    expect(await on.run({ fix: 'F08', udid: null })).toMatchObject({ mechanics: 'failed', detail: 'restart-denied' });
  });

  it('is refused when the journal cannot be written: nothing is touched', async () => {
    await on.phone('paired');
    await on.computer.bench.setMuxFault('mux-stopped');
    const noJournal = (stage: string) => {
      if (stage === 'acting') throw new Error('no journal');
    };
    await expect(on.run({ fix: 'F08', udid: null }, { progress: noJournal })).rejects.toThrow('no journal');
    expect(on.computer.effects.count('restart-asked')).toBe(0);
  });
});
