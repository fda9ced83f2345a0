import type { CommandId, Params, Ran } from '@lockstep/agent/machine';
import { ChangeFailed, type Changes, checkSwitch, DROP_IN, type MuxAccount } from '@lockstep/agent/machine';
import type { Bench } from '../../daemon/index.js';
import type { ComputerView, HostCondition } from '../condition.js';
import type { EffectLog } from '../effects.js';
import { document, rows } from '../windows-document.js';
import { instanceId } from '../windows-nodes.js';

/** Zadig's package in the lab, by the name Windows published it under. */
const FOREIGN = 'oem44.inf';
/** Apple's package as Windows Update brings it. */
const APPLES = 'C:\\Windows\\System32\\DriverStore\\FileRepository\\appleusb.inf_amd64_3f1c2b4a5d6e7f80\\appleusb.inf';
const TESTED = 'CN=Microsoft Windows Hardware Compatibility Publisher, O=Microsoft Corporation, L=Redmond, S=Washington, C=US';

/** What tools of device, driver and power work on. */
export interface UsbToolsOf {
  bench: Bench;
  effects: EffectLog;
  os: ComputerView['os'];
  condition(): HostCondition;
}

const ran = (exit: number, stdout = '', stderr = ''): Ran => ({ exit, stdout, stderr, failure: null });

/** pnputil, powercfg and usbipd of a PC, and the kernel's switches of a Linux computer: what they do shows wherever a computer could look. */
export class UsbTools {
  /** Drivers that were copied out of the store, by folder. */
  private readonly exported = new Set<string>();
  /** A device is held by its driver: it cannot be restarted in one go. */
  holdsOn = false;
  /** What is switched on it switches itself back at once, as where another program manages power. */
  switchesBack = false;
  private made = 0;

  constructor(private readonly of: UsbToolsOf) {}

  /** Null: none of its commands. */
  act(id: CommandId, params: Params): Ran | null {
    const done = this.carryOut(id, params);
    if (done !== null) this.of.effects.add({ effect: 'command-acted', command: id });
    return done;
  }

  private carryOut(id: CommandId, params: Params): Ran | null {
    const condition = this.of.condition();
    const { windows } = condition;
    switch (id) {
      case 'device-restart': {
        const phone = this.named(params.instance);
        if (phone === null) return ran(1, 'Device instance not found.\r\n');
        if (this.holdsOn) return ran(50, 'The request is not supported.\r\n');
        if (windows.driver === 'wants-restart') return ran(3010, 'System reboot is needed to complete the operation.\r\n');
        this.startsAnew(phone);
        return ran(0, 'Device restarted successfully.\r\n');
      }
      case 'device-disable':
        if (this.named(params.instance) === null) return ran(1);
        windows.deviceOff = true;
        this.withhold(true);
        return ran(0, 'Device disabled successfully.\r\n');
      case 'device-enable': {
        const phone = this.named(params.instance);
        if (phone === null) return ran(1);
        windows.deviceOff = false;
        this.bind(windows.driver === 'disabled' ? 'fine' : windows.driver);
        this.startsAnew(phone);
        return ran(0, 'Device enabled successfully.\r\n');
      }
      case 'device-scan':
        return ran(0, 'Scan complete.\r\n');
      case 'driver-export':
        if (params.inf?.toLowerCase() !== FOREIGN || windows.driver !== 'foreign') return ran(2);
        this.exported.add(params.folder ?? '');
        return ran(0, 'Driver package exported successfully.\r\n');
      case 'driver-delete':
        return params.inf?.toLowerCase() === FOREIGN && windows.driver === 'foreign' ? this.bind('missing') : ran(2);
      case 'driver-restore':
        return this.exported.has(params.folder ?? '') ? this.bind('foreign') : ran(2);
      case 'driver-add':
        // A driver that is bound is not replaced by one of lower rank.
        return windows.driver === 'missing' || windows.driver === 'broken' ? this.bind('fine') : ran(259);
      case 'suspend-on-mains':
      case 'suspend-on-battery':
        condition.suspendsIdle = params.onOff === '1';
        return ran(0);
      case 'suspend-apply':
        return ran(0);
      case 'usbipd-detach':
        condition.takenBy = null;
        this.withhold(false);
        return ran(0);
      default:
        return null;
    }
  }

