import { afterEach, describe, expect, it } from '@jest/globals';
import { Fact, type Udid } from '@lockstep/core/health';
import { FixBench, told } from '../../test/fix-bench.js';

const MIN = 60_000;

let on: FixBench;
afterEach(async () => {
  await on.close();
});

/** A Mac with Configurator, and a phone in that mode. */
async function begin(mode: 'recovery' | 'normal'): Promise<Udid> {
  on = await FixBench.open({ os: 'macos' });
  on.computer.condition.mac.configurator = 'answers';
  const { udid } = on.computer.addPhone({ name: 'p1', productType: 'iPhone14,5', productVersion: '18.5', buildVersion: '22F76' });
  if (mode === 'recovery') on.computer.bench.force('p1', 'recovery');
  on.computer.bench.plug('p1');
  return udid;
}

describe('F48 collects evidence', () => {
  it('tells what Configurator and the logs say, of nobody by name, and changes nothing', async () => {
    const udid = await begin('recovery');
    on.computer.condition.restoreError = 4013;
    on.computer.answers['log-devices'] = {
      stdout: `${JSON.stringify({
        timestamp: '2026-11-24 09:00:00.000000+0000',
        eventMessage: `AMRestore: lost ${udid} of anna at 192.168.0.17`,
        processImagePath: '/x/AMPDevicesAgent',
        messageType: 'Default',
      })}\n{"count":1,"finished":1}\n`,
    };
    const end = await on.run({ fix: 'F48', udid });
    expect(end).toMatchObject({ mechanics: 'done', detail: 'collected' });
    const reading = told(end.facts, 'evidence');
    expect(reading).toMatchObject({
      configurator: { mode: 'Recovery', model: 'iPhone14,5', restorable: true, paired: null },
      logs: [
        { source: 'updater', lines: expect.arrayContaining([expect.stringContaining('(error 4013)')]) },
        { source: 'agents', lines: [expect.stringContaining('AMRestore: lost')] },
      ],
    });
    const text = JSON.stringify(reading);
    for (const secret of [udid, udid.slice(9), 'anna', '192.168.0.17']) expect([secret, text.includes(secret)]).toEqual([secret, false]);
    for (const f of end.facts) Fact.parse(JSON.parse(JSON.stringify(f)));
    expect([on.stages.includes('acting'), on.computer.effects.entries.filter((e) => e.effect !== 'mux-started')]).toEqual([false, []]);
    expect(await on.run({ fix: 'F48', udid })).toMatchObject({ mechanics: 'refused', detail: 'cooldown' });
  });

  it('of a booted phone too, and without Configurator what the logs say', async () => {
    const udid = await begin('normal');
    expect(told((await on.run({ fix: 'F48', udid })).facts, 'evidence')).toMatchObject({
      configurator: { mode: 'Booted', version: '18.5', supervised: false },
    });
    on.now += 10 * MIN;
    on.computer.condition.mac.configurator = 'none';
    on.computer.condition.restoreError = 9;
    expect(told((await on.run({ fix: 'F48', udid })).facts, 'evidence')).toMatchObject({
      configurator: null,
      logs: [{ source: 'updater' }, { source: 'agents' }],
    });
  });

  it.each(['linux', 'windows'] as const)('is refused on %s, where there is no Configurator', async (os) => {
    on = await FixBench.open({ os });
    const { udid } = on.computer.addPhone({ name: 'p1' });
    expect(await on.run({ fix: 'F48', udid })).toMatchObject({ mechanics: 'refused', detail: 'unsupported' });
  });
});
