import type { Changes, CommandId, Params, Ran } from '@lockstep/agent/machine';
import type { Bench } from '../../daemon/index.js';
import type { ComputerView, HostCondition } from '../condition.js';
import type { EffectLog } from '../effects.js';
import { document, rows } from '../windows-document.js';

const ended = (exit: number, stdout = '', stderr = ''): Ran => ({ exit, stdout, stderr, failure: null });

/** What Apple's installer of iTunes puts on a PC, in no order, with product codes that are made up. */
const PRODUCTS = [
  ['Bonjour', '{6E3D0A41-7B5C-4E1D-8F20-000000000001}'],
  ['Apple Application Support (64-bit)', '{6E3D0A41-7B5C-4E1D-8F20-000000000002}'],
  ['Apple Mobile Device Support', '{6E3D0A41-7B5C-4E1D-8F20-000000000003}'],
  ['iTunes', '{6E3D0A41-7B5C-4E1D-8F20-000000000004}'],
  ['Apple Application Support (32-bit)', '{6E3D0A41-7B5C-4E1D-8F20-000000000005}'],
  ['Apple Software Update', '{6E3D0A41-7B5C-4E1D-8F20-000000000006}'],
] as const;

/** Entries of Apple's in a PC's list of installed programs. */
export function appleProducts({ condition }: ComputerView): { code: string; name: string; msi: boolean }[] {
  const { stack, removed } = condition.windows;
  const classic = stack === 'classic' || stack === 'both' || removed.length > 0;
  return classic ? PRODUCTS.filter(([name]) => !removed.includes(name)).map(([name, code]) => ({ code, name, msi: true })) : [];
}

export interface ServicesWorld {
  bench: Bench;
  effects: EffectLog;
  condition(): HostCondition;
  view(): ComputerView;
}

/** launchd's labels by the first word of the commands that are about them. */
const LABELS: Readonly<Record<string, string>> = {
  'discovery-agent': 'com.apple.AMPDeviceDiscoveryAgent',
  'devices-agent': 'com.apple.AMPDevicesAgent',
  'updater-agent': 'com.apple.mobiledeviceupdater',
};
const NAMES = { discovery: 'AMPDeviceDiscoveryAgent', devices: 'AMPDevicesAgent' } as const;

/** What tools of Apple's agents, their preferences and caches, and of Apple's programs do to a simulated computer. */
export class ServicesTools {
  /** Commands that say that they did it and change nothing. */
  readonly inert = new Set<CommandId | 'caches'>();
  /** How the last one ended. */
  private lastEnd = 0;
  /** With what number an installer ends. */
  installerEnds = 0;
  /** Whether what is installed came by another installer than Windows', which has no product codes. */
  foreignInstaller = false;
  /** After so many programs an uninstaller ends with this. */
  uninstallFails: { after: number; exit: number } | null = null;
  /** Names in the order in which they were removed. */
  readonly uninstalled: string[] = [];
  /** The person in front clicks Install when macOS offers its support. */
  clicksInstall = true;

  constructor(private readonly world: ServicesWorld) {}

  /** What one of their commands says and does; null for a command that is none of theirs. */
  async act(id: CommandId, params: Params): Promise<Ran | null> {
    const agent = /^((?:discovery|devices|updater)-agent)-(anew|start|enable|load|disable)$/.exec(id);
    if (agent?.[1] && agent[2]) return this.agent(id, agent[1], agent[2]);
    const hide = /^hide-(everywhere|helper|discovery|reveal)-(delete|write)$/.exec(id);
    if (hide) return this.preference(id, hide[1] === 'everywhere', hide[2] === 'write');
    switch (id) {
      case 'agent-term':
        return this.ofAgent(id, params, (which) => this.startAnew(which));
      case 'program-continue':
        return this.goesOn(id, params);
      case 'itunes-upgrade':
      case 'support-upgrade':
      case 'devices-upgrade':
      case 'store-itunes-upgrade':
      case 'devices-install':
        return this.installs(id);
      case 'program-uninstall':
        return await this.uninstalls(id, params);
      case 'installer-state':
        return { ...ended(0), ...document(this.world.view(), { ended: rows(this.lastEnd) }) };
      case 'installer-forget':
        return this.begun();
      case 'apple-programs':
        return this.foreignInstaller ? this.withoutCodes() : null;
      default:
        return null;
    }
  }

  private begun(): Ran {
    return { ...ended(0), ...document(this.world.view(), { done: rows('started') }) };
  }

  private withoutCodes(): Ran {
    const view = this.world.view();
    const products = appleProducts(view).map(({ name }) => ({ code: name, name, msi: false }));
    const processes = rows({ Id: 4, ProcessName: 'System', SessionId: 0 });
    const apps = rows({ name: 'AppleInc.AppleDevices' });
    return { ...ended(0), ...document(view, { products: rows(...products), apps, processes, glass: rows(1) }) };
  }

