import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newPairingKeys } from '@lockstep/agent/device';
import { type CommandId, type FileId, type Os, ReadFailed } from '@lockstep/agent/machine';
import { type AgentFixId, FIXES } from '@lockstep/core/fixes';
import { LAB_PHONE } from '../../test/catalogue.js';
import { FixBench } from '../../test/fix-bench.js';
import { contextOn } from '../../test/verdict.js';

const keys = newPairingKeys();
const DAY_MS = 86_400_000;
type Phone = ReturnType<FixBench['computer']['addPhone']>;
/** A tool that does not answer. */
const silent = { exit: null, failure: 'timeout' } as const;

interface Case {
  fix: AgentFixId;
  when: string;
  detail: string;
  on: readonly Os[];
  given: (on: FixBench, phone: Phone) => void | Promise<void>;
}

const down = (on: FixBench) => on.computer.bench.setMuxFault('mux-stopped');
const mute = (on: FixBench, ...ids: CommandId[]) => {
  for (const id of ids) on.computer.answers[id] = silent;
};
const recovery = async (phone: Phone) => {
  phone.enterRecovery();
  await new Promise((r) => setTimeout(r, 50));
};

const CASES: readonly Case[] = [
  {
    fix: 'F08',
    when: 'a backup is under way',
    detail: 'busy',
    on: ['linux'],
    given: async (on) => {
      await down(on);
      on.computer.condition.programs.push({ name: 'idevicebackup2' });
    },
  },
  {
    fix: 'F08',
    when: 'a restore is under way',
    detail: 'busy',
    on: ['macos', 'windows'],
    given: async (on) => {
      await down(on);
      on.computer.condition.restoring = true;
    },
  },
  {
    fix: 'F08',
    when: 'nobody can tell whether a phone is at work',
    detail: 'not-quiet-known',
    on: ['linux', 'macos', 'windows'],
    given: async (on) => {
      await down(on);
      mute(on, ...({ linux: ['process-names'], macos: ['process-list'], windows: ['windows-now'] } as const)[on.computer.os]);
    },
  },
  {
    fix: 'F08',
    when: 'nobody can tell how the agent reaches its server',
    detail: 'route-unknown',
    on: ['linux', 'macos', 'windows'],
    given: async (on) => {
      await down(on);
      mute(on, ...({ linux: [], macos: ['network-order', 'route-default'], windows: ['windows-network'] } as const)[on.computer.os]);
      if (on.computer.os === 'linux') on.computer.files['routes-4'] = new ReadFailed('denied', 'routes-4');
    },
  },
  {
    fix: 'F12',
    when: 'the phone does not answer',
    detail: 'refusal-not-shown',
    on: ['linux', 'macos', 'windows'],
    given: (_on, phone) => phone.setFault('drop'),
  },
  {
    fix: 'F30',
    when: 'no session opens',
    detail: 'no-session',
    on: ['linux', 'macos', 'windows'],
    given: (_on, phone) => phone.setFault('forgets-host'),
  },
  { fix: 'F42', when: 'the phone is up', detail: 'not-in-recovery', on: ['linux', 'macos'], given: () => {} },
  {
    fix: 'F43',
    when: 'the computer runs on its battery',
    detail: 'on-battery',
    on: ['macos'],
    given: async (on, phone) => {
      await recovery(phone);
      on.computer.condition.onBattery = true;
    },
  },
  {
    fix: 'F43',
    when: 'nobody can tell what the computer runs on',
    detail: 'power-unknown',
    on: ['macos'],
    given: async (on, phone) => {
      await recovery(phone);
      mute(on, 'power-now');
    },
  },
  {
    fix: 'F09',
    when: 'no phone is plugged in',
    detail: 'no-phone',
    on: ['windows'],
    given: (on, phone) => on.computer.bench.unplug(phone.name),
  },
  {
    fix: 'F09b',
    when: 'nobody is signed in',
    detail: 'nobody-in-front',
    on: ['windows'],
    given: (on) => void (on.computer.condition.person = 'none'),
  },
  {
    fix: 'F06',
    when: 'no driver of Apple is in the store',
    detail: 'no-apple-driver',
    on: ['windows'],
    given: (on) => void (on.computer.condition.windows.stack = 'none'),
  },
];

describe.each(['linux', 'macos', 'windows'] as const)('on %s', (os) => {
  let on: FixBench;
  let phones = 0;
  beforeAll(async () => {
    on = await FixBench.open({ os, keys: () => keys });
  });
  afterAll(async () => {
    await on.close();
  });

  it.each(CASES.filter((c) => c.on.includes(os)).map((c) => [c.fix, c.when, c.detail, c] as const))(
    '%s is refused, and nothing is touched, when %s: %s',
    async (fix, _when, detail, c) => {
      const { computer } = on;
      for (const name of computer.bench.names) computer.bench.unplug(name);
      for (const id of Object.keys(computer.answers) as CommandId[]) delete computer.answers[id];
      for (const id of Object.keys(computer.files) as FileId[]) delete computer.files[id];
      await computer.heal();
      const name = `p${phones++}`;
      const phone = computer.addPhone({ name, ...LAB_PHONE });
      await computer.bench.begin(name, 'paired');
      computer.bench.plug(name);
      await c.given(on, phone);
      computer.effects.entries.length = 0;
      on.stages.length = 0;
      on.now += DAY_MS + 1;
      const order = { fix, udid: FIXES[fix].scope === 'pair' ? phone.udid : null };
      expect(await on.run(order, { ctx: contextOn(computer) })).toMatchObject({ mechanics: 'refused', detail });
      expect(computer.effects.entries).toEqual([]);
      expect(on.stages).not.toContain('acting');
      expect([await on.keptStore().list(), await on.undoFiles()]).toEqual([[], []]);
    },
  );
});
