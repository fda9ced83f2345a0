import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { ActionCap, type FixOutcome } from '@lockstep/agent/fixes';
import type { Os } from '@lockstep/agent/machine';
import type { Diagnosis } from '@lockstep/core/diagnosis';
import { type AgentFixId, type Clearance, FIXES, judge, mayRun } from '@lockstep/core/fixes';
import type { CauseId, Fact, Udid } from '@lockstep/core/health';
import { FixBench, told } from '../../test/fix-bench.js';
import { lookAround, snapshotOf, verdictOn } from '../../test/verdict.js';
import type { RestoreTrouble } from './acts/recovery.js';

const ANNA = '0b8f4b9e-5a0f-4d0a-9b43-0c5e9b8d1a01';
const BEN = '0b8f4b9e-5a0f-4d0a-9b43-0c5e9b8d1a02';
const AT = '2026-11-24T09:00:00Z';
const CLEARED: Clearance = { approvedBy: [ANNA, BEN], consent: { recordedBy: ANNA, at: AT }, lossAcceptedBy: BEN };
const OLD = { productType: 'iPhone14,5', productVersion: '18.5', buildVersion: '22F76' } as const;
const MIN = 60_000;

let on: FixBench;
afterEach(async () => {
  await on.close();
});

/** A computer with everything installed that these fixes use, and a phone in that mode. */
async function begin(os: Os, mode: 'recovery' | 'dfu' | 'normal'): Promise<Udid> {
  on = await FixBench.open({ os });
  on.computer.condition.mac.configurator = 'answers';
  on.computer.condition.openTools = ['irecovery', 'idevicerestore'];
  const { udid } = on.computer.addPhone({ name: 'p1', ...OLD });
  if (mode !== 'normal') on.computer.bench.force('p1', mode);
  on.computer.bench.plug('p1');
  return udid;
}

/** What came before a restore: something that keeps the data was tried a quarter of an hour ago. */
async function triedUpdate(udid: Udid, fix: AgentFixId = 'F43'): Promise<void> {
  await new ActionCap(join(on.dir, 'agent'), () => on.now).acts(fix, udid);
  on.now += 15 * MIN;
}

const open = (d: Diagnosis): CauseId[] => d.findings.filter((f) => f.state === 'open' && f.explainedBy === null).map((f) => f.cause);
/** How it stands, by the agent's own probes, all of them. */
const look = (udid: Udid): Promise<Fact[]> => lookAround(on.computer, udid);

const run = (fix: AgentFixId, udid: Udid, clearance?: Clearance): Promise<FixOutcome> => on.run({ fix, udid, clearance });
const begun = () => on.computer.effects.count('firmware-begun') + on.computer.effects.count('boot-told');

interface Case {
  fix: AgentFixId;
  os: Os;
  mode: 'recovery' | 'dfu';
  cause: CauseId;
  clearance?: Clearance;
  /** What it is when it is done. */
  done: string;
  /** What is on the phone afterwards. */
  then: { erased: boolean; version: string };
}
const KEPT = { erased: false, version: '26.1' };
const CASES: readonly Case[] = [
  { fix: 'F42', os: 'linux', mode: 'recovery', cause: 'C01', done: 'asked-to-start', then: { erased: false, version: '18.5' } },
  { fix: 'F42', os: 'macos', mode: 'recovery', cause: 'C01', done: 'asked-to-start', then: { erased: false, version: '18.5' } },
  { fix: 'F43', os: 'macos', mode: 'recovery', cause: 'C01', done: 'updated', then: KEPT },
  { fix: 'F43', os: 'linux', mode: 'recovery', cause: 'C01', clearance: CLEARED, done: 'updated', then: KEPT },
  { fix: 'F44', os: 'macos', mode: 'recovery', cause: 'C01', done: 'revived', then: KEPT },
  { fix: 'F44', os: 'macos', mode: 'dfu', cause: 'C02', done: 'revived', then: KEPT },
  { fix: 'F45', os: 'macos', mode: 'dfu', cause: 'C02', clearance: CLEARED, done: 'restored', then: { erased: true, version: '26.1' } },
  {
    fix: 'F45',
    os: 'linux',
    mode: 'recovery',
    cause: 'C01',
    clearance: CLEARED,
    done: 'restored',
    then: { erased: true, version: '26.1' },
  },
];

