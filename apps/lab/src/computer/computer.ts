import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { arch, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import {
  type CommandId,
  connectTo,
  type ListenerProof,
  type Machine,
  type MachineIdentity,
  type MuxAddress,
  proveListener,
  type Ran,
  type Sysfs,
  type SystemFileId,
  SysfsTree as TreeReader,
  Unscripted,
} from '@lockstep/agent/machine';
import { Bench, type BenchOptions } from '../daemon/index.js';
import { type LabClock, wallClock } from '../phone/index.js';
import { SysfsTree } from '../sysfs/index.js';
import { EffectLog } from './effects.js';
import { ServiceManager } from './service-manager.js';

/** sockaddr_un.sun_path holds 104 bytes on macOS, 108 on Linux, the ending NUL included. */
const SOCKET_PATH_BYTES = 103;

export interface ComputerOptions {
  /** Its hostname. */
  name: string;
  /** The same seed is the same computer: phones, keys, process ids. */
  seed: string;
  /** Where its files are: USB tree, pair records, socket, effect log. */
  dir: string;
  osVersion?: string;
  clock?: LabClock;
  /** The agent runs as root. */
  privileged?: boolean;
  /** usbmuxd follows the phones, as udev has it: no phone, no daemon. */
  followsPhones?: boolean;
  /** What the agent finds out about who listens on the multiplexer's socket; by default it looks for itself. */
  listener?: ListenerProof;
  /** Keys for pairings that were made long ago; see BenchOptions. */
  keys?: BenchOptions['keys'];
}

/**
 * A Linux computer with phones on its ports. Its device tree, service manager and multiplexer react to what an agent does to it: a restart
 * gives the daemon a new process id, a saved pair record is a file. Real agent code runs on it unchanged; what the simulation does not know
 * ends the test by name.
 */
export class SimulatedComputer implements Machine {
  readonly os = 'linux';
  readonly bench: Bench;
  readonly services: ServiceManager;
  readonly effects: EffectLog;
  readonly sysfs: Sysfs;
  readonly muxAddress: MuxAddress & { kind: 'unix' };
  /** The interface that carries its default route, and which USB device that is; a card of its own unless a test says otherwise. */
  route: { name: string; device: string } = { name: 'eth0', device: '../../../0000:00:1f.6' };
  listener: ListenerProof | null;
  private readonly clock: LabClock;
  private readonly startedAt: number;
  private readonly socketDir: string | null;
  private following: Promise<void> = Promise.resolve();

  constructor(private readonly options: ComputerOptions) {
    this.clock = options.clock ?? wallClock;
    this.startedAt = this.clock.now();
    mkdirSync(options.dir, { recursive: true, mode: 0o700 });
    this.effects = new EffectLog(join(options.dir, 'effects.jsonl'), () => this.clock.now());
    const tree = new SysfsTree(join(options.dir, 'sys'));
    this.bench = new Bench({
      seed: options.seed,
      recordsDir: join(options.dir, 'lockdown'),
      tree,
      clock: this.clock,
      ...(options.keys ? { keys: options.keys } : {}),
    });
    this.services = new ServiceManager(this.bench.mux, this.effects);
    this.sysfs = this.withRoutes(new TreeReader(tree.root));
    this.listener = options.listener ?? null;
    const near = join(options.dir, 'usbmuxd');
    this.socketDir = Buffer.byteLength(near) > SOCKET_PATH_BYTES ? mkdtempSync(join(tmpdir(), 'lockstep-mux-')) : null;
    this.muxAddress = { kind: 'unix', path: this.socketDir === null ? near : join(this.socketDir, 'usbmuxd') };
  }

  /** Starts the multiplexer. Phones are added to `bench` before or after. */
  async start(): Promise<void> {
    const { mux } = this.bench;
    let running: number | null = null;
    mux.on('state', () => {
      if (mux.pid === running) return;
      this.effects.add({ effect: mux.pid === null ? 'mux-stopped' : 'mux-started', pid: mux.pid ?? running });
      running = mux.pid;
    });
    mux.records.onChange = (what, udid) => this.effects.add({ effect: `record-${what}`, udid });
    await mux.listen(this.muxAddress);
    if (this.options.followsPhones) {
      this.bench.on('change', () => this.follow());
      this.follow();
    }
  }

  /** Adds a phone and writes down what happens to it. */
  addPhone(options: Parameters<Bench['add']>[0]): ReturnType<Bench['add']> {
    const phone = this.bench.add(options);
    phone.on('dialog', () => this.effects.add({ effect: 'asked-holder', udid: phone.udid }));
    phone.on('paired', () => this.effects.add({ effect: 'paired', udid: phone.udid }));
    return phone;
  }

  async close(): Promise<void> {
    await this.following;
    await this.bench.close();
    if (this.socketDir !== null) rmSync(this.socketDir, { recursive: true, force: true });
  }

  now(): number {
    return this.clock.now();
  }

  async identity(): Promise<MachineIdentity> {
    return {
      hostname: this.options.name,
      os: 'linux',
      osVersion: this.options.osVersion ?? 'Debian GNU/Linux 12 (bookworm)',
      arch: arch(),
      privileged: this.options.privileged ?? true,
      uptimeS: Math.floor((this.clock.now() - this.startedAt) / 1_000),
      lab: true,
    };
  }

  async run(id: CommandId, signal?: AbortSignal): Promise<Ran> {
    if (signal?.aborted) return { exit: null, stdout: '', stderr: '', failure: 'aborted' };
    switch (id) {
      case 'usbmuxd-show':
        return this.services.show();
      case 'usbmuxd-restart':
        return await this.services.restart();
      default:
        throw new Unscripted(`command ${String(id satisfies never)}`);
    }
  }

  async readFile(id: SystemFileId): Promise<string> {
    switch (id) {
      case 'os-release':
        return `PRETTY_NAME="${this.options.osVersion ?? 'Debian GNU/Linux 12 (bookworm)'}"\n`;
      case 'routes-4':
        return `Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n${this.route.name}\t00000000\t0100A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n`;
      case 'routes-6':
        return '';
      default:
        throw new Unscripted(`file ${String(id satisfies never)}`);
    }
  }

  openMux(): Promise<Duplex> {
    return connectTo(this.muxAddress);
  }

  async provesMuxListener(): Promise<ListenerProof> {
    return this.listener ?? (await proveListener(this.muxAddress, true, process.getuid?.() ?? -1));
  }

  /** The lab's tree holds the USB part; the network interface is this computer's own. */
  private withRoutes(usb: Sysfs): Sysfs {
    return {
      list: (path) => usb.list(path),
      readText: (path) => usb.readText(path),
      readLink: async (path) => (path === `class/net/${this.route.name}/device` ? this.route.device : await usb.readLink(path)),
    };
  }

  private follow(): void {
    const phones = this.bench.status().filter((s) => s.plugged).length;
    this.following = this.following.then(() => this.services.follow(phones));
  }
}
