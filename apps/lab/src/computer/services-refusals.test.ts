import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Os } from '@lockstep/agent/machine';
import type { AgentFixId } from '@lockstep/core/fixes';
import { ServicesTrial } from '../../test/services-trial.js';
import type { SimulatedComputer } from './index.js';

const SYSTEMS = ['macos', 'windows'] as const satisfies Os[];

describe.each(SYSTEMS)('on %s', (os) => {
  let on: ServicesTrial;

  beforeAll(async () => {
    on = await ServicesTrial.open(os);
  });
  afterAll(async () => {
    await on.close();
  });

  const REFUSALS: readonly {
    fix: AgentFixId;
    on: (typeof SYSTEMS)[number];
    name: string;
    detail: string;
    given?: (c: SimulatedComputer) => void | Promise<void>;
  }[] = [
    { fix: 'F17', on: 'macos', name: 'nobody sits there', detail: 'nobody-in-front', given: (c) => void (c.person = 'none') },
    { fix: 'F17', on: 'macos', name: 'a phone is being restored', detail: 'busy', given: (c) => void (c.condition.restoring = true) },
    {
      fix: 'F17',
      on: 'macos',
      name: 'somebody switched an agent off',
      detail: 'agent-disabled',
      given: async (c) => await c.setHostFault('agent-disabled'),
    },
    { fix: 'F18', on: 'macos', name: 'nothing hides phones', detail: 'not-needed' },
    {
      fix: 'F18',
      on: 'macos',
      name: 'a profile hides them',
      detail: 'set-by-profile',
      given: (c) => void (c.condition.mac.hidesByProfile = true),
    },
    { fix: 'F18', on: 'macos', name: 'nobody sits there', detail: 'nobody-in-front', given: (c) => void (c.person = 'none') },
    { fix: 'F18', on: 'windows', name: 'no preference hides phones there', detail: 'unsupported' },
    { fix: 'F17', on: 'windows', name: 'there are no such agents', detail: 'unsupported' },
    {
      fix: 'F19',
      on: 'windows',
      name: 'iTunes is open',
      detail: 'itunes-open',
      given: (c) => void c.condition.programs.push({ name: 'iTunes' }),
    },
    {
      fix: 'F19',
      on: 'windows',
      name: 'whose caches they would be is not known',
      detail: 'others-signed-in',
      given: (c) => void (c.condition.otherPeople = 1),
    },
    {
      fix: 'F21',
      on: 'macos',
      name: 'updates come from a server of the company',
      detail: 'updates-blocked',
      given: async (c) => await c.setHostFault('support-blocked'),
    },
    { fix: 'F21', on: 'macos', name: 'no phone hangs on the bus', detail: 'no-phone', given: (c) => c.bench.unplug('anna') },
    { fix: 'F21', on: 'windows', name: 'it comes with Apple’s programs there', detail: 'unsupported' },
    { fix: 'F22', on: 'macos', name: 'it comes with the system there', detail: 'unsupported' },
    {
      fix: 'F22',
      on: 'windows',
      name: 'both flavours are there',
      detail: 'both-stacks',
      given: (c) => void (c.condition.windows.stack = 'both'),
    },
    {
      fix: 'F22',
      on: 'windows',
      name: 'the Store serves nobody but a person',
      detail: 'nobody-in-front',
      given: (c) => {
        c.condition.windows.stack = 'store';
        c.person = 'none';
      },
    },
    {
      fix: 'F22',
      on: 'windows',
      name: 'Apple Devices is open',
      detail: 'program-open',
      given: (c) => void c.condition.programs.push({ name: 'AppleDevices' }),
    },
    { fix: 'F25', on: 'windows', name: 'there is one stack', detail: 'not-needed' },
    {
      fix: 'F25',
      on: 'windows',
      name: 'iTunes is open',
      detail: 'program-open',
      given: (c) => {
        c.condition.windows.stack = 'both';
        c.condition.programs.push({ name: 'iTunes' });
      },
    },
    {
      fix: 'F25',
      on: 'windows',
      name: 'a program has no product code',
      detail: 'no-product-code',
      given: (c) => {
        c.condition.windows.stack = 'both';
        c.servicesTools.foreignInstaller = true;
      },
    },
  ];
  const refusals = REFUSALS.filter((r) => r.on === os).map((r) => [r.fix, r.name, r] as const);
  it.each(refusals)('%s is refused and touches nothing: %s', async (fix, _name, { detail, given }) => {
    await on.begin();
    await given?.(on.computer);
    on.computer.effects.entries.length = 0;
    const condition = structuredClone(on.computer.condition);
    expect(await on.run(fix)).toMatchObject({ mechanics: 'refused', detail });
    expect([on.acted(), on.computer.condition, await on.on.keptStore().list()]).toEqual([[], condition, []]);
    expect(on.on.stages).not.toContain('acting');
  });

  if (os === 'macos') {
    it('F17 lets an agent go on that is held, and starts it anew by another way where launchd refuses', async () => {
      await on.begin();
      await on.computer.setHostFault('agent-held');
      on.computer.answers['devices-agent-anew'] = { exit: 1, stderr: '1: Operation not permitted' };
      const { discovery, devices } = { ...on.computer.condition.mac.agents };
      expect(await on.run('F17')).toMatchObject({ mechanics: 'done', detail: 'new-pids' });
      expect(on.commands()).toEqual(['discovery-agent-anew', 'program-continue', 'agent-term', 'devices-agent-start']);
      expect(on.computer.condition.mac.agents.discovery).not.toBe(discovery);
      expect(on.computer.condition.mac.agents.devices).not.toBe(devices);
    });

    it('F18 puts back what it took away when a later step fails', async () => {
      await on.begin();
      await on.computer.setHostFault('hidden-by-preference');
      await on.computer.setHostFault('agent-disabled');
      on.computer.answers['discovery-agent-enable'] = { exit: 1, stderr: 'Operation not permitted' };
      expect(await on.run('F18')).toMatchObject({ mechanics: 'failed', detail: 'agent-stays-disabled' });
      expect([on.computer.condition.mac.hides, await on.on.keptStore().list()]).toEqual([true, []]);
      expect(on.commands()).toEqual(['hide-everywhere-delete', 'hide-everywhere-write', 'discovery-agent-disable']);
    });

    it('F18 that cannot be put back says that it is half done, and what was there stays kept', async () => {
      await on.begin();
      await on.computer.setHostFault('hidden-by-preference');
      await on.computer.setHostFault('agent-disabled');
      on.computer.answers['discovery-agent-enable'] = { exit: 1 };
      on.computer.answers['hide-everywhere-write'] = { exit: 1 };
      expect(await on.run('F18')).toMatchObject({ mechanics: 'unknown', detail: 'agent-stays-disabled-not-put-back' });
      expect((await on.on.keptStore().list()).map((k) => k.name)).toEqual(['hidden-phones']);
    });

    it('F18 takes away what is the person’s own, and says what a profile sets beside', async () => {
      await on.begin();
      await on.computer.setHostFault('hidden-by-preference');
      on.computer.condition.mac.hidesByProfile = true;
      expect(await on.run('F18')).toMatchObject({ mechanics: 'done', detail: 'rest-set-by-profile' });
      expect(on.computer.condition.mac).toMatchObject({ hides: false, hidesByProfile: true });
    });

    it('F19 moves everything back when the agents cannot be started anew', async () => {
      await on.begin();
      for (const id of ['discovery-agent-anew', 'agent-term'] as const) on.computer.servicesTools.inert.add(id);
      expect(await on.run('F19')).toMatchObject({ mechanics: 'failed', detail: 'old-pid-stays' });
      expect(on.computer.effects.entries.filter((e) => e.effect === 'caches-moved')).toMatchObject([{ where: 'aside' }, { where: 'back' }]);
      expect(await on.on.keptStore().list()).toEqual([]);
    });

    it('F21 awaits the person in front, and nothing but the version ends it', async () => {
      await on.begin();
      await on.computer.setHostFault('system-too-old');
      expect(await on.run('F21')).toMatchObject({ mechanics: 'done', detail: 'installed' });
      expect(on.on.stages).toContain('awaiting-holder:install-device-support');
    });
  } else {
    it('F25 removes in Apple’s order what is there, leaves Bonjour, and opens what serves phones from now on', async () => {
      await on.begin();
      await on.computer.setHostFault('mixed-stacks');
      expect(await on.run('F25')).toMatchObject({ mechanics: 'done', detail: 'one-stack' });
      expect(on.computer.servicesTools.uninstalled).toEqual([
        'iTunes',
        'Apple Software Update',
        'Apple Mobile Device Support',
        'Apple Application Support (32-bit)',
        'Apple Application Support (64-bit)',
      ]);
      expect(on.commands().at(-1)).toBe('store-app-start');
    });

    it.each([
      ['a busy installer at the start removes nothing', 1618, 0, { mechanics: 'failed', detail: 'uninstall-installer-busy' }],
      ['one that breaks in the middle is half done', 1603, 2, { mechanics: 'unknown', detail: 'half-removed-failed' }],
    ] as const)('F25: %s', async (_name, ends, after, expected) => {
      await on.begin();
      await on.computer.setHostFault('mixed-stacks');
      on.computer.servicesTools.uninstallFails = { after, exit: ends };
      expect(await on.run('F25')).toMatchObject(expected);
      expect(on.computer.servicesTools.uninstalled).toHaveLength(after);
    });

    it.each([
      ['the restart that finishes it', 3010, { mechanics: 'done', detail: 'restart-needed' }],
      ['another installer that works', 0x8a15_0102, { mechanics: 'failed', detail: 'installer-busy' }],
      ['one that goes on', 267_009, { mechanics: 'unknown', detail: 'update-goes-on' }],
    ] as const)('F22 tells of %s', async (_name, ends, expected) => {
      await on.begin();
      await on.computer.setHostFault('programs-too-old');
      on.computer.servicesTools.installerEnds = ends;
      expect(await on.run('F22', { deadlineMs: 1_500 })).toMatchObject(expected);
    });

    it.each([
      ['classic', 'itunes-upgrade'],
      ['store', 'devices-upgrade'],
    ] as const)('F22 updates the %s flavour and no other', async (stack, command) => {
      await on.begin();
      on.computer.condition.windows.stack = stack;
      expect(await on.run('F22')).toMatchObject({ mechanics: 'done', detail: 'updated' });
      expect(on.commands()).toEqual([command]);
    });

    it('F22 that was not heard of is unknown', async () => {
      await on.begin();
      on.computer.answers['itunes-upgrade'] = { exit: null, failure: 'timeout' };
      expect(await on.run('F22')).toMatchObject({ mechanics: 'unknown', detail: 'update-start-timeout' });
    });
  }
});