  /** What a fix changes on a Linux computer without a command, and the folders it makes on a PC. */
  changes(dropIn: { placed: MuxAccount | null }): Partial<Changes> {
    const { os, effects } = this.of;
    const only = (wanted: ComputerView['os'], what: string) => {
      if (os !== wanted) throw new ChangeFailed('unsupported', what);
    };
    return {
      setUsbSwitch: async (id, device, value) => {
        only('linux', id);
        checkSwitch(id, device, value);
        const phone = this.of.bench.onBus.find((p) => p.device.location === device);
        if (!phone) throw new ChangeFailed('missing', device);
        effects.add({ effect: 'switched', what: id, value });
        if (this.switchesBack) return;
        if (id === 'power') this.of.condition().suspendsIdle = value === 'auto';
        else if (value === '0') this.of.bench.force(phone.name, 'unauthorised');
        else {
          this.of.bench.force(phone.name, null);
          this.of.bench.recycle(phone.name);
        }
      },
      placeDropIn: async (account) => {
        only('linux', DROP_IN);
        dropIn.placed = account;
        effects.add({ effect: 'drop-in', what: 'placed' });
      },
      removeDropIn: async () => {
        only('linux', DROP_IN);
        dropIn.placed = null;
        effects.add({ effect: 'drop-in', what: 'removed' });
      },
      makeDriverFolder: async (inf) => {
        only('windows', 'driver folder');
        return `C:\\ProgramData\\Lockstep\\agent\\drivers\\${inf.replace('.', '-')}-${++this.made}`;
      },
    };
  }

  /** The phone that an instance id, of itself or of one of its interfaces, names. */
  private named(instance: string | undefined): string | null {
    const { bench } = this.of;
    const found = bench.onBus.find((p) => instance === instanceId(p.device) || instance?.includes('&MI_'));
    return found?.name ?? null;
  }

  /** The phone's drivers start anew: what a start gets right is right, what is wrong with a driver or its absence is not. */
  private startsAnew(name: string): void {
    const { windows } = this.of.condition();
    if (windows.driver === 'broken') this.bind('fine');
    this.of.bench.recycle(name);
  }

  private bind(driver: HostCondition['windows']['driver']): Ran {
    this.of.condition().windows.driver = driver;
    this.withhold(driver !== 'fine');
    return ran(0);
  }

  private withhold(withheld: boolean): void {
    for (const name of this.of.bench.names) this.of.bench.withhold(name, withheld);
  }
}

/** What the same tools say without changing anything. Null: none of their questions. */
export function usbSays(id: CommandId, view: ComputerView): Partial<Ran> | null {
  const { condition } = view;
  switch (id) {
    case 'windows-drivers':
      return document(view, {
        packages: rows(...(condition.windows.stack === 'none' ? [] : [{ path: APPLES, version: '538.0.0.0', signed: 0, signer: TESTED }])),
        policies: rows(
          ...(condition.keepsPhonesOut
            ? [
                { rule: 'DenyDeviceIDs', value: '1', list: false },
                { rule: 'DenyDeviceIDs', value: 'USB\\VID_05AC&PID_12A8', list: true },
              ]
            : []),
        ),
      });
    case 'suspend-query': {
      const value = `0x0000000${condition.suspendsIdle ? 1 : 0}`;
      return { stdout: `    Current AC Power Setting Index: ${value}\r\n    Current DC Power Setting Index: ${value}\r\n` };
    }
    case 'usbipd-state':
      return {
        stdout: `${JSON.stringify({
          Devices: view.phones.map((p, n) => ({
            BusId: `1-${n + 1}`,
            ClientIPAddress: condition.takenBy === 'usbipd' ? '172.22.16.9' : null,
            Description: 'Apple Mobile Device USB Composite Device',
            InstanceId: instanceId(p.device),
            IsForced: false,
          })),
        })}\r\n`,
      };
    default:
      return null;
  }
}
