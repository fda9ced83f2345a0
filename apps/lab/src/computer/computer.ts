import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { arch, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import {
  type Changes,
  type CommandId,
  checkedParams,
  commandRow,
  connectTo,
  type DiskSpace,
  type FileEntry,
  type FileId,
  type FileStat,
  fileParamsOf,
  fileRow,
  type ListenerProof,
  type ListId,
  type Machine,
  type MachineIdentity,
  type MuxAddress,
  type Os,
  type Params,
  paramsOf,
  proveListener,
  type Ran,
  ReadFailed,
  type SpaceId,
  type StartNormally,
  type StatId,
  type Sysfs,
  type SystemFileId,
  SysfsTree as TreeReader,
  Unscripted,
} from '@lockstep/agent/machine';
import { Bench, type BenchOptions } from '../daemon/index.js';
import { type LabClock, wallClock } from '../phone/index.js';
import { SysfsTree, type UsbDevice } from '../sysfs/index.js';
import { MuxTools, NetworkTools, RecordFolderTools, RecoveryTools, ServicesTools, simulatedChanges, UsbTools } from './acts/index.js';
import { type BusEvent, type ComputerView, type HostCondition, healthyCondition } from './condition.js';
import { EffectLog } from './effects.js';
import { fileEverywhere } from './files-everywhere.js';
import { HOST_FAULTS, type HostFaultId, isFaultOf } from './host-faults.js';
import { linuxAnswer } from './linux-answers.js';
import { type LinuxRoute, linuxFile } from './linux-files.js';
import { macosAnswer } from './macos-answers.js';
import { macosFile } from './macos-files.js';
import { SimulatedNetwork } from './network.js';
import { ServiceManager } from './service-manager.js';
import { sysfsOf } from './sysfs-around.js';
import { windowsAnswer } from './windows-answers.js';
import { windowsFile } from './windows-files.js';

/** sockaddr_un.sun_path holds 104 bytes on macOS, 108 on Linux, the ending NUL included. */
const SOCKET_PATH_BYTES = 103;

export interface ComputerOptions {
  /** Its hostname. */
  name: string;
  /** Linux when left out. */
  os?: Os;
  /** The same seed is the same computer: phones, keys, process ids. */
  seed: string;
  /** Where its files are: USB tree, pair records, socket, effect log. */
  dir: string;
  /** `Debian GNU/Linux 12 (bookworm)`, `macOS 26.1 (25B78)`, `Windows 11 Pro 25H2 (26200.7171)`. */
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

/** Current releases, as each system names itself. */
const VERSIONS: Record<Os, string> = {
  linux: 'Debian GNU/Linux 12 (bookworm)',
  macos: 'macOS 26.1 (25B78)',
  windows: 'Windows 11 Pro 25H2 (26200.7171)',
};
/** The longest window that any system's log is asked for. */
const LOG_MS = 7_200_000;

type Found = string | Uint8Array | FileStat | FileEntry[] | DiskSpace;

/**
 * A computer with phones on its ports, running Linux, macOS or Windows. Its bus, its services and its multiplexer react to what an agent does
 * to it: a restart gives the daemon a new process id, a saved pair record is a file. What its tools say follows its condition. Real agent
 * code runs on it unchanged; what the simulation does not know ends the test by name.
 */
export class SimulatedComputer implements Machine {
  readonly os: Os;
  readonly bench: Bench;
  readonly services: ServiceManager;
  readonly effects: EffectLog;
  /** The tools that speak to phones in recovery and DFU mode. */
  readonly recovery: RecoveryTools;
  /** What changes the rights of its records' folder. */
  readonly recordFolder: RecordFolderTools;
  readonly changes: Changes;
  /** The tools of device, driver and power, and those of the multiplexer's service. */
  readonly usbTools: UsbTools;
  readonly muxTools: MuxTools;
  /** The tools that change its network, its clock and its hosts file. */
  readonly networkTools: NetworkTools;
  /** The tools of Apple's agents, their preferences and caches, and Apple's programs. */
  readonly servicesTools: ServicesTools;
  readonly sysfs: Sysfs;
  /** The network around it, for agents that may use it. */
  readonly network: SimulatedNetwork;
  readonly muxAddress: MuxAddress & { kind: 'unix' };
  /** Everything its own tools would tell of it, beside phones and multiplexer. */
  condition: HostCondition = healthyCondition();
  /** Linux: the interface that carries its default route, and which USB device that is; a card of its own unless a test says otherwise. */
  route: LinuxRoute = { name: 'eth0', device: '../../../0000:00:1f.6' };
  listener: ListenerProof | null;
  /** What its tools say instead of what its condition would have them say. */
  readonly answers: Partial<Record<CommandId, Partial<Ran>>> = {};
  /** What stands in place of its files. */
  readonly files: Partial<Record<FileId, string | FileStat | FileEntry[] | DiskSpace | ReadFailed>> = {};
  private readonly recordsDir: string;
  private readonly clock: LabClock;
  private readonly startedAt: number;
  private readonly socketDir: string | null;
  private readonly busLog: BusEvent[] = [];
  private readonly troubles = new Set<HostFaultId>();
  private muxSince: number;
  private following: Promise<void> = Promise.resolve();

  constructor(private readonly options: ComputerOptions) {
    this.os = options.os ?? 'linux';
    this.clock = options.clock ?? wallClock;
    this.startedAt = this.clock.now();
    this.muxSince = this.startedAt;
    mkdirSync(options.dir, { recursive: true, mode: 0o700 });
    this.effects = new EffectLog(join(options.dir, 'effects.jsonl'), () => this.clock.now());
    this.recordsDir = join(options.dir, 'lockdown');
    const tree = this.os === 'linux' ? new SysfsTree(join(options.dir, 'sys')) : null;
    this.bench = new Bench({
      seed: options.seed,
      recordsDir: this.recordsDir,
      tree,
      clock: this.clock,
      ...(options.keys ? { keys: options.keys } : {}),
    });
    this.bench.on('bus', ({ what, device, devnum }) => this.noteBus(what, device, devnum));
    this.networkTools = new NetworkTools({ effects: this.effects, condition: () => this.condition, view: () => this.view() });
    this.recovery = new RecoveryTools({ bench: this.bench, effects: this.effects, condition: () => this.condition });
    this.recordFolder = new RecordFolderTools({
      os: this.os,
      effects: this.effects,
      condition: () => this.condition,
      view: () => this.view(),
    });
    const world = { os: this.os, bench: this.bench, effects: this.effects, condition: () => this.condition };
    this.usbTools = new UsbTools(world);
    this.muxTools = new MuxTools(world);
    this.servicesTools = new ServicesTools({ ...world, view: () => this.view() });
    this.changes = simulatedChanges({
      ...this.servicesTools.changes(),
      ...this.usbTools.changes(this.muxTools.dropIn),
      writeHosts: async (from, to) => this.networkTools.writeHosts(from, to),
      setRecordFolder: async (rights) => this.recordFolder.setRights(rights),
    });
    this.services = new ServiceManager(this.bench.mux, this.effects);
    this.sysfs = sysfsOf(this.os, tree && new TreeReader(tree.root), () => ({ condition: this.condition, route: this.route }));
    this.network = new SimulatedNetwork(
      () => this.condition,
      () =>
        this.bench.onBus.flatMap((p) => {
          const phone = this.bench.phone(p.name);
          return p.udid === null || phone.faults.has('wifi-hung') ? [] : [phone.identity];
        }),
    );
    this.listener = options.listener ?? null;
    const near = join(options.dir, 'usbmuxd');
    this.socketDir = Buffer.byteLength(near) > SOCKET_PATH_BYTES ? mkdtempSync(join(tmpdir(), 'lockstep-mux-')) : null;
    this.muxAddress = { kind: 'unix', path: this.socketDir === null ? near : join(this.socketDir, 'usbmuxd') };
  }

  /** Who sits in front of it. */
  get person(): HostCondition['person'] {
    return this.condition.person;
  }

  set person(person: HostCondition['person']) {
    this.condition.person = person;
  }

  /** Starts the multiplexer. Phones are added to `bench` before or after. */
  async start(): Promise<void> {
    const { mux } = this.bench;
    let running: number | null = null;
    mux.on('state', () => {
      if (mux.pid === running) return;
      this.effects.add({ effect: mux.pid === null ? 'mux-stopped' : 'mux-started', pid: mux.pid ?? running });
      running = mux.pid;
      this.muxSince = this.now();
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
    phone.on('restarted', () => this.effects.add({ effect: 'phone-restarted', udid: phone.udid }));
    phone.on('paired', () => this.effects.add({ effect: 'paired', udid: phone.udid }));
    return phone;
  }

  /** What is wrong with it, beside what is wrong with its multiplexer and its phones. */
  get hostFaults(): ReadonlySet<HostFaultId> {
    return this.troubles;
  }

  /** Brings a trouble of the whole computer. Throws RangeError for one that computers of its system cannot have. */
  async setHostFault(fault: HostFaultId): Promise<void> {
    if (!isFaultOf(fault, this.os)) throw new RangeError(`${fault}: no computer with ${this.os} has that`);
    if (this.troubles.has(fault)) return;
    this.troubles.add(fault);
    await HOST_FAULTS[fault].bring(this);
  }

  /** Puts the whole computer right: its condition, its multiplexer, and what kept it from its phones. */
  async heal(): Promise<void> {
    this.troubles.clear();
    this.condition = healthyCondition();
    this.services.restartFails = false;
    this.services.unitFile = 'static';
    for (const name of this.bench.names) {
      this.bench.force(name, null);
      this.bench.withhold(name, false);
      this.bench.setSpeed(name, 480);
    }
    if (this.bench.mux.fault !== null) await this.bench.setMuxFault(null);
    this.busLog.length = 0;
  }

  async close(): Promise<void> {
    await this.following;
    await this.bench.close();
    if (this.socketDir !== null) rmSync(this.socketDir, { recursive: true, force: true });
  }

  /** By its own clock, which may be wrong. */
  now(): number {
    return this.clock.now() + this.condition.clockAheadS * 1_000;
  }

  get name(): string {
    return this.options.name;
  }

  get osVersion(): string {
    return this.condition.osVersion ?? this.options.osVersion ?? VERSIONS[this.os];
  }

  async identity(): Promise<MachineIdentity> {
    return {
      hostname: this.options.name,
      os: this.os,
      osVersion: this.osVersion,
      arch: this.os === 'macos' ? 'arm64' : arch(),
      privileged: this.options.privileged ?? true,
      uptimeS: Math.floor((this.clock.now() - this.startedAt) / 1_000),
      lab: true,
    };
  }

  async run(id: CommandId, signal?: AbortSignal, params: Params = {}): Promise<Ran> {
    const row = commandRow(id);
    checkedParams(id, paramsOf(row), params);
    if (signal?.aborted) return { exit: null, stdout: '', stderr: '', failure: 'aborted' };
    if (row.os !== this.os) return { exit: null, stdout: '', stderr: '', failure: 'unsupported' };
    switch (id) {
      case 'usbmuxd-show':
        return this.services.show();
      case 'usbmuxd-restart':
        return await this.services.restart();
      default:
        return (
          (this.answers[id] === undefined
            ? (this.networkTools.act(id, params) ??
              this.recordFolder.act(id) ??
              this.usbTools.act(id, params) ??
              (await this.servicesTools.act(id, params)) ??
              (await this.muxTools.act(id, params)) ??
              (await this.recovery.act(id, params)))
            : null) ?? this.answer(id, params)
        );
    }
  }

  async startNormally(ecid: string): Promise<StartNormally> {
    return this.recovery.startNormally(ecid);
  }

  /** What a test wrote down for this computer, else what its condition has its tools say. */
  private answer(id: CommandId, params: Params): Ran {
    const said = this.answers[id] ?? this.toolSays(id, params);
    if (said === null) throw new Unscripted(`command ${id}`);
    return { exit: 0, stdout: '', stderr: '', failure: null, ...said };
  }

  private toolSays(id: CommandId, params: Params): Partial<Ran> | null {
    const view = this.view();
    if (this.os === 'macos') return macosAnswer(id, params, view);
    return this.os === 'windows' ? windowsAnswer(id, view) : linuxAnswer(id, params, view);
  }

  private view(): ComputerView {
    const now = this.now();
    const { mux } = this.bench;
    return {
      os: this.os,
      name: this.options.name,
      osVersion: this.osVersion,
      condition: this.condition,
      now,
      startedAt: this.startedAt,
      muxPid: mux.pid,
      muxSince: this.muxSince,
      phones: this.bench.onBus,
      busLog: [...this.condition.busLog, ...this.busLog].filter((e) => e.at > now - LOG_MS).sort((a, b) => a.at - b.at),
      muxLog: mux.log,
    };
  }

  async readFile(id: SystemFileId, params?: Params): Promise<string> {
    const found = this.found(id, params);
    return typeof found === 'string' ? found : Buffer.from(found as Uint8Array).toString('utf8');
  }

  async readBytes(id: SystemFileId, params?: Params): Promise<Uint8Array> {
    const found = this.found(id, params);
    return typeof found === 'string' ? Buffer.from(found) : (found as Uint8Array);
  }

  async stat(id: StatId, params?: Params): Promise<FileStat> {
    return this.found(id, params) as FileStat;
  }

  async list(id: ListId, params?: Params): Promise<FileEntry[]> {
    return this.found(id, params) as FileEntry[];
  }

  async space(id: SpaceId, params?: Params): Promise<DiskSpace> {
    return this.found(id, params) as DiskSpace;
  }

  /** What a test wrote down in a file's place, else what stands there on this computer. */
  private found(id: FileId, params: Params = {}): Found {
    const row = fileRow(id);
    checkedParams(id, fileParamsOf(row), params);
    const written = this.files[id];
    if (written instanceof ReadFailed) throw written;
    if (written !== undefined) return written;
    if (row.paths[this.os] === undefined) throw new ReadFailed('unsupported', id);
    const found = fileEverywhere(id, params, this.view(), this.recordsDir) ?? this.own(id, params);
    if (found === undefined) throw new Unscripted(`file ${id}`);
    return found;
  }

  private own(id: FileId, params: Params): Found | undefined {
    const view = this.view();
    if (this.os === 'macos') return macosFile(id, params, view);
    return this.os === 'windows' ? windowsFile(id, params, view) : linuxFile(id, view, this.route);
  }

  openMux(): Promise<Duplex> {
    return connectTo(this.muxAddress);
  }

  async provesMuxListener(): Promise<ListenerProof> {
    return this.listener ?? (await proveListener(this.muxAddress, true, process.getuid?.() ?? -1));
  }

  private noteBus(what: 'came' | 'went', device: UsbDevice, devnum: number): void {
    const { location, idVendor, idProduct, serial, product } = device;
    const at = this.now();
    this.busLog.push({ what, at, location, idVendor, idProduct, serial, devnum, product });
    while ((this.busLog[0]?.at ?? at) < at - LOG_MS) this.busLog.shift();
  }

  private follow(): void {
    const phones = this.bench.status().filter((s) => s.plugged).length;
    this.following = this.following.then(() => this.services.follow(phones));
  }
}
