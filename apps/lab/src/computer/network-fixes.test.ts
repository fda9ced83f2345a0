import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newPairingKeys } from '@lockstep/agent/device';
import type { FixOutcome } from '@lockstep/agent/fixes';
import { type CommandId, HOSTS_MARK, type Os } from '@lockstep/agent/machine';
import type { Diagnosis } from '@lockstep/core/diagnosis';
import { type AgentFixId, FIXES, type FixId, judge, mayRun } from '@lockstep/core/fixes';
import { type CauseId, Fact, type Udid } from '@lockstep/core/health';
import { LAB_PHONE } from '../../test/catalogue.js';
import { FixBench, told } from '../../test/fix-bench.js';
import { contextOn, lookAround, snapshotOf, verdictOn } from '../../test/verdict.js';
import type { HostCondition, HostFaultId } from './index.js';

const SYSTEMS = ['linux', 'macos', 'windows'] as const satisfies Os[];
/** One set for all: making keys is nearly all of the time that pairing takes. */
const keys = newPairingKeys();
const DAY_MS = 86_400_000;
const BACK_MS = 300_000;

interface Case {
  fix: AgentFixId;
  cause: CauseId;
  fault: HostFaultId;
  on: readonly Os[];
  /** More of the condition than the fault brings. */
  and?: (c: HostCondition) => void;
  name?: string;
  /** What the agent calls it when it is done. */
  done: string | Partial<Record<Os, string>>;
  /** What is without effect where it does not help. */
  inert: readonly (CommandId | 'hosts')[];
  /** What is left of the cause's fixes after it. */
  next: readonly FixId[];
  /** What the agent calls it when nothing came of it. */
  undone?: string;
}

const CASES: readonly Case[] = [
  {
    fix: 'F31',
    cause: 'C80',
    fault: 'responder-down',
    on: SYSTEMS,
    done: { linux: 'restarted', macos: 'started', windows: 'restarted' },
    inert: ['avahi-restart', 'responder-kickstart', 'bonjour-restart'],
    next: [],
  },
  {
    fix: 'F32',
    cause: 'C77',
    fault: 'names-not-let-in',
    on: ['linux', 'windows'],
    done: 'rule-made',
    inert: ['firewalld-names-now', 'names-rule-add'],
    next: ['F33b'],
  },
  {
    fix: 'F32',
    cause: 'C77',
    fault: 'names-blocked',
    name: 'ufw',
    on: ['linux'],
    and: (c) => {
      c.firewallBy = 'ufw';
    },
    done: 'rule-made',
    inert: ['ufw-names'],
    next: ['F33b'],
  },
  { fix: 'F35', cause: 'C83', fault: 'hosts-overridden', on: SYSTEMS, done: 'lines-commented', inert: ['hosts'], next: [] },
  {
    fix: 'F36',
    cause: 'C78',
    fault: 'tunnel-takes-names',
    on: ['windows'],
    done: 'behind-for-five-minutes',
    inert: ['metric-set'],
    next: [],
  },
  { fix: 'F37b', cause: 'C85', fault: 'location-busy', on: ['macos'], done: 'restarted', inert: ['locationd-term'], next: [] },
];

