import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newPairingKeys, parsePlistDict } from '@lockstep/agent/device';
import type { FixOutcome } from '@lockstep/agent/fixes';
import type { Os } from '@lockstep/agent/machine';
import type { Diagnosis } from '@lockstep/core/diagnosis';
import { type AgentFixId, FIXES, type FixId, judge, mayRun, type Verdict } from '@lockstep/core/fixes';
import { type CauseId, Fact } from '@lockstep/core/health';
import { LAB_PHONE } from '../../test/catalogue.js';
import { FixBench, told } from '../../test/fix-bench.js';
import { contextOn, lookAround, snapshotOf, verdictOn } from '../../test/verdict.js';
import type { PhoneFaultId } from '../phone/index.js';
import type { HostFaultId } from './index.js';

const SYSTEMS = ['linux', 'macos', 'windows'] as const satisfies Os[];
/** One set for all: making keys is nearly all of the time that pairing takes. */
const keys = newPairingKeys();
const DAY_MS = 86_400_000;

type Phone = ReturnType<FixBench['computer']['addPhone']>;

interface Case {
  fix: AgentFixId;
  cause: CauseId;
  begins: 'none' | 'paired' | PhoneFaultId;
  fault?: HostFaultId;
  /** More than the fault brings. */
  and?: (on: FixBench, phone: Phone) => void;
  /** Other fixes that were tried before. */
  tried?: readonly AgentFixId[];
  done: string;
  verdict?: Verdict;
  /** What really changed. */
  proof: (on: FixBench, phone: Phone) => void;
  /** Why it does not help, and what comes of it. */
  hinder: (on: FixBench, phone: Phone) => void;
  undone: { mechanics: FixOutcome['mechanics']; detail: string };
  /** What is left of the cause's fixes after it. */
  next: readonly FixId[];
}

const CASES: readonly Case[] = [
  {
    fix: 'F11',
    cause: 'C40',
    begins: 'none',
    and: (_on, phone) => void (phone.habits.trustAfterMs = 100),
    done: 'paired',
    proof: (on, phone) => expect([phone.trustedHosts.length, on.computer.effects.count('record-saved')]).toEqual([1, 1]),
    hinder: (_on, phone) => phone.setFault('trust-denied'),
    undone: { mechanics: 'failed', detail: 'denied' },
    next: [],
  },
  {
    fix: 'F12',
    cause: 'C44',
    begins: 'forgets-host',
    and: (_on, phone) => void (phone.habits.trustAfterMs = 100),
    done: 'record-renewed',
    proof: (on, phone) => expect([phone.trustedHosts.length, on.computer.effects.count('record-deleted')]).toEqual([1, 0]),
    hinder: (_on, phone) => phone.setFault('trust-denied'),
    undone: { mechanics: 'failed', detail: 'denied' },
    next: ['F13'],
  },
  {
    fix: 'F14',
    cause: 'C47',
    begins: 'paired',
    fault: 'identity-changed',
    done: 'records-moved',
    proof: (on, phone) => {
      expect(on.record(phone.udid)).toBe(2);
      expect(on.computer.effects.count('record-deleted')).toBe(1);
      expect(on.computer.effects.count('mux-started')).toBe(1);
    },
    hinder: (on) => {
      on.computer.bench.mux.records.delete = () => 5;
    },
    undone: { mechanics: 'failed', detail: 'delete-refused' },
    next: [],
  },
  {
    fix: 'F15',
    cause: 'C46',
    begins: 'paired',
    and: ({ computer }) => {
      if (computer.os === 'windows') computer.condition.recordsWritable = false;
      else computer.condition.recordFolder = computer.os === 'linux' ? { uid: 0, mode: 0o750 } : { uid: null, mode: 0o500 };
    },
    done: 'rights-set',
    proof: ({ computer }) => {
      // Rights for the daemon, and not one more for anybody else.
      if (computer.os === 'linux') expect(computer.condition.recordFolder?.mode).toBe(0o750);
      if (computer.os === 'macos') expect(computer.condition.recordFolder).toEqual({ uid: null, mode: 0o700 });
      if (computer.os === 'windows') expect(computer.condition.recordsWritable).toBe(true);
    },
    hinder: ({ computer }) => void (computer.recordFolder.held = 'silently'),
    undone: { mechanics: 'failed', detail: '' },
    next: ['F38'],
  },
  {
    fix: 'F30',
    cause: 'C75',
    begins: 'wifi-sync-off',
    done: 'switched-on',
    proof: (_on, phone) => expect(phone.wifiConnections).toBe(true),
    hinder: (_on, phone) => {
      phone.setWifiConnections = () => {};
    },
    undone: { mechanics: 'failed', detail: 'not-taken' },
    next: [],
  },
  {
    fix: 'F47',
    cause: 'C79',
    begins: 'wifi-hung',
    tried: ['F30', 'F31'],
    done: 'restarting',
    proof: (on) => expect(on.computer.effects.count('phone-restarted')).toBe(1),
    hinder: (_on, phone) => void phone.once('restarted', () => phone.setFault('wifi-hung')),
    undone: { mechanics: 'done', detail: 'restarting' },
    next: ['F37a'],
  },
];