describe.each(CASES)('$fix on $os, phone in $mode', ({ fix, os, mode, cause, clearance, done, then }) => {
  const start = async () => {
    const udid = await begin(os, mode);
    if (fix === 'F45') await triedUpdate(udid);
    const before = verdictOn(await look(udid), null);
    expect(open(before)).toContain(cause);
    return { udid, before };
  };

  it('cures it: the phone is booted, and the real diagnosis closes the cause', async () => {
    const { udid, before } = await start();
    const end = await run(fix, udid, clearance);
    expect(end).toMatchObject({ mechanics: 'done', detail: done });
    expect(told(end.facts, 'usb-device')).toMatchObject({ mode: 'normal' });
    const after = verdictOn([...end.facts, ...(await look(udid))], before, [fix]);
    expect(after.closed).toContain(cause);
    expect(judge(cause, snapshotOf(before), snapshotOf(after), end.mechanics).verdict).toBe('cured');
    const { identity, faults } = on.computer.bench.phone('p1');
    expect([faults.has('not-activated'), identity.productVersion, on.computer.effects.count('phone-erased')]).toEqual([
      then.erased,
      then.version,
      then.erased ? 1 : 0,
    ]);
    expect(begun()).toBe(1);
  });

  it('does not help: the phone is back in recovery mode, and the next rung is offered', async () => {
    const { udid, before } = await start();
    on.computer.recovery.trouble = 'loops';
    const end = await run(fix, udid, clearance);
    expect(end).toMatchObject({ mechanics: 'done', detail: done });
    const after = verdictOn([...end.facts, ...(await look(udid))], before, [fix]);
    // Out of DFU it is another cause, which has to hold for its half minute first.
    const still = after.findings.map((f) => f.cause).find((c) => c === 'C04' || c === 'C01');
    expect(told(end.facts, 'usb-device')).toMatchObject({ mode: 'recovery' });
    if (mode === 'recovery') expect(judge(still ?? 'C99', snapshotOf(before), snapshotOf(after), end.mechanics).verdict).toBe('unchanged');
    const offered = after.findings.find((f) => f.cause === still)?.fixes ?? [];
    const later = offered.slice(offered.indexOf(fix) + 1);
    if (fix === 'F42') expect([still, offered]).toEqual(['C04', ['F43', 'F44', 'F45', 'F46']]);
    else if (fix !== 'F45') expect(later[0]).toBe(fix === 'F43' ? 'F44' : 'F45');
    else expect(offered).toContain('F43');
  });

  const refusals: [name: string, word: string, prepare: () => void][] = [
    ['a restore is under way', 'busy', () => on.computer.condition.programs.push({ name: os === 'macos' ? 'cfgutil' : 'idevicerestore' })],
    ['the phone is booted', 'not-in-recovery', () => on.computer.bench.force('p1', null)],
    ['the phone is unplugged', 'not-in-recovery', () => on.computer.bench.unplug('p1')],
    ['the tools are not there', fix === 'F42' ? 'no-tool' : os === 'macos' ? 'no-configurator' : 'no-idevicerestore', noTools],
    ...(fix === 'F42' ? [] : ([['there is no mains power', 'on-battery', unplugComputer]] as [string, string, () => void][])),
    ...(os === 'macos' && fix !== 'F42'
      ? ([['Configurator is open', 'configurator-open', openConfigurator]] as [string, string, () => void][])
      : []),
  ];
  it.each(refusals)('touches nothing when %s', async (_name, word, prepare) => {
    const udid = await begin(os, mode);
    if (fix === 'F45') await triedUpdate(udid);
    prepare();
    expect(await run(fix, udid, clearance)).toMatchObject({ mechanics: 'refused', detail: word });
    expect(begun()).toBe(0);
  });
});

function noTools(): void {
  on.computer.condition.mac.configurator = 'none';
  on.computer.condition.openTools = [];
  on.computer.recovery.bus = 'no-package';
}

