import type { CommandId, Params, Ran, StartNormally } from '@lockstep/agent/machine';
import type { Bench, OnBus } from '../../daemon/index.js';
import type { HostCondition } from '../condition.js';
import type { EffectLog } from '../effects.js';

/** How a phone's firmware is written. */
type How = 'update' | 'revive' | 'erase';

/** What goes wrong when one is told to do it: a restore's number, or what no number tells. */
export type RestoreTrouble =
  /** The file is damaged, or Apple's server signs nothing: before anything is written. */
  | 14
  | 3194
  /** The phone is lost in the middle, and is back in recovery mode. */
  | 9
  | 4013
  /** The cable comes out in the middle. */
  | 'cable'
  /** The tool comes to no end. */
  | 'hangs'
  /** It is done, and the phone is back in recovery mode all the same. */
  | 'loops';

/** What tools that write firmware do with the phones of a simulated computer. */
export interface RecoveryWorld {
  bench: Bench;
  effects: EffectLog;
  condition(): HostCondition;
}

/** The release that every model gets. */
const NEWEST = { productVersion: '26.1', buildVersion: '23B85' };
const MISSING: Ran = { exit: null, stdout: '', stderr: '', failure: 'missing-tool' };
const ended = (exit: number, stdout = '', stderr = ''): Ran => ({ exit, stdout, stderr, failure: null });

/**
 * cfgutil, irecovery, idevicerestore and the bus itself, as far as phones in recovery and DFU mode go: they find a phone by its ECID and
 * nothing else, and what they do is really done to the simulated phone.
 */
export class RecoveryTools {
  trouble: RestoreTrouble | null = null;
  /** Whether phones can be spoken to over the bus itself. */
  bus: 'open' | 'held' | 'no-package' = 'open';

  constructor(private readonly world: RecoveryWorld) {}

  /** What one of their commands says and does; null for a command that is none of theirs. */
  async act(id: CommandId, params: Params): Promise<Ran | null> {
    switch (id) {
      case 'irecovery-version':
        return this.has('irecovery') ? ended(0, 'irecovery 1.0.0\n') : MISSING;
      case 'idevicerestore-version':
        return this.has('idevicerestore') ? ended(0, 'idevicerestore 1.0.1\n') : MISSING;
      case 'irecovery-normal':
      case 'mac-irecovery-normal':
        return this.has('irecovery') ? this.irecovery(params.ecid ?? '') : MISSING;
      case 'mac-irecovery-normal-intel':
        return MISSING;
      case 'idevicerestore-update':
        return this.has('idevicerestore') ? this.idevicerestore(params.ecid ?? '', 'update') : MISSING;
      case 'idevicerestore-erase':
        return this.has('idevicerestore') ? this.idevicerestore(params.ecid ?? '', 'erase') : MISSING;
      case 'cfgutil-get':
      case 'cfgutil-pair':
      case 'cfgutil-unpair':
      case 'cfgutil-restart':
      case 'cfgutil-update':
      case 'cfgutil-revive':
      case 'cfgutil-restore':
        return this.cfgutil(id, params.ecid ?? '');
      default:
        return null;
    }
  }

  /** What the agent's own control transfers come to. */
  startNormally(ecid: string): StartNormally {
    if (this.bus === 'no-package') return 'unsupported';
    const phone = this.byEcid(`0x${ecid}`);
    if (phone?.look !== 'recovery') return 'not-found';
    if (this.bus === 'held') return 'not-permitted';
    this.start(phone);
    return 'sent';
  }

  private has(tool: 'irecovery' | 'idevicerestore'): boolean {
    return this.world.condition().openTools.includes(tool);
  }

  /** Nothing is said without `-v`, and the exit code only tells whether the phone was found. */
  private irecovery(ecid: string): Ran {
    const phone = this.byEcid(ecid);
    if (phone?.look !== 'recovery') return ended(255, '', 'ERROR: Unable to connect to device\n');
    this.start(phone);
    return ended(0);
  }

  private idevicerestore(ecid: string, how: How): Ran {
    const phone = this.inBoot(ecid);
    if (!phone) return ended(255, '', 'ERROR: Unable to discover device mode. Please make sure a device is attached.\n');
    const out = 'Found device in Recovery mode\nprogress: 0 0.8\nprogress: 1 0.0\n';
    const end = this.write(phone, how);
    if (end === 'hangs') return { exit: null, stdout: out, stderr: '', failure: 'timeout' };
    if (end === 'done') return ended(0, `${out}Status: Restore Finished\nDONE\n`);
    return ended(255, out, end === 3194 ? 'ERROR: Unable to get SHSH blobs for this device\n' : `ERROR: restore failed, error ${end}\n`);
  }