describe.each(SYSTEMS)('on %s', (os) => {
  let on: FixBench;
  let phones = 0;

  beforeAll(async () => {
    on = await FixBench.open({ os, keys: () => keys });
  });
  afterAll(async () => {
    await on.close();
  });

  /** A phone of its own at a computer that nothing else is wrong with, and nobody has fixed anything for a day. */
  async function begin({ begins, fault, and }: Pick<Case, 'begins' | 'fault' | 'and'>): Promise<Phone> {
    const { computer } = on;
    for (const name of computer.bench.names) computer.bench.unplug(name);
    for (const { name } of await computer.list('record-files'))
      if (!name.startsWith('System')) computer.bench.mux.records.delete(name.slice(0, -'.plist'.length));
    await computer.heal();
    const name = `p${phones++}`;
    const phone = computer.addPhone({ name, ...LAB_PHONE });
    await computer.bench.begin(name, begins);
    computer.bench.plug(name);
    if (fault) await computer.setHostFault(fault);
    and?.(on, phone);
    computer.recordFolder.held = 'no';
    computer.effects.entries.length = 0;
    on.stages.length = 0;
    on.now += DAY_MS + 1;
    return phone;
  }

  async function run(fix: AgentFixId, phone: Phone): Promise<FixOutcome> {
    const end = await on.run({ fix, udid: FIXES[fix].scope === 'pair' ? phone.udid : null }, { ctx: contextOn(on.computer) });
    for (const f of end.facts) Fact.parse(JSON.parse(JSON.stringify(f)));
    return end;
  }

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

  const table = CASES.map((c) => [c.fix, c.cause, c] as const);

  it.each(table)('%s cures %s', async (_fix, _cause, c) => {
    const phone = await begin(c);
    const before = await lookAround(on.computer, phone.udid);
    const was = verdictOn(before, null, c.tried);
    expect(snapshotOf(was).openCauses).toContain(c.cause);
    expect(may(c.fix, was, [])).toMatchObject({ ok: true });
    const end = await run(c.fix, phone);
    expect(end).toMatchObject({ mechanics: 'done', detail: c.done });
    c.proof(on, phone);
    const again = await lookAround(on.computer, phone.udid);
    const now = verdictOn([...before, ...end.facts, ...again], was, c.tried);
    expect(judge(c.cause, snapshotOf(was), snapshotOf(now), end.mechanics)).toEqual(c.verdict ?? { verdict: 'cured' });
  });

  it.each(table)('%s does not help with %s: unchanged, and the next rung is offered', async (_fix, _cause, c) => {
    const phone = await begin(c);
    const before = await lookAround(on.computer, phone.udid);
    const was = verdictOn(before, null, c.tried);
    const { records } = on.computer.bench.mux;
    const own = records.delete;
    c.hinder(on, phone);
    const end = await run(c.fix, phone).finally(() => {
      records.delete = own;
    });
    expect(end).toMatchObject(c.undone.detail === '' ? { mechanics: c.undone.mechanics } : c.undone);
    const now = verdictOn([...before, ...end.facts], was, [...(c.tried ?? []), c.fix]);
    expect(judge(c.cause, snapshotOf(was), snapshotOf(now), end.mechanics)).toEqual({ verdict: 'unchanged' });
    const finding = now.findings.find((f) => f.cause === c.cause && f.state === 'open');
    expect(finding?.fixes.slice(finding.fixes.indexOf(c.fix) + 1)).toEqual(c.next);
    for (const next of c.next) expect(may(next, now, [c.fix])).toMatchObject({ code: 'guided' });
  });

  it('F14 keeps every record in one private file, leaves the computer’s identity, and then trust can be asked for', async () => {
    const phone = await begin({ begins: 'paired', fault: 'identity-changed' });
    const record = on.record(phone.udid);
    const identity = on.computer.bench.mux.records.buid;
    expect(await run('F14', phone)).toMatchObject({ mechanics: 'done', detail: 'records-moved' });
    const [archive = ''] = (await on.undoFiles()).filter((n) => n.startsWith('all-records')).slice(-1);
    const path = join(on.dir, 'agent', 'undo', archive);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(Buffer.from(parsePlistDict(await readFile(path))[phone.udid] as Uint8Array)).toEqual(record);
    expect(on.computer.bench.mux.records.buid).toBe(identity);
    expect((await readdir(join(on.dir, 'computer', 'lockdown'))).filter((n) => n.endsWith('.plist'))).toEqual([
      'SystemConfiguration.plist',
    ]);
    phone.habits.trustAfterMs = 100;
    const end = await run('F11', phone);
    expect(told(end.facts, 'trust-session')).toMatchObject({ outcome: 'accepted' });
  });

  it('F14 puts every record back, byte for byte, when the multiplexer is not started again', async () => {
    const phone = await begin({ begins: 'paired', fault: 'identity-changed' });
    const record = on.record(phone.udid);
    if (os === 'linux') on.computer.services.mayRestart = false;
    if (os === 'macos') for (const id of ['usbmuxd-term', 'usbmuxd-kill'] as const) on.computer.answers[id] = { exit: 1 };
    if (os === 'windows') on.computer.answers['service-stop'] = { exit: 5 };
    const end = await on.run({ fix: 'F14', udid: null }, { ctx: contextOn(on.computer), waits: { ...on.waits, relist: 600 } });
    on.computer.services.mayRestart = true;
    for (const id of ['usbmuxd-term', 'usbmuxd-kill', 'service-stop'] as const) delete on.computer.answers[id];
    expect(end).toMatchObject({
      mechanics: 'failed',
      detail: { linux: 'restart-denied', macos: 'old-pid-stays', windows: 'stop-denied' }[os],
    });
    expect(on.record(phone.udid)).toEqual(record);
    expect(on.computer.effects.count('record-saved')).toBe(1);
  });

  const REFUSALS: readonly {
    fix: AgentFixId;
    name: string;
    detail: string;
    begins?: Case['begins'];
    on?: readonly Os[];
    given?: (on: FixBench, phone: Phone) => void;
  }[] = [
    { fix: 'F11', name: 'trust is there', detail: 'not-needed' },
    { fix: 'F12', name: 'the session works', detail: 'session-works' },
    { fix: 'F14', name: 'there is no record', detail: 'no-records', begins: 'none' },
    {
      fix: 'F14',
      name: 'nobody knows who listens',
      detail: 'mux-not-proven',
      given: ({ computer }) => void (computer.listener = { proven: false, why: 'tcp' }),
    },
    {
      fix: 'F14',
      name: 'a phone is being restored',
      detail: 'busy',
      on: ['macos'],
      given: ({ computer }) => void (computer.condition.restoring = true),
    },
    { fix: 'F15', name: 'the rights are fine', detail: 'not-needed' },
    {
      fix: 'F15',
      name: 'the disk is mounted read-only',
      detail: 'read-only-file-system',
      on: ['linux'],
      given: ({ computer }) => void (computer.condition.recordsWritable = false),
    },
    {
      fix: 'F15',
      name: 'the folder is somebody else’s',
      detail: 'foreign-owner',
      on: ['macos'],
      given: ({ computer }) => void (computer.condition.recordFolder = { uid: 501, mode: 0o700 }),
    },
    { fix: 'F30', name: 'it is on', detail: 'not-needed' },
    { fix: 'F30', name: 'there is no session', detail: 'no-session', begins: 'none' },
    { fix: 'F47', name: 'there is no session', detail: 'no-session', begins: 'forgets-host' },
    { fix: 'F47', name: 'it does not answer', detail: 'session-not-tried', begins: 'drop' },
  ];
  const refusals = REFUSALS.filter((r) => (r.on ?? SYSTEMS).includes(os));
  it.each(refusals.map((r) => [r.fix, r.name, r] as const))(
    '%s is refused and touches nothing: %s',
    async (fix, _name, { detail, begins = 'paired', given }) => {
      const phone = await begin({ begins });
      given?.(on, phone);
      const kept = [await on.keptStore().list(), await on.undoFiles()];
      const end = await run(fix, phone).finally(() => {
        on.computer.listener = null;
      });
      expect(end).toMatchObject({ mechanics: 'refused', detail });
      expect(on.computer.effects.entries).toEqual([]);
      expect([await on.keptStore().list(), await on.undoFiles()]).toEqual(kept);
      expect(on.stages).not.toContain('acting');
    },
  );
});
