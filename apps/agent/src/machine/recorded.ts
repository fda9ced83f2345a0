import type { Duplex } from 'node:stream';
import type { Changes } from './changes.js';
import { type CommandId, commandRow, paramsOf } from './commands/index.js';
import { decodeOutput } from './decode.js';
import {
  type DiskSpace,
  type FileEntry,
  type FileId,
  type FileStat,
  fileParamsOf,
  fileRow,
  type ListId,
  type SpaceId,
  type StatId,
  type SystemFileId,
} from './files.js';
import type { ListenerProof } from './listener-proof.js';
import { DEFAULT_MUX, type MuxAddress } from './mux-address.js';
import { checkedParams, type Params } from './params.js';
import { type Machine, type MachineIdentity, type Os, type Ran, ReadFailed, type Sysfs, Unscripted } from './port.js';

/** What a command says: one answer, or several given out one by one, the last again and again. */
type Said = Partial<Ran> | Partial<Ran>[];
/** What stands in a file's place: text or bytes for `read`, else what its row's effect gives. A ReadFailed is thrown. */
type Found = string | Uint8Array | FileStat | FileEntry[] | DiskSpace | ReadFailed;

/** What a recorded computer answers. Everything left out is unscripted. */
export interface Recording {
  os: Os;
  identity?: Partial<MachineIdentity>;
  /** Answers by command; a function is given the parameters. */
  commands?: Partial<Record<CommandId, Said | ((params: Params) => Said)>>;
  files?: Partial<Record<FileId, Found | ((params: Params) => Found)>>;
  /** Commands and files that are not written down here are not on this computer: `missing-tool`, `missing`. Otherwise they end the test. */
  restMissing?: boolean;
  /** Contents by path below the tree's root; a `{ link }` is a symbolic link. An empty object is a computer without a USB bus. */
  sysfs?: Record<string, string | { link: string } | ReadFailed>;
  /** What it takes of what fixes change without a command. */
  changes?: Partial<Changes>;
  muxAddress?: MuxAddress;
  openMux?: () => Promise<Duplex>;
  listener?: ListenerProof;
  now?: () => number;
}

/** A computer that answers from recordings. A command or file that its recording does not hold ends the test by name. */
export class RecordedMachine implements Machine {
  readonly os: Os;
  readonly muxAddress: MuxAddress;
  readonly sysfs: Sysfs;
  readonly changes: Changes;
  /** Commands that were started, in order. */
  readonly started: CommandId[] = [];
  /** Files that were looked at, in order. */
  readonly looked: FileId[] = [];

  constructor(private readonly recording: Recording) {
    this.os = recording.os;
    this.muxAddress = recording.muxAddress ?? DEFAULT_MUX.posix;
    this.sysfs = new RecordedTree(recording.sysfs);
    this.changes = recordedChanges(recording.changes ?? {});
  }

  now(): number {
    return this.recording.now?.() ?? Date.now();
  }

  async identity(): Promise<MachineIdentity> {
    return {
      hostname: 'recorded',
      os: this.os,
      osVersion: 'Debian GNU/Linux 12 (bookworm)',
      arch: 'x64',
      privileged: true,
      uptimeS: 3_600,
      lab: false,
      ...this.recording.identity,
    };
  }

  async run(id: CommandId, signal?: AbortSignal, params: Params = {}): Promise<Ran> {
    const nothing = (failure: Ran['failure']): Ran => ({ exit: null, stdout: '', stderr: '', failure });
    const row = commandRow(id);
    checkedParams(id, paramsOf(row), params);
    if (signal?.aborted) return nothing('aborted');
    this.started.push(id);
    if (row.os !== this.os) return nothing('unsupported');
    const script = this.recording.commands?.[id];
    const said = typeof script === 'function' ? script(params) : script;
    const answer = Array.isArray(said) ? (said.length > 1 ? said.shift() : said[0]) : said;
    if (answer !== undefined) return { exit: 0, stdout: '', stderr: '', failure: null, ...answer };
    if (this.recording.restMissing) return nothing('missing-tool');
    throw new Unscripted(`command ${id}`);
  }

  async readFile(id: SystemFileId, params?: Params): Promise<string> {
    const found = this.found(id, params);
    return typeof found === 'string' ? found : decodeOutput(found as Uint8Array);
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

  async openMux(): Promise<Duplex> {
    if (!this.recording.openMux) throw new Unscripted('multiplexer');
    return await this.recording.openMux();
  }

  async provesMuxListener(): Promise<ListenerProof> {
    if (!this.recording.listener) throw new Unscripted('listener proof');
    return this.recording.listener;
  }

  private found(id: FileId, params: Params = {}): Found {
    const row = fileRow(id);
    checkedParams(id, fileParamsOf(row), params);
    this.looked.push(id);
    const script = this.recording.files?.[id];
    const found = typeof script === 'function' ? script(params) : script;
    if (found instanceof ReadFailed) throw found;
    if (found !== undefined) return found;
    if (row.paths[this.os] === undefined) throw new ReadFailed('unsupported', id);
    if (this.recording.restMissing) throw new ReadFailed('missing', id);
    throw new Unscripted(`file ${id}`);
  }
}

function recordedChanges(scripted: Partial<Changes>): Changes {
  const unscripted = (what: string) => async (): Promise<never> => {
    throw new Unscripted(`change ${what}`);
  };
  return {
    setUsbSwitch: unscripted('setUsbSwitch'),
    placeDropIn: unscripted('placeDropIn'),
    removeDropIn: unscripted('removeDropIn'),
    setRecordFolder: unscripted('setRecordFolder'),
    writeHosts: unscripted('writeHosts'),
    makeDriverFolder: unscripted('makeDriverFolder'),
    moveCaches: unscripted('moveCaches'),
    moveCachesBack: unscripted('moveCachesBack'),
    ...scripted,
  };
}

class RecordedTree implements Sysfs {
  constructor(private readonly entries: Recording['sysfs']) {}

  async list(path: string): Promise<string[]> {
    const names = new Set<string>();
    for (const [key, value] of Object.entries(this.scripted(path))) {
      if (key === path && value instanceof ReadFailed) throw value;
      if (key.startsWith(`${path}/`)) names.add(key.slice(path.length + 1).split('/')[0] ?? '');
    }
    if (names.size === 0) throw new ReadFailed('missing', path);
    return [...names].sort();
  }

  async readText(path: string): Promise<string> {
    const value = this.scripted(path)[path];
    if (value instanceof ReadFailed) throw value;
    if (typeof value !== 'string') throw new ReadFailed('missing', path);
    return value;
  }

  async readLink(path: string): Promise<string> {
    const value = this.scripted(path)[path];
    if (value instanceof ReadFailed) throw value;
    if (typeof value !== 'object') throw new ReadFailed('missing', path);
    return value.link;
  }

  private scripted(path: string): NonNullable<Recording['sysfs']> {
    if (!this.entries) throw new Unscripted(`device tree ${path}`);
    return this.entries;
  }
}
