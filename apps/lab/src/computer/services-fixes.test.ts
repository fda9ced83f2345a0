import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { FixOutcome } from '@lockstep/agent/fixes';
import type { CommandId, Os } from '@lockstep/agent/machine';
import type { DiagnosisInput } from '@lockstep/core/diagnosis';
import { type AgentFixId, FIXES, type FixId, isAgentFix, judge } from '@lockstep/core/fixes';
import type { CauseId } from '@lockstep/core/health';
import { ServicesTrial } from '../../test/services-trial.js';
import { lookAround, snapshotOf, verdictOn } from '../../test/verdict.js';
import type { HostCondition, HostFaultId, SimulatedComputer } from './index.js';

const SYSTEMS = ['macos', 'windows'] as const satisfies Os[];

type Shown = 'yes' | 'wrong-name-or-version';
/** What somebody says about Finder's sidebar, or the app of Apple's on a PC. */
const said = (answer?: Shown): DiagnosisInput['answers'] => (answer ? { 'shown-in-app': { answer, at: Date.now() } } : undefined);

interface Case {
  fix: AgentFixId;
  os: (typeof SYSTEMS)[number];
  cause: CauseId;
  fault: HostFaultId | null;
  /** More of the condition than the fault brings. */
  and?: (c: HostCondition) => void;
  /** What somebody said before, and says once it is done. */
  answers?: { before?: Shown; after: Shown };
  done: string;
  /** What keeps it from helping. */
  vain: (c: SimulatedComputer) => void;
  /** What the agent says then. */
  undone: { mechanics: FixOutcome['mechanics']; detail: string };
  /** What comes next. */
  next: FixId | null;
}

const inert =
  (...ids: (CommandId | 'caches')[]) =>
  (c: SimulatedComputer) => {
    for (const id of ids) c.servicesTools.inert.add(id);
  };
const badCaches = (c: HostCondition) => void (c.mac.cachesBad = true);
const failed = (detail: string) => ({ mechanics: 'failed' as const, detail });
const done = (detail: string) => ({ mechanics: 'done' as const, detail });

const CASES: readonly Case[] = [
  {
    fix: 'F17',
    os: 'macos',
    cause: 'C36',
    fault: 'agent-wedged',
    // Whether Finder shows the phone now only the person sees.
    answers: { after: 'yes' },
    done: 'new-pids',
    vain: ({ condition }) => badCaches(condition),
    undone: done('new-pids'),
    next: 'F19',
  },
  {
    fix: 'F17',
    os: 'macos',
    cause: 'C36',
    fault: 'configurator-hangs',
    answers: { after: 'yes' },
    done: 'new-pids',
    vain: inert('devices-agent-anew', 'agent-term'),
    undone: failed('old-pid-stays'),
    next: 'F19',
  },
  {
    fix: 'F18',
    os: 'macos',
    cause: 'C37',
    fault: 'hidden-by-preference',
    done: 'shown-again',
    vain: inert('hide-everywhere-delete'),
    undone: done('shown-again'),
    next: null,
  },
  {
    fix: 'F18',
    os: 'macos',
    cause: 'C38',
    fault: 'agent-disabled',
    done: 'shown-again',
    vain: inert('discovery-agent-enable'),
    undone: done('shown-again'),
    next: null,
  },
  {
    fix: 'F18',
    os: 'macos',
    cause: 'C38',
    fault: 'agent-held',
    done: 'shown-again',
    vain: inert('program-continue'),
    undone: done('shown-again'),
    next: null,
  },
  {
    fix: 'F19',
    os: 'macos',
    cause: 'C36',
    fault: 'agent-wedged',
    and: badCaches,
    answers: { after: 'yes' },
    done: 'moved-aside',
    vain: inert('caches'),
    undone: done('moved-aside'),
    next: 'F08',
  },
  {
    fix: 'F19',
    os: 'windows',
    cause: 'C87',
    fault: null,
    answers: { before: 'wrong-name-or-version', after: 'yes' },
    done: 'moved-aside',
    vain: inert('caches'),
    undone: done('moved-aside'),
    next: null,
  },
  {
    fix: 'F21',
    os: 'macos',
    cause: 'C62',
    fault: 'system-too-old',
    done: 'installed',
    vain: ({ servicesTools }) => void (servicesTools.clicksInstall = false),
    undone: { mechanics: 'not-acted', detail: 'not-installed' },
    next: 'F22',
  },
  {
    fix: 'F22',
    os: 'windows',
    cause: 'C62',
    fault: 'programs-too-old',
    done: 'updated',
    vain: ({ servicesTools }) => void (servicesTools.installerEnds = 0x8a15_002b),
    undone: done('already-current'),
    next: 'F23',
  },
  {
    fix: 'F22',
    os: 'windows',
    cause: 'C28',
    fault: 'no-apple-software',
    done: 'updated',
    vain: ({ servicesTools }) => void (servicesTools.installerEnds = 0x8a15_0014),
    undone: failed('no-such-package'),
    next: null,
  },
  {
    fix: 'F25',
    os: 'windows',
    cause: 'C35',
    fault: 'mixed-stacks',
    done: 'one-stack',
    vain: inert('program-uninstall'),
    undone: done('one-stack-not-opened'),
    next: null,
  },
];