  /** Texts are in the Mac's language, and the exit code is 1 also when it worked. */
  private cfgutil(id: CommandId, ecid: string): Ran {
    const { configurator } = this.world.condition().mac;
    if (configurator === 'none') return ended(1, '', 'sudo: cfgutil: command not found\n');
    if (configurator === 'hangs') return { exit: null, stdout: '', stderr: '', failure: 'timeout' };
    const Command = id.slice('cfgutil-'.length);
    const json = (o: object) => `${JSON.stringify({ Command, ...o })}\n`;
    const no = (Code: number) => ended(1, json({ Type: 'Error', Message: '操作无法完成。', Domain: 'AMRestoreErrorDomain', Code }));
    const phone = this.byEcid(ecid);
    if (!phone) return no(1);
    if (id === 'cfgutil-get')
      return ended(0, json({ Output: { [ecid]: this.properties(phone), Errors: {} }, Type: 'CommandOutput', Devices: [ecid] }));
    if (id === 'cfgutil-restart') return this.restart(phone, ecid, no, json);
    if (id === 'cfgutil-pair' || id === 'cfgutil-unpair') return phone.udid === null ? no(1) : this.pairing(phone, id, ecid, json);
    if (!this.inBoot(ecid)) return no(1);
    const how = id === 'cfgutil-restore' ? 'erase' : id === 'cfgutil-revive' ? 'revive' : 'update';
    const progress = json({ Type: 'Progress', Value: 0.41 });
    const end = this.write(phone, how);
    if (end === 'hangs') return { exit: null, stdout: progress, stderr: '', failure: 'timeout' };
    if (end === 'done') return ended(1, progress + json({ Output: { Errors: { [ecid]: {} } }, Type: 'CommandOutput', Devices: [ecid] }));
    this.world.condition().restoreError = end;
    return { ...no(end), stdout: progress + no(end).stdout };
  }

  private restart(phone: OnBus, ecid: string, no: (code: number) => Ran, json: (o: object) => string): Ran {
    const { supervision } = this.world.bench.phone(phone.name);
    if (phone.udid === null || !supervision.supervised || !this.world.condition().mac.organisation) return no(1);
    this.world.bench.phone(phone.name).restart();
    return ended(0, json({ Output: { Errors: {} }, Type: 'CommandOutput', Devices: [ecid] }));
  }

  /** Configurator asks the phone as everybody does; what comes of it is the phone's and its holder's. */
  private pairing(phone: OnBus, id: CommandId, ecid: string, json: (o: object) => string): Ran {
    if (id === 'cfgutil-unpair') this.world.bench.phone(phone.name).forgetComputers();
    return ended(0, json({ Output: { Errors: {} }, Type: 'CommandOutput', Devices: [ecid] }));
  }

  private properties({ name, udid, look }: OnBus): Record<string, unknown> {
    const { identity } = this.world.bench.phone(name);
    const mode = look === 'recovery' ? 'Recovery' : look === 'dfu' ? 'DFU' : 'Booted';
    if (udid === null) return { bootedState: mode, deviceType: identity.productType, isRestorable: true };
    return {
      bootedState: mode,
      deviceType: identity.productType,
      firmwareVersion: identity.productVersion,
      buildVersion: identity.buildVersion,
      isPaired: this.world.bench.phone(name).trustedHosts.length > 0,
      isSupervised: this.world.bench.phone(name).supervision.supervised,
      batteryCurrentCapacity: '80',
    };
  }

  /** The phone with that ECID, `0x…` with or without zeros before it. */
  private byEcid(ecid: string): OnBus | undefined {
    const wanted = BigInt(ecid);
    return this.world.bench.onBus.find((p) => this.world.bench.phone(p.name).identity.ecid === wanted);
  }

  private inBoot(ecid: string): OnBus | undefined {
    const phone = this.byEcid(ecid);
    return phone?.look === 'recovery' || phone?.look === 'dfu' ? phone : undefined;
  }

  /** The boot loader starts what is installed; a damaged system brings the phone back to it. */
  private start({ name }: OnBus): void {
    const { bench, effects } = this.world;
    const phone = bench.phone(name);
    effects.add({ effect: 'boot-told', udid: phone.udid });
    if (this.trouble === 'loops') bench.force(name, 'recovery');
    else {
      bench.force(name, null);
      phone.restart();
    }
  }

  /** Writes the firmware, or as much of it as the trouble lets it; tells how that ended. */
  private write({ name }: OnBus, how: How): 'done' | 'hangs' | number {
    const { bench, effects } = this.world;
    const phone = bench.phone(name);
    const { trouble } = this;
    if (trouble === 14 || trouble === 3194) return trouble;
    effects.add({ effect: 'firmware-begun', udid: phone.udid, how });
    bench.force(name, 'restore');
    if (how === 'erase') {
      phone.install({ ...phone.identity, erased: true });
      effects.add({ effect: 'phone-erased', udid: phone.udid });
    }
    if (trouble === 'hangs') return 'hangs';
    if (trouble === 'cable') {
      bench.unplug(name);
      return 4013;
    }
    if (trouble === 9 || trouble === 4013) {
      bench.force(name, 'recovery');
      return trouble;
    }
    phone.install({ ...NEWEST, erased: false });
    if (trouble === 'loops') bench.force(name, 'recovery');
    else {
      bench.force(name, null);
      phone.restart();
    }
    return 'done';
  }
}