describe.each(SYSTEMS)('on %s', (os) => {
  let on: FixBench;
  let udid: Udid;

  beforeAll(async () => {
    on = await FixBench.open({ os, keys: () => keys });
    udid = on.computer.addPhone({ name: 'anna', ...LAB_PHONE }).udid;
  });
  afterAll(async () => {
    await on.close();
  });

  /** A paired phone at a computer that nothing is wrong with, and nobody has fixed anything for a day. */
  async function begin(): Promise<void> {
    const { computer } = on;
    await computer.bench.begin('anna', 'paired');
    computer.bench.plug('anna');
    await computer.heal();
    computer.networkTools.inert.clear();
    for (const id of Object.keys(computer.answers) as CommandId[]) delete computer.answers[id];
    for (const id of await on.rollbacks.armed()) await on.rollbacks.disarm(id);
    on.tookBack.length = 0;
    computer.effects.entries.length = 0;
    on.stages.length = 0;
    on.now += DAY_MS + 1;
    // Copies of the case before are not this computer's past.
    on.now += 14 * DAY_MS;
    await on.keptStore().purge();
    on.now -= 14 * DAY_MS;
  }

  async function run(fix: AgentFixId): Promise<FixOutcome> {
    const end = await on.run({ fix, udid: FIXES[fix].scope === 'pair' ? udid : null }, { ctx: contextOn(on.computer) });
    for (const f of end.facts) Fact.parse(JSON.parse(JSON.stringify(f)));
    return end;
  }

  const acted = () => on.computer.effects.entries.filter((e) => e.effect === 'command-acted' || e.effect === 'hosts-written').length;
  const may = (fix: FixId, d: Diagnosis, ran: readonly AgentFixId[]) =>
    mayRun(
      fix,
      {
        os,
        connected: true,
        privileged: true,
        presence: 'attached',
        health: d.health,
        openCauses: snapshotOf(d).openCauses,
        activeRun: null,
        lastRuns: ran.map((f) => ({ fix: f, at: on.now })),
        revoked: false,
      },
      'admin',
      on.now,
    );

  const own = CASES.filter((c) => c.on.includes(os));
  const title = ({ fix, cause, fault, name }: Case) => [`${fix} for ${cause} (${name ?? fault})`] as const;

  it.each(own.map((c) => [...title(c), c] as const))('%s cures it', async (_title, c) => {
    await begin();
    await on.computer.setHostFault(c.fault);
    c.and?.(on.computer.condition);
    const before = await lookAround(on.computer, udid);
    const was = verdictOn(before);
    expect(snapshotOf(was).openCauses).toContain(c.cause);
    expect(may(c.fix, was, [])).toMatchObject({ ok: true });

    const end = await run(c.fix);
    expect(end).toMatchObject({ mechanics: 'done', detail: typeof c.done === 'string' ? c.done : c.done[os] });
    expect(on.stages.filter((s) => s === 'acting')).toEqual(['acting']);
    const now = verdictOn([...before, ...end.facts], was);
    expect(judge(c.cause, snapshotOf(was), snapshotOf(now), end.mechanics)).toEqual({ verdict: 'cured' });
  });

  it.each(own.map((c) => [...title(c), c] as const))('%s does not help: unchanged, and what is left is offered', async (_title, c) => {
    await begin();
    await on.computer.setHostFault(c.fault);
    c.and?.(on.computer.condition);
    for (const id of c.inert) on.computer.networkTools.inert.add(id);
    const before = await lookAround(on.computer, udid);
    const was = verdictOn(before);
    const end = await run(c.fix);
    const now = verdictOn([...before, ...end.facts], was, [c.fix]);
    expect(acted()).toBeGreaterThan(0);
    expect(judge(c.cause, snapshotOf(was), snapshotOf(now), end.mechanics)).toEqual({ verdict: 'unchanged' });
    const finding = now.findings.find((f) => f.cause === c.cause && f.state === 'open');
    expect(finding?.fixes.slice(finding.fixes.indexOf(c.fix) + 1)).toEqual(c.next);
    // The same again is not offered at once; what people do needs no order.
    expect(may(c.fix, now, [c.fix])).toMatchObject({ ok: false });
    for (const next of c.next) expect(may(next, now, [c.fix])).toMatchObject({ code: 'guided' });
  });

  it('F34 sets a clock that is years off: then the record that it spoilt can be renewed, which nothing else allowed', async () => {
    await begin();
    await on.computer.setHostFault('clock-behind');
    const before = await lookAround(on.computer, udid);
    const was = verdictOn(before);
    expect(was.primary?.cause).toBe('C57');
    // A record that is made now would be as wrong as the old one.
    if (FIXES.F12.platforms.includes(os)) expect(await run('F12')).toMatchObject({ mechanics: 'refused' });
    const end = await run('F34');
    expect(end).toMatchObject({ mechanics: 'done', detail: 'set' });
    expect([on.computer.condition.clockAheadS, told(end.facts, 'clock')]).toEqual([0, { skewS: 0, against: 'time-server' }]);
    const now = verdictOn([...before, ...end.facts], was, ['F34']);
    expect(judge('C57', snapshotOf(was), snapshotOf(now), end.mechanics)).toEqual({ verdict: 'unchanged' });
    const finding = now.findings.find((f) => f.cause === 'C57');
    expect(finding?.fixes.slice(finding.fixes.indexOf('F34') + 1)).toEqual(['F12']);
    if (!FIXES.F12.platforms.includes(os)) return;
    expect(may('F12', now, ['F34'])).toMatchObject({ ok: true });
    on.onStage = (stage) => {
      if (stage === 'awaiting-holder:tap-trust') on.computer.bench.phone('anna').tapTrust();
    };
    const renewed = await run('F12');
    on.onStage = () => {};
    expect(renewed).toMatchObject({ mechanics: 'done' });
    const after = verdictOn([...before, ...end.facts, ...renewed.facts], now, ['F34']);
    expect(judge('C57', snapshotOf(now), snapshotOf(after), renewed.mechanics)).toEqual({ verdict: 'cured' });
  });

  it('F34 that nobody answers leaves the clock, and says so', async () => {
    await begin();
    await on.computer.setHostFault('clock-behind');
    for (const id of ['clock-set', 'time-resync', 'timesyncd-restart'] as const) on.computer.networkTools.inert.add(id);
    const before = await lookAround(on.computer, udid);
    const was = verdictOn(before);
    const end = await on.run({ fix: 'F34', udid: null }, { ctx: contextOn(on.computer), waits: { ...on.waits, relist: 200 } });
    expect(end).toMatchObject({ mechanics: 'done', detail: 'still-off' });
    const now = verdictOn([...before, ...end.facts], was, ['F34']);
    expect(judge('C57', snapshotOf(was), snapshotOf(now), end.mechanics)).toEqual({ verdict: 'unchanged' });
  });

  const REFUSALS: readonly { fix: AgentFixId; name: string; detail: string; on?: readonly Os[]; given?: (c: HostCondition) => void }[] = [
    { fix: 'F34', name: 'the clock is right', detail: 'clock-is-right' },
    {
      fix: 'F35',
      name: 'nothing in the hosts file is about Apple',
      detail: 'not-needed',
      given: (c) => c.hostLines.push('10.0.0.1 pineapple.com', '10.0.0.2 apple.com.evil.example', `${HOSTS_MARK}10.0.0.3 gs.apple.com`),
    },
    {
      fix: 'F35',
      name: 'its lines name others too',
      detail: 'only-mixed-lines',
      given: (c) => c.hostLines.push('10.0.0.1 gs.apple.com intranet.example'),
    },
    {
      fix: 'F31',
      name: 'an administrator switched the responder off',
      detail: 'disabled-by-admin',
      on: ['linux', 'windows'],
      given: (c) => void (c.responder = 'disabled'),
    },
    {
      fix: 'F31',
      name: 'there is no responder',
      detail: 'no-responder',
      on: ['linux', 'macos'],
      given: (c) => void (c.responder = 'missing'),
    },
    { fix: 'F32', name: 'names are let in', detail: 'not-needed', on: ['linux', 'windows'] },
    { fix: 'F32', name: 'the network is public', detail: 'public-network', on: ['windows'], given: (c) => void (c.firewall = 'public') },
    {
      fix: 'F32',
      name: 'rules do not count',
      detail: 'blocks-everything',
      on: ['windows'],
      given: (c) => void (c.firewall = 'blocks-all'),
    },
    {
      fix: 'F32',
      name: 'the zone is a public one',
      detail: 'public-network',
      on: ['linux'],
      given: (c) => Object.assign(c, { firewall: 'blocks-all', firewallBy: 'firewalld', zone: 'public' }),
    },
    {
      fix: 'F32',
      name: 'somebody wrote the packet filter by hand',
      detail: 'no-known-firewall',
      on: ['linux'],
      given: (c) => void (c.firewall = 'blocks-all'),
    },
    { fix: 'F32', name: 'a Mac has no such rule', detail: 'unsupported', on: ['macos'] },
    { fix: 'F36', name: 'no metric decides there', detail: 'unsupported', on: ['linux', 'macos'] },
    { fix: 'F36', name: 'there is no tunnel', detail: 'no-tunnel', on: ['windows'] },
    {
      fix: 'F36',
      name: 'the tunnel stands behind already',
      detail: 'not-needed',
      on: ['windows'],
      given: (c) => void (c.tunnel = { only: false, split: { metric: 60, automatic: false } }),
    },
    {
      fix: 'F36',
      name: 'somebody manages the tunnel',
      detail: 'managed-tunnel',
      on: ['windows'],
      given: (c) => void (c.tunnel = { only: false, split: { metric: 5, automatic: true, managed: true } }),
    },
  ];
  const refusals = REFUSALS.filter((r) => (r.on ?? SYSTEMS).includes(os));
  it.each(refusals.map((r) => [r.fix, r.name, r] as const))(
    '%s is refused and touches nothing: %s',
    async (fix, _name, { detail, given }) => {
      await begin();
      given?.(on.computer.condition);
      const condition = structuredClone(on.computer.condition);
      expect(await run(fix)).toMatchObject({ mechanics: 'refused', detail });
      expect([acted(), on.computer.condition, await on.rollbacks.armed(), await on.keptStore().list()]).toEqual([0, condition, [], []]);
      expect(on.stages).not.toContain('acting');
    },
  );

  if (os === 'windows') {
    it('F36 is refused where the agent’s own way is the tunnel', async () => {
      await begin();
      await on.computer.setHostFault('tunnel-takes-all');
      const end = await run('F36');
      expect(end.mechanics).toBe('refused');
      expect(['route-is-the-tunnel', 'route-unknown', 'route-is-this-phone']).toContain(end.detail);
      expect([acted(), await on.rollbacks.armed()]).toEqual([0, []]);
    });

    it('F36 is taken back when its time has come, to what stood there before', async () => {
      await begin();
      await on.computer.setHostFault('tunnel-takes-names');
      await run('F36');
      expect(on.computer.condition.tunnel?.split).toMatchObject({ metric: 60, automatic: false });
      const [armed = ''] = await on.rollbacks.armed();
      expect(await on.rollbacks.carryOut(armed)).toBe('restored');
      expect([on.computer.condition.tunnel?.split, await on.rollbacks.armed()]).toEqual([{ metric: 5, automatic: true }, []]);
    });

    it.each([
      ['while it was raised', false, 'restored', 1],
      ['right after it was written back', true, 'already', 0],
    ] as const)('F36: an agent that died %s leaves nothing raised, and writes once', async (_when, written, end, more) => {
      await begin();
      await on.computer.setHostFault('tunnel-takes-names');
      await run('F36');
      // It died: its timers are gone, its files are not.
      await on.rollbacks.stop();
      const split = on.computer.condition.tunnel?.split;
      if (written && split) Object.assign(split, { metric: 5, automatic: true });
      on.computer.condition.clockAheadS += BACK_MS / 1_000 + 1;
      const writes = acted();
      on.tookBack.length = 0;
      on.rollbacks = on.newRollbacks();
      await on.rollbacks.start();
      await on.newRollbacks().start();
      expect([on.tookBack, acted() - writes]).toEqual([[end], more]);
      expect(on.computer.condition.tunnel?.split).toEqual({ metric: 5, automatic: true });
      expect(await on.rollbacks.armed()).toEqual([]);
    });

    it('F36 that is refused by the system is taken back at once', async () => {
      await begin();
      await on.computer.setHostFault('tunnel-takes-names');
      on.computer.answers['metric-set'] = { exit: 1, stderr: 'Access is denied.' };
      expect(await run('F36')).toMatchObject({ mechanics: 'failed', detail: 'metric-denied' });
      expect(await on.rollbacks.armed()).toEqual([]);
    });
  }

  it('F35 keeps a copy, leaves all other lines as they are; lines that come back are for IT', async () => {
    await begin();
    const mixed = [
      '# mine',
      '10.0.0.9 nas',
      '17.1.2.3 gs.apple.com # old',
      '0.0.0.0 mesu.apple.com gdmf.apple.com',
      '10.0.0.1 x.icloud.com nas',
    ];
    on.computer.condition.hostLines.push(...mixed);
    const end = await run('F35');
    expect(end).toMatchObject({ mechanics: 'done', detail: 'mixed-lines-left' });
    expect(on.computer.condition.hostLines).toEqual(mixed.map((l, n) => (n === 2 || n === 3 ? `${HOSTS_MARK}${l}` : l)));
    const [copy] = await on.keptStore().list('hosts');
    expect(Buffer.from(await on.keptStore().file(copy?.id ?? '')).toString()).toContain('\n17.1.2.3 gs.apple.com # old\n');

    on.computer.condition.hostLines = [...mixed];
    on.now += DAY_MS;
    expect(await run('F35')).toMatchObject({ mechanics: 'refused', detail: 'came-back' });
    expect(on.computer.effects.count('hosts-written')).toBe(1);
  });

  it('F35 leaves a file that somebody writes to in the same moment', async () => {
    await begin();
    on.computer.condition.hostLines.push('17.9.9.9 albert.apple.com');
    on.onStage = (stage) => {
      if (stage === 'acting') on.computer.condition.hostLines.push('10.0.0.8 theirs');
    };
    const end = await run('F35');
    on.onStage = () => {};
    expect(end).toMatchObject({ mechanics: 'failed', detail: 'hosts-changed' });
    expect(on.computer.condition.hostLines).toEqual(['17.9.9.9 albert.apple.com', '10.0.0.8 theirs']);
    expect(await on.keptStore().list()).toEqual([]);
  });

  it('F37b tells the holder what is theirs to do', async () => {
    await begin();
    if (os === 'macos') await on.computer.setHostFault('location-busy');
    expect(await run('F37b')).toMatchObject({ mechanics: 'done', detail: 'restarted' });
    expect(on.stages).toContain('awaiting-holder:toggle-location');
  });
});
