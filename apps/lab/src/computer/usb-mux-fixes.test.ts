import { afterEach, describe, expect, it } from '@jest/globals';
import type { Waits } from '@lockstep/agent/fixes';
import type { Os } from '@lockstep/agent/machine';
import { ruleOf } from '@lockstep/core/diagnosis';
import { type AgentFixId, FIXES, type FixId, isAgentFix, judge, mayRun } from '@lockstep/core/fixes';
import type { CauseId } from '@lockstep/core/health';
import { BRIEF, type Bring, bring, FixTrial, PATIENT, snapshotOf } from '../../test/fix-trial.js';

let on: FixTrial;
afterEach(async () => {
  await on.bench.close();
});

const store = bring.condition((c) => {
  c.windows.stack = 'store';
});
const OPENED = `${JSON.stringify({ v: 1, at: '2026-11-24T09:00:00Z', started: { ok: ['App'] } })}\r\n`;

interface Case {
  fix: AgentFixId;
  os: Os;
  cause: CauseId;
  what: string;
  trouble: Bring;
  /** The word for what was done. */
  detail: string;
  /** The same trouble, and the fix does not help against it. */
  inVain: Bring;
  /** What is offered then; null: it was the last rung. */
  next: FixId | null;
}

const CASES: readonly Case[] = [
  {
    fix: 'F05',
    os: 'linux',
    cause: 'C32',
    what: 'a tunnel that stalled',
    trouble: bring.phone('hang'),
    detail: 'back',
    inVain: bring.phone('refused'),
    next: 'F01',
  },
  {
    fix: 'F05',
    os: 'windows',
    cause: 'C26',
    what: 'a driver that did not start',
    trouble: bring.fault('driver-broken'),
    detail: 'back',
    inVain: bring.all(bring.fault('driver-broken'), bring.says('device-restart')),
    next: 'F06',
  },
  {
    fix: 'F06',
    os: 'windows',
    cause: 'C26',
    what: 'a foreign driver',
    trouble: bring.fault('driver-foreign'),
    detail: 'apple-bound',
    inVain: bring.all(bring.fault('driver-foreign'), bring.says('driver-add')),
    next: 'F24',
  },
  {
    fix: 'F06',
    os: 'windows',
    cause: 'C25',
    what: 'no driver',
    trouble: bring.fault('driver-missing'),
    detail: 'apple-bound',
    inVain: bring.all(bring.fault('driver-missing'), bring.says('driver-add')),
    next: 'F22',
  },
  {
    fix: 'F07',
    os: 'windows',
    cause: 'C27',
    what: 'a disabled device',
    trouble: bring.fault('driver-disabled'),
    detail: 'enabled',
    inVain: bring.all(bring.fault('driver-disabled'), bring.says('device-enable')),
    next: null,
  },
  {
    fix: 'F07',
    os: 'windows',
    cause: 'C22',
    what: 'idle ports that are switched off',
    trouble: bring.fault('ports-sleep'),
    detail: 'ports-kept-on',
    inVain: bring.all(bring.fault('ports-sleep'), bring.says('suspend-on-mains', 'suspend-on-battery')),
    next: null,
  },
  {
    fix: 'F07',
    os: 'linux',
    cause: 'C22',
    what: 'idle ports that are switched off',
    trouble: bring.fault('ports-sleep'),
    detail: 'kept-awake',
    inVain: bring.all(bring.fault('ports-sleep'), (on) => {
      on.computer.usbTools.switchesBack = true;
    }),
    next: null,
  },
  {
    fix: 'F08',
    os: 'linux',
    cause: 'C39',
    what: 'a phone it lost',
    trouble: bring.phone('not-listed'),
    detail: 'new-pid',
    inVain: bring.withheld(),
    next: null,
  },
  {
    fix: 'F08',
    os: 'macos',
    cause: 'C30',
    what: 'a daemon that is down',
    trouble: bring.mux('mux-stopped'),
    detail: 'new-pid',
    inVain: bring.all(bring.mux('mux-stopped'), bring.says('usbmuxd-kickstart')),
    next: null,
  },
  {
    fix: 'F08',
    os: 'macos',
    cause: 'C39',
    what: 'a phone it lost',
    trouble: bring.phone('not-listed'),
    detail: 'new-pid',
    inVain: bring.withheld(),
    next: null,
  },
  {
    fix: 'F08',
    os: 'windows',
    cause: 'C39',
    what: 'a phone it lost',
    trouble: bring.phone('not-listed'),
    detail: 'new-pid',
    inVain: bring.withheld(),
    next: null,
  },
  {
    fix: 'F08',
    os: 'windows',
    cause: 'C29',
    what: 'a stopped service',
    trouble: bring.fault('service-stopped'),
    detail: 'new-pid',
    inVain: bring.all(bring.fault('service-stopped'), bring.says('service-start')),
    next: 'F22',
  },
  {
    fix: 'F08',
    os: 'windows',
    cause: 'C39',
    what: "the Store app's process, which lost a phone",
    trouble: bring.all(store, bring.phone('not-listed')),
    detail: 'new-pid',
    inVain: bring.all(store, bring.withheld()),
    next: null,
  },
  {
    fix: 'F09',
    os: 'windows',
    cause: 'C29',
    what: 'a stopped service',
    trouble: bring.fault('service-stopped'),
    detail: 'serves',
    inVain: bring.all(bring.fault('service-stopped'), bring.says('service-start')),
    next: 'F08',
  },
  {
    fix: 'F09b',
    os: 'windows',
    cause: 'C31',
    what: 'an app that nobody opened',
    trouble: bring.fault('store-not-started'),
    detail: 'serves',
    inVain: bring.all(bring.fault('store-not-started'), (on) => {
      on.computer.answers['store-app-start'] = { stdout: OPENED };
    }),
    next: null,
  },
  {
    fix: 'F49',
    os: 'windows',
    cause: 'C23',
    what: 'a phone that Linux in a virtual machine has',
    trouble: bring.fault('taken-by-wsl'),
    detail: 'listed',
    inVain: bring.all(bring.fault('taken-by-wsl'), bring.says('usbipd-detach')),
    next: null,
  },
  {
    fix: 'F50',
    os: 'windows',
    cause: 'C34',
    what: 'a rule that forwards the port',
    trouble: bring.fault('port-forwarded'),
    detail: 'serves',
    inVain: bring.all(bring.fault('port-forwarded'), bring.says('port-proxy-delete')),
    next: null,
  },
  {
    fix: 'F54',
    os: 'linux',
    cause: 'C56',
    what: 'a phone that was given up after its preflight',
    trouble: bring.phone('preflight-dropped'),
    detail: 'new-pid',
    inVain: bring.all(bring.phone('preflight-dropped'), bring.withheld()),
    next: null,
  },
];