  /** Caches of the person in front; nothing else is on such a computer. */
  changes(): Pick<Changes, 'moveCaches' | 'moveCachesBack'> {
    return {
      moveCaches: async () => {
        this.world.effects.add({ effect: 'caches-moved', where: 'aside' });
        if (!this.inert.has('caches')) this.world.condition().mac.cachesBad = false;
        return ['Library/Caches/com.apple.AMPDevicesAgent'];
      },
      moveCachesBack: async () => void this.world.effects.add({ effect: 'caches-moved', where: 'back' }),
    };
  }

  private did(id: CommandId, change: () => void): Ran {
    this.world.effects.add({ effect: 'command-acted', command: id });
    if (!this.inert.has(id)) change();
    return ended(0);
  }

  private agent(id: CommandId, which: string, what: string): Ran {
    const { mac } = this.world.condition();
    const label = LABELS[which] ?? '';
    switch (what) {
      case 'enable':
        return this.did(id, () => {
          mac.disabled = mac.disabled.filter((l) => l !== label);
        });
      case 'disable':
        return this.did(id, () => void mac.disabled.push(label));
      case 'load':
        return ended(37, '', 'Bootstrap failed: 37: Operation already in progress\n');
      default:
        if (mac.disabled.includes(label)) return ended(119, '', 'Could not kickstart service: service is disabled\n');
        if (which === 'updater-agent') return this.did(id, () => this.offers());
        if (what === 'start') return this.did(id, () => {});
        return this.did(id, () => this.startAnew(which === 'devices-agent' ? 'devices' : 'discovery'));
    }
  }

  private startAnew(which: keyof typeof NAMES): void {
    const c = this.world.condition();
    c.mac.agents[which] += 1_000;
    this.release(NAMES[which]);
    if (c.mac.cachesBad) return;
    if (which === 'discovery') c.mac.sawPhone = true;
    else if (c.mac.configurator === 'hangs') c.mac.configurator = 'answers';
  }

  /** The updater offers its package; it is installed after the phone came. */
  private offers(): void {
    const { now, osVersion } = this.world.view();
    if (this.clicksInstall && Number.parseInt(/\d+/.exec(osVersion)?.[0] ?? '', 10) < 26)
      this.world.condition().mac.supportInstalledAt = now + 1_000;
  }

  private release(name: string): void {
    const c = this.world.condition();
    c.programs = c.programs.filter((p) => !(p.name === name && p.held));
  }

  private ofAgent(id: CommandId, { pid }: Params, act: (which: keyof typeof NAMES) => void): Ran {
    const { agents } = this.world.condition().mac;
    const which = (['discovery', 'devices'] as const).find((w) => String(agents[w]) === pid);
    return which ? this.did(id, () => act(which)) : ended(1, '', `kill: ${pid}: No such process\n`);
  }

  private goesOn(id: CommandId, params: Params): Ran {
    if (params.pid === String(this.world.view().muxPid)) return this.did(id, () => this.release('usbmuxd'));
    return this.ofAgent(id, params, (which) => this.release(NAMES[which]));
  }

  private preference(id: CommandId, everywhere: boolean, write: boolean): Ran {
    const { mac } = this.world.condition();
    if (write) {
      return this.did(id, () => {
        mac.hides ||= everywhere;
      });
    }
    if (!everywhere || !mac.hides)
      return ended(1, '', 'Domain (kCFPreferencesAnyApplication) not found.\nDefaults have not been changed.\n');
    return this.did(id, () => {
      mac.hides = false;
    });
  }

  private installs(id: CommandId): Ran {
    const { windows } = this.world.condition();
    this.did(id, () => {
      if (this.installerEnds !== 0) return;
      windows.stackAge = 'current';
      if (id === 'devices-install') windows.stack = 'store';
    });
    this.lastEnd = this.installerEnds;
    return this.begun();
  }

  private async uninstalls(id: CommandId, { product }: Params): Promise<Ran> {
    const { windows } = this.world.condition();
    const found = appleProducts(this.world.view()).find((p) => p.code === product);
    this.lastEnd = found ? this.installerEnds : 1605;
    const fails = this.uninstallFails;
    if (fails && this.uninstalled.length >= fails.after) this.lastEnd = fails.exit;
    if (!found || (fails && this.uninstalled.length >= fails.after)) return this.begun();
    this.did(id, () => {
      this.uninstalled.push(found.name);
      windows.removed.push(found.name);
      if (!windows.removed.includes('iTunes') || !windows.removed.includes('Apple Mobile Device Support')) return;
      if (windows.stack === 'both') windows.stack = 'store';
      if (windows.stack === 'classic') windows.stack = 'none';
    });
    if (found.name === 'Apple Mobile Device Support' && !this.inert.has(id) && this.world.bench.mux.pid !== null)
      await this.world.bench.mux.stop();
    return this.begun();
  }
}
