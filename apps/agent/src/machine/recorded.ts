import type { Duplex } from 'node:stream';
import { type CommandId, commandRow } from './commands.js';
import type { SystemFileId } from './files.js';
import type { ListenerProof } from './listener-proof.js';
import { DEFAULT_MUX, type MuxAddress } from './mux-address.js';
import { type Machine, type MachineIdentity, type Os, type Ran, ReadFailed, type Sysfs, Unscripted } from './port.js';

/** What a recorded computer answers. Everything left out is unscripted. */
export interface Recording {
  os: Os;
  identity?: Partial<MachineIdentity>;
  /** Answers by command; a list is given out one by one, its last entry again and again. */
  commands?: Partial<Record<CommandId, Partial<Ran> | Partial<Ran>[]>>;
  files?: Partial<Record<SystemFileId, string>>;
  /** Contents by path below the tree's root; a `{ link }` is a symbolic link. An empty object is a computer without a USB bus. */
  sysfs?: Record<string, string | { link: string } | ReadFailed>;
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
  /** Commands that were started, in order. */
  readonly started: CommandId[] = [];

  constructor(private readonly recording: Recording) {
    this.os = recording.os;
    this.muxAddress = recording.muxAddress ?? DEFAULT_MUX.posix;
    this.sysfs = new RecordedTree(recording.sysfs);
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

  async run(id: CommandId): Promise<Ran> {
    this.started.push(id);
    if (commandRow(id).os !== this.os) return { exit: null, stdout: '', stderr: '', failure: 'unsupported' };
    const script = this.recording.commands?.[id];
    const answer = Array.isArray(script) ? (script.length > 1 ? script.shift() : script[0]) : script;
    if (answer === undefined) throw new Unscripted(`command ${id}`);
    return { exit: 0, stdout: '', stderr: '', failure: null, ...answer };
  }

  async readFile(id: SystemFileId): Promise<string> {
    const content = this.recording.files?.[id];
    if (content === undefined) throw new Unscripted(`file ${id}`);
    return content;
  }

  async openMux(): Promise<Duplex> {
    if (!this.recording.openMux) throw new Unscripted('multiplexer');
    return await this.recording.openMux();
  }

  async provesMuxListener(): Promise<ListenerProof> {
    if (!this.recording.listener) throw new Unscripted('listener proof');
    return this.recording.listener;
  }
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