describe.each(CASES)('$fix on $os against $what ($cause)', ({ fix, os, cause, trouble, detail, inVain, next }) => {
  async function tried(it: Bring, waits: Waits) {
    on = await FixTrial.open(os);
    await it(on);
    const first = await on.look();
    const before = on.diagnosed(first, null);
    expect(snapshotOf(before).openCauses).toContain(cause);
    const since = on.computer.effects.entries.length;
    const end = await on.run(fix, { waits });
    // What the run read anew decides; the rest stands as it was, as at a server.
    const after = on.diagnosed([...first, ...end.facts], before);
    return { end, before, after, since, verdict: judge(cause, snapshotOf(before), snapshotOf(after), end.mechanics) };
  }

  it('cures it, and the facts say so', async () => {
    const { end, verdict, since } = await tried(trouble, PATIENT);
    expect([end.mechanics, end.detail, verdict]).toEqual(['done', detail, { verdict: 'cured' }]);
    expect(on.done(since)).not.toEqual([]);
  });

  it(`where it does not help, nothing is better and ${next === null ? 'nothing else is left to order' : `${next} comes next`}`, async () => {
    const { end, before, after, verdict } = await tried(inVain, BRIEF);
    expect([verdict, end.mechanics === 'refused' ? end.detail : null]).toEqual([{ verdict: 'unchanged' }, null]);
    const fixes = ruleOf(cause, after.findings.find((f) => f.cause === cause)?.scope)?.fixes ?? [];
    expect([fixes.includes(fix), fixes[fixes.indexOf(fix) + 1] ?? null]).toEqual([true, next]);
    if (next === null || !isAgentFix(next) || !FIXES[next].platforms.includes(os)) return;
    const target = {
      os,
      connected: true,
      privileged: true,
      presence: after.presence,
      health: after.health,
      openCauses: snapshotOf(before).openCauses,
      activeRun: null,
      lastRuns: [{ fix, at: 0 }],
      revoked: false,
    };
    expect(mayRun(next, target, 'admin', 11 * 60_000)).toMatchObject({ ok: true });
  });
});