describe.each(SYSTEMS)('on %s', (os) => {
  let on: ServicesTrial;

  beforeAll(async () => {
    on = await ServicesTrial.open(os);
  });
  afterAll(async () => {
    await on.close();
  });

  const own = CASES.filter((c) => c.os === os).map((c) => [c.fix, c.cause, c.fault, c] as const);

  it.each(own)('%s cures %s (%s), and the facts say so', async (fix, cause, fault, c) => {
    await on.begin();
    if (fault !== null) await on.computer.setHostFault(fault);
    c.and?.(on.computer.condition);
    const before = await lookAround(on.computer, on.udid);
    const was = verdictOn(before, null, [], said(c.answers?.before));
    expect(snapshotOf(was).openCauses).toContain(cause);
    expect(on.may(fix, was, [])).toMatchObject({ ok: true });

    const end = await on.run(fix);
    expect([end.mechanics, end.detail]).toEqual(['done', c.done]);
    expect(on.on.stages.filter((s) => s === 'acting')).toEqual(['acting']);
    expect(on.acted()).not.toEqual([]);
    const now = verdictOn([...before, ...end.facts], was, [], said(c.answers?.after));
    expect(judge(cause, snapshotOf(was), snapshotOf(now), end.mechanics)).toEqual({ verdict: 'cured' });
  });

  it.each(own)('%s does not help against %s (%s): unchanged, and what is left is offered', async (fix, cause, fault, c) => {
    await on.begin();
    if (fault !== null) await on.computer.setHostFault(fault);
    c.and?.(on.computer.condition);
    c.vain(on.computer);
    const before = await lookAround(on.computer, on.udid);
    const was = verdictOn(before, null, [], said(c.answers?.before));
    const end = await on.run(fix, c.undone.mechanics === 'not-acted' ? { deadlineMs: 1_500 } : {});
    expect([end.mechanics, end.detail]).toEqual([c.undone.mechanics, c.undone.detail]);
    const now = verdictOn([...before, ...end.facts], was, [fix], said(c.answers?.before));
    expect(judge(cause, snapshotOf(was), snapshotOf(now), end.mechanics)).toEqual({ verdict: 'unchanged' });
    const fixes = now.findings.find((f) => f.cause === cause && f.state === 'open')?.fixes ?? [];
    expect([fixes.includes(fix), fixes[fixes.indexOf(fix) + 1] ?? null]).toEqual([true, c.next]);
    if (c.next !== null && isAgentFix(c.next) && FIXES[c.next].platforms.includes(os))
      expect(on.may(c.next, now, [fix])).toMatchObject({ ok: true });
  });
});