function unplugComputer(): void {
  on.computer.condition.onBattery = true;
}

function openConfigurator(): void {
  on.computer.condition.programs.push({ name: 'Apple Configurator' });
}

describe('what ends otherwise', () => {
  it.each<[AgentFixId, Os, RestoreTrouble, string]>([
    ['F43', 'macos', 9, 'error-9-phone-lost'],
    ['F43', 'macos', 14, 'error-14-bad-firmware-file'],
    ['F44', 'macos', 4013, 'error-4013-phone-lost'],
    ['F45', 'macos', 3194, 'error-3194-signing-server'],
    ['F43', 'linux', 3194, 'restore-failed'],
    ['F45', 'linux', 4013, 'error-4013-phone-lost'],
  ])('%s on %s with error %s is told by number, and the cause stays open', async (fix, os, trouble, word) => {
    const udid = await begin(os, 'recovery');
    if (fix === 'F45') await triedUpdate(udid);
    const before = verdictOn(await look(udid), null);
    on.computer.recovery.trouble = trouble;
    const end = await run(fix, udid, CLEARED);
    expect(end).toMatchObject({ mechanics: 'failed', detail: word });
    const after = verdictOn([...end.facts, ...(await look(udid))], before, [fix]);
    expect(open(after)).toContain('C01');
    expect(judge('C01', snapshotOf(before), snapshotOf(after), end.mechanics).verdict).toBe('unchanged');
    // Nothing was written before the file and its signature were good.
    expect(begun()).toBe(trouble === 14 || trouble === 3194 ? 0 : 1);
    if (os === 'macos') expect(told(await look(udid), 'updater-activity')).toMatchObject({ lastError: trouble });
  });

  it.each<[AgentFixId, Os]>([
    ['F43', 'macos'],
    ['F45', 'linux'],
  ])('%s on %s: a cable that comes out in the middle leaves no verdict', async (fix, os) => {
    const udid = await begin(os, 'recovery');
    if (fix === 'F45') await triedUpdate(udid);
    const before = verdictOn(await look(udid), null);
    on.computer.recovery.trouble = 'cable';
    const end = await run(fix, udid, CLEARED);
    expect(end.mechanics).toBe('failed');
    const after = verdictOn([...end.facts, ...(await look(udid))], before, [fix]);
    expect(after.presence).toBe('away');
    expect(judge('C01', snapshotOf(before), snapshotOf(after), end.mechanics).verdict).toBe('unknown');
  });

  it.each<[AgentFixId, Os]>([
    ['F43', 'macos'],
    ['F44', 'macos'],
    ['F45', 'macos'],
    ['F45', 'linux'],
  ])('%s on %s that came to no end is unknown, hands off while it goes on, and it is not begun again', async (fix, os) => {
    const udid = await begin(os, 'recovery');
    if (fix === 'F45') await triedUpdate(udid);
    on.computer.recovery.trouble = 'hangs';
    expect(await run(fix, udid, CLEARED)).toMatchObject({ mechanics: 'unknown', detail: 'timeout' });
    expect(begun()).toBe(1);
    on.now += 25 * 60 * MIN;
    expect((await run('F43', udid, CLEARED)).mechanics).toBe('refused');
    expect(begun()).toBe(1);
  });

  it('an agent that is told to stop leaves the tool to itself', async () => {
    const udid = await begin('macos', 'recovery');
    const stop = new AbortController();
    on.onStage = (stage) => stage === 'acting' && stop.abort();
    const end = await on.run({ fix: 'F43', udid }, { signal: stop.signal });
    expect(end).toMatchObject({ mechanics: 'unknown' });
  });

  it('without the open tool the three lines are said over the bus', async () => {
    const udid = await begin('linux', 'recovery');
    on.computer.condition.openTools = [];
    expect(await run('F42', udid)).toMatchObject({ mechanics: 'done', detail: 'asked-to-start' });
    expect([begun(), on.computer.bench.onBus[0]?.look]).toEqual([1, 'served']);
  });

  it('a bus that may not be spoken to is told, and nothing was touched', async () => {
    const udid = await begin('linux', 'recovery');
    on.computer.condition.openTools = [];
    on.computer.recovery.bus = 'held';
    expect(await run('F42', udid)).toMatchObject({ mechanics: 'refused', detail: 'bus-not-permitted' });
    expect(begun()).toBe(0);
  });
});

describe('who may be erased, and by whose word', () => {
  const { consent: _consent, ...noConsent } = CLEARED;
  const { lossAcceptedBy: _loss, ...noLoss } = CLEARED;

  it.each<[string, Clearance | undefined, string]>([
    ['no clearance', undefined, 'needs-clearance'],
    ['one person', { ...CLEARED, approvedBy: [ANNA] }, 'needs-two-people'],
    ['one person twice', { ...CLEARED, approvedBy: [ANNA, ANNA.toUpperCase()] }, 'needs-two-people'],
    ['no consent', noConsent, 'needs-consent'],
    ['neither backup nor loss accepted', noLoss, 'needs-backup-or-loss-accepted'],
    ['another phone’s ECID confirmed', { ...CLEARED, ecid: '00AABBCCDDEEFF01' }, 'wrong-ecid'],
  ])('F45 touches nothing with %s', async (_name, clearance, word) => {
    const udid = await begin('macos', 'recovery');
    await triedUpdate(udid);
    expect(await run('F45', udid, clearance)).toMatchObject({ mechanics: 'refused', detail: word });
    expect(begun()).toBe(0);
    expect(on.stages).not.toContain('acting');
  });

  it('an update on Linux takes the same clearance: its tool may lose data', async () => {
    const udid = await begin('linux', 'recovery');
    expect(await run('F43', udid)).toMatchObject({ mechanics: 'refused', detail: 'needs-clearance' });
    expect(begun()).toBe(0);
  });

  it('never Restore before Update or Revive', async () => {
    const udid = await begin('macos', 'recovery');
    expect(await run('F45', udid, CLEARED)).toMatchObject({ mechanics: 'refused', detail: 'update-first' });
    await triedUpdate(udid, 'F44');
    expect(await run('F45', udid, CLEARED)).toMatchObject({ mechanics: 'done' });
  });

  it('another phone in recovery is not the one that was named', async () => {
    const udid = await begin('macos', 'normal');
    await triedUpdate(udid);
    on.computer.addPhone({ name: 'other', ...OLD });
    on.computer.bench.force('other', 'recovery');
    on.computer.bench.plug('other');
    for (const fix of ['F42', 'F45'] as const) expect((await run(fix, udid, CLEARED)).mechanics).toBe('refused');
    expect(begun()).toBe(0);
  });

  it('of two phones the named one is restored, and the other one stays as it was', async () => {
    const udid = await begin('linux', 'recovery');
    await triedUpdate(udid);
    on.computer.addPhone({ name: 'other', ...OLD });
    on.computer.bench.force('other', 'recovery');
    on.computer.bench.plug('other');
    expect(await run('F45', udid, CLEARED)).toMatchObject({ mechanics: 'done' });
    const other = on.computer.bench.phone('other');
    expect([other.faults.has('not-activated'), other.identity.productVersion]).toEqual([false, '18.5']);
    expect(on.computer.bench.onBus.find((p) => p.name === 'other')?.look).toBe('recovery');
  });

  it('Windows is refused: people force a restart there', async () => {
    const udid = await begin('windows', 'recovery');
    await triedUpdate(udid);
    for (const fix of ['F42', 'F43', 'F44', 'F45'] as const) {
      expect(await run(fix, udid, CLEARED)).toMatchObject({ mechanics: 'refused', detail: 'unsupported' });
      expect(FIXES[fix].platforms).not.toContain('windows');
    }
    expect(FIXES.F42b.platforms).toContain('windows');
    const target = {
      os: 'windows' as const,
      connected: true,
      privileged: true,
      presence: 'attached' as const,
      health: 'broken' as const,
      openCauses: ['C01' as const],
      activeRun: null,
      lastRuns: [],
      revoked: false,
    };
    expect(mayRun('F42', target, 'admin', Date.now())).toMatchObject({ ok: false, code: 'platform' });
  });
});
